"""One step at a time for each server: the locks of a plugin process.

The API runs one operation at a time on a server. Two resources of one program must not send requests for the same
server at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from pulumi_bms.operation import ExpectedError, Operation

_CHECK = 0.2
"""Seconds between two checks for a cancel."""


class ServerLocks:
    """The locks by server id. Safe to use from many threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    @contextmanager
    def hold(self, server_ids: Iterable[str], operation: Operation) -> Iterator[None]:
        """Hold the locks of these servers. Raises `ExpectedError` if the operation is cancelled before."""
        with ExitStack() as held:
            # Sorted: two steps with the same servers never wait for each other.
            for server_id in sorted(set(server_ids)):
                with self._guard:
                    lock = self._locks.setdefault(server_id, threading.Lock())
                while not lock.acquire(timeout=_CHECK):
                    if operation.cancelled.is_set():
                        raise ExpectedError(f"interrupted while another step worked on server {server_id}")
                held.callback(lock.release)
            yield


LOCKS = ServerLocks()
"""The locks of this process."""
