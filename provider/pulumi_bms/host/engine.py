"""What the user sees: rows, log lines and closing notes, sent to the engine in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

import grpc
from pulumi.runtime import proto

SHORTEST_SHOW = 1.0
"""Seconds between two texts on one row at least: without a terminal each is a printed line."""
_LONGEST_DRAIN = 1.0

Severity = proto.LogSeverity


class Engine:
    """The engine's log service. Messages are sent one after the other; a lost one is no error."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address)
        self._stub = proto.EngineStub(self._channel)
        self._queue: asyncio.Queue[proto.LogRequest] = asyncio.Queue()
        self._sender = asyncio.create_task(self._send())
        self.closing = ClosingNotes(self)

    def log(self, severity: Severity.ValueType, message: str, urn: str = "", *, ephemeral: bool = False) -> None:
        """Queue one message; an ephemeral one is the text of the resource's row and is not kept."""
        self._queue.put_nowait(
            proto.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral, streamId=0)
        )

    async def drain(self) -> None:
        """Wait until what was queued is sent, but not for long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), _LONGEST_DRAIN)

    async def close(self) -> None:
        """Send what is left, and no more."""
        await self.closing.tell()
        await self.drain()
        self._sender.cancel()
        await self._channel.close()

    async def _send(self) -> None:
        while True:
            message = await self._queue.get()
            with suppress(grpc.RpcError):
                # Typed for a channel that blocks; this one's calls are awaited.
                await cast("Awaitable[object]", self._stub.Log(message, timeout=_LONGEST_DRAIN))
            self._queue.task_done()


class ClosingNotes:
    """Notes about the run as a whole. The engine shows a message that it gets during its `Cancel`, the last call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._texts: dict[Callable[[], str], None] = {}
        self._over = False

    def add(self, text: Callable[[], str]) -> None:
        """Ask for a note; from any thread, any number of times. `text` is called when the note is told."""
        self._loop.call_soon_threadsafe(self._add, text)

    async def tell(self) -> None:
        """Tell all notes, each once; empty ones are left out."""
        self._over = True
        if self._texts:
            self._log_all()
            await self._engine.drain()

    def _add(self, text: Callable[[], str]) -> None:
        self._texts[text] = None
        # A step may outlast the cancel of a run.
        if self._over:
            self._log_all()

    def _log_all(self) -> None:
        while self._texts:
            text, _ = self._texts.popitem()
            if told := text():
                self._engine.log(Severity.INFO, told)


class DebugLog(logging.Handler):
    """Hands the log records of Python code on to the engine's debug log; `pulumi up --debug` shows them."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(logging.DEBUG)
        self._engine = engine
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one record on; from any thread, also one that outlives the loop."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._engine.log, Severity.DEBUG, self.format(record))


class Row:
    """One resource's row: shows the newest text, at most one a second, and none twice in a row."""

    def __init__(self, engine: Engine, urn: str) -> None:
        self._engine = engine
        self._urn = urn
        self._loop = asyncio.get_running_loop()
        self._shown = ""
        self._wanted = ""
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    @property
    def has_shown(self) -> bool:
        """Whether anything was sent to it."""
        return self._next_at > 0

    def show(self, text: str) -> None:
        """Show a text; from any thread."""
        self._loop.call_soon_threadsafe(self._want, text)

    def end(self) -> None:
        """Show the newest text now, and none after it: a thread that outlives its step may still report."""
        self._ended = True
        self._flush()

    def _want(self, text: str) -> None:
        # An empty text would print an empty line where there is no terminal.
        if self._ended or not text:
            return
        self._wanted = text
        if self._timer is None:
            self._timer = self._loop.call_at(max(self._next_at, self._loop.time()), self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._wanted != self._shown:
            self._engine.log(Severity.INFO, self._wanted, self._urn, ephemeral=True)
            self._shown = self._wanted
            self._next_at = self._loop.time() + SHORTEST_SHOW
