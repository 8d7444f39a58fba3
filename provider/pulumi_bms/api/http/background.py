"""Work in a thread of its own, and the wait for the result: bounded, and ended by a cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeAlias, TypeVar

T = TypeVar("T")

CHECK = 0.2
"""Seconds between two checks for a cancel."""
INTERRUPTED = "interrupted before the request was sent"
"""The reason for not sending a request after a cancel."""

Unwanted: TypeAlias = Callable[[], bool] | None
"""True once the run is cancelled and a result has no use any more. None for a wait without a cancel."""


class NoThreadError(Exception):
    """The operating system refused to start a thread."""

    def __init__(self) -> None:
        super().__init__("this machine can't start another thread: raise its limit of processes (`ulimit -u`)")


class UnwantedError(Exception):
    """The wait for a result was cancelled."""


def start(work: Callable[[], T], name: str) -> Future[T]:
    """Begin the work in a daemon thread. Raises `NoThreadError`."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  (the error is raised again by `result_of`)
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

    Raises `TimeoutError` after `timeout` seconds, and `UnwantedError` when `unwanted` is true.
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
    """Sleep. Raises `UnwantedError` when `unwanted` is true."""
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        if unwanted and unwanted():
            raise UnwantedError
        time.sleep(_step(left, unwanted) or 0.0)


def _step(left: float, unwanted: Unwanted) -> float | None:
    """Seconds until the next check. None without a deadline and without a cancel."""
    if unwanted:
        return min(left, CHECK)
    return None if left == float("inf") else left
