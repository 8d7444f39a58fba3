"""Rows, log lines and closing notes for the user, sent to the engine in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

import grpc
from pulumi.runtime import proto

SHORTEST_SHOW = 1.0
"""The shortest time in seconds between two texts on one row. Without a terminal, each text is a printed line."""
_LONGEST_DRAIN = 1.0

Severity = proto.LogSeverity


class Engine:
    """The engine's log service. Messages are sent in order. A lost message is no error."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.aio.insecure_channel(address)
        self._stub = proto.EngineStub(self._channel)
        self._queue: asyncio.Queue[proto.LogRequest] = asyncio.Queue()
        self._sender = asyncio.create_task(self._send())
        self.closing = ClosingNotes(self)

    def log(self, severity: Severity.ValueType, message: str, urn: str = "", *, ephemeral: bool = False) -> None:
        """Queue one message. An ephemeral message is the text of the resource's row, and is not kept."""
        self._queue.put_nowait(
            proto.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral, streamId=0)
        )

    async def drain(self) -> None:
        """Wait for the queued messages, but not for long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), _LONGEST_DRAIN)

    async def close(self) -> None:
        """Send the queued messages, and accept no more."""
        await self.closing.tell()
        await self.drain()
        self._sender.cancel()
        await self._channel.close()

    async def _send(self) -> None:
        while True:
            message = await self._queue.get()
            with suppress(grpc.RpcError):
                # The types are for a blocking channel. Calls on this channel are awaited.
                await cast("Awaitable[object]", self._stub.Log(message, timeout=_LONGEST_DRAIN))
            self._queue.task_done()


class ClosingNotes:
    """Notes about the whole run. The engine shows a message during `Cancel`, the last call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._texts: dict[Callable[[], str], None] = {}
        self._over = False

    def add(self, text: Callable[[], str]) -> None:
        """Ask for a note, from any thread and any number of times. `text` is called at the end of the run."""
        self._loop.call_soon_threadsafe(self._add, text)

    async def tell(self) -> None:
        """Show all notes once. Empty notes are left out."""
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
            if line := text():
                self._engine.log(Severity.INFO, line)


class DebugLog(logging.Handler):
    """Sends log records of Python code to the engine's debug log. `pulumi up --debug` shows the records."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(logging.DEBUG)
        self._engine = engine
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, from any thread, even after the end of the loop."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._engine.log, Severity.DEBUG, self.format(record))


class Row:
    """One resource's row. Shows the newest text, at most one text a second, and no text twice in a row."""

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
        """Whether the row has shown any text."""
        return self._next_at > 0

    def show(self, text: str) -> None:
        """Show a text, from any thread."""
        self._loop.call_soon_threadsafe(self._want, text)

    def end(self) -> None:
        """Show the newest text now, and no later text: a thread may still report after the end of the step."""
        self._ended = True
        self._flush()

    def _want(self, text: str) -> None:
        # Without a terminal, an empty text would print an empty line.
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
