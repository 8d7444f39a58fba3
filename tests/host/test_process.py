"""The plugin process starts, prints only the port, and ends with the engine."""

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
"""Seconds for the end of the process, on a busy machine too. The usual time with hanging calls is about two seconds."""
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
    """A signal ends an idle process with exit status 0 and without output."""
    own_alone.create(sample("Thing"), {})
    own_alone.process.send_signal(number)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_what_runs(own_alone: Plugin, number: signal.Signals) -> None:
    """A signal cancels the running methods, and a method that ends on the cancel event returns partial state."""
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
    """No hanging method keeps the process: neither a foreign method, nor a method with or without a checkpoint."""
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
    """After a cancel, several signals in quick succession end the process with exit status 0 and without output."""
    own_alone.cancel()
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        own_alone.process.send_signal(number)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.stderr() == ""


def test_it_ends_without_an_engine_that_listens(tmp_path: Path) -> None:
    """The process ends without the engine's log. Lost messages are not an error and delay nothing."""
    with running_plugin(OWN, tmp_path) as host:
        host.engine.stop()
        waits = host.creating(sample("Obedient"), {}, urn="urn")
        assert host.create(sample("Reporter"), {"rows": ["unseen"], "note": "unheard"}, urn="urn:b").id == "reported"
        host.process.send_signal(signal.SIGTERM)
        assert host.process.wait(BOUND) == 0
        assert host.stderr() == ""
        assert refused(waits.result).state.id == "half"


def test_nothing_but_the_port_is_on_stdout(own_alone: Plugin) -> None:
    """Stdout has only the port, because the engine shows all other output as messages of the stack."""
    own_alone.check(sample("Thing"), {"size": 1})
    refused(lambda: own_alone.create(sample("Failing"), {"way": "lookup"}))
    own_alone.process.send_signal(signal.SIGTERM)
    assert own_alone.process.wait(BOUND) == 0
    assert own_alone.process.stdout is not None
    assert own_alone.process.stdout.read() == b""


def test_without_an_address_it_says_how_it_is_started(tmp_path: Path) -> None:
    """A start without an address prints the usage."""
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
    """A process in the engine's place, which starts the plugin and then does nothing."""
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
    """The plugin process ends after kill -9 of the engine."""
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        # After the port the plugin serves.
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
    """The plugin process ends after kill -9 of the engine during the start, before the port is read."""
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
    """Whether a process, not a child of the test, still runs. A zombie does not run."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
