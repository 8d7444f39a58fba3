"""Counting of failed attempts: too many in a row lock a name for a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

MOST_FAILURES = 5


@dataclass(slots=True)
class _Record:
    failures: int = 0
    locked_until: float = 0.0


class Attempts:
    """The attempts on each name, safe to count from many threads."""

    def __init__(self, locked_seconds: float) -> None:
        """Lock a name for that many real seconds."""
        self._locked_seconds = locked_seconds
        self._records: dict[str, _Record] = {}
        self._lock = threading.Lock()

    def locked(self, name: str, now: float) -> bool:
        """Return whether the name is locked at that second."""
        with self._lock:
            record = self._records.get(name)
            return record is not None and now < record.locked_until

    def count(self, name: str, now: float, *, right: bool) -> None:
        """Count one attempt on a name without a lock. A right attempt resets the count of wrong attempts."""
        with self._lock:
            record = self._records.setdefault(name, _Record())
            record.failures = 0 if right else record.failures + 1
            if record.failures >= MOST_FAILURES:
                record.failures, record.locked_until = 0, now + self._locked_seconds
