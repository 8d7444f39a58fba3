"""A unit test of a program that orders servers: the repository's example, without an engine and without a cloud."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest

PROGRAM = Path(__file__).parents[2] / "__main__.py"


class Cloud(pulumi.runtime.Mocks):
    """A cloud with servers as soon as an order is sent."""

    def __init__(self) -> None:
        self.inputs: dict[tuple[str, str], dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        kind = args.typ.rpartition(":")[2]
        self.inputs[kind, args.name] = args.inputs
        outputs = {"job_id": f"job-{args.name}", "server_ids": ["red", "blue", "green"], "servers": []}
        return f"id-{args.name}", {**outputs, **args.inputs}

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def run_program(cloud: Cloud, config: dict[str, str], program: Path = PROGRAM) -> None:
    pulumi.runtime.set_mocks(cloud, project="bms-servers")
    pulumi.runtime.set_all_config(config)
    runpy.run_path(str(program))


def test_each_server_gets_its_volume() -> None:
    """The program orders the servers, and attaches the volumes to the servers in order."""
    cloud = Cloud()
    run_program(cloud, {"bms-servers:volumes": '["disk-0", "disk-1"]'})
    for number, server in enumerate(["red", "blue"]):
        attachment = cloud.inputs["VolumeAttachment", f"data-{number}"]
        assert (attachment["server_id"], attachment["volume_id"]) == (server, f"disk-{number}")


def test_without_volumes_there_is_one_order() -> None:
    """The servers are a single resource."""
    cloud = Cloud()
    run_program(cloud, {})
    assert cloud.inputs.keys() == {("Servers", "web")}
    assert cloud.inputs["Servers", "web"]["count"] == 3


OWNING = """
import pulumi
from pulumi_bms import Servers, VolumeAttachment

web = Servers(
    "web", count=2, flavor_id="physical.s3.large", image_id="i", availability_zone="z", vpc_id="v",
    nics=[{"subnet_id": "s"}], admin_pass="Cloud.1234",
)
for number in range(2):
    VolumeAttachment(f"data-{number}", server_id=web.server_ids[number], volume_id=f"disk-{number}")
"""


def test_servers_and_attachments_run_with_mocks(tmp_path: Path) -> None:
    """The servers of a mocked order are inputs of attachments, and a password is an input only."""
    program = tmp_path / "__main__.py"
    program.write_text(OWNING)
    cloud = Cloud()
    run_program(cloud, {}, program)
    for number, server in enumerate(["red", "blue"]):
        attachment = cloud.inputs["VolumeAttachment", f"data-{number}"]
        assert (attachment["server_id"], attachment["volume_id"]) == (server, f"disk-{number}")
    web = cloud.inputs["Servers", "web"]
    assert (web["name"], web["count"], web["nics"]) == ("web", 2, [{"subnet_id": "s"}])


OWNING = """
import pulumi
from pulumi_bms import Servers, VolumeAttachment

web = Servers(
    "web", count=2, flavor_id="physical.s3.large", image_id="i", availability_zone="z", vpc_id="v",
    nics=[{"subnet_id": "s"}], admin_pass="Cloud.1234",
)
for number in range(2):
    VolumeAttachment(f"data-{number}", server_id=web.server_ids[number], volume_id=f"disk-{number}")
"""


# Pulumi leaves event loops of its threads open.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.usefixtures("_own_process"),
]
