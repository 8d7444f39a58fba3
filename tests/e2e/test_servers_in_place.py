"""Servers that change in place, with the real CLI: power, image, NICs, and all three in one run."""

from __future__ import annotations

import re
from urllib.request import Request, urlopen

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack
from tests.e2e.test_servers import program, servers

pytestmark = pytest.mark.usefixtures("networked")
TIME_SCALE = 300.0
OTHER_IMAGE = "2fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0"
IMAGE = "1fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0"
SUBNET = "157ee789-03ea-45b1-a698-76c92660dd83"
SECOND = "257ee789-03ea-45b1-a698-76c92660dd83"


def sent(simulator: Simulator, since: int) -> list[str]:
    """The changes after a number of requests: the last part of each path, or the verb of an action."""
    changes = [each for each in simulator.requests[since:] if each.method != "GET"]
    return [
        next(iter(each.body))
        if each.path.endswith("/action") and isinstance(each.body, dict)
        else each.path.split("/")[-1]
        for each in changes
    ]


def job_types(simulator: Simulator) -> set[str]:
    """The types of all polled jobs, and of the jobs' sub-jobs."""
    ids = {each.path.rpartition("/")[2] for each in simulator.requests if "/jobs/" in each.path}
    types = set()
    for job_id in ids:
        request = Request(f"{simulator.url}/jobs/{job_id}", headers={"X-Auth-Token": simulator.token})  # noqa: S310
        with urlopen(request) as response:  # noqa: S310  (the simulator's own address)
            types |= set(re.findall(r'"job_type": ?"(\w+)"', response.read().decode()))
    return types


def written(*, nics: int = 1, image: str = IMAGE, count: int = 3, more: str = "") -> str:
    """A program with a number of NICs and an image."""
    text = program(count, tags="{}", more=f', on_image_change="reinstall"{more}').replace(IMAGE, image)
    if "system_disk_type" in more:
        text = text.replace("physical.s3.large", "physical.h2.large")
    second = f', {{"subnet_id": "{SECOND}"}}' if nics == 2 else ""
    return text.replace(f'[{{"subnet_id": "{SUBNET}"}}]', f'[{{"subnet_id": "{SUBNET}"}}{second}]')


def test_power_image_and_nics(stack: Stack, simulator: Simulator) -> None:
    """Power, image and NICs change in place with the fewest requests. Drift is mended, and ids stay."""
    stack.program(written())
    stack.up().ok()
    ids = stack.outputs()["server_ids"]

    since = len(simulator.requests)
    stack.program(written(more=', power="off"'))
    assert "stops, hard, the servers that are not off" in stack.preview().ok().output
    stack.up().ok()
    assert sent(simulator, since) == ["os-stop"]
    assert {server.status for server in servers(simulator).values()} == {"SHUTOFF"}

    simulator.setup.change_server(ids[1], status="ACTIVE")
    stack.refresh().ok()
    since = len(simulator.requests)
    stack.up().ok()
    assert sent(simulator, since) == ["os-stop"]
    assert servers(simulator)[ids[1]].status == "SHUTOFF"

    since = len(simulator.requests)
    stack.program(written(image=OTHER_IMAGE, nics=2, more=', power="on", reboot_triggers="1"'))
    shown = stack.preview("--diff").ok().output
    assert "wipes the system disk of 3 servers" in shown
    assert "replace" not in shown.partition("Diagnostics")[0]
    stack.up().ok()
    assert sorted(sent(simulator, since)) == ["changeos"] * 3 + ["nics"] * 3
    assert stack.outputs()["server_ids"] == ids
    existing = servers(simulator).values()
    assert {(server.image_id, server.status, len(server.nic_ids)) for server in existing} == {
        (OTHER_IMAGE, "ACTIVE", 2)
    }

    since = len(simulator.requests)
    stack.program(written(image=OTHER_IMAGE, more=', power="on", reboot_triggers="2"'))
    stack.up().ok()
    assert sorted(sent(simulator, since)) == ["delete"] * 3 + ["reboot"]
    stack.program(written(image=OTHER_IMAGE, more=', power="off", reboot_triggers="2", reinstall_triggers="1"'))
    stack.up().ok()
    since = len(simulator.requests)
    stack.program(written(image=OTHER_IMAGE, more=', power="on", reboot_triggers="2", reinstall_triggers="1"'))
    stack.up().ok()
    assert sent(simulator, since) == ["os-start"]
    assert "unchanged" in stack.preview("--expect-no-changes").ok().output
    stack.destroy().ok()
    assert servers(simulator) == {}
    operate = {"baremetalBatchOperate", "baremetalSingleOperate", "baremetalChangeOsLocalDisk", "baremetalReinstallOs"}
    assert job_types(simulator) >= {"baremetalBatchCreate", "baremetalSingleCreate", *operate}


def test_a_rolling_reinstallation(stack: Stack, simulator: Simulator) -> None:
    """With `max_unavailable=1` at most one of five servers is down at any time, and each server is installed once."""
    boot = ', max_unavailable=1, system_disk_type="SSD", system_disk_size=100'
    stack.program(written(count=5, more=boot))
    stack.up().ok()
    begin = simulator.setup.history()[-1][0]
    since = len(simulator.requests)
    stack.program(written(count=5, more=f'{boot}, reinstall_triggers="2"'))
    assert "installs the system, 1 at a time" in stack.preview().ok().output
    stack.up().ok()
    assert sent(simulator, since) == ["os-stop", "reinstallos"] * 5
    down = [
        sum(server.status != "ACTIVE" or bool(server.task_state) for server in world.servers)
        for moment, world in simulator.setup.history()
        if moment > begin
    ]
    assert max(down) == 1
    stack.program(written(count=5, image=OTHER_IMAGE, more=f'{boot}, reinstall_triggers="2"'.replace("=1,", "=5,")))
    stack.up().ok()
    assert {server.image_id for server in servers(simulator).values()} == {OTHER_IMAGE}
    stack.destroy().ok()
    assert job_types(simulator) >= {"baremetalVolumeBootReinstallOs", "baremetalChangeOsVolumeBoot"}
