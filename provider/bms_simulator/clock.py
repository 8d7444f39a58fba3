"""Time: real seconds, the simulated seconds made of them, and the wall time both are shown as."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]

LONGEST_SECONDS = 10 * 365 * 86400  # beyond, times could not be written any more


class ManualClock:
    """A clock that stands still between calls of `advance`."""

    def __init__(self) -> None:
        """Start at zero seconds."""
        self._seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds advanced so far."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._seconds += seconds


@dataclass(frozen=True, slots=True)
class Moment:
    """One point in time, in real seconds, in simulated seconds and as wall time."""

    real: float
    simulated: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Stamp:
    """Writes simulated seconds of a job that began at `started` as the API writes a time."""

    started: datetime
    time_scale: float = 1.0

    def __call__(self, elapsed: float) -> str:
        """Return the time `elapsed` simulated seconds after the start, with milliseconds and a Z."""
        moment = self.started + timedelta(seconds=elapsed / self.time_scale)
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SimulatedTime:
    """Turns the readings of a clock into moments of a simulation that runs `time_scale` times as fast."""

    def __init__(self, time_scale: float, clock: Clock | None = None, offset: float = 0.0) -> None:
        """Begin now, by the monotonic clock unless another one is given. Wall time is ahead by `offset` seconds."""
        if not 0 < time_scale < float("inf"):
            message = f"time_scale must be a positive number, not {time_scale!r}"
            raise ValueError(message)
        if not abs(offset) <= LONGEST_SECONDS:
            message = f"clock_offset must be a number from -{LONGEST_SECONDS} to {LONGEST_SECONDS}, not {offset!r}"
            raise ValueError(message)
        self.time_scale = time_scale
        self._offset = timedelta(seconds=offset)
        self._clock = clock or time.monotonic
        self._zero = self._clock()
        self._started_at = self.wall()
        self._lock = threading.Lock()
        self._advanced = 0.0

    def now(self) -> Moment:
        """Return the present moment."""
        with self._lock:
            real = self._clock() - self._zero + self._advanced
        return Moment(real, real * self.time_scale, self._started_at + timedelta(seconds=real))

    def wall(self) -> datetime:
        """Return the wall time for clients to compare with. Neither a manual clock nor a skip changes the wall time."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Skip simulated seconds, on top of what the clock does."""
        if not 0 <= seconds < float("inf"):
            message = f"time only goes forward, not by {seconds!r} seconds"
            raise ValueError(message)
        with self._lock:
            self._advanced += seconds / self.time_scale
