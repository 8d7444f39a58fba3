"""Servers that a stack owns: the whole life with the real CLI, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bms_simulator import Simulator
from bms_simulator.http.responses import RESET
from tests.e2e.conftest import Stack, on_both_hosts

TIME_SCALE = 200.0
# One state per release: `pulumi stack export` after an up of `stored`, without source positions and stack traces.
STATES = Path(__file__).parents[1] / "data" / "states" / "servers"
PROGRAM = """
import pulumi
from pulumi_bms import Servers, VolumeAttachment

volumes = {volumes}
web = Servers("web", count={count}, name="{name}",
    flavor_id="physical.s3.large", image_id="1fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0", availability_zone="cn-north-4a",
    vpc_id="0dae26c9-9a70-4392-93f3-87d53115d171", nics=[{{"subnet_id": "157ee789-03ea-45b1-a698-76c92660dd83"}}],
    key_pair="deploy", user_id="8ea65f4099ba412883e2a0da72b96873", tags={tags}{more})
for number, volume in enumerate(volumes):
    VolumeAttachment(f"data-{{number}}", server_id=web.server_ids[number], volume_id=volume)
pulumi.export("server_ids", web.server_ids)
pulumi.export("servers", web.servers)
"""


def program(
    count: int = 3, name: str = "web", tags: str = '{"team": "web"}', volumes: object = (), more: str = ""
) -> str:
    """A program with servers, and a disk for each of the first servers."""
    return PROGRAM.format(count=count, name=name, tags=tags, volumes=list(volumes), more=more)  # type: ignore[call-overload]


def servers(simulator: Simulator) -> dict[str, Any]:
    """The servers that exist in the cloud, by id."""
    return {each.id: each for each in simulator.setup.world().servers if each.status != "DELETED"}


def writes(simulator: Simulator) -> list[str]:
    """The requests that change the cloud."""
    return [f"{each.method} {each.path}" for each in simulator.requests if each.method != "GET"]


def stored(volumes: object) -> str:
    """The program of the states in `STATES`."""
    more = """, user_data="#cloud-config", metadata={"role": "web"}, power="on", on_image_change="reinstall",
    data_disks=[{"type": "SSD", "size": 100}]"""
    return program(2, volumes=volumes, more=more)


@on_both_hosts
def test_the_state_of_each_release_stays_good(stack: Stack, simulator: Simulator) -> None:
    """The servers of an earlier release show no change in this release, without a request."""
    states = sorted(STATES.glob("*.json"))
    assert states
    for state in states:
        stack.run("stack", "import", "--file", str(state)).ok()
        attached = [each["outputs"]["volume_id"] for name, each in sorted(stack.resources().items()) if "data" in name]
        stack.program(stored(attached))
        assert "4 unchanged" in stack.preview("--expect-no-changes").ok().output
    assert simulator.requests == []


def test_the_life_of_servers(stack: Stack, simulator: Simulator) -> None:
    """Servers are created, changed, added, mended, removed and destroyed. An `up` without changes writes nothing."""
    volumes = [simulator.setup.add_volume().id for _ in range(2)]
    stack.program(program(volumes=volumes))
    stack.up().ok()
    first = stack.outputs()["server_ids"]
    assert sorted(first) == sorted(servers(simulator))
    attached = {each.id: each.server_id for each in simulator.setup.world().volumes}
    assert [attached[volume] for volume in volumes] == first[:2]

    before = writes(simulator)
    assert "4 unchanged" in stack.up().ok().output
    assert writes(simulator) == before

    stack.program(program(name="api", tags='{"team": "api", "cost": "7"}', volumes=volumes))
    stack.up().ok()
    assert stack.outputs()["server_ids"] == first
    assert {server.name for server in servers(simulator).values()} == {"api-0001", "api-0002", "api-0003"}
    assert all(server.tags["cost"] == "7" and server.tags["team"] == "api" for server in servers(simulator).values())

    stack.program(program(5, "api", '{"team": "api", "cost": "7"}', volumes))
    stack.up().ok()
    five = stack.outputs()["server_ids"]
    assert (five[:3], len(set(five))) == (first, 5)

    simulator.setup.remove_server(five[3])
    stack.refresh().ok()
    stack.up().ok()
    filled = stack.outputs()["server_ids"]
    assert (filled[:3], filled[4], filled[3] != five[3]) == (first, five[4], True)
    assert sorted(filled) == sorted(servers(simulator))

    stack.program(program(2, "api", '{"team": "api", "cost": "7"}', volumes))
    stack.up().ok()
    assert stack.outputs()["server_ids"] == first[:2]
    assert sorted(servers(simulator)) == sorted(first[:2])

    stack.destroy().ok()
    assert servers(simulator) == {}
    assert {each.server_id for each in simulator.setup.world().volumes} == {None}


OWN = pytest.mark.parametrize("host", ["own"])
REFUSED = "servers of a finished resource with the same inputs exist"


def urn_of(stack: Stack, name: str) -> str:
    """The URN of a resource."""
    return str(next(each["urn"] for each in stack.state()["resources"] if each["urn"].endswith(f"::{name}")))


@OWN
def test_a_lost_response_and_a_replacement(stack: Stack, simulator: Simulator) -> None:
    """A lost response does not end an order. New `triggers` order anew, and only the old servers are deleted."""
    simulator.spoil_next(RESET, method="POST", path_contains="baremetalservers", carried_out=True)
    stack.program(program(2))
    stack.up().ok()
    old = stack.outputs()["server_ids"]
    assert sorted(old) == sorted(servers(simulator))

    stack.program(program(2, more=', triggers="2"'))
    assert "replaces the servers: orders 2 servers, and deletes 2 servers" in stack.preview().ok().output
    stack.up().ok()
    new = stack.outputs()["server_ids"]
    assert not set(old) & set(new)
    assert sorted(new) == sorted(servers(simulator))

    # To a provider, a forced replacement looks like a first order.
    refused = stack.up("--target-replace", urn_of(stack, "web")).failed().output
    assert REFUSED in refused
    assert sorted(servers(simulator)) == sorted(new)
    stack.program(program(2, more=', triggers="2", opts=pulumi.ResourceOptions(delete_before_replace=True)'))
    stack.up().ok()
    stack.up("--target-replace", urn_of(stack, "web")).ok()
    assert len(servers(simulator)) == 2
    stack.destroy().ok()
    assert servers(simulator) == {}


@OWN
def test_two_stacks_of_one_name_never_share_servers(make_stack: Callable[..., Stack], simulator: Simulator) -> None:
    """Stacks of the same name in two backends send the same order: the second stack is refused, and adopts nothing."""
    first, second = make_stack("one"), make_stack("two")
    for stack in (first, second):
        stack.connect(simulator)
        stack.program(program(1))
    first.up().ok()
    assert REFUSED in second.up().failed().output
    assert first.outputs()["server_ids"] == list(servers(simulator))
    second.program(program(1, more=', triggers="another stack"'))
    second.up().ok()
    second.destroy().ok()
    assert first.outputs()["server_ids"] == list(servers(simulator))


@OWN
def test_existing_servers_move_in_without_a_change(stack: Stack, simulator: Simulator) -> None:
    """An import by ids shows no difference afterwards, sends no change, and a destroy deletes the servers."""
    order = {"flavorRef": "physical.s3.large", "availability_zone": "cn-north-4a"}
    order["imageRef"] = "1fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0"
    ids = [simulator.setup.add_server(f"web-000{number}", order=order).id for number in (1, 2)]
    imported = f', opts=pulumi.ResourceOptions(import_="{ids[0]},{ids[1]}")'
    stack.program(program(2, tags="{}", more=imported))
    stack.up().ok()
    assert stack.outputs()["server_ids"] == ids
    stack.program(program(2, tags="{}"))
    assert "unchanged" in stack.preview("--expect-no-changes").ok().output
    assert writes(simulator) == []
    stack.destroy().ok()
    assert servers(simulator) == {}
