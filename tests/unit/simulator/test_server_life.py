"""The life of servers: names, visibility, rollback, changes in place, the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bms_simulator import VOLUME_IDS, Behaviour, Simulator

DISK = {"volumetype": "SSD", "size": 100}
EIP = {
    "eip": {
        "iptype": "5_bgp",
        "bandwidth": {"name": "b", "sharetype": "PER", "size": 5},
        "extendparam": {"chargingMode": "postPaid"},
    }
}


def names(sim: Simulator) -> list[str]:
    return [server.name for server in sim.world.servers]


def listed(bench: Any, query: str = "") -> list[str]:
    return [server["name"] for server in bench.ask("GET", f"baremetalservers/detail{query}")[1]["servers"]]


def test_a_second_batch_goes_on_with_the_numbers(bench: Any) -> None:
    """The names of a batch continue after the prefix's highest number. Deleted servers are not counted."""
    bench.order("web", 2)
    bench.order("web", 2)
    bench.sim.setup.add_server("web-0010")
    bench.order("web", 2)
    bench.sim.advance(300.0)
    assert sorted(names(bench.sim)) == [f"web-{number:04d}" for number in (1, 2, 3, 4, 10, 11, 12)]


def test_numbers_wrap(bench: Any) -> None:
    """After 9999 the numbers begin again."""
    bench.sim.setup.add_server("web-9999")
    bench.order("web", 2)
    bench.sim.advance(300.0)
    assert sorted(names(bench.sim)) == ["web-0001", "web-0002", "web-9999"]


@pytest.mark.parametrize(("follow", "order"), [(True, ["web-0001", "web-0002"]), (False, ["web-0002", "web-0001"])])
def test_sub_jobs_and_names(follow: bool, order: list[str], start: Callable[..., Any]) -> None:  # noqa: FBT001
    """Whether sub-jobs are listed in the order of the names is a switch."""
    bench = start(behaviour=Behaviour(batch_ids_follow_names=follow))
    job_id = bench.order("web", 2)["job_id"]
    bench.sim.advance(300.0)
    sub_jobs = bench.ask("GET", f"jobs/{job_id}")[1]["entities"]["sub_jobs"]
    assert [bench.sim.world.server(each["entities"]["server_id"]).name for each in sub_jobs] == order


def test_servers_are_listed_late(start: Callable[..., Any]) -> None:
    """An existing server is neither listed nor found before the end of the lag, although the job has the server."""
    bench = start(behaviour=Behaviour(listing_lag_seconds=400.0))
    server_id = bench.server_id()
    assert (listed(bench), bench.ask("GET", f"baremetalservers/{server_id}")[0]) == ([], 404)
    bench.sim.advance(400.0)
    assert (listed(bench), bench.ask("GET", f"baremetalservers/{server_id}")[0]) == (["web"], 200)


def test_a_failed_server_is_shown_in_error_then_gone(start: Callable[..., Any]) -> None:
    """A failed server reads ERROR with a fault during the rollback, takes no jobs, then vanishes."""
    bench = start(behaviour=Behaviour(rollback_seconds=100.0))
    bench.order("fail")
    bench.sim.advance(240.0)
    (server,) = bench.ask("GET", "baremetalservers/detail")[1]["servers"]
    assert (server["status"], server["OS-EXT-STS:vm_state"], server["fault"]["code"]) == ("ERROR", "error", 500)
    assert bench.attach(server["id"], VOLUME_IDS[0]) == "BMS.1001"
    bench.sim.advance(100.0)
    assert listed(bench) == []


@pytest.mark.parametrize(("siblings", "left"), [("stay", ["fail-one-0001", "fail-one-0003"]), ("vanish", [])])
def test_siblings_of_a_failed_server(siblings: Any, left: list[str], start: Callable[..., Any]) -> None:
    """Siblings of a failed server are ACTIVE when the job fails. Whether siblings are rolled back is a switch."""
    bench = start(behaviour=Behaviour(siblings=siblings, rollback_seconds=100.0))
    bench.order("fail-one", 3)
    bench.sim.advance(239.0)
    assert [server.status for server in bench.sim.world.servers if server.name != "fail-one-0002"] == ["ACTIVE"] * 2
    bench.sim.advance(102.0)
    assert names(bench.sim) == left


@pytest.mark.parametrize(("kept", "count"), [(False, 0), (True, 1)])
def test_volumes_and_addresses_of_a_rolled_back_server(
    kept: bool,  # noqa: FBT001
    count: int,
    start: Callable[..., Any],
) -> None:
    """Whether the rollback deletes data volumes and elastic IPs is a switch."""
    bench = start(behaviour=Behaviour(rollback_keeps_volumes=kept))
    bench.order("fail", data_volumes=[DISK], publicip=EIP)
    bench.sim.advance(400.0)
    assert len(bench.sim.world.volumes) == len(VOLUME_IDS) + count
    assert len(bench.sim.world.eips) == count
    assert bench.sim.world.ports == ()


def test_rename_tags_and_metadata(bench: Any) -> None:
    """Name, tags and metadata change at once. An existing tag is overwritten, and metadata are merged."""
    path = f"baremetalservers/{bench.server_id(server_tags=[{'key': 'a', 'value': '1'}])}"
    assert bench.ask("PUT", path, {"server": {"name": "db"}})[1]["server"]["name"] == "db"
    tags = [{"key": "a", "value": "2"}, {"key": "b", "value": ""}]
    assert bench.ask("POST", f"{path}/tags/action", {"action": "create", "tags": tags}) == (204, None)
    assert bench.ask("GET", f"{path}/tags")[1]["tags"] == tags
    bench.ask("POST", f"{path}/tags/action", {"action": "delete", "tags": [{"key": "a"}, {"key": "none"}]})
    assert bench.ask("POST", f"{path}/metadata", {"metadata": {"role": "x"}})[0] == 200
    server = bench.ask("GET", path)[1]["server"]
    assert (server["name"], server["description"], server["tags"]) == ("db", "web", ["b=", "__type_baremetal"])
    assert (server["metadata"]["role"], bool(server["metadata"]["op_svc_userid"])) == ("x", True)


@pytest.mark.parametrize(
    ("method", "rest", "body", "code"),
    [
        ("PUT", "", {"server": {"name": "no blank"}}, "BMS.0206"),
        ("PUT", "", {"server": {"name": "x" * 64}}, "BMS.0206"),
        ("POST", "/tags/action", {"action": "replace", "tags": [{"key": "a"}]}, "BMS.0018"),
        ("POST", "/tags/action", {"action": "create", "tags": []}, "BMS.0018"),
        ("POST", "/tags/action", {"action": "create", "tags": [{"key": "a,b"}]}, "BMS.0018"),
        ("POST", "/tags/action", {"action": "create", "tags": [{"key": str(n)} for n in range(21)]}, "BMS.0018"),
        ("POST", "/metadata", {"metadata": {}}, "BMS.0217"),
        ("POST", "/metadata", {"metadata": {"a": 1}}, "BMS.0217"),
        ("POST", "/metadata", {"metadata": {"a": "v" * 256}}, "BMS.0217"),
        ("PUT", "/os-interface/unknown", {"interface_attachment": {"delete_on_termination": True}}, "BMS.0013"),
    ],
)
def test_wrong_changes_are_refused(method: str, rest: str, body: object, code: str, bench: Any) -> None:
    """A change that breaks a rule is refused with the rule's code."""
    server_id = bench.sim.setup.add_server().id
    assert bench.code(method, f"baremetalservers/{server_id}{rest}", body) == code


def test_lists_are_filtered(bench: Any) -> None:
    """Servers are filtered by name, tag, status, flavor and enterprise project. Offset is a page number from 1."""
    setup = bench.sim.setup
    setup.add_server("bob", tags={"stage": "live"})
    setup.add_server("bobb", status="SHUTOFF", order={"flavorRef": "physical.s3.large"})
    setup.add_server("eve", order={"extendparam": {"chargingMode": "postPaid", "enterprise_project_id": "p"}})
    assert listed(bench, "?name=bob") == ["bob", "bobb"]
    assert listed(bench, "?tags=stage%3Dlive") == ["bob"]
    assert listed(bench, "?tags=__type_baremetal") == ["bob", "bobb", "eve"]
    assert listed(bench, "?status=SHUTOFF") == ["bobb"]
    assert listed(bench, "?flavor=physical.s3.large") == ["bobb"]
    assert listed(bench, "?enterprise_project_id=p") == ["eve"]
    assert listed(bench, "?enterprise_project_id=all_granted_eps&limit=2&offset=2") == ["eve"]


@pytest.mark.parametrize(
    ("behaviour", "query", "result"),
    [
        (Behaviour(tag_filter="unknown"), "?tags=stage%3Dlive", []),
        (Behaviour(tag_filter="ignored"), "?tags=stage%3Dlive", ["b.b", "bob", "p"]),
        (Behaviour(name_filter="exact"), "?name=bo", []),
        (Behaviour(name_filter="regex"), "?name=b.b", ["b.b", "bob"]),
        (Behaviour(list_without_project="default"), "", ["b.b", "bob"]),
    ],
)
def test_switches_of_lists(behaviour: Behaviour, query: str, result: list[str], start: Callable[..., Any]) -> None:
    """Undocumented behaviour of filters follows the switch."""
    bench = start(behaviour=behaviour)
    bench.sim.setup.add_server("b.b", tags={"stage": "live"})
    bench.sim.setup.add_server("bob")
    bench.sim.setup.add_server("p", order={"extendparam": {"enterprise_project_id": "p"}})
    assert listed(bench, query) == result


def test_switches_of_details(start: Callable[..., Any]) -> None:
    """The vm_state of a stopped server and the order of the addresses are switches."""
    order = {"nics": [{"subnet_id": "a"}, {"subnet_id": "b"}]}
    for behaviour, state, step in (
        (Behaviour(), "stopped", 1),
        (Behaviour(vm_state_off="shutoff", addresses_in_order=False), "shutoff", -1),
    ):
        bench = start(behaviour=behaviour)
        stopped = bench.sim.setup.add_server(status="SHUTOFF", order=order)
        server = bench.ask("GET", f"baremetalservers/{stopped.id}")[1]["server"]
        assert server["OS-EXT-STS:vm_state"] == state
        (addresses,) = server["addresses"].values()
        assert tuple(each["OS-EXT-IPS:port_id"] for each in addresses) == stopped.nic_ids[::step]


def test_a_deleted_server_reads_deleted_then_404(bench: Any) -> None:
    """A deleted server leaves the lists, reads DELETED for a time, then 404."""
    server_id = bench.server_id()
    assert bench.delete(server_id) == ""
    assert bench.sim.world.server(server_id).task_state == "deleting"
    bench.sim.advance(120.0)
    assert (listed(bench), bench.ask("GET", f"baremetalservers/{server_id}")[1]["server"]["status"]) == ([], "DELETED")
    assert bench.delete(server_id) == "BMS.0040"
    bench.sim.advance(60.0)
    assert bench.ask("GET", f"baremetalservers/{server_id}")[0] == 404


def test_the_recycle_bin(start: Callable[..., Any]) -> None:
    """With a recycle bin a deleted server reads SHUTOFF, and only version 1.1 of the list shows the recycle bin."""
    bench = start(behaviour=Behaviour(recycle_bin=True))
    server_id = bench.server_id()
    bench.delete(server_id)
    bench.sim.advance(130.0)
    assert bench.ask("GET", f"baremetalservers/{server_id}")[1]["server"]["status"] == "SHUTOFF"
    path = f"/v1.1/{bench.sim.project_id}/baremetalservers/detail"
    assert [each["in_recycle_bin"] for each in bench.ask("GET", path)[1]["servers"]] == [True]
    assert listed(bench) == []


def test_a_gone_server_in_nova_text(start: Callable[..., Any]) -> None:
    """An unknown server may be refused with 400 and the text of Nova inside."""
    status, body = start(behaviour=Behaviour(gone_server="400 with nova text")).ask("GET", "baremetalservers/none")
    assert (status, '"code": 404' in body["error"]["message"]) == (400, True)


@pytest.mark.parametrize(("flags", "volumes", "eips"), [({}, 2, 1), ({"volumes": True, "eips": True}, 0, 0)])
def test_deleting_leaves_what_it_is_told_to(flags: dict[str, bool], volumes: int, eips: int, bench: Any) -> None:
    """Data volumes and elastic IPs stay by default. The root volume and ports are deleted."""
    root = {"volumetype": "SSD", "size": 40}
    server_id = bench.server_id(flavorRef="physical.h2.large", root_volume=root, data_volumes=[DISK] * 2, publicip=EIP)
    assert [volume.device for volume in bench.sim.world.volumes[-3:]] == ["/dev/sda", "/dev/sdb", "/dev/sdc"]
    bench.delete(server_id, **flags)
    bench.sim.advance(120.0)
    world = bench.sim.world
    assert (len(world.volumes) - len(VOLUME_IDS), len(world.eips), world.ports) == (volumes, eips, ())
    assert {volume.status for volume in world.volumes} == {"available"}


def test_a_prepaid_server_is_not_deleted(start: Callable[..., Any]) -> None:
    """A delete of a prepaid server is refused, with the code of a switch."""
    bench = start(behaviour=Behaviour(prepaid_delete_code="BMS.9999"))
    assert bench.delete(bench.sim.setup.add_server(prepaid=True).id) == "BMS.9999"


def test_a_changed_image_brings_a_new_root_volume(bench: Any) -> None:
    """After a change of the image, the image, the login and the root volume's id are new. Data volumes stay."""
    server_id = bench.server_id(
        flavorRef="physical.h2.large", root_volume={"volumetype": "SSD", "size": 40}, data_volumes=[DISK]
    )
    root, data = bench.sim.world.volumes[-2:]
    bench.power("os-stop", server_id)
    bench.sim.advance(60.0)
    change = {"os-change": {"imageid": "new", "keyname": "other"}}
    bench.ask("POST", f"baremetalservers/{server_id}/changeos", change)
    assert bench.sim.world.server(server_id).task_state == "rebuilding"
    bench.sim.advance(300.0)
    server = bench.ask("GET", f"baremetalservers/{server_id}")[1]["server"]
    assert (server["image"]["id"], server["key_name"], server["status"]) == ("new", "other", "ACTIVE")
    ids = {volume.id for volume in bench.sim.world.volumes}
    assert (root.id in ids, data.id in ids, len(ids)) == (False, True, len(VOLUME_IDS) + 2)


def test_a_weak_password_is_no_login(bench: Any) -> None:
    """A reinstallation has the password rules of an order."""
    server_id = bench.sim.setup.add_server(status="SHUTOFF").id
    body = {"os-reinstall": {"adminpass": "weak"}}
    assert bench.code("POST", f"baremetalservers/{server_id}/reinstallos", body) == "BMS.3026"
