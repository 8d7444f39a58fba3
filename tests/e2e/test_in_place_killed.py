"""After kill -9 of CLI and host at any moment of a change in place, no server is installed twice for one change.

`IN_PLACE_KILLS` is the number of seeds, by default a few. `IN_PLACE_KILLS_FROM` is the first seed.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack
from tests.e2e.test_servers import servers
from tests.e2e.test_servers_in_place import OTHER_IMAGE, sent, written
from tests.e2e.test_servers_killed import LONGEST, again, killed

pytestmark = pytest.mark.usefixtures("networked")
TIME_SCALE = 150.0
FIRST_SEED = int(os.environ.get("IN_PLACE_KILLS_FROM", "0"))
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("IN_PLACE_KILLS", "2")))
CHANGES: dict[str, dict[str, Any]] = {
    "image": {"image": OTHER_IMAGE},
    "reinstall": {"more": ', reinstall_triggers="2", max_unavailable=1'},
    "all": {"image": OTHER_IMAGE, "nics": 2, "more": ', power="off"'},
}
INSTALLED = {"image": "changeos", "reinstall": "reinstallos", "all": "changeos"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_kill_installs_no_server_twice(stack: Stack, simulator: Simulator, seed: int) -> None:
    """After the documented commands every server has the new settings and the old id, by one installation."""
    rng = random.Random(seed)  # noqa: S311  (a kill, not a key)
    name = list(CHANGES)[seed % len(CHANGES)]
    stack.program(written())
    stack.up().ok()
    ids = stack.outputs()["server_ids"]
    since = len(simulator.requests)
    stack.program(written(**CHANGES[name]))
    process = stack.start("up", "--yes", "--skip-preview")
    what = f"seed {seed}: {name}, {killed(process, rng, 12.0)}"
    stack.ended(process, LONGEST)
    before = sent(simulator, since)
    again(stack, "up")
    changes = sent(simulator, since)
    print(f"{what}: {before}, then {changes[len(before) :]}")  # noqa: T201
    assert changes.count(INSTALLED[name]) == 3, what
    assert stack.outputs()["server_ids"] == ids, what
    existing = servers(simulator)
    assert sorted(existing) == sorted(ids), what
    expected = ("SHUTOFF", OTHER_IMAGE, 2) if name == "all" else ("ACTIVE", existing[ids[0]].image_id, 1)
    assert {(each.status, each.image_id, len(each.nic_ids)) for each in existing.values()} == {expected}, what
    assert "unchanged" in stack.preview("--expect-no-changes").ok().output
