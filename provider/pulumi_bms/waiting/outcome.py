"""What a wait tells while it lasts, and how it ends: values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models import Job


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
    """The API knew the job, and no longer does."""
    NO_ANSWER = auto()
    """No usable answer for longer than an outage is tolerated."""
    REJECTED = auto()
    """The API does not accept the credential."""
    REFUSED = auto()
    """The API refused to tell."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the wait for one job ended.

    `job` is the last state known, None if none ever was. `elapsed` and `timeout` are seconds; `outage` is how long no
    usable answer had come by the end. `because` says what rule number `rule` misses, `error` is the last error.
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
    """The last state known."""
