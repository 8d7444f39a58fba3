"""Calls of providers' methods."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pulumi_bms.host.calls import Calls
from pulumi_bms.host.cancellation import Cancellation
from pulumi_bms.operation import ExpectedError


def test_a_thread_that_can_not_be_started() -> None:
    """A thread that cannot start fails only the affected call. The next call succeeds and the host can end."""

    async def call() -> str:
        calls = Calls(Cancellation())
        usual = threading.stack_size(2**46)
        try:
            with pytest.raises(ExpectedError, match=r"this machine can't start another thread .*: raise the limit"):
                await calls.run(lambda: "never called")
        finally:
            threading.stack_size(usual)
        await calls.ended(0.1)
        return await calls.run(lambda: "called")

    assert asyncio.run(call()) == "called"
