"""A rate limit per operation of an API, besides the shared limit of all requests."""

from __future__ import annotations

import threading

from pulumi_bms.waiting.rate_limit import RateLimit

_NO_LIMIT = 1e9
"""Requests per minute of an operation without a documented limit. Only the shared limit spaces the requests."""
_MARGIN = 0.95
"""The part of a documented limit in use. Requests arrive unevenly, and the cloud counts arrivals."""


class OperationLimits:
    """Spaces the requests of each operation evenly. Safe to use from many threads.

    All times are of one monotonic clock. `shared` is the limit of all requests together.
    """

    def __init__(self, shared: RateLimit) -> None:
        self._shared = shared
        self._lock = threading.Lock()
        self._limits: dict[str, RateLimit] = {}

    def reserve(self, operation: str, per_minute: float | None, now: float) -> float:
        """Reserve the time of the next request of an operation, for the caller."""
        return max(self._limit(operation, per_minute).reserve(now), self._shared.reserve(now))

    def pause(self, operation: str, until: float) -> None:
        """Stop the requests of one operation until a time. Requests of other operations continue."""
        self._limit(operation, None).pause(until)

    def paused(self, operation: str, now: float) -> bool:
        """Whether the operation paused after a reservation, so that the reserved time is void."""
        return self._limit(operation, None).paused(now) or self._shared.paused(now)

    def _limit(self, operation: str, per_minute: float | None) -> RateLimit:
        with self._lock:
            limit = self._limits.setdefault(operation, RateLimit(_NO_LIMIT))
        if per_minute is not None:
            limit.limit(per_minute * _MARGIN)
        return limit
