"""One attempt for all callers with the same request at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from pulumi_bms.api.errors import ApiError, NoAnswerError
from pulumi_bms.api.http.background import (
    INTERRUPTED,
    NoThreadError,
    Unwanted,
    UnwantedError,
    result_of,
    start,
)

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Makes one attempt at a time. Callers during an attempt get its result or its error.

    The attempt runs in a thread of its own, so the timeout of the first caller does not limit the attempt.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempt: Future[T] | None = None

    @property
    def under_way(self) -> bool:
        """Whether an attempt is under way."""
        with self._lock:
            return self._attempt is not None

    def join(self, attempt: Callable[[], T], timeout: float | None = None, unwanted: Unwanted = None) -> T:
        """The result of the attempt under way, else of this attempt.

        Raises `TimeoutError` after `timeout` seconds, `UnwantedError` when `unwanted` is true, and `NoThreadError`.
        """
        with self._lock:
            future = self._attempt
            if future is None:
                future = self._attempt = start(lambda: self._make(attempt), "flight")
        try:
            return result_of(future, timeout, unwanted)
        except ApiError as error:
            # Another error for every caller: Python adds the traceback of each thread to the raised error.
            raise error.replaced() from None

    def _make(self, attempt: Callable[[], T]) -> T:
        try:
            return attempt()
        finally:
            # The lock: a fast attempt must not end before `join` has noted the attempt.
            with self._lock:
                self._attempt = None


class Once(Generic[T]):
    """A value that the first caller makes for all callers. An error is not kept. Safe to use from many threads.

    `made` is the value in a tuple, or None before.
    """

    def __init__(self) -> None:
        self._single_flight: SingleFlight[T] = SingleFlight()
        self.made: tuple[T] | None = None

    def get(self, make: Callable[[], T], timeout: float | None = None, unwanted: Unwanted = None) -> T:
        """The value, made by the first call. Raises the errors of `make` and of `SingleFlight.join`."""
        if self.made:
            return self.made[0]
        return self._single_flight.join(lambda: self._make(make), timeout, unwanted)

    def _make(self, make: Callable[[], T]) -> T:
        # Kept before the end of the attempt: a call between the end and a later assignment would make another value.
        if self.made is None:
            self.made = (make(),)
        return self.made[0]


@contextmanager
def before_sending(what: str, under_way: str) -> Iterator[None]:
    """Turn the end of a wait for an attempt into the error of a request, `what`, that was not sent.

    `under_way` is the reason for a timeout.
    """
    try:
        yield
    except TimeoutError:
        raise NoAnswerError.never_sent(what, under_way) from None
    except UnwantedError:
        raise NoAnswerError.never_sent(what, INTERRUPTED) from None
    except NoThreadError as error:
        raise NoAnswerError.never_sent(what, str(error)) from None
