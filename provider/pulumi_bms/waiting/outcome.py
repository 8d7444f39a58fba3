"""The progress and the end of a wait, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.success_rule import Judgement


class End(Enum):
    """How a wait ended."""

    SUCCEEDED = auto()
    FAILED = auto()
    """The job or a sub-job failed."""
    INCONSISTENT = auto()
    """All listed records are SUCCESS, but the list must be incomplete."""
    TIMED_OUT = auto()
    """The deadline came first."""
    INTERRUPTED = auto()
    """The wait was cancelled. The job goes on in the cloud."""
    NOT_FOUND = auto()
    """The API does not know the job."""
    GONE = auto()
    """The API knew the job earlier, in any run, but no longer does."""
    NO_ANSWER = auto()
    """No usable response for longer than an outage is tolerated."""
    UNAUTHENTICATED = auto()
    """The API does not accept the credential."""
    NO_SUCH_API = auto()
    """The endpoint has no Job API."""
    REQUEST_REFUSED = auto()
    """The API refused the poll."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of the wait for one job.

    `job` is the last known state, merged from all responses, or None without any response. `elapsed` and `timeout` are
    seconds. `outage` is the number of seconds without a usable response at the end. `because` is the reason why rule
    number `rule` is not met, `error` is the last error. `judgement` is of the last good response of the wait.
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
    judgement: Judgement | None = None

    @property
    def is_final_failure(self) -> bool:
        """Whether the job has failed, and all its parts have ended."""
        return self.end is End.FAILED and self.judgement is not None and self.judgement.is_final_failure


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a job during the wait. `outage` is in seconds, and 0 while the API responds."""

    job_id: str
    status: str = ""
    done: int = 0
    total: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    unsettled: str = ""
    outage: float = 0.0
    trouble: str = ""
    """The last error, as the reason for the outage."""
    succeeded: bool = False
    job: Job | None = field(default=None, compare=False, repr=False)
    """The last known state, merged from all responses."""
    judgement: Judgement | None = field(default=None, compare=False, repr=False)
    """The judgement of the last good response of the wait."""
