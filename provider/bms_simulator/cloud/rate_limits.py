"""Limits on requests: so many of an operation in a minute for one project."""

from __future__ import annotations

import math
from collections import defaultdict, deque

from bms_simulator.cloud.behaviour import Behaviour
from bms_simulator.http.responses import Refused, gateway_error


class RateLimits:
    """Counts the requests of each project and operation in a sliding window. Not safe for threads by itself."""

    def __init__(self, behaviour: Behaviour) -> None:
        """Begin with no requests counted."""
        self._behaviour = behaviour
        self._counted: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def count(self, project_id: str, operation: str, limit: int | None, now: float) -> None:
        """Count one request at a real second. A request over the limit is refused and not counted."""
        if limit is None or not self._behaviour.rate_limits:
            return
        counted, window = self._counted[project_id, operation], self._behaviour.rate_window_seconds
        while counted and counted[0] <= now - window:
            counted.popleft()
        if len(counted) >= limit:
            self._refuse(limit, counted[0] + window - now)
        counted.append(now)

    def _refuse(self, limit: int, seconds: float) -> None:
        message = f"The throttling threshold has been reached: policy user over ratelimit,limit:{limit},time:1 minute"
        headers = {"Retry-After": str(math.ceil(seconds))} if self._behaviour.retry_after else {}
        raise Refused(gateway_error(429, "APIGW.0308", message, headers))
