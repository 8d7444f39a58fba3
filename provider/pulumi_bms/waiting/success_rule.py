"""The success rule, as pure functions of a job. No clock, no I/O.

A wait *succeeds* when, in one response of the API,

1. the job's status is SUCCESS,
2. every sub-job's status is SUCCESS, at every level,
3. every level lists at least `sub_jobs_total` different sub-jobs, if the number is given,
4. every sub-job that creates a single server names the server,
5. a job that creates servers names at least one server, and exactly `expected_servers` if the user set the number,
6. nothing from an earlier response is missing: the number of sub-jobs has not fallen, and every sub-job, server and
   network interface with an id is listed again.

Earlier responses come from this run, and from earlier runs as far as stored in the stack (`memory`). Earlier responses
also count for rules 3 to 5: `sub_jobs_total` is the largest number given so far, and a record without a `job_type`
keeps the earlier type. Statuses come from the newest response only.

A wait *fails* when the job's status is FAIL, or is SUCCESS with a sub-job of status FAIL. Surviving servers cost money
and must be known, so a failure has three kinds:

- *Final*: every sub-job is SUCCESS or FAIL, all announced sub-jobs are listed, and rule 6 is met. The wait ends. The
  stack stores the failure for good.
- *Open*: a sub-job is still running, or an announced sub-job is not listed. A sub-job missing from the newest response
  counts in the last known state, as if listed directly below the job. A bare metal server may show no change for half
  an hour. So time makes no open failure final, and the wait polls until the deadline.
- *Settling*: any other failure. A record has ended in an undocumented status, or rule 6 is not met. The wait ends
  after the settling time without a change.

After an open or a settling failure the job stays unfinished in the stack: the next run polls the job again.

A job is *inconsistent* when the job and all listed sub-jobs are SUCCESS, but rule 3, 4, 5 or 6 is not met. The API may
be late. So an inconsistent job is settling too, and stays unfinished.

Every other job is *pending*, and open. An undocumented status is pending too. With an `end_time` and an `error_code`,
an undocumented status counts as a failure, but never as a final failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from pulumi_bms.api.models.job import JobStatus, Record
from pulumi_bms.waiting import memory

SETTLING_TIME = 120.0
"""Seconds without a change before a settling job ends the wait."""

CREATES_ONE_SERVER = frozenset({"baremetalsinglecreate", "createsingleserver"})
CREATES_SERVERS = CREATES_ONE_SERVER | {"baremetalbatchcreate", "createserver"}


class Ruling(Enum):
    """How a job stands."""

    SUCCEEDED = auto()
    PENDING = auto()
    FAILED = auto()
    INCONSISTENT = auto()


class Finality(Enum):
    """When a judgement ends a wait."""

    FINAL = auto()
    """At once."""
    SETTLING = auto()
    """The wait ends after the settling time without a change. The job stays unfinished."""
    OPEN = auto()
    """The wait ends at the deadline. The job stays unfinished."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state of a job by the rule, and when the state ends a wait.

    `rule` is the number of the unmet rule of an inconsistent job. `because` names the missing or running parts.
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
        """Whether the job has failed with all parts at an end."""
        return self.ruling is Ruling.FAILED and self.final


SUCCEEDED = Judgement(Ruling.SUCCEEDED)
PENDING = Judgement(Ruling.PENDING, Finality.OPEN)


class State(Enum):
    """The meaning of one record's status. A record is a job or a sub-job."""

    SUCCESS = auto()
    FAIL = auto()
    PRESUMED_FAIL = auto()
    MOVING = auto()


def state_of(record: Record) -> State:
    """The meaning of a record's own status, without the sub-jobs."""
    if record.status == JobStatus.SUCCESS:
        return State.SUCCESS
    if record.status == JobStatus.FAIL:
        return State.FAIL
    if record.known_status is None and record.end_time and record.error_code:
        return State.PRESUMED_FAIL
    return State.MOVING


def judge(job: Record, expected_servers: int | None = None, earlier: Record | None = None) -> Judgement:
    """Judge a job by the rule above. `earlier` is the merged job of earlier responses, from `memory.merged`."""
    match state_of(job):
        case State.MOVING:
            return PENDING
        case State.FAIL | State.PRESUMED_FAIL:
            return _failed(job, earlier)
        case State.SUCCESS:
            return _judge_successful(job, expected_servers, earlier)


def _judge_successful(job: Record, expected_servers: int | None, earlier: Record | None) -> Judgement:
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


def _failed(job: Record, earlier: Record | None) -> Judgement:
    whole = memory.merged(earlier, job)
    moves = _moving(whole) or memory.unlisted(whole)
    if moves:
        return Judgement(Ruling.FAILED, Finality.OPEN, because=moves)
    lacks = memory.missing(earlier, job)
    is_presumed = any(state_of(record) is State.PRESUMED_FAIL for record in job.walk())
    return Judgement(Ruling.FAILED, Finality.SETTLING if lacks or is_presumed else Finality.FINAL, because=lacks)


def _moving(job: Record) -> str:
    number = sum(state_of(record) is State.MOVING for record in job.descendants())
    return f"{number} sub-job{' has' if number == 1 else 's have'} not ended" if number else ""


def _unnamed(job: Record) -> Judgement | None:
    for record in job.descendants():
        if _type_of(record) in CREATES_ONE_SERVER and not record.own_server_ids:
            return _inconsistent(4, f"sub-job {record.job_id} created a server and does not name the server")
    return None


def _servers(job: Record, expected: int | None) -> Judgement | None:
    named = len(job.server_ids)
    if creates_servers(job) and not named:
        return _inconsistent(5, "the job creates servers and names none")
    if expected is not None and named != expected:
        return _inconsistent(5, f"expected_servers is {expected} and the job names {named}")
    return None


def _inconsistent(rule: int, because: str) -> Judgement | None:
    return Judgement(Ruling.INCONSISTENT, Finality.SETTLING, rule, because) if because else None


def creates_servers(job: Record) -> bool:
    """Whether the job is of a type that creates servers."""
    return _type_of(job) in CREATES_SERVERS


def _type_of(record: Record) -> str:
    return (record.job_type or "").lower()


def survivors(job: Record) -> list[str]:
    """The servers of a job without success.

    Empty for a job that makes no servers: a server that failed to restart is no survivor.
    """
    return job.server_ids if may_make_servers(job) else []


def may_make_servers(job: Record) -> bool:
    """Whether the job may make servers. A job without a type may."""
    types = [record.job_type for record in job.walk() if record.job_type]
    return not types or any("create" in name.lower() for name in types)
