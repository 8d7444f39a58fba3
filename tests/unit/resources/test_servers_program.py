"""`Servers` and `VolumeAttachment` in a program: with mocks, and under type checkers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
MARK = "# refused"

MOCKED = """
import json
import pulumi

class Cloud(pulumi.runtime.Mocks):
    inputs = {}
    def new_resource(self, args):
        self.inputs[args.name] = {k: v for k, v in args.inputs.items() if k != "__provider"}
        server = {
            "id": "red", "name": "web-0001", "status": "ACTIVE", "created": "2026-01-31T12:00:00Z",
            "addresses": [{"ip_address": "10.0.0.5", "type": "fixed", "mac_address": "fa:16", "port_id": "p"}],
            "volumes": [{"volume_id": "v", "device": "/dev/sda", "boot_index": 0, "new_field": 1}],
        }
        if args.typ.endswith("VolumeAttachment"):
            return f"{args.inputs['server_id']}/{args.inputs['volume_id']}", {"device": "/dev/sdb", **args.inputs}
        return "marker", {"server_ids": ["red", "blue"], "servers": [server], "job_id": "j", **args.inputs}
    def call(self, args):
        return {}

@pulumi.runtime.test
def build():
    pulumi.runtime.set_mocks(Cloud(), project="shop", stack="prod", organization="acme")
    from pulumi_bms.resources.servers import Servers
    from pulumi_bms.resources.servers_args import DataDiskArgs, NicArgs
    from pulumi_bms.resources.volume_attachment import VolumeAttachment
    web = Servers(
        "web", count=2, flavor_id="physical.s3.large", image_id="i", availability_zone="z", vpc_id="v",
        nics=[NicArgs(subnet_id=pulumi.Output.from_input("s")), {"subnet_id": "t", "ip_address": None}],
        data_disks=[DataDiskArgs(type="SSD", size=10)], admin_pass="Cloud.1234",
    )
    data = VolumeAttachment("data", server_id=web.server_ids[1], volume_id="disk")
    copied = Servers(
        "copied", name="other", flavor_id="physical.s3.large", image_id="i", availability_zone="z", vpc_id="v",
        nics=[{"subnet_id": "s"}], key_pair="k", triggers=web.servers[0],
    )
    def seen(servers):
        address, volume = servers[0].addresses[0], servers[0].volumes[0]
        return [
            servers[0].id, servers[0]["id"], servers[0].flavor_id, address.mac_address, address.vpc_id,
            volume.device, volume.boot_index,
        ]
    secret = pulumi.Output.from_input(web.admin_pass.is_secret())
    told = pulumi.Output.all(web.servers.apply(seen), data.device, secret, copied.urn)
    return told.apply(lambda known: setattr(Cloud, "seen", [*known[0], *known[1:3]]))

build()
print(json.dumps({"inputs": Cloud.inputs, "seen": Cloud.seen}))
"""

LOADED = """
import json, sys
import pulumi_bms.resources.servers_args
print(json.dumps([name for name in ("requests", "pydantic", "urllib3") if name in sys.modules]))
"""

LOADED_BY_PROGRAM = """
import json, sys
import pulumi_bms.resources.servers
import pulumi_bms.resources.volume_attachment
ours = [name for name in sys.modules if name.startswith("pulumi_bms.resources.")]
print(json.dumps([name for name in ours if name.endswith(("_inputs", "_model", "_rules"))]))
"""


def run(program: str) -> Any:
    """The JSON that a program prints in a separate interpreter."""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_a_program_runs_with_mocks() -> None:
    """Arguments of each form become dicts, outputs are typed, and outputs of one resource are inputs of the next."""
    messages = run(MOCKED)
    web, copied, data = (messages["inputs"][name] for name in ("web", "copied", "data"))
    assert web["nics"] == [{"subnet_id": "s"}, {"subnet_id": "t"}]
    assert web["data_disks"] == [{"type": "SSD", "size": 10}]
    assert (web["name"], web["count"], copied["name"], copied["count"]) == ("web", 2, "other", 1)
    assert web["__ordered_by"] == "acme/urn:pulumi:prod::shop::pulumi-python:dynamic/bms:Servers::web"
    assert data == {"server_id": "blue", "volume_id": "disk"}
    assert copied["triggers"]["addresses"][0]["ip_address"] == "10.0.0.5"
    assert messages["seen"] == ["red", "red", None, "fa:16", None, "/dev/sda", 0, "/dev/sdb", True]


def test_a_program_loads_no_models_for_arguments() -> None:
    """Argument types load no models, because the plugin process checks the rules."""
    assert run(LOADED) == []
    assert run(LOADED_BY_PROGRAM) == []


RIGHT = """
from collections.abc import Sequence

import pulumi

from pulumi_bms.resources.servers import Servers
from pulumi_bms.resources.servers_args import (
    Address,
    AllowedAddressPairArgs,
    DataDiskArgs,
    MetadataOptionsArgs,
    NicArgs,
    NicArgsDict,
    SchedulerHintsArgs,
    Server,
)
from pulumi_bms.resources.volume_attachment import VolumeAttachment

config = pulumi.Config()
subnet: pulumi.Output[str] = pulumi.Output.from_input("subnet")
written: NicArgsDict = {"subnet_id": subnet, "allowed_address_pairs": [{"ip_address": "10.0.0.0/24"}]}
web = Servers(
    "web",
    count=3,
    flavor_id="physical.s3.large",
    image_id=subnet,
    availability_zone="z",
    vpc_id="v",
    nics=[NicArgs(subnet_id=subnet, allowed_address_pairs=[AllowedAddressPairArgs(ip_address="10.0.0.5")]), written],
    key_pair="deploy",
    user_data=config.get_secret("script"),
    security_groups=["red", subnet],
    data_disks=[DataDiskArgs(type="SSD", size=10), {"type": "SSD", "size": 20, "shareable": True}],
    tags={"team": "web", "of": subnet},
    metadata={"role": subnet},
    scheduler_hints=SchedulerHintsArgs(dec_baremetal="share"),
    metadata_options=MetadataOptionsArgs(http_tokens="required"),
    charging_mode="prePaid",
    period_unit="month",
    period=1,
    auto_renew=True,
    unsubscribe_on_delete=True,
    power="on",
    reboot_triggers=[1, {"a": subnet}],
    on_image_change="reinstall",
    reinstall_triggers=subnet,
    max_unavailable=1,
    triggers=[1, {"a": subnet}],
    region="cn-north-4",
    opts=pulumi.ResourceOptions(protect=True),
)
least = Servers(
    "least",
    flavor_id="physical.s3.large",
    image_id="i",
    availability_zone="z",
    vpc_id="v",
    nics=[{"subnet_id": "s"}],
    admin_pass=config.require_secret("password"),
    scheduler_hints={"dec_baremetal": "share"},
)
data = VolumeAttachment("data", server_id=web.server_ids[0], volume_id=subnet, device="/dev/sdb")
ids: pulumi.Output[Sequence[str]] = web.server_ids
servers: pulumi.Output[Sequence[Server]] = web.servers
job: pulumi.Output[str | None] = web.job_id
device: pulumi.Output[str] = data.device


def macs(found: Sequence[Server]) -> list[str | None]:
    addresses: list[Address] = [address for server in found for address in server.addresses]
    return [address.mac_address for address in addresses] + [volume.device for volume in found[0].volumes]


pulumi.export("macs", web.servers.apply(macs))
"""

WRONG = """
import pulumi

from pulumi_bms.resources.servers import Servers
from pulumi_bms.resources.servers_args import DataDiskArgs, NicArgs, NicArgsDict, Server
from pulumi_bms.resources.volume_attachment import VolumeAttachment

f, n = "physical.s3.large", NicArgs(subnet_id="s")
web = Servers("web", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n])
Servers("a", flavor_id=f, image_id="i", availability_zone="z", nics=[n])  # refused
Servers("b", flavour_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n])  # refused
Servers("c", flavor_id=f, image_id=3, availability_zone="z", vpc_id="v", nics=[n])  # refused
Servers("d", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=n)  # refused
Servers("e", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[{"subnet": "s"}])  # refused
Servers("f", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[{"ip_address": "a"}])  # refused
Servers("g", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[{"subnet_id": 3}])  # refused
Servers("h", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], count="3")  # refused
Servers("i", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], tags={"a": 1})  # refused
Servers("j", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], auto_renew="true")  # refused
Servers("k", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], on_image_change=True)  # refused
Servers("k", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], power=False)  # refused
Servers("k", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], max_unavailable="1")  # refused
Servers("k", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], regoin="r")  # refused
Servers("k", flavor_id=f, image_id="i", availability_zone="z", vpc_id="v", nics=[n], region=1)  # refused
Servers("l", f, "i", "z", "v", [n])  # refused
NicArgs()  # refused
NicArgs("s")  # refused
NicArgs(subnet_id="s", ip="a")  # refused
NicArgs(subnet_id="s", allowed_address_pairs=[{"ip": "a"}])  # refused
DataDiskArgs(type="SSD", size="10")  # refused
DataDiskArgs(type="SSD")  # refused
nic: NicArgsDict = {"subnet_id": "s", "port": "p"}  # refused
VolumeAttachment("m", server_id="s")  # refused
VolumeAttachment("n", server_id="s", volume_id=3)  # refused
VolumeAttachment("o", server_id="s", volume_id="v", mount="/dev/sdb")  # refused
VolumeAttachment("p", server_id=web.servers, volume_id="v")  # refused
VolumeAttachment("q", server_id=web.server_ids, volume_id="v")  # refused
VolumeAttachment("r", "s", "v")  # refused
VolumeAttachment("s", server_id="s", volume_id="v", device=1)  # refused
VolumeAttachment(server_id="s", volume_id="v")  # refused
VolumeAttachment("s", server_id="s", volume_id="v", profile=1)  # refused
mounted: pulumi.Output[int] = VolumeAttachment("t", server_id="s", volume_id="v").device  # refused
pulumi.export("ids", web.ids)  # refused
ids: pulumi.Output[str] = web.server_ids  # refused


def first(server: Server) -> object:
    return server.address  # refused


def second(server: Server) -> object:
    return server.addresses[0].mac  # refused


def third(server: Server) -> int:
    return server.volumes[0].device  # refused
"""


@pytest.mark.parametrize(
    ("command", "error"),
    [
        pytest.param([BIN / "mypy", "--strict"], r"^(.+?):(\d+): error:", id="mypy"),
        pytest.param([BIN / "pyright", "--pythonpath", sys.executable], r"^ *(.+?):(\d+):\d+ - error:", id="pyright"),
    ],
)
def test_a_type_checker_finds_the_mistakes_and_no_others(command: list[str | Path], error: str, tmp_path: Path) -> None:
    """A type checker finds exactly the wrong, missing and badly typed arguments, also nested, and in outputs."""
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT)
    wrong.write_text(WRONG)
    marked = [number for number, line in enumerate(WRONG.splitlines(), 1) if line.endswith(MARK)]
    ended = subprocess.run([*command, right, wrong], cwd=ROOT, capture_output=True, text=True, check=False)
    messages = {(Path(path).name, int(line)) for path, line in re.findall(error, ended.stdout, re.MULTILINE)}
    result = {(name, line) for name, line in messages if name in {"right.py", "wrong.py"}}
    assert result == {("wrong.py", number) for number in marked}, ended.stdout + ended.stderr
