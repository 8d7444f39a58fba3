"""One request budget for all waits of a process, and one look for all who wait for the same job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_bms.api.errors import ApiError, NoNewsError
from pulumi_bms.waiting.poll_interval import LONGEST_RETRY_AFTER
from pulumi_bms.waiting.poll_loop import Look, Looked

FRESH = 0.9
"""Seconds for which an answer serves others who wait for the same job: less than the shortest poll interval."""
PAUSE = 2.0
"""Seconds that all waits pause after a 429 that does not say for how long."""
_TOO_MANY = 429


class Budget:
    """Spaces requests evenly, first come, first served. Safe to use from many threads."""

    def __init__(self, per_minute: float) -> None:
        self._spacing = 60.0 / per_minute
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0

    def limit(self, per_minute: float) -> None:
        """Let no more than that many go a minute; a higher limit changes nothing."""
        with self._lock:
            self._spacing = max(self._spacing, 60.0 / per_minute)

    def reserve(self, now: float) -> float:
        """The moment at which the next request may be sent; it is the caller's."""
        with self._lock:
            slot = max(now, self._next, self._paused_until)
            self._next = slot + self._spacing
            return slot

    def pause(self, until: float) -> None:
        """Let no request go before that moment."""
        with self._lock:
            self._paused_until = max(self._paused_until, until)

    def paused(self, now: float) -> bool:
        """Whether a slot reserved earlier no longer holds."""
        with self._lock:
            return now < self._paused_until


@dataclass(slots=True)
class _Entry:
    """The newest answer about one job, and the lock under which it is asked for."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answered_at: float = float("-inf")
    answer: Looked | ApiError | None = None


class Traffic:
    """The looks of all waits at one API. Each look is a slot of the budget, unless somebody else's is fresh."""

    def __init__(self, look: Look, budget: Budget, now: Callable[[], float]) -> None:
        self._look = look
        self._budget = budget
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def reserve(self, job_id: str, now: float) -> float:
        """The moment at which the caller may look at the job."""
        return now if self._is_fresh(self._entry(job_id), now) else self._budget.reserve(now)

    def paused(self, now: float) -> bool:
        """Whether a moment reserved earlier no longer holds."""
        return self._budget.paused(now)

    def look(self, job_id: str, *, timeout: float) -> Looked:
        """The job, or the `ApiError` that a look brought; somebody else's answer where it is fresh.

        Waits no longer than `timeout` seconds for a look of somebody else that is under way.
        """
        entry = self._entry(job_id)
        # The last look of a wait, at its deadline, is its own: an answer just before it is not good enough.
        answer = self._shared(entry, job_id, timeout) if timeout > 0 else self._ask(entry, job_id, timeout)
        if isinstance(answer, ApiError):
            raise answer
        return answer

    def _shared(self, entry: _Entry, job_id: str, timeout: float) -> Looked | ApiError:
        if not entry.lock.acquire(timeout=min(timeout, threading.TIMEOUT_MAX)):
            return NoNewsError(f"job {job_id}", detail="a poll of the same job by another wait has no response yet")
        try:
            if self._is_fresh(entry, self._now()) and entry.answer is not None:
                return entry.answer
            return self._ask(entry, job_id, timeout)
        finally:
            entry.lock.release()

    def _ask(self, entry: _Entry, job_id: str, timeout: float) -> Looked | ApiError:
        answer: Looked | ApiError
        try:
            answer = self._look(job_id, timeout=timeout)
        except ApiError as error:
            answer = error
        entry.answer, entry.answered_at = answer, self._now()
        # The `Retry-After` of a job, and of a no, is about that job. Without news it is about the API.
        if isinstance(answer, NoNewsError):
            self._heed(answer)
        return answer

    def _heed(self, error: NoNewsError) -> None:
        pause = PAUSE if error.retry_after is None and error.status == _TOO_MANY else error.retry_after
        if pause is not None:
            self._budget.pause(self._now() + min(pause, LONGEST_RETRY_AFTER))

    def _entry(self, job_id: str) -> _Entry:
        with self._lock:
            return self._entries.setdefault(job_id, _Entry())

    def _is_fresh(self, entry: _Entry, now: float) -> bool:
        return entry.answer is not None and now - entry.answered_at < FRESH
