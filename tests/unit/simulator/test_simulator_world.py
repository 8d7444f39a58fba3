"""Orders and the effects on the servers and disks behind the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest
import requests

from bms_simulator import VOLUME_IDS, Simulator, sample_order

Ask: TypeAlias = Callable[..., tuple[int, Any]]
FIRST, SECOND = VOLUME_IDS[:2]


@pytest.fixture
def ask(sim: Simulator, session: requests.Session) -> Ask:
    """Return a function that sends a request and returns the status and the body."""

    def send(method: str, path: str, body: object = None) -> tuple[int, Any]:
        response = session.request(method, f"{sim.url}/{path}", json=body, timeout=5)
        return response.status_code, response.json()

    return send


def make_server(sim: Simulator, ask: Ask, name: str = "web", **fields: object) -> str:
    """Order a server, wait for the server, and return the id."""
    order: dict[str, Any] = {"server": {**_server(name), **fields}}
    job_id = ask("POST", "baremetalservers", order)[1]["job_id"]
    sim.advance(240.0)
    server_id: str = ask("GET", f"jobs/{job_id}")[1]["entities"]["sub_jobs"][0]["entities"]["server_id"]
    return server_id


def make_survivor(sim: Simulator, ask: Ask) -> str:
    """Order two servers, one with a failure, and return the id of the remaining server."""
    ask("POST", "baremetalservers", sample_order("fail-one", 2))
    sim.advance(240.0)
    (survivor,) = sim.world.servers
    return survivor.id


def _server(name: str = "web", count: int = 1) -> dict[str, object]:
    server = sample_order(name, count)["server"]
    assert isinstance(server, Mapping)
    return dict(server)


def finish(sim: Simulator, ask: Ask, response: tuple[int, Any], seconds: float) -> dict[str, Any]:
    """Let a job run to the end and return the last body."""
    sim.advance(seconds)
    job: dict[str, Any] = ask("GET", f"jobs/{response[1]['job_id']}")[1]
    return job


def test_servers_are_built_by_their_job(sim: Simulator, ask: Ask) -> None:
    """Servers are absent, then BUILD, then ACTIVE in sequence. Several servers have numbers."""
    ask("POST", "baremetalservers", sample_order("web", 3))
    seen: list[list[str]] = []
    for seconds in (0.0, 20.0, 130.0, 90.0):
        sim.advance(seconds)
        seen.append([server.status for server in sim.world.servers])
    assert seen == [[], ["BUILD"] * 3, ["ACTIVE", "BUILD", "BUILD"], ["ACTIVE"] * 3]
    assert [server.name for server in sim.world.servers] == ["web-0001", "web-0002", "web-0003"]


def test_sub_jobs_can_be_asked_for(sim: Simulator, ask: Ask) -> None:
    """The id of a sub-job can be polled, with the body shown in the parent."""
    job_id = ask("POST", "baremetalservers", sample_order("web", 2))[1]["job_id"]
    sim.advance(160.0)
    for sub_job in ask("GET", f"jobs/{job_id}")[1]["entities"]["sub_jobs"]:
        assert ask("GET", f"jobs/{sub_job['job_id']}") == (200, sub_job)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": ""}, "BMS.0206"),
        ({"name": "with blank"}, "BMS.0206"),
        ({"name": "x" * 64}, "BMS.0206"),
        ({"name": "x" * 59, "count": 2}, "BMS.0206"),
        ({"name": 7}, "BMS.0206"),
        ({"count": 0}, "BMS.0205"),
        ({"count": 25}, "BMS.0205"),
        ({"count": "2"}, "BMS.0205"),
        ({"count": True}, "BMS.0205"),
        ({"imageRef": None}, "BMS.0018"),
        ({"flavorRef": None}, "BMS.0018"),
        ({"flavorRef": "s3.large.2"}, "BMS.0021"),
        ({"availability_zone": None}, "BMS.0018"),
        ({"vpcid": None}, "BMS.0246"),
        ({"nics": []}, "BMS.0018"),
        ({"nics": "eth0"}, "BMS.0018"),
        ({"nics": [{"subnet_id": "a"}] * 3}, "BMS.0018"),
        ({"nics": [{"ip_address": "192.168.0.2"}]}, "BMS.0018"),
        ({"nics": [{"subnet_id": "a", "ip_address": "192.168.0.2"}], "count": 2}, "BMS.0207"),
        ({"metadata": {}}, "BMS.0217"),
        ({"extendparam": None}, "BMS.0018"),
        ({"key_name": None}, "BMS.0111"),
        ({"adminPass": "Secret-1234"}, "BMS.0111"),
    ],
)
def test_wrong_orders_are_refused(fields: dict[str, object], code: str, sim: Simulator, ask: Ask) -> None:
    """An order with a wrong field is refused with the documented code, and makes nothing."""
    status, body = ask("POST", "baremetalservers", {"server": {**_server(), **fields}})
    assert (status, body["error"]["code"]) == (400, code)
    sim.advance(100.0)
    assert not sim.world.servers


@pytest.mark.parametrize("body", [{}, {"server": {}}, {"server": 1}, [], "text", 3])
def test_empty_orders_are_refused(body: object, ask: Ask) -> None:
    """A body without a server is refused with BMS.0003."""
    status, response = ask("POST", "baremetalservers", body)
    assert (status, response["error"]["code"]) == (400, "BMS.0003")


def test_power(sim: Simulator, ask: Ask) -> None:
    """A stop or start leads through a task to the new status, by a job with a sub-job per server."""
    server_id = make_server(sim, ask)
    servers = {"servers": [{"id": server_id}]}
    response = ask("POST", "baremetalservers/action", {"os-stop": servers})
    assert response[0] == 200
    assert sim.world.servers[0].task_state == "powering-off"
    assert ask("POST", "baremetalservers/action", {"os-stop": servers})[1]["error"]["code"] == "BMS.0036"
    job = finish(sim, ask, response, 60.0)
    assert (job["status"], job["job_type"]) == ("SUCCESS", "baremetalBatchOperate")
    assert [each["job_type"] for each in job["entities"]["sub_jobs"]] == ["baremetalSingleOperate"]
    stopped = sim.world.servers[0]
    assert (stopped.status, stopped.task_state) == ("SHUTOFF", None)
    assert ask("POST", "baremetalservers/action", {"os-stop": servers})[1]["error"]["code"] == "BMS.0039"
    finish(sim, ask, ask("POST", "baremetalservers/action", {"os-start": servers}), 60.0)
    assert sim.world.servers[0].status == "ACTIVE"
    assert ask("POST", "baremetalservers/action", {"os-start": servers})[1]["error"]["code"] == "BMS.0038"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "baremetalservers/action", {"os-stop": {"servers": [{"id": "nobody"}]}}),
        ("POST", "baremetalservers/delete", {"servers": [{"id": "nobody"}], "delete_publicip": False}),
        ("POST", "baremetalservers/nobody/attachvolume", {"volumeAttachment": {"volumeId": FIRST}}),
        ("DELETE", f"baremetalservers/nobody/detachvolume/{FIRST}", None),
        ("POST", "baremetalservers/nobody/reinstallos", {"os-reinstall": {"keyname": "k"}}),
        ("POST", "baremetalservers/nobody/changeos", {"os-change": {"imageid": "i", "keyname": "k"}}),
        ("POST", "baremetalservers/nobody/nics", {"nics": [{"subnet_id": "s"}]}),
        ("POST", "baremetalservers/nobody/nics/delete", {"nics": [{"id": "n"}]}),
    ],
)
def test_nothing_can_be_done_to_a_server_that_is_not_there(method: str, path: str, body: object, ask: Ask) -> None:
    """Each order for an unknown server is refused with BMS.0040."""
    status, response = ask(method, path, body)
    assert (status, response["error"]["code"]) == (400, "BMS.0040")


def test_a_disk_is_attached_and_detached(sim: Simulator, ask: Ask) -> None:
    """A disk is available, attaching, in use, detaching and available again, in step with the jobs."""
    server_id = make_server(sim, ask)
    attached = ask("POST", f"baremetalservers/{server_id}/attachvolume", {"volumeAttachment": {"volumeId": FIRST}})
    assert (attached[0], sim.world.volumes[0].status) == (202, "attaching")
    job = finish(sim, ask, attached, 24.0)
    assert (job["status"], job["job_type"]) == ("SUCCESS", "baremetalAttachVolume")
    assert job["entities"]["sub_jobs_total"] == 0
    listed = ask("GET", f"baremetalservers/{server_id}/os-volume_attachments")[1]["volumeAttachments"]
    assert listed == [{"id": FIRST, "device": "/dev/sdb", "serverId": server_id, "volumeId": FIRST}]
    detached = ask("DELETE", f"baremetalservers/{server_id}/detachvolume/{FIRST}")
    assert (detached[0], sim.world.volumes[0].status) == (202, "detaching")
    assert finish(sim, ask, detached, 24.0)["job_type"] == "baremetalDetachVolume"
    assert (sim.world.volumes[0].status, sim.world.volumes[0].server_id) == ("available", None)


def test_disks_that_cannot_be_attached(sim: Simulator, ask: Ask) -> None:
    """A disk that is missing, attaching, attached or not attached has the documented code."""
    here, there = make_server(sim, ask, "here"), make_server(sim, ask, "there")

    def code(server_id: str, volume_id: str) -> str:
        body = {"volumeAttachment": {"volumeId": volume_id}}
        result: str = (
            ask("POST", f"baremetalservers/{server_id}/attachvolume", body)[1].get("error", {}).get("code", "")
        )
        return result

    assert code(here, "missing") == "BMS.0103"
    assert code(here, FIRST) == ""
    assert code(here, FIRST) == "BMS.1011"
    sim.advance(24.0)
    assert code(here, FIRST) == "BMS.1009"
    assert code(there, FIRST) == "BMS.3035"
    assert ask("DELETE", f"baremetalservers/{there}/detachvolume/{SECOND}")[1]["error"]["code"] == "BMS.0114"


def test_a_failed_attachment_leaves_the_disk_available(sim: Simulator, ask: Ask) -> None:
    """A failed job changes nothing in the end. The server's scenario holds for later jobs of the server."""
    survivor = make_survivor(sim, ask)
    response = ask("POST", f"baremetalservers/{survivor}/attachvolume", {"volumeAttachment": {"volumeId": FIRST}})
    assert sim.world.volumes[0].status == "attaching"
    assert finish(sim, ask, response, 24.0)["status"] == "FAIL"
    assert (sim.world.volumes[0].status, sim.world.volumes[0].server_id) == ("available", None)


def test_an_operating_system_is_reinstalled(sim: Simulator, ask: Ask) -> None:
    """A stopped server is reinstalled and started. The job type depends on the system disk."""
    local = make_server(sim, ask, "a")
    root = {"volumetype": "SAS", "size": 40}
    volume_boot = make_server(sim, ask, "b", flavorRef="physical.h2.large", root_volume=root)
    body = {"os-reinstall": {"keyname": "practice"}}
    assert ask("POST", f"baremetalservers/{local}/reinstallos", body)[1]["error"]["code"] == "BMS.1001"
    ask("POST", "baremetalservers/action", {"os-stop": {"servers": [{"id": local}, {"id": volume_boot}]}})
    sim.advance(60.0)
    responses = [ask("POST", f"baremetalservers/{each}/reinstallos", body) for each in (local, volume_boot)]
    assert ask("POST", f"baremetalservers/{local}/reinstallos", body)[1]["error"]["code"] == "BMS.1001"
    sim.advance(300.0)
    jobs = [ask("GET", f"jobs/{response[1]['job_id']}")[1] for response in responses]
    assert [job["job_type"] for job in jobs] == ["baremetalReinstallOs", "baremetalVolumeBootReinstallOs"]
    assert [server.status for server in sim.world.servers] == ["ACTIVE", "ACTIVE"]


def test_ports_come_and_go(sim: Simulator, ask: Ask) -> None:
    """NICs are added and removed by jobs with the port ids. The primary NIC stays."""
    server_id = make_server(sim, ask)
    primary = sim.world.servers[0].nic_ids[0]
    added = ask("POST", f"baremetalservers/{server_id}/nics", {"nics": [{"subnet_id": "a"}, {"subnet_id": "b"}]})
    job = finish(sim, ask, added, 30.0)
    ids = [each["entities"]["nic_id"] for each in job["entities"]["sub_jobs"]]
    assert sim.world.servers[0].nic_ids == (primary, *ids)
    path = f"baremetalservers/{server_id}/nics/delete"
    assert ask("POST", path, {"nics": [{"id": primary}]})[1]["error"]["code"] == "BMS.0222"
    assert ask("POST", path, {"nics": [{"id": "other"}]})[1]["error"]["code"] == "BMS.0013"
    finish(sim, ask, ask("POST", path, {"nics": [{"id": ids[0]}]}), 30.0)
    assert sim.world.servers[0].nic_ids == (primary, ids[1])


def test_a_failed_job_on_ports_changes_nothing_and_a_deletion_never_fails(sim: Simulator, ask: Ask) -> None:
    """After a failed job the server has the ports as before. A server of a failing scenario can be deleted."""
    survivor = make_survivor(sim, ask)
    before = sim.world
    finish(sim, ask, ask("POST", f"baremetalservers/{survivor}/nics", {"nics": [{"subnet_id": "a"}]}), 30.0)
    assert sim.world == before
    deletion = {"servers": [{"id": survivor}], "delete_publicip": False}
    assert finish(sim, ask, ask("POST", "baremetalservers/delete", deletion), 120.0)["status"] == "SUCCESS"


def test_orders_without_substance_are_refused(sim: Simulator, ask: Ask) -> None:
    """An unknown action, an empty list of servers or of ports is BMS.0018."""
    server_id = make_server(sim, ask)
    responses = [
        ask("POST", "baremetalservers/action", {"os-explode": {}}),
        ask("POST", "baremetalservers/action", {"os-stop": {"servers": []}}),
        ask("POST", "baremetalservers/action", {"os-stop": {"servers": [{"id": server_id}, 1]}}),
        ask("POST", f"baremetalservers/{server_id}/nics", {"nics": []}),
    ]
    assert [(status, body["error"]["code"]) for status, body in responses] == [(400, "BMS.0018")] * 4


def test_a_server_that_is_built_is_left_alone(sim: Simulator, ask: Ask) -> None:
    """A server in BUILD refuses every job."""
    ask("POST", "baremetalservers", sample_order("web"))
    sim.advance(20.0)
    body = {"volumeAttachment": {"volumeId": FIRST}}
    response = ask("POST", f"baremetalservers/{sim.world.servers[0].id}/attachvolume", body)
    assert (response[0], response[1]["error"]["code"]) == (400, "BMS.1001")


def test_later_orders_on_a_server_keep_to_its_scenario(sim: Simulator, ask: Ask) -> None:
    """The scenario of a server also applies to the responses of later orders on the server."""
    ask("POST", "baremetalservers", sample_order("gateway-timeout-web"))
    sim.advance(240.0)
    action = {"os-stop": {"servers": [{"id": sim.world.servers[0].id}]}}
    status, body = ask("POST", "baremetalservers/action", action)
    assert (status, body["error_code"]) == (504, "APIGW.0201")
    assert sim.world.servers[0].task_state == "powering-off"
