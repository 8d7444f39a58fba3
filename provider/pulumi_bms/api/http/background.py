"""Work in a thread of its own, and how long others wait for its result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeAlias, TypeVar

T = TypeVar("T")

CHECK = 0.2
"""Seconds between two checks whether a result is still wanted."""
INTERRUPTED = "interrupted before it was sent"
"""Why a request has not left that nobody wants any more."""

Unwanted: TypeAlias = Callable[[], bool] | None
"""Says whether a result is no longer wanted, because the run was cancelled; None where nobody cancels."""


class NoThreadError(Exception):
    """The machine does not start another thread."""

    def __init__(self) -> None:
        super().__init__("this machine can't start another thread: raise its limit of processes (`ulimit -u`)")


class UnwantedError(Exception):
    """The result is no longer wanted."""


def start(work: Callable[[], T], name: str) -> Future[T]:
    """Begin the work in a thread that does not keep the process; raises `NoThreadError`."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  (each error is raised again by those who wait)
            future.set_exception(error)
        else:
            future.set_result(result)

    try:
        threading.Thread(target=run, name=name, daemon=True).start()
    except RuntimeError:
        raise NoThreadError from None
    return future


def result_of(future: Future[T], timeout: float | None = None, unwanted: Unwanted = None) -> T:
    """The result or the error of the work.

    Raises `TimeoutError` after `timeout` seconds, and `UnwantedError` once `unwanted` says so.
    """
    ends_at = float("inf") if timeout is None else time.monotonic() + timeout
    while not future.done():
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if unwanted and unwanted():
            raise UnwantedError
        wait([future], _step(left, unwanted))
    return future.result()


def pause(seconds: float, unwanted: Unwanted = None) -> None:
    """Sleep; raises `UnwantedError` once `unwanted` says so."""
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        if unwanted and unwanted():
            raise UnwantedError
        time.sleep(_step(left, unwanted) or 0.0)


def _step(left: float, unwanted: Unwanted) -> float | None:
    """Seconds until there is something to check; None where there never is."""
    if unwanted:
        return min(left, CHECK)
    return None if left == float("inf") else left
