"""The clock of a wait, as a parameter: a test passes a clock without sleep."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock that can sleep until a point in time, or until the wait is cancelled."""

    def now(self) -> float:
        """Seconds since a fixed point. The clock never goes back."""
        ...

    def sleep_until(self, moment: float) -> None:
        """Return at `moment`, or at once when the wait is cancelled."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether the wait is to end now."""
        ...


class MonotonicClock:
    """The machine's monotonic clock, cut short by an event."""

    def __init__(self, cancelled: threading.Event | None = None) -> None:
        self._cancelled = cancelled or threading.Event()

    def now(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        """Sleep, but wake at once when the event is set."""
        remaining = moment - self.now()
        if remaining > 0:
            self._cancelled.wait(min(remaining, threading.TIMEOUT_MAX))

    @property
    def cancelled(self) -> bool:
        """Whether the event is set."""
        return self._cancelled.is_set()
