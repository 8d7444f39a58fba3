"""The success rule, as pure functions of a job. No clock, no I/O.

A wait *succeeds* when, in one answer of the API,

1. the job's status is SUCCESS,
2. every sub-job's status is SUCCESS, at every level,
3. at every level the number of different sub-jobs listed is at least `sub_jobs_total`, where that is given,
4. every sub-job that creates one server names it,
5. a job that creates servers names at least one; and where the user said how many servers to expect, exactly so many
   are named.

It *fails* when the job's status is FAIL, or is SUCCESS while a sub-job's is FAIL. While other sub-jobs still move, or
are announced and not listed yet, that verdict is not final: servers that came into being all the same cost money and
have to be known. So the wait looks on until all are final, or until nothing has changed for the settling time.

It is *inconsistent* when the job and all listed sub-jobs have status SUCCESS and rule 3, 4 or 5 is not met: the API may
be late, so this too counts only after the settling time.

Everything else is *pending*. A status that no page of the API names is pending too; but one that comes with an
`end_time` and an `error_code` is taken for a failure, after the settling time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pulumi_bms.api.models import JobStatus, Record

SETTLING_TIME = 120.0
"""Seconds without a change after which an answer that may still change is believed."""

CREATES_ONE_SERVER = frozenset({"baremetalsinglecreate", "createsingleserver"})
CREATES_SERVERS = CREATES_ONE_SERVER | {"baremetalbatchcreate", "createserver"}


class Ruling(Enum):
    """How a job stands."""

    SUCCEEDED = auto()
    PENDING = auto()
    FAILED = auto()
    INCONSISTENT = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a job stands; `final` is False where more may become known within the settling time.

    `rule` is the number of the rule that an inconsistent job breaks, and `because` says how.
    """

    ruling: Ruling
    final: bool = True
    rule: int | None = None
    because: str = ""


SUCCEEDED = Verdict(Ruling.SUCCEEDED)
PENDING = Verdict(Ruling.PENDING, final=False)


class State(Enum):
    """What the status of one record, job or sub-job, comes to."""

    SUCCESS = auto()
    FAIL = auto()
    PRESUMED_FAIL = auto()
    MOVING = auto()


def state_of(record: Record) -> State:
    """What a record's own status comes to, its sub-jobs left aside."""
    if record.status == JobStatus.SUCCESS:
        return State.SUCCESS
    if record.status == JobStatus.FAIL:
        return State.FAIL
    if record.known_status is None and record.end_time and record.error_code:
        return State.PRESUMED_FAIL
    return State.MOVING


def judge(job: Record, expected_servers: int | None = None) -> Verdict:
    """How a job stands by the rule above."""
    below = [state_of(record) for record in job.descendants()]
    match state_of(job):
        case State.MOVING:
            return PENDING
        case State.PRESUMED_FAIL:
            return Verdict(Ruling.FAILED, final=False)
        case State.FAIL:
            return Verdict(Ruling.FAILED, final=_all_known(job, below))
        case State.SUCCESS:
            return _judge_successful(job, below, expected_servers)


def _judge_successful(job: Record, below: list[State], expected_servers: int | None) -> Verdict:
    if State.FAIL in below:
        return Verdict(Ruling.FAILED, final=_all_known(job, below))
    if State.MOVING in below:
        return PENDING
    if State.PRESUMED_FAIL in below:
        return Verdict(Ruling.FAILED, final=False)
    broken = _listing(job) or _unnamed(job) or _servers(job, expected_servers)
    return broken or SUCCEEDED


def _all_known(job: Record, below: list[State]) -> bool:
    return all(state in (State.SUCCESS, State.FAIL) for state in below) and _listing(job) is None


def _listing(job: Record) -> Verdict | None:
    for record in job.walk():
        if record.sub_jobs_total is not None and record.listed < record.sub_jobs_total:
            return _inconsistent(3, f"{record.sub_jobs_total} sub-jobs are announced and {record.listed} listed")
    return None


def _unnamed(job: Record) -> Verdict | None:
    for record in job.descendants():
        if _type_of(record) in CREATES_ONE_SERVER and not record.own_server_ids:
            return _inconsistent(4, f"sub-job {record.job_id} created a server and does not name it")
    return None


def _servers(job: Record, expected: int | None) -> Verdict | None:
    named = len(job.server_ids)
    if creates_servers(job) and not named:
        return _inconsistent(5, "the job creates servers and names none")
    if expected is not None and named != expected:
        return _inconsistent(5, f"expected_servers is {expected} and the job names {named}")
    return None


def _inconsistent(rule: int, because: str) -> Verdict:
    return Verdict(Ruling.INCONSISTENT, final=False, rule=rule, because=because)


def creates_servers(job: Record) -> bool:
    """Whether the job is of a type that creates servers."""
    return _type_of(job) in CREATES_SERVERS


def _type_of(record: Record) -> str:
    return (record.job_type or "").lower()
