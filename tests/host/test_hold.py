"""During a held request only a kill ends the process, and no early response is sent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime import proto

from tests.host.conftest import (
    PATIENCE,
    Plugin,
    environment_of_plugins,
    refused,
    running_engine,
    sample,
    struct,
)

HOLDING = sample("Holding")
LONG = 60.0
SHORT = 1.5
"""Seconds for the end of a process without a held request, or for an early response."""
BOUND = 10.0
PARENT = """
import subprocess, sys, time
host = [sys.executable, "-u", "-m", "pulumi_bms.host", sys.argv[1]]
child = subprocess.Popen(host, stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), end="", flush=True)
time.sleep(600)
"""


@pytest.fixture
def until(tmp_path: Path) -> Path:
    """The file that ends the request."""
    return tmp_path / "until"


def done(until: Path) -> bool:
    """Whether the provider's method has ended."""
    return until.with_name("until.done").exists()


def holding(host: Plugin, until: Path, seconds: float = LONG) -> Any:
    """A create with a request under way."""
    call = host.creating(HOLDING, {"until": str(until), "seconds": seconds}, urn="urn")
    host.engine.wait_for(lambda engine: ("INFO", "holds") in engine.kept("urn"))
    return call


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_waits_for_the_response(own_alone: Plugin, number: signal.Signals, until: Path) -> None:
    """Any number of signals waits for the method's result. Then the process ends."""
    call = holding(own_alone, until)
    for _ in range(2):
        own_alone.process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            own_alone.process.wait(SHORT)
    until.touch()
    assert call.result(timeout=PATIENCE).id == "held"
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""


def test_a_cancel_waits_for_the_response(own_alone: Plugin, until: Path) -> None:
    """A cancel during a held request waits for the response. Checkpoints before the request no longer count."""
    call = holding(own_alone, until)
    own_alone.cancel()
    with pytest.raises(grpc.FutureTimeoutError):
        call.result(timeout=SHORT)
    until.touch()
    assert call.result(timeout=PATIENCE).id == "held"


def test_a_cancel_before_the_request_is_responded_at_once(own_alone: Plugin, tmp_path: Path, until: Path) -> None:
    """A cancel before the held request gets a response at once, with the reason and without state."""
    signed_in = tmp_path / "signed-in"
    inputs = {"until": str(until), "seconds": LONG, "signed_in": str(signed_in)}
    call = own_alone.creating(HOLDING, inputs, urn="urn")
    own_alone.engine.wait_for(lambda engine: ("INFO", "waits") in engine.kept("urn"))
    own_alone.cancel()
    refusal = refused(lambda: call.result(timeout=BOUND))
    assert (refusal.text, refusal.status) == ("interrupted before anything was sent", None)


def test_a_request_that_never_ends_does_not_keep_the_process(own_alone: Plugin, until: Path) -> None:
    """A request longer than the hold does not keep the process."""
    holding(own_alone, until, seconds=1.0)
    own_alone.process.send_signal(signal.SIGTERM)
    assert own_alone.process.wait(BOUND) == 0
    assert not done(until)


def test_a_killed_engine_does_not_end_the_request(until: Path) -> None:
    """After kill -9 of the CLI the method still runs to the end before the process ends."""
    with (
        running_engine() as (engine, address),
        subprocess.Popen(
            [sys.executable, "-c", PARENT, address],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment_of_plugins(),
        ) as parent,
    ):
        try:
            assert parent.stdout is not None
            with grpc.insecure_channel(f"127.0.0.1:{parent.stdout.readline().strip()}") as channel:
                properties = struct({"until": str(until), "seconds": LONG}, HOLDING)
                create: Any = proto.ResourceProviderStub(channel).Create
                _call = create.future(proto.CreateRequest(properties=properties, urn="urn"))
                engine.wait_for(lambda engine: ("INFO", "holds") in engine.kept("urn"))
        finally:
            parent.kill()
        time.sleep(SHORT)
        until.touch()
        ends_at = time.monotonic() + BOUND
        while not done(until) and time.monotonic() < ends_at:
            time.sleep(0.05)
        assert done(until)
