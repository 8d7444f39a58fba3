"""Jobs on servers: one at a time, power on many, NICs and ports, volumes that fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bms_simulator import VOLUME_IDS, Behaviour

FIRST, SECOND = VOLUME_IDS[:2]


def add_nic(bench: Any, server_id: str, **nic: str) -> str:
    code: str = bench.code("POST", f"baremetalservers/{server_id}/nics", {"nics": [{"subnet_id": "s", **nic}]})
    return code


def test_one_operation_at_a_time(bench: Any) -> None:
    """During the attachment of a volume every job on the server is refused. A different server accepts jobs."""
    one, two = (bench.sim.setup.add_server(name).id for name in ("one", "two"))
    assert bench.attach(one, FIRST) == ""
    assert bench.attach(one, SECOND) == "BMS.1006"
    assert add_nic(bench, one) == "BMS.1006"
    assert bench.power("os-stop", one)[1]["error"]["code"] == "BMS.1006"
    assert bench.delete(one) == "BMS.1006"
    assert bench.attach(two, SECOND) == ""
    bench.sim.advance(24.0)
    assert add_nic(bench, one) == ""
    assert bench.attach(one, VOLUME_IDS[2]) == "BMS.1006"


def test_the_busy_code_is_a_switch(start: Callable[..., Any]) -> None:
    """The busy code, and whether volumes of a server must wait, are switches."""
    bench = start(behaviour=Behaviour(busy_code="BMS.1011"))
    server_id = bench.sim.setup.add_server().id
    assert [bench.attach(server_id, FIRST), bench.attach(server_id, SECOND)] == ["", "BMS.1011"]
    bench = start(behaviour=Behaviour(one_at_a_time=False))
    server_id = bench.sim.setup.add_server().id
    assert [bench.attach(server_id, FIRST), bench.attach(server_id, SECOND)] == ["", ""]
    bench.sim.advance(24.0)
    assert [volume.device for volume in bench.sim.world.volumes[:2]] == ["/dev/sdb", "/dev/sdc"]


@pytest.mark.parametrize(
    ("verb", "status", "code"), [("os-stop", "ACTIVE", "BMS.0036"), ("os-start", "SHUTOFF", "BMS.0035")]
)
def test_a_switching_server_takes_no_jobs(verb: str, status: str, code: str, bench: Any) -> None:
    """A server during a power change has the earlier status, and refuses jobs with the task's code."""
    server_id = bench.sim.setup.add_server(status=status).id
    bench.power(verb, server_id)
    assert bench.sim.world.server(server_id).status == status
    assert bench.attach(server_id, FIRST) == code


def test_locked_and_frozen_servers(bench: Any) -> None:
    """A locked server refuses every request with BMS.0605. A frozen server reads as stopped."""
    server_id = bench.sim.setup.add_server(locked=True).id
    assert {bench.delete(server_id), bench.attach(server_id, FIRST), add_nic(bench, server_id)} == {"BMS.0605"}
    frozen = bench.sim.setup.add_server(frozen=True).id
    server = bench.ask("GET", f"baremetalservers/{frozen}")[1]["server"]
    assert (server["status"], bool(server["metadata"]["EcmResStatus"])) == ("SHUTOFF", True)


def test_power_on_servers_of_mixed_states(start: Callable[..., Any]) -> None:
    """By a switch, a stopped server refuses the whole stop, or only the server's sub-job fails."""
    cases = (
        (Behaviour(power_mixed="refused"), ["SHUTOFF", "ACTIVE"]),
        (Behaviour(power_mixed="sub-job fails"), ["SHUTOFF", "SHUTOFF"]),
    )
    for behaviour, expected in cases:
        bench = start(behaviour=behaviour)
        stopped, running = (bench.sim.setup.add_server(status=status).id for status in ("SHUTOFF", "ACTIVE"))
        status, body = bench.power("os-stop", stopped, running)
        bench.sim.advance(60.0)
        assert [server.status for server in bench.sim.world.servers] == expected
        if status == 200:
            job = bench.ask("GET", f"jobs/{body['job_id']}")[1]
            assert (job["status"], job["error_code"]) == ("FAIL", "BMS.0039")
            assert [each["status"] for each in job["entities"]["sub_jobs"]] == ["FAIL", "SUCCESS"]
        else:
            assert body["error"]["code"] == "BMS.0039"


def test_a_stopped_server_is_not_rebooted(bench: Any) -> None:
    """Only a running server can be rebooted."""
    server_id = bench.sim.setup.add_server(status="SHUTOFF").id
    assert bench.power("reboot", server_id)[1]["error"]["code"] == "BMS.1001"


@pytest.mark.parametrize(
    ("volume", "device", "code"),
    [
        ({"availability_zone": "az2"}, "", "BMS.0106"),
        ({"availability_zone": "az1"}, "", ""),
        ({"scsi": False}, "", "BMS.0223"),
        ({"bought_with": "another"}, "", "BMS.3035"),
        ({"status": "error"}, "", "BMS.1003"),
        ({}, "/dev/sda", "BMS.0104"),
        ({}, "first", "BMS.0105"),
        ({}, "/dev/sdb", "BMS.0105"),
        ({}, "/dev/vdc", ""),
    ],
)
def test_volumes_that_fit(volume: dict[str, Any], device: str, code: str, bench: Any) -> None:
    """Zone, kind, owner, status and device of a volume must fit the server."""
    server_id = bench.sim.setup.add_server().id
    bench.sim.setup.add_volume(attached_to=server_id)
    assert bench.attach(server_id, bench.sim.setup.add_volume(**volume).id, device) == code


def test_flavors_without_volumes(bench: Any) -> None:
    """A flavor without EVS support refuses volumes."""
    server_id = bench.sim.setup.add_server(order={"flavorRef": "physical.d1.large"}).id
    assert bench.attach(server_id, FIRST) == "BMS.0315"


def test_a_server_has_at_most_sixty_volumes(bench: Any) -> None:
    """The sixty-first volume is refused."""
    server_id = bench.sim.setup.add_server().id
    for number in range(60):
        bench.sim.setup.add_volume(attached_to=server_id, device=f"/dev/vd{number}")
    assert bench.attach(server_id, FIRST) == "BMS.0204"


@pytest.mark.parametrize("status", [200, 202])
def test_the_status_of_attaching_is_a_switch(status: Any, start: Callable[..., Any]) -> None:
    """The status of an attachment, 202 or 200, is a switch."""
    bench = start(behaviour=Behaviour(attach_status=status))
    path = f"baremetalservers/{bench.sim.setup.add_server().id}/attachvolume"
    assert bench.ask("POST", path, {"volumeAttachment": {"volumeId": FIRST}})[0] == status


def test_other_responses_to_attaching(start: Callable[..., Any]) -> None:
    """By a switch, the response has the attachment in place of a job id, or the device differs from the request."""
    bench = start(behaviour=Behaviour(attach_response="attachment", device_as_asked=False))
    path = f"baremetalservers/{bench.sim.setup.add_server().id}"
    body = {"volumeAttachment": {"volumeId": FIRST, "device": "/dev/sdx"}}
    attachment = bench.ask("POST", f"{path}/attachvolume", body)[1]["volumeAttachment"]
    assert (attachment["volumeId"], attachment["device"]) == (FIRST, "/dev/sdb")
    bench.sim.advance(24.0)
    assert bench.ask("GET", f"{path}/os-volume_attachments")[1]["volumeAttachments"] == [attachment]


def test_a_volume_of_evs(bench: Any) -> None:
    """EVS shows a volume with the zone, the status and the server."""
    server = bench.sim.setup.add_server()
    volume = bench.sim.setup.add_volume(attached_to=server.id, availability_zone="az1")
    status, body = bench.ask("GET", f"/v2/{bench.sim.project_id}/cloudvolumes/{volume.id}")
    shown = body["volume"]
    assert (status, shown["availability_zone"], shown["status"]) == (200, "az1", "in-use")
    assert [(each["server_id"], each["device"]) for each in shown["attachments"]] == [(server.id, "/dev/sdb")]
    assert bench.ask("GET", f"/v2/{bench.sim.project_id}/cloudvolumes/none")[0] == 404


def test_ports_of_the_vpc(bench: Any) -> None:
    """The port of a NIC is a separate resource with changeable security groups."""
    path = f"ports/{bench.sim.setup.add_server().nic_ids[0]}"
    assert bench.ask("GET", path)[1]["port"]["status"] == "ACTIVE"
    changed = bench.ask("PUT", path, {"port": {"security_groups": ["a", "b"]}})[1]["port"]
    assert changed["security_groups"] == bench.ask("GET", path)[1]["port"]["security_groups"] == ["a", "b"]
    assert bench.ask("PUT", path, {"port": {"security_groups": "a"}})[0] == 400
    assert bench.ask("GET", "ports/none") == (
        404,
        {"code": "VPC.0202", "message": "Port none could not be found."},
    )


@pytest.mark.parametrize("kept", [True, False])
def test_the_port_of_a_removed_nic(kept: bool, start: Callable[..., Any]) -> None:  # noqa: FBT001
    """Whether the port of a removed NIC stays is a switch. A mark on the NIC comes first."""
    bench = start(behaviour=Behaviour(nic_kept_by_default=kept))
    server = bench.sim.setup.add_server(order={"nics": [{"subnet_id": "a"}, {"subnet_id": "b"}]})
    path = f"baremetalservers/{server.id}"
    body = {"nics": [{"id": server.nic_ids[1]}]}
    bench.ask("POST", f"{path}/nics/delete", body)
    bench.sim.advance(30.0)
    assert len(bench.sim.world.ports) == 1 + kept
    add_nic(bench, server.id)
    bench.sim.advance(30.0)
    added = bench.sim.world.server(server.id).nic_ids[1]
    mark = {"interface_attachment": {"delete_on_termination": kept}}
    assert bench.ask("PUT", f"{path}/os-interface/{added}", mark) == (200, {"port_id": added})
    bench.ask("POST", f"{path}/nics/delete", {"nics": [{"id": added}]})
    bench.sim.advance(30.0)
    assert len(bench.sim.world.ports) == 2


def test_a_port_that_is_marked_outlives_its_server(bench: Any) -> None:
    """The ports of a deleted server are deleted, except for a port marked to stay."""
    server_id = bench.sim.setup.add_server(order={"nics": [{"subnet_id": "a"}, {"subnet_id": "b"}]}).id
    kept = bench.sim.world.server(server_id).nic_ids[1]
    mark = {"interface_attachment": {"delete_on_termination": False}}
    bench.ask("PUT", f"baremetalservers/{server_id}/os-interface/{kept}", mark)
    bench.delete(server_id)
    bench.sim.advance(120.0)
    assert [(port.id, port.server_id) for port in bench.sim.world.ports] == [(kept, None)]


def test_a_free_port_becomes_a_nic(bench: Any) -> None:
    """An order may name a free port, and the port is then in use."""
    port = bench.sim.setup.add_port("network", "192.168.7.7")
    server_id = bench.server_id(nics=[{"port_id": port.id}])
    assert bench.sim.world.ports[0].server_id == server_id
    interfaces = bench.ask("GET", f"baremetalservers/{server_id}/os-interface")[1]["interfaceAttachments"]
    assert interfaces[0]["fixed_ips"][0]["ip_address"] == "192.168.7.7"


def test_an_address_is_used_once(bench: Any) -> None:
    """A NIC with a used address of the subnet is refused."""
    bench.sim.setup.add_port("s", "192.168.7.7")
    assert add_nic(bench, bench.sim.setup.add_server().id, ip_address="192.168.7.7") == "BMS.0014"


def test_an_elastic_ip_is_bound(bench: Any) -> None:
    """An existing elastic IP is bound by an order, shown as floating, and freed by the deletion."""
    eip = bench.sim.setup.add_eip("203.0.113.9")
    server_id = bench.server_id(publicip={"id": eip.id})
    addresses = bench.ask("GET", f"baremetalservers/{server_id}")[1]["server"]["addresses"]
    (kinds,) = ([each["OS-EXT-IPS:type"] for each in each_vpc] for each_vpc in addresses.values())
    assert kinds == ["fixed", "floating"]
    bench.delete(server_id)
    bench.sim.advance(120.0)
    assert [each.port_id for each in bench.sim.world.eips] == [None]
