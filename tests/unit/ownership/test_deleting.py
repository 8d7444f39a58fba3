"""Deletes: on-demand servers by a job, monthly and yearly servers by unsubscribing, and deleted servers."""

from __future__ import annotations

from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import ExpectedError
from pulumi_bms.resources.servers_times import Times
from tests.unit.ownership.conftest import QUICK, YEARLY, Bench, MakeBench
from tests.unit.resources.servers_samples import OWN_EIP

RICH: dict[str, Any] = {**QUICK, **OWN_EIP, "count": 2.0, "data_disks": [{"type": "SSD", "size": 100.0}]}
DELETE = "/baremetalservers/delete"


@pytest.mark.parametrize("eips", [True, False])
@pytest.mark.parametrize("disks", [True, False])
def test_leftovers_are_deleted_or_named(eips: bool, disks: bool, bench: Bench) -> None:  # noqa: FBT001
    """Both flags are always sent. Addresses and disks that stay and are billed are named."""
    inputs = {**RICH, "delete_eip_on_delete": eips, "delete_data_volumes_on_delete": disks}
    outputs = bench.create(inputs)
    world = bench.sim.setup.world()
    addresses = [each.address for each in world.eips]
    volumes = [each.id for each in world.volumes if each.server_id]
    bench.next_run()
    bench.delete(outputs)
    (body,) = bench.bodies(DELETE)
    assert (body["delete_publicip"], body["delete_volume"]) == (eips, disks)
    text = "\n".join(bench.run.told)
    assert all((address in text) is not eips for address in addresses)
    assert all((volume in text) is not disks for volume in volumes)
    left = bench.sim.setup.world()
    assert bool(left.eips) is not eips
    assert any(each.id in volumes for each in left.volumes) is not disks


def test_yearly_servers_are_refused_before_anything_is_touched(bench: Bench) -> None:
    """Without `unsubscribe_on_delete` no request is sent, and the error names the servers and the next step."""
    outputs = bench.create({**YEARLY, "name": "quick", "count": 2.0})
    sent = len(bench.writes())
    bench.next_run()
    with pytest.raises(ExpectedError, match="unsubscribe_on_delete=True") as caught:
        bench.delete(outputs)
    assert all(server_id in str(caught.value) for server_id in outputs["server_ids"])
    assert len(bench.writes()) == sent


def test_many_yearly_servers_are_unsubscribed_in_calls_of_ten(bench: Bench) -> None:
    """24 servers are unsubscribed in three calls."""
    servers = [bench.sim.setup.add_server("quick", prepaid=True) for _ in range(24)]
    inputs = {**YEARLY, "count": 24.0, "unsubscribe_on_delete": True}
    outputs = {**inputs, "server_ids": [server.id for server in servers], "id": "0" * 32}
    bench.next_run()
    bench.delete(outputs)
    sent = [body["resource_ids"] for body in bench.bodies("/unsubscribe")]
    assert [len(ids) for ids in sent] == [10, 10, 4]
    assert sorted(server_id for ids in sent for server_id in ids) == sorted(outputs["server_ids"])
    assert bench.existing() == {}


@pytest.mark.parametrize("code", ["CBC.30000067", "CBC.99003012"])
def test_one_ended_server_does_not_keep_the_others(code: str, bench: Bench) -> None:
    """If the billing service refuses a call because of an ended server, the servers are unsubscribed singly."""
    outputs = bench.create({**YEARLY, "name": "quick", "unsubscribe_on_delete": True})
    refusal = Response(400, {"error_code": code, "error_msg": "gone"})
    bench.sim.spoil_next(refusal, method="POST", path_contains="/unsubscribe")
    bench.next_run()
    bench.delete(outputs)
    assert [len(body["resource_ids"]) for body in bench.bodies("/unsubscribe")] == [3, 1, 1, 1]
    assert bench.existing() == {}


@pytest.mark.parametrize("path", [DELETE, "/unsubscribe"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_response_of_a_delete(path: str, carried_out: bool, bench: Bench) -> None:  # noqa: FBT001
    """After a lost response the delete is sent again, because a second delete does no harm."""
    inputs = QUICK if path == DELETE else {**YEARLY, "name": "quick", "unsubscribe_on_delete": True}
    outputs = bench.create({**inputs, "count": 2.0})
    bench.sim.spoil_next("reset", method="POST", path_contains=path, carried_out=carried_out)
    bench.next_run()
    bench.delete(outputs)
    assert bench.existing() == {}


@pytest.mark.parametrize(
    "behaviour",
    [
        {"gone_server": "404", "deleted_shown_seconds": 0.0},
        {"gone_server": "400 with nova text", "deleted_shown_seconds": 0.0},
        {"deleted_shown_seconds": 100000.0},
        {"recycle_bin": True, "deleted_shown_seconds": 100000.0},
    ],
    ids=str,
)
def test_gone_is_gone(behaviour: dict[str, Any], make_bench: MakeBench) -> None:
    """A 404, an error of Nova inside a 400, DELETED and the recycle bin end a delete. A second delete ends at once."""
    bench = make_bench(**behaviour)
    outputs = bench.create({**QUICK, "count": 2.0})
    bench.next_run()
    bench.delete(outputs)
    assert bench.existing() == {}
    sent = len(bench.writes())
    bench.delete(outputs)
    assert len(bench.writes()) == sent
    assert bench.read(outputs).id == ""


def test_a_server_in_the_recycle_bin_is_an_empty_slot(make_bench: MakeBench) -> None:
    """A server in the recycle bin is an empty slot, although the status is SHUTOFF. A stopped server is no drift."""
    bench = make_bench(recycle_bin=True, deleted_shown_seconds=100000.0)
    outputs = bench.create({**QUICK, "count": 2.0})
    first, second = outputs["server_ids"]
    bench.sim.setup.remove_server(first)
    bench.sim.setup.change_server(second, status="SHUTOFF")
    assert bench.refreshed(outputs)["server_ids"] == ["", second]


def test_some_servers_are_gone_already(bench: Bench) -> None:
    """A delete names only the existing servers."""
    outputs = bench.create(QUICK)
    bench.sim.setup.remove_server(outputs["server_ids"][0], shown_as_deleted=False)
    bench.sim.setup.remove_server(outputs["server_ids"][1])
    bench.next_run()
    bench.delete(outputs)
    (body,) = bench.bodies(DELETE)
    assert body["servers"] == [{"id": outputs["server_ids"][2]}]


def test_busy_servers_are_waited_for(bench: Bench) -> None:
    """A delete is sent again after each refusal of a busy server."""
    outputs = bench.create({**QUICK, "count": 1.0})
    busy = Response(400, {"error": {"code": "BMS.0035", "message": "The server is being powered on."}})
    bench.sim.spoil_next(busy, method="POST", path_contains=DELETE, times=3)
    bench.next_run()
    bench.delete(outputs)
    assert (bench.existing(), len(bench.bodies(DELETE))) == ({}, 4)


def test_a_failed_delete_job_names_the_servers(make_bench: MakeBench) -> None:
    """The error of a failed delete job has the job's report, and names the remaining servers."""
    bench = make_bench(times=Times(gone_after_failure=1.0, busy=0.05))
    outputs = bench.create({**QUICK, "count": 1.0})
    (server_id,) = outputs["server_ids"]
    bench.sim.spoil_next(Response(200, {"job_id": "fail.1"}), method="POST", path_contains="baremetalservers/delete")
    bench.next_run()
    with pytest.raises(ExpectedError, match=rf"(?s)FAILED.*{server_id} are not gone yet"):
        bench.delete(outputs)


def test_a_locked_server_is_named(bench: Bench) -> None:
    """The error for a locked server names the servers, and nothing is deleted."""
    outputs = bench.create({**QUICK, "count": 1.0})
    bench.sim.setup.change_server(outputs["server_ids"][0], locked=True)
    bench.next_run()
    with pytest.raises(ExpectedError, match=r"(?s)were not deleted.*BMS\.0605"):
        bench.delete(outputs)


@pytest.mark.parametrize("disks", [[], [{"type": "SSD", "size": 100.0}]])
def test_attached_disks_are_never_deleted(disks: list[dict[str, Any]], bench: Bench) -> None:
    """With attached disks a shrink with `delete_data_volumes_on_delete` deletes nothing. Detached disks stay."""
    root = {"flavor_id": "physical.h2.large", "system_disk_type": "SSD", "system_disk_size": 100.0}
    inputs = {**QUICK, **root, "count": 2.0, "data_disks": disks, "delete_data_volumes_on_delete": True}
    outputs = bench.create(inputs)
    first, last = outputs["server_ids"]
    volume = bench.sim.setup.add_volume(attached_to=last).id
    sent = len(bench.writes())
    bench.next_run()
    with pytest.raises(ExpectedError, match=rf"(?s){last} has more disks .*{volume}.*remove each VolumeAttachment"):
        bench.update(bench.refreshed(outputs), {**inputs, "count": 1.0})
    assert len(bench.writes()) == sent
    bench.sim.setup.change_volume(volume, status="available", server_id=None, device=None)
    bench.update(outputs, {**inputs, "count": 1.0})
    assert list(bench.existing()) == [first]
    assert volume in [each.id for each in bench.sim.setup.world().volumes]


def test_a_cloud_without_a_recycle_bin(bench: Bench) -> None:
    """Without the list of the recycle bin, stopped servers are read and deleted."""
    inputs = {**QUICK, "power": "off"}
    outputs = bench.create(inputs)
    missing = Response(404, {"error_code": "APIGW.0101", "error_msg": "The API does not exist"})
    bench.sim.spoil_next(missing, method="GET", path_contains="/v1.1/", times=100)
    bench.next_run()
    assert bench.refreshed(outputs)["server_ids"] == outputs["server_ids"]
    bench.delete(outputs)
    assert bench.existing() == {}
