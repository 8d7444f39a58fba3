"""Calls of providers' methods, each in a new thread. A cancel ends the wait for a method."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from typing import Any, TypeVar

from pulumi_bms.host.cancellation import PATIENCE, Cancellation, Checkpoint
from pulumi_bms.operation import ExpectedError

T = TypeVar("T")

_HOLD_CHECK = 0.05
FOREIGN_CALLS = 4
"""The calls at once of all providers without an operation. Pulumi's own host has the same number of threads."""


class Holds:
    """Requests with responses that must not be lost. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[object, float] = {}

    @contextmanager
    def hold(self, seconds: float) -> Iterator[None]:
        """Count a request, for so many seconds at most."""
        this = object()
        with self._lock:
            self._ends[this] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                del self._ends[this]

    def any(self) -> bool:
        """Whether a request is under way, and has time left."""
        with self._lock:
            return any(end > time.monotonic() for end in self._ends.values())


class Calls:
    """Runs methods. The event loop stays free, so a check never waits behind a wait."""

    def __init__(self, cancellation: Cancellation) -> None:
        self.holds = Holds()
        self._cancellation = cancellation
        self._foreign = asyncio.Semaphore(FOREIGN_CALLS)
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def lane(self, *, unlimited: bool) -> AbstractAsyncContextManager[Any]:
        """The queue of a call. Providers with an operation do not queue."""
        return nullcontext() if unlimited else self._foreign

    async def run(self, method: Callable[[], T], checkpoint: Callable[[], Checkpoint | None] = lambda: None) -> T:
        """The method's result or error. After a cancel and `PATIENCE` seconds, the last checkpoint."""
        self._running += 1
        self._idle.clear()
        try:
            return await self._result(_in_thread(method), checkpoint)
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def ended(self, patience: float) -> None:
        """Return once no call is running, at the latest `patience` seconds after the end of all held requests."""
        # The call of a dead engine counts as ended, but the thread may still wait for a response.
        while self.holds.any():  # noqa: ASYNC110  (threads end them, and time does)
            await asyncio.sleep(_HOLD_CHECK)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), patience)

    async def _result(self, result: asyncio.Future[T], checkpoint: Callable[[], Checkpoint | None]) -> T:
        either: set[asyncio.Future[Any]] = {result, self._cancellation.requested}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            await asyncio.wait({result}, timeout=PATIENCE)
        known = checkpoint() if not result.done() else None
        if known:
            # The thread's later result is discarded.
            result.add_done_callback(_retrieve)
            raise known.as_error()
        return await result


def _retrieve(result: asyncio.Future[Any]) -> None:
    if not result.cancelled():
        result.exception()


def _in_thread(method: Callable[[], T]) -> asyncio.Future[T]:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # there is a result where there is no error

    def work() -> None:
        try:
            result, error = method(), None
        except BaseException as raised:  # noqa: BLE001  (sys.exit in a provider must be answered, or the engine waits for ever)
            # A future refuses a StopIteration (from `next`, for example), and would stay without a result.
            is_error = isinstance(raised, Exception) and not isinstance(raised, StopIteration)
            result, error = None, raised if is_error else ExitedError(raised)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    # A daemon: a method that never returns must not keep the process.
    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError as error:
        raise ExpectedError(
            f"the provider's method was not called, because this machine can't start another thread ({error}): raise "
            "the limit of processes (`ulimit -u`), or run fewer steps at once (`--parallel`)"
        ) from None
    return future


class ExitedError(RuntimeError):
    """A provider's method ended by an exception outside `Exception`, such as `sys.exit`."""

    def __init__(self, raised: BaseException) -> None:
        super().__init__(f"the provider's method ended by {type(raised).__name__}: {raised}")
        self.__cause__ = raised
