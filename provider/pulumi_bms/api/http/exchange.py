"""One exchange of a request for a response, in its own thread and with one deadline for all parts.

The caller does no I/O. So no part of an exchange can block the caller: neither name resolution, connect, proxy, TLS
handshake, head, body nor trailer. A connection calls `begin` before the first byte of the request leaves. So an error
knows whether the request was sent, and an abandoned request never leaves later.
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
        """End the connection if the connection serves this exchange. A pending read or write fails."""
        ...


class GivenUpError(Exception):
    """The caller no longer waits for this exchange."""


class Exchange:
    """The state shared by the caller and the thread of the exchange.

    `status` and `request_id` are set when the head of the response has arrived. `body` is the part of the body that has
    arrived.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.request_id: str | None = None
        self.body = bytearray()
        self._lock = threading.Lock()
        self._has_begun = False
        self._given_up = False
        self._connection: Cuttable | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the first byte of the request was handed to an open connection."""
        return self._has_begun

    def run(self, work: Callable[[], T], seconds: float, unwanted: Unwanted, *, repeatable: bool) -> T:
        """The result or the error of the work.

        Raises `NoThreadError`, `TimeoutError` after `seconds`, and `UnwantedError` when `unwanted` is true. A cancel
        does not end the wait for a request that has begun to leave and is not `repeatable`. The response may name a job
        that costs money.
        """
        future = start(work, "exchange")

        def stop() -> bool:
            return bool(unwanted and unwanted()) and (repeatable or self._give_up_unsent())

        try:
            return result_of(future, seconds, stop if unwanted else None)
        except (TimeoutError, UnwantedError):
            # The response may have arrived at this very moment.
            if future.done() and not isinstance(future.exception(), GivenUpError):
                return future.result()
            self._give_up()
            raise

    def begin(self) -> None:
        """Note that the request leaves now. Raises `GivenUpError` after the caller has given up."""
        with self._lock:
            self._go_on()
            self._has_begun = True

    def go_on(self, connection: Cuttable) -> None:
        """Note the connection in use. Raises `GivenUpError` after the caller has given up."""
        with self._lock:
            self._connection = connection
            self._go_on()

    def _go_on(self) -> None:
        if self._given_up:
            raise GivenUpError

    def _give_up_unsent(self) -> bool:
        with self._lock:
            self._given_up = self._given_up or not self._has_begun
            return self._given_up

    def _give_up(self) -> None:
        with self._lock:
            self._given_up = True
            connection = self._connection
        if connection:
            connection.cut(self)

    def enter_thread(self) -> None:
        """Make this exchange the exchange of the thread. The work calls the method first."""
        _OF_THREAD.exchange = self


class _OfThread(threading.local):
    exchange: Exchange


_OF_THREAD = _OfThread()


def current() -> Exchange:
    """The exchange of this thread."""
    return _OF_THREAD.exchange
