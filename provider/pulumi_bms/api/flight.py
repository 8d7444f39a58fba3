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
    """Makes one attempt at a time: who comes while it is under way gets what it brings, the error too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempt: Future[T] | None = None

    @property
    def under_way(self) -> bool:
        """Whether somebody is at it now."""
        return self._attempt is not None

    def join(self, attempt: Callable[[], T]) -> T:
        """What the attempt brings: the one under way, else this one."""
        mine: Future[T] = Future()
        with self._lock:
            running = self._attempt
            self._attempt = running or mine
        if running is None:
            return self._make(attempt, mine)
        try:
            return running.result()
        except ApiError as error:
            raise copy.copy(error) from None

    def _make(self, attempt: Callable[[], T], mine: Future[T]) -> T:
        try:
            result = attempt()
        except BaseException as error:
            self._attempt = None
            mine.set_exception(error)
            raise
        self._attempt = None
        mine.set_result(result)
        return result
