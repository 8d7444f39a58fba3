"""What a wait tells while it lasts, and how it ends: values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.success_rule import Verdict


class End(Enum):
    """How a wait ended."""

    SUCCEEDED = auto()
    FAILED = auto()
    """The job, or a sub-job of it, failed."""
    INCONSISTENT = auto()
    """All is SUCCESS, but what the answer lists can't be all."""
    TIMED_OUT = auto()
    """The deadline came first."""
    INTERRUPTED = auto()
    """The wait was cancelled; the job goes on in the cloud."""
    NOT_FOUND = auto()
    """The API does not know the job."""
    GONE = auto()
    """The API knew the job, in this run or an earlier one, and no longer does."""
    NO_ANSWER = auto()
    """No usable answer for longer than an outage is tolerated."""
    REJECTED = auto()
    """The API does not accept the credential."""
    NO_SUCH_API = auto()
    """The endpoint has no Job API."""
    REFUSED = auto()
    """The API refused to tell."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the wait for one job ended.

    `job` is the last state known, with all that any response told, None if none ever was. `elapsed` and `timeout` are
    seconds; `outage` is how long no usable answer had come by the end. `because` says what rule number `rule` misses,
    `error` is the last error. `verdict` is that of the last good response of this wait.
    """

    end: End
    job_id: str
    job: Job | None
    elapsed: float
    timeout: float
    outage: float = 0.0
    rule: int | None = None
    because: str = ""
    error: ApiError | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How a job stands while the wait goes on. Seconds for `outage`, which is 0 while the API answers."""

    job_id: str
    status: str = ""
    done: int = 0
    total: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    unsettled: str = ""
    outage: float = 0.0
    trouble: str = ""
    """Why there is no news: the reason of the last error."""
    makes_servers: bool = False
    succeeded: bool = False
    job: Job | None = field(default=None, compare=False, repr=False)
    """The last state known, with all that any response told."""
    verdict: Verdict | None = field(default=None, compare=False, repr=False)
    """How the job stands by the last good response of this wait."""

    @property
    def is_over(self) -> bool:
        """Whether the job has succeeded, or has failed and every part of it is over."""
        return self.succeeded or (self.verdict is not None and self.verdict.is_final_failure)
