"""One rate limit for all waits of a process, and one poll for all waits for the same job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_bms.api.errors import ApiError, NoAnswerError
from pulumi_bms.api.models.job import PollResult
from pulumi_bms.waiting.clock import Clock
from pulumi_bms.waiting.poll_interval import LONGEST_RETRY_AFTER
from pulumi_bms.waiting.poll_loop import Poll

FRESH = 0.9
"""Seconds for which a response serves all waits for the same job. Less than the shortest poll interval."""
PAUSE = 2.0
"""Seconds of pause for all waits after a 429 without `Retry-After`."""
_TOO_MANY = 429


class RateLimit:
    """Spaces requests evenly, first come, first served. Safe to use from many threads."""

    def __init__(self, per_minute: float) -> None:
        self._spacing = 60.0 / per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0

    def limit(self, per_minute: float) -> None:
        """Limit the requests per minute. A limit above the present limit changes nothing."""
        with self._lock:
            self._spacing = max(self._spacing, 60.0 / per_minute)

    def reserve(self, now: float) -> float:
        """Reserve the time of the next request, for the caller."""
        with self._lock:
            slot = max(now, self._next, self._paused_until)
            self._next = slot + self._spacing
            return slot

    def pause(self, until: float) -> None:
        """Stop requests until a time."""
        with self._lock:
            self._paused_until = max(self._paused_until, until)

    def paused(self, now: float) -> bool:
        """Whether a slot reserved earlier no longer holds."""
        with self._lock:
            return now < self._paused_until


@dataclass(slots=True)
class _Entry:
    """The newest response about one job, and the lock for polls of the job."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    received_at: float = float("-inf")
    response: PollResult | None = None
    error: ApiError | None = None


class SharedPolls:
    """The polls of all waits at one API. A poll takes a slot of the limit, unless a fresh response is shared."""

    def __init__(self, poll: Poll, rate_limit: RateLimit, now: Callable[[], float]) -> None:
        self._poll = poll
        self._rate_limit = rate_limit
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def reserve(self, job_id: str, now: float, *, is_last: bool = False) -> float:
        """Reserve a time to poll the job, for the caller. The last poll of a wait is always a new request."""
        is_shared = not is_last and self._is_fresh(self._entry(job_id), now)
        return now if is_shared else self._rate_limit.reserve(now)

    def paused(self, now: float) -> bool:
        """Whether a moment reserved earlier no longer holds."""
        return self._rate_limit.paused(now)

    def await_turn(self, clock: Clock) -> None:
        """Sleep until the rate limit allows one more request, or until the clock is cancelled."""
        clock.sleep_until(self._rate_limit.reserve(clock.now()))
        while self.paused(clock.now()) and not clock.cancelled:
            clock.sleep_until(self._rate_limit.reserve(clock.now()))

    def poll(self, job_id: str, *, timeout: float) -> PollResult:
        """The job from a new poll or from a fresh shared response. Raises the `ApiError` of the poll.

        The caller waits at most `timeout` seconds for a poll in another thread. The last poll, with no time left, is
        always a new request: a shared response may be too old.
        """
        entry, is_last = self._entry(job_id), timeout <= 0
        if not is_last and not entry.lock.acquire(timeout=min(timeout, threading.TIMEOUT_MAX)):
            raise NoAnswerError(f"job {job_id}", detail="a poll of the same job by another wait has no response yet")
        try:
            if is_last or not self._is_fresh(entry, self._now()):
                entry.response, entry.error = None, None
                try:
                    entry.response = self._poll(job_id, timeout=timeout)
                except ApiError as error:
                    entry.error = error
                    self._heed(error)
                entry.received_at = self._now()
            response, failure = entry.response, entry.error
        finally:
            if not is_last:
                entry.lock.release()
        if response is not None:
            return response
        raise failure.replaced() if failure else AssertionError("a poll has a response or an error")

    def _heed(self, error: ApiError) -> None:
        # `Retry-After` of a job or a refusal applies to the job. Without a response, the whole API pauses.
        if not isinstance(error, NoAnswerError):
            return
        pause = PAUSE if error.retry_after is None and error.status == _TOO_MANY else error.retry_after
        if pause is not None:
            self._rate_limit.pause(self._now() + min(pause, LONGEST_RETRY_AFTER))

    def _entry(self, job_id: str) -> _Entry:
        with self._lock:
            return self._entries.setdefault(job_id, _Entry())

    def _is_fresh(self, entry: _Entry, now: float) -> bool:
        return now - entry.received_at < FRESH
