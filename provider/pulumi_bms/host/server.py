"""The plugin process: binds a port, tells the engine, serves, and ends when the engine does."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import grpc
from pulumi.runtime import proto

from pulumi_bms.host.calls import Calls
from pulumi_bms.host.cancellation import PATIENCE, Cancellation
from pulumi_bms.host.engine import DebugLog, Engine
from pulumi_bms.host.providers import Providers
from pulumi_bms.host.servicer import Servicer

ENGINE_CHECK = 1.0
"""Seconds between two checks of whether the engine still lives."""
_LAST_RESPONSES = PATIENCE + 0.5
_LARGEST_MESSAGE = 400 * 1024 * 1024
"""The most bytes of one message, the same as the engine's limit."""


async def serve(engine_address: str) -> None:
    """Serve until the engine ends or a signal comes."""
    # Read before the port is printed: if the engine is gone by then, printing fails and ends the process too.
    parent = os.getppid()
    cancellation = Cancellation()
    calls = Calls(cancellation)
    engine = Engine(engine_address)
    _trace_to(DebugLog(engine))
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
        ]
    )
    proto.add_ResourceProviderServicer_to_server(Servicer(engine, cancellation, calls, Providers()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201  (the engine reads it)
    await _until_over(parent)
    cancellation.set()
    # Also for a dead engine: the response to an order still goes into the record.
    await calls.ended(_LAST_RESPONSES)
    await server.stop(grace=0.2)
    await engine.close()
    # asyncio's own end would cancel hanging calls, and grpc would print a traceback for each call.
    _leave()


def _trace_to(handler: logging.Handler) -> None:
    """Show the providers' requests in the engine's debug log: one line each, without secrets."""
    logger = logging.getLogger("pulumi_bms")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    logger.propagate = False


async def _until_over(parent: int) -> None:
    """Return on a signal, or after the end of the parent process: a killed CLI sends no `Cancel`."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    while not over.is_set() and os.getppid() == parent:
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), ENGINE_CHECK)


def main(engine_address: str) -> None:
    """Serve the engine at the address, then leave at once, even with running threads."""
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(engine_address))
    _leave()


def _leave() -> NoReturn:
    """End at once, even with running threads."""
    sys.stdout.flush()
    os._exit(0)
