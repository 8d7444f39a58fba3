"""Eleven defects of similar providers of bare metal servers, each as a test of the project's provider."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import ExpectedError, PartialStateError, running
from pulumi_bms.resources.servers_nics import NicKey, difference
from tests.unit.ownership.conftest import ORDERS, QUICK, YEARLY, Bench, Killed, MakeBench
from tests.unit.resources.servers_samples import OWN_EIP

ONE: dict[str, Any] = {**QUICK, "count": 1.0}


def test_1_a_server_is_known_before_any_look_up(bench: Bench) -> None:
    """After a kill between the order and the first poll, a paid server is not lost."""
    yearly = {**YEARLY, "count": 1.0}
    bench.run.kill_at = 5
    with pytest.raises(Killed):
        bench.create(yearly)
    assert bench.run.saved is not None
    assert bench.run.saved[1]["job_id"]
    bench.next_run()
    assert (bench.create(yearly)["server_ids"], bench.orders()) == (list(bench.existing()), 1)


@pytest.mark.parametrize("status", ["ERROR", "REBOOT"])
def test_2_a_delete_knows_every_status_on_the_way(status: str, bench: Bench) -> None:
    """A 404, ERROR or REBOOT during the wait for a delete is no error."""
    outputs = bench.create(ONE)
    (server_id,) = outputs["server_ids"]
    shown = {"server": {"id": server_id, "name": "web", "status": status, "OS-EXT-STS:task_state": "deleting"}}
    bench.next_run()
    bench.sim.spoil_next(Response(200, shown), method="GET", path_contains=f"{ORDERS}/{server_id}", times=2)
    bench.delete(outputs)
    assert bench.existing() == {}


def test_3_an_eip_made_with_the_server_is_released_or_named(bench: Bench) -> None:
    """A pay-per-use EIP is deleted with the server if the program wants the deletion."""
    outputs = bench.create({**ONE, **OWN_EIP, "delete_eip_on_delete": True})
    assert bench.sim.setup.world().eips
    bench.delete(outputs)
    assert bench.sim.setup.world().eips == ()


def test_4_unsubscribing_names_servers_alone(bench: Bench) -> None:
    """An unsubscription names only servers, because the disks end with the servers and a call has at most ten ids."""
    disks = [{"type": "SSD", "size": 100.0}] * 12
    outputs = bench.create({**YEARLY, "count": 1.0, "data_disks": disks, "unsubscribe_on_delete": True})
    bench.delete(outputs)
    assert bench.bodies("/unsubscribe")[-1]["resource_ids"] == outputs["server_ids"]
    assert bench.existing() == {}


def test_5_two_automatic_nics_on_one_subnet_are_two(bench: Bench) -> None:
    """Two NICs on one subnet are two NICs: one NIC is removed in place, and the primary NIC stays."""
    nics = [{"subnet_id": "s"}, {"subnet_id": "s"}]
    outputs = bench.create({**ONE, "nics": nics})
    assert bench.bodies(ORDERS)[-1]["server"]["nics"] == nics
    assert len(outputs["servers"][0]["addresses"]) == 2
    assert bench.changes(bench.refreshed(outputs), {**ONE, "nics": nics}) is False
    assert bench.changes(outputs, {**ONE, "nics": nics[:1]}) is True
    assert difference(nics, nics[:1]) == ([], [NicKey("s")])
    assert difference(nics[:1], nics) == ([NicKey("s")], [])


@pytest.mark.parametrize("name", ["admin_pass", "key_pair", "user_data"])
def test_6_a_changed_login_is_a_replacement_in_the_preview(name: str, bench: Bench) -> None:
    """A changed login is a replacement in the preview, and no apply fails."""
    outputs = {**ONE, "server_ids": ["red"], "id": "marker"}
    assert bench.changes(outputs, {**ONE, name: "other"}) == [name]


def test_6_another_user_is_for_the_next_order(bench: Bench) -> None:
    """A changed `user_id` changes no server and sends nothing."""
    outputs = bench.create(ONE)
    writes = bench.writes()
    news = {**ONE, "user_id": "other"}
    assert bench.changes(outputs, news) is True
    assert bench.changes(bench.update(outputs, news), news) is False
    assert bench.writes() == writes


def test_7_a_stopped_server_is_changed_and_deleted(bench: Bench) -> None:
    """A stopped server is no drift, and can be changed and deleted."""
    outputs = bench.create(ONE)
    bench.sim.setup.change_server(outputs["server_ids"][0], status="SHUTOFF")
    assert bench.changes(bench.refreshed(outputs), ONE) is False
    outputs = bench.update(outputs, {**ONE, "name": "api", "metadata": {"a": "b"}})
    bench.delete(outputs)
    assert bench.existing() == {}


def test_8_a_failed_read_is_no_drift(bench: Bench) -> None:
    """A failed read of tags never looks like removed tags, and data disks are read back."""
    inputs = {**ONE, "tags": {"team": "web"}, "data_disks": [{"type": "SSD", "size": 100.0}]}
    outputs = bench.create(inputs)
    assert len(outputs["servers"][0]["volumes"]) == 1
    broken = Response(200, {"server": {"id": outputs["server_ids"][0], "status": "ACTIVE", "tags": 3}})
    bench.sim.spoil_next(broken, method="GET", path_contains=outputs["server_ids"][0])
    assert bench.refreshed(outputs)["tags"] == {"team": "web"}


@pytest.mark.parametrize("script", ["test", "dGVzdA==", "#!/bin/sh\necho grüße\n"])
def test_9_user_data_is_encoded_once(script: str, bench: Bench) -> None:
    """User data is encoded once, also a short word in the form of base64."""
    bench.create({**ONE, "user_data": script})
    assert base64.b64decode(bench.bodies(ORDERS)[-1]["server"]["user_data"]).decode() == script


def test_10_a_failed_attachment_is_not_in_the_state(bench: Bench) -> None:
    """A failed attachment is not in the state, because the id is stored after the job."""
    server, disk = bench.sim.setup.add_server("fail"), bench.sim.setup.add_volume()
    with pytest.raises(ExpectedError) as caught, running(bench.run.operation()):
        bench.attachments.create({"server_id": server.id, "volume_id": disk.id})
    assert not isinstance(caught.value, PartialStateError)


def test_11_a_job_without_sub_jobs_is_read(make_bench: MakeBench) -> None:
    """A job without sub-jobs, with the server in the job's own entities, is read."""
    bench = make_bench()
    inputs = {**ONE, "name": "no-sub-jobs"}
    assert bench.create(inputs)["server_ids"] == list(bench.existing())
