"""After kill -9 of CLI and host at any moment in the life of servers, no server is ordered twice or lost.

`SERVER_KILLS` is the number of seeds, by default a few. `SERVER_KILLS_FROM` is the first seed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack
from tests.e2e.test_orders import Kill, host_of, kill_both, kill_cli, kill_host
from tests.e2e.test_servers import program, servers

TIME_SCALE = 150.0
FIRST_SEED = int(os.environ.get("SERVER_KILLS_FROM", "0"))
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("SERVER_KILLS", "3")))
KILLS: list[Kill] = [kill_cli, kill_host, kill_both]
PHASES = ["order", "grow", "shrink", "destroy"]
ORDERED = {"order": 3, "grow": 5, "shrink": 5, "destroy": 5}
"""Servers ordered until the end of each phase."""
LONGEST = 120.0


def ordered(simulator: Simulator) -> int:
    """The number of servers ordered so far."""
    bodies = [
        each.body for each in simulator.requests if each.method == "POST" and each.path.endswith("/baremetalservers")
    ]
    return sum(body["server"].get("count", 1) for body in bodies if isinstance(body, dict))


def again(stack: Stack, *command: str) -> None:
    """The documentation's commands after a kill."""
    stack.run("cancel", "--yes")
    if "destroy" not in command:
        stack.refresh("--clear-pending-creates").ok()
    if stack.run(*command, "--yes", "--skip-preview").code:
        stack.run(*command, "--yes", "--skip-preview").ok()


def killed(process: subprocess.Popen[str], rng: random.Random, latest: float = 7.0) -> str:
    """Kill CLI, host, or both, within `latest` seconds of the command. Returns the kill and the moment."""
    while host_of(process) is None and process.poll() is None:
        time.sleep(0.02)
    kill, moment = rng.choice(KILLS), rng.uniform(0.0, latest)
    time.sleep(moment)
    host = host_of(process) if process.poll() is None else None
    kill(process, signal.SIGKILL)
    if host is not None:
        # The host notices a dead engine without help. In this test the next run must not meet the old host.
        time.sleep(0.3)
        with suppress(ProcessLookupError):
            os.kill(host, signal.SIGKILL)
    return f"{kill.__name__} at {moment:.2f} s"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_kill_neither_orders_twice_nor_loses_a_server(stack: Stack, simulator: Simulator, seed: int) -> None:
    """After the documented commands the cloud has the wanted servers, ordered once, and a destroy leaves nothing."""
    rng = random.Random(seed)  # noqa: S311  (a kill, not a key)
    phase = PHASES[seed % len(PHASES)]
    volumes = [simulator.setup.add_volume().id for _ in range(2)]
    counts = {"order": 3, "grow": 5, "shrink": 2, "destroy": 2}
    for step in PHASES[: PHASES.index(phase)]:
        stack.program(program(counts[step], volumes=volumes))
        stack.up().ok()
    command = "destroy" if phase == "destroy" else "up"
    stack.program(program(counts[phase], volumes=volumes))
    process = stack.start(command, "--yes", "--skip-preview")
    what = f"seed {seed}: {phase}, {killed(process, rng)}"
    stack.ended(process, LONGEST)
    again(stack, command)
    print(f"{what}: ordered {ordered(simulator)}, exist {len(servers(simulator))}")  # noqa: T201
    assert ordered(simulator) == ORDERED[phase], what
    if command == "up":
        ids = stack.outputs()["server_ids"]
        assert sorted(ids) == sorted(servers(simulator)), what
        assert len(ids) == counts[phase], what
        attached = {each.id: each.server_id for each in simulator.setup.world().volumes}
        assert [attached[volume] for volume in volumes] == ids[:2], what
        stack.destroy().ok()
    assert servers(simulator) == {}, what
    assert {each.server_id for each in simulator.setup.world().volumes} == {None}, what
