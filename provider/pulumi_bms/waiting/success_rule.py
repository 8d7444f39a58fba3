"""The success rule, as pure functions of a job. No clock, no I/O.

A wait *succeeds* when, in one response of the API,

1. the job's status is SUCCESS,
2. every sub-job's status is SUCCESS, at every level,
3. at every level the number of different sub-jobs listed is at least `sub_jobs_total`, where that is given,
4. every sub-job that creates one server names it,
5. a job that creates servers names at least one; and where the user said how many servers to expect, exactly so many
   are named,
6. nothing is missing that an earlier response listed or named: there are no fewer sub-jobs, and every sub-job, server
   and network interface that had an id is there again.

Earlier responses are those of this run, and those of earlier runs as far as the stack knows them (`memory`). They also
count for rules 3 to 5: a record's `sub_jobs_total` is the largest that was given, and a record without a `job_type` has
the one that it had before. Statuses are those of the newest response only.

It *fails* when the job's status is FAIL, or is SUCCESS while a sub-job's is FAIL. Servers that came into being all the
same cost money and have to be known, so a failure comes in three kinds:

- It is *final* when every sub-job has the status SUCCESS or FAIL, as many are listed as were announced, and rule 6 is
  met. The wait ends, and the stack stores the failure for good.
- It is *open* while a sub-job still moves, or more are announced than are listed. Here a sub-job that went missing
  counts as it was last seen, and as listed directly below the job. A bare metal server may take half an hour without
  any change, so time makes no open failure final: the wait polls until its deadline.
- Otherwise it is *settling*: a record has ended in a status that no page of the API names, or rule 6 is not met. The
  wait ends when nothing has changed for the settling time.

An open and a settling failure end a wait as a failure, but the job stays unfinished in the stack: the next run polls it
again.

It is *inconsistent* when the job and all listed sub-jobs have status SUCCESS and rule 3, 4, 5 or 6 is not met: the API
may be late, so this too is settling, and the job stays unfinished.

Everything else is *pending*, and open. A status that no page of the API names is pending too; but one that comes with
an `end_time` and an `error_code` is taken for a failure, which is never final.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pulumi_bms.api.models.job import JobStatus, Record
from pulumi_bms.waiting import memory

SETTLING_TIME = 120.0
"""Seconds without a change after which a settling verdict ends the wait."""

CREATES_ONE_SERVER = frozenset({"baremetalsinglecreate", "createsingleserver"})
CREATES_SERVERS = CREATES_ONE_SERVER | {"baremetalbatchcreate", "createserver"}


class Ruling(Enum):
    """How a job stands."""

    SUCCEEDED = auto()
    PENDING = auto()
    FAILED = auto()
    INCONSISTENT = auto()


class Finality(Enum):
    """When a verdict ends a wait."""

    FINAL = auto()
    """At once."""
    SETTLING = auto()
    """When nothing has changed for the settling time; the job stays unfinished."""
    OPEN = auto()
    """Not before the deadline; the job stays unfinished."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a job stands, and when that ends a wait.

    `rule` is the number of the rule that an inconsistent job breaks. `because` says what is missing or still moves.
    """

    ruling: Ruling
    finality: Finality = Finality.FINAL
    rule: int | None = None
    because: str = ""

    @property
    def final(self) -> bool:
        """Whether nothing more can become known."""
        return self.finality is Finality.FINAL

    @property
    def is_final_failure(self) -> bool:
        """Whether the job has failed and every part of it is over."""
        return self.ruling is Ruling.FAILED and self.final


SUCCEEDED = Verdict(Ruling.SUCCEEDED)
PENDING = Verdict(Ruling.PENDING, Finality.OPEN)


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


def judge(job: Record, expected_servers: int | None = None, earlier: Record | None = None) -> Verdict:
    """How a job stands by the rule above; `earlier` is what earlier responses told, as `memory.merged` keeps it."""
    match state_of(job):
        case State.MOVING:
            return PENDING
        case State.FAIL | State.PRESUMED_FAIL:
            return _failed(job, earlier)
        case State.SUCCESS:
            return _judge_successful(job, expected_servers, earlier)


def _judge_successful(job: Record, expected_servers: int | None, earlier: Record | None) -> Verdict:
    below = {state_of(record) for record in job.descendants()}
    if State.FAIL in below:
        return _failed(job, earlier)
    if State.MOVING in below:
        return PENDING
    if State.PRESUMED_FAIL in below:
        return _failed(job, earlier)
    whole = memory.completed(earlier, job)
    return (
        _inconsistent(3, memory.unlisted(whole))
        or _unnamed(whole)
        or _servers(whole, expected_servers)
        or _inconsistent(6, memory.missing(earlier, job))
        or SUCCEEDED
    )


def _failed(job: Record, earlier: Record | None) -> Verdict:
    whole = memory.merged(earlier, job)
    moves = _moving(whole) or memory.unlisted(whole)
    if moves:
        return Verdict(Ruling.FAILED, Finality.OPEN, because=moves)
    lacks = memory.missing(earlier, job)
    is_presumed = any(state_of(record) is State.PRESUMED_FAIL for record in job.walk())
    return Verdict(Ruling.FAILED, Finality.SETTLING if lacks or is_presumed else Finality.FINAL, because=lacks)


def _moving(job: Record) -> str:
    number = sum(state_of(record) is State.MOVING for record in job.descendants())
    return f"{number} sub-job{' is' if number == 1 else 's are'} not over" if number else ""


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


def _inconsistent(rule: int, because: str) -> Verdict | None:
    return Verdict(Ruling.INCONSISTENT, Finality.SETTLING, rule, because) if because else None


def creates_servers(job: Record) -> bool:
    """Whether the job is of a type that creates servers."""
    return _type_of(job) in CREATES_SERVERS


def _type_of(record: Record) -> str:
    return (record.job_type or "").lower()


def survivors(job: Record) -> list[str]:
    """The servers that came into being although the job did not succeed.

    Only where servers are what the job makes: a server that could not be restarted is no survivor.
    """
    return job.server_ids if may_make_servers(job) else []


def may_make_servers(job: Record) -> bool:
    """Whether servers may be among the things that the job makes: a job without any type may make some."""
    types = [record.job_type for record in job.walk() if record.job_type]
    return not types or any("create" in name.lower() for name in types)
