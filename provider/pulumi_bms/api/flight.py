"""One attempt for all who want the same at the same time."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from pulumi_bms.api.errors import ApiError

T = TypeVar("T")


class Flight(Generic[T]):
    """Makes one attempt at a time: who comes while it is under way gets what it brings, the error too.

    The attempt runs in a thread of its own: how long it takes is not for the patience of the first who asked to say.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempt: Future[T] | None = None

    @property
    def under_way(self) -> bool:
        """Whether somebody is at it now."""
        return self._attempt is not None

    def join(self, attempt: Callable[[], T], timeout: float | None = None) -> T:
        """What the attempt brings: the one under way, else this one. `TimeoutError` after that many seconds."""
        with self._lock:
            future = self._attempt
            if future is None:
                future = self._attempt = Future()
                threading.Thread(target=self._make, args=(attempt, future), name="flight", daemon=True).start()
        try:
            return future.result(timeout)
        except ApiError as error:
            # One error raised in many threads would be changed by all of them.
            raise copy.copy(error) from None

    def _make(self, attempt: Callable[[], T], future: Future[T]) -> None:
        try:
            result = attempt()
        except BaseException as error:  # noqa: BLE001  (whatever it is, it is raised again by those who wait)
            self._attempt = None
            future.set_exception(error)
        else:
            self._attempt = None
            future.set_result(result)
