"""One exchange of a request for a response: made in a thread of its own, and waited for until its deadline.

Who waits does no I/O, so no part of the exchange can hold the caller: neither the resolution of a name, nor a
connection, a proxy, a TLS handshake, a head, a body or a trailer. A connection asks `begin` before the first byte of a
request leaves. So it is known whether the request was sent, and a request that was given up never leaves later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from pulumi_bms.api.http.background import (
    Unwanted,
    UnwantedError,
    result_of,
    start,
)

T = TypeVar("T")


class Cuttable(Protocol):
    """A connection that can be ended from another thread."""

    def cut(self, exchange: Exchange) -> None:
        """End the connection if it serves that exchange; its thread, which reads or writes, gets an error."""
        ...


class GivenUpError(Exception):
    """Nobody waits for this exchange any more."""


class Exchange:
    """The state that the thread of the exchange and the waiting one share.

    `status` and `request_id` are those of the response, as soon as its head has come. `body` is what has come of its
    body so far.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.request_id: str | None = None
        self.body = bytearray()
        self._lock = threading.Lock()
        self._begun = False
        self._given_up = False
        self._connection: Cuttable | None = None

    @property
    def begun(self) -> bool:
        """Whether the first byte of the request was handed to a connection that stood."""
        return self._begun

    def run(self, work: Callable[[], T], seconds: float, unwanted: Unwanted, *, repeatable: bool) -> T:
        """Do the work; its result or its error.

        Raises `TimeoutError` after `seconds`, `NoThreadError`, and `UnwantedError` once `unwanted` says so. A request
        that is not `repeatable` is waited for once it has begun to leave: the response is worth more than the time.
        """
        future = start(lambda: self._in_thread(work), "exchange")

        def stop() -> bool:
            return bool(unwanted and unwanted()) and (repeatable or self._give_up_unsent())

        try:
            return result_of(future, seconds, stop if unwanted else None)
        except (TimeoutError, UnwantedError):
            # The response may have come in this very moment.
            if future.done():
                return future.result()
            self._give_up()
            raise

    def begin(self) -> None:
        """Note that the request leaves now; raises `GivenUpError` where nobody waits any more."""
        with self._lock:
            self._go_on()
            self._begun = True

    def go_on(self, connection: Cuttable) -> None:
        """Note what the exchange uses by now; raises `GivenUpError` where nobody waits any more."""
        with self._lock:
            self._connection = connection
            self._go_on()

    def _go_on(self) -> None:
        if self._given_up:
            raise GivenUpError

    def _give_up_unsent(self) -> bool:
        with self._lock:
            self._given_up = self._given_up or not self._begun
            return self._given_up

    def _give_up(self) -> None:
        with self._lock:
            self._given_up = True
            connection = self._connection
        if connection:
            connection.cut(self)

    def _in_thread(self, work: Callable[[], T]) -> T:
        _OF_THREAD.exchange = self
        return work()


class _OfThread(threading.local):
    exchange: Exchange


_OF_THREAD = _OfThread()


def current() -> Exchange:
    """The exchange that this thread makes."""
    return _OF_THREAD.exchange
