"""A rate limit for each operation of an API, beside the one that all requests share."""

from __future__ import annotations

import threading

from pulumi_bms.waiting.rate_limit import Budget

_NO_LIMIT = 1e9
"""Requests a minute of an operation without a documented limit: only the shared limit spaces them."""


class OperationLimits:
    """Spaces the requests of each operation evenly. Safe to use from many threads. Moments are of one monotonic clock.

    `shared` is the limit of all requests together.
    """

    def __init__(self, shared: Budget) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._limits: dict[str, Budget] = {}

    def reserve(self, operation: str, per_minute: float | None, now: float) -> float:
        """The moment at which the next request of an operation may be sent; the moment is the caller's."""
        return max(self._limit(operation, per_minute).reserve(now), self._shared.reserve(now))

    def pause(self, operation: str, until: float) -> None:
        """Let no request of an operation go before that moment. Other operations have limits of their own."""
        self._limit(operation, None).pause(until)

    def paused(self, operation: str, now: float) -> bool:
        """Whether a moment that was reserved earlier no longer holds."""
        return self._limit(operation, None).paused(now) or self._shared.paused(now)

    def _limit(self, operation: str, per_minute: float | None) -> Budget:
        with self._lock:
            limit = self._limits.setdefault(operation, Budget(_NO_LIMIT))
        if per_minute is not None:
            limit.limit(per_minute)
        return limit
