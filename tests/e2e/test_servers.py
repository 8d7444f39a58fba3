"""Servers that a stack owns: the whole life with the real CLI, against the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack

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


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A cloud that orders servers in a few seconds."""
    with Simulator(time_scale=200.0) as simulator:
        yield simulator


def servers(simulator: Simulator) -> dict[str, Any]:
    """The servers that exist in the cloud, by id."""
    return {each.id: each for each in simulator.setup.world().servers if each.status != "DELETED"}


def writes(simulator: Simulator) -> list[str]:
    """The requests that change things."""
    return [f"{each.method} {each.path}" for each in simulator.requests if each.method != "GET"]


def test_the_life_of_servers(stack: Stack, simulator: Simulator) -> None:
    """Up, up again without a write, in place, more, a lost server, fewer, destroy: and nothing is left."""
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
