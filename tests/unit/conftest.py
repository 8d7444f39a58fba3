"""Fixtures of the tests without the CLI."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Iterator

import pulumi
import pytest


@pytest.fixture
def _own_process() -> Iterator[None]:
    """The process state of a program under `pulumi up`, restored afterwards: event loop, Ctrl-C, configuration."""
    loop, handler = asyncio.new_event_loop(), signal.getsignal(signal.SIGINT)
    asyncio.set_event_loop(loop)
    yield
    loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    loop.close()
    gc.collect()
    signal.signal(signal.SIGINT, handler)
    pulumi.runtime.set_all_config({})
