"""The plugin process: it starts, says its port and nothing else, and ends whenever its engine does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.conftest import (
    OWN,
    PATIENCE,
    Plugin,
    environment_of_plugins,
    refused,
    running_engine,
    running_plugin,
    sample,
)

BOUND = 30.0
"""Seconds in which the process ends, on however busy a machine; it takes about two where something hangs."""
SIGNALS = [signal.SIGTERM, signal.SIGINT]
STARTED = ("INFO", "waits")
PARENT = """
import subprocess, sys, time
host = [sys.executable, "-u", "-m", "pulumi_bms.host", sys.argv[1]]
child = subprocess.Popen(host, stdout=subprocess.PIPE, text=True)
print(child.pid, flush=True)
print(child.stdout.readline(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_an_idle_process(own_alone: Plugin, number: signal.Signals) -> None:
    """With exit status 0 and without a word."""
    own_alone.create(sample("Thing"), {})
    own_alone.process.send_signal(number)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_what_runs(own_alone: Plugin, number: signal.Signals) -> None:
    """Who looks at the cancel event is answered with partial state before the process ends."""
    call = own_alone.creating(sample("Obedient"), {}, urn="urn")
    own_alone.engine.wait_for(lambda engine: STARTED in engine.kept("urn"))
    own_alone.process.send_signal(number)
    assert refused(lambda: call.result(timeout=BOUND)).state.id == "half"
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_process_whose_providers_hang(
    own_alone: Plugin, number: signal.Signals, tmp_path: Path
) -> None:
    """No method keeps it: a foreign one, one that was to be waited for, one that is answered for."""
    never = str(tmp_path / "never")
    calls = [own_alone.creating(sample("Sleeper"), {})]
    for checkpoints in (0, 1):
        inputs = {"until": never, "checkpoints": checkpoints}
        calls.append(own_alone.creating(sample("Stubborn"), inputs, urn=f"urn:{checkpoints}"))
    own_alone.engine.wait_for(lambda engine: STARTED in engine.kept("urn:0") and STARTED in engine.kept("urn:1"))
    own_alone.process.send_signal(number)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""
    assert refused(calls[-1].result).state.id == "half"


def test_both_signals_one_after_the_other(own_alone: Plugin) -> None:
    """As the engine does at the end of a run: Cancel, then SIGINT, here in a hurry."""
    own_alone.cancel()
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        own_alone.process.send_signal(number)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""


def test_it_ends_without_an_engine_that_listens(tmp_path: Path) -> None:
    """The engine's log is gone before the process is: messages that are lost are no error and delay nothing."""
    with running_plugin(OWN, tmp_path) as host:
        host.engine.stop()
        waits = host.creating(sample("Obedient"), {}, urn="urn")
        assert host.create(sample("Reporter"), {"rows": ["unseen"], "note": "unheard"}, urn="urn:b").id == "reported"
        host.process.send_signal(signal.SIGTERM)
        assert host.process.wait(BOUND) == 0
        assert host.stderr() == ""
        assert refused(waits.result).state.id == "half"


def test_nothing_but_the_port_is_on_stdout(own_alone: Plugin) -> None:
    """The engine shows what else comes as noise of the stack."""
    own_alone.check(sample("Thing"), {"size": 1})
    refused(lambda: own_alone.create(sample("Failing"), {"way": "lookup"}))
    own_alone.process.send_signal(signal.SIGTERM)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.process.stdout is not None
    assert own_alone.process.stdout.read() == b""


def test_without_an_address_it_says_how_it_is_started(tmp_path: Path) -> None:
    """A user who runs it by hand is told."""
    ended = subprocess.run(
        [sys.executable, "-m", OWN],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment_of_plugins(),
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage:")
    assert "Traceback" not in ended.stderr


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process in the engine's place, that starts the plugin and then does nothing."""
    with (
        running_engine() as (_, address),
        subprocess.Popen(
            [sys.executable, "-c", PARENT, address],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment_of_plugins(),
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def test_it_ends_when_the_engine_is_killed(parent: subprocess.Popen[str]) -> None:
    """A killed CLI says no goodbye, and its plugin must not stay behind."""
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        # The port: the plugin serves.
        assert parent.stdout.readline().strip().isdigit()
        parent.kill()
        parent.wait(PATIENCE)
        end = time.monotonic() + BOUND
        while is_running(child) and time.monotonic() < end:
            time.sleep(0.1)
        assert not is_running(child)
    finally:
        if is_running(child):
            os.kill(child, signal.SIGKILL)


def test_it_ends_when_the_engine_is_killed_while_it_starts(parent: subprocess.Popen[str]) -> None:
    """Nobody reads its port: it does not stay either."""
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait(PATIENCE)
    try:
        end = time.monotonic() + BOUND
        while is_running(child) and time.monotonic() < end:
            time.sleep(0.1)
        assert not is_running(child)
    finally:
        if is_running(child):
            os.kill(child, signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Whether a process that is not a child of this one still runs. One that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
