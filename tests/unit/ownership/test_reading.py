"""Refresh and import: drift, gone servers, and machines of another tool."""

from __future__ import annotations

from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import ExpectedError, Purpose
from tests.unit.ownership.conftest import QUICK, YEARLY, Bench, MakeBench

PAIR: dict[str, Any] = {**QUICK, "count": 2.0, "tags": {"team": "web"}, "metadata": {"role": "web"}}
DRIFTS: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": "other"}, "name"),
    "tag changed": ({"tags": {"team": "db", "pulumi-bms": "owned"}}, "tags"),
    "tag removed": ({"tags": {}}, "tags"),
    "tag added": ({"tags": {"team": "web", "by": "hand"}}, "tags"),
    "metadata changed": ({"metadata": {"role": "db"}}, "metadata"),
    "metadata removed": ({"metadata": {}}, "metadata"),
}


@pytest.mark.parametrize("drift", DRIFTS)
@pytest.mark.parametrize("number", [0, 1])
def test_drift_shows_and_is_mended(drift: str, number: int, bench: Bench) -> None:
    """A change by hand of any server is a diff after a refresh, and no diff after an update."""
    outputs = bench.create(PAIR)
    fields, name = DRIFTS[drift]
    bench.sim.setup.change_server(outputs["server_ids"][number], **fields)
    found = bench.refreshed(outputs)
    assert found[name] != PAIR[name]
    assert bench.changes(found, PAIR) is True
    bench.next_run()
    mended = bench.update(found, PAIR)
    assert bench.changes(bench.refreshed(mended), PAIR) is False


def test_no_drift_is_no_diff(bench: Bench) -> None:
    """A refresh of unchanged servers changes nothing, and a stopped or locked server is no drift."""
    outputs = bench.create(PAIR)
    bench.sim.setup.change_server(outputs["server_ids"][0], status="SHUTOFF")
    bench.sim.setup.change_server(outputs["server_ids"][1], locked=True)
    assert bench.changes(bench.refreshed(outputs), PAIR) is False


def test_all_servers_gone_is_no_resource(bench: Bench) -> None:
    """If all servers are deleted, a refresh removes the resource, and the next `up` orders anew."""
    outputs = bench.create(PAIR)
    for server_id in outputs["server_ids"]:
        bench.sim.setup.remove_server(server_id)
    assert bench.read(outputs).id == ""


def test_an_unreadable_tag_list_is_an_error(bench: Bench) -> None:
    """A failed read of tags is an error, and never looks like removed tags."""
    outputs = bench.create(PAIR)
    refusal = Response(403, {"error": {"code": "BMS.0033", "message": "no right"}})
    bench.sim.spoil_next(refusal, method="GET", path_contains=outputs["server_ids"][0])
    with pytest.raises(ExpectedError, match="no right"):
        bench.read(outputs)


@pytest.mark.parametrize("inputs", [PAIR, {**YEARLY, "name": "quick", "count": 2.0}], ids=["on demand", "yearly"])
def test_an_import_of_own_servers_shows_no_diff(inputs: dict[str, Any], bench: Bench) -> None:
    """Servers of a lost state are imported by id without a diff, and can be changed, grown and deleted."""
    lost = bench.create(inputs)
    id_ = ",".join(lost["server_ids"])
    bench.next_run()
    result = bench.read({**inputs, "id": id_}, inputs, Purpose.IMPORT)
    assert result.outs is not None
    outputs = {**result.outs, "id": result.id}
    assert (result.id, outputs["server_ids"]) == (id_, lost["server_ids"])
    assert bench.changes(outputs, inputs) is False
    assert bench.run.told == []
    more = {**inputs, "count": 3.0, "name": "api", "unsubscribe_on_delete": True}
    outputs = bench.update(outputs, more)
    assert outputs["server_ids"][:2] == lost["server_ids"]
    assert bench.changes(outputs, more) is False
    bench.next_run()
    bench.delete(outputs)
    assert bench.existing() == {}


def foreign(bench: Bench, **fields: Any) -> str:
    """The id of a foreign server with the values of the program."""
    order = {
        "flavorRef": PAIR["flavor_id"],
        "imageRef": PAIR["image_id"],
        "availability_zone": PAIR["availability_zone"],
        "vpcid": PAIR["vpc_id"],
    }
    return bench.sim.setup.add_server(
        **{"name": "db-alpha", "order": order, "tags": {"team": "web"}, "metadata": {"role": "web"}, **fields}
    ).id


def test_machines_of_another_tool_move_in_without_a_change(bench: Bench) -> None:
    """Foreign servers with any names are imported without a diff, also after a refresh, and nothing is sent."""
    id_ = f"{foreign(bench)}, {foreign(bench, name='beta')}"
    result = bench.read({**PAIR, "id": id_}, PAIR, Purpose.IMPORT)
    assert result.outs is not None
    outputs = {**result.outs, "id": result.id}
    assert any("db-alpha, beta" in text for text in bench.run.told)
    assert bench.changes(outputs, PAIR) is False
    assert bench.changes(bench.refreshed(outputs), PAIR) is False
    assert bench.writes() == []
    bench.next_run()
    bench.update(outputs, {**PAIR, "name": "api"})
    assert sorted(each.name for each in bench.existing().values()) == ["api-0001", "api-0002"]


def test_an_import_tells_what_the_program_lacks(bench: Bench) -> None:
    """An import notes the servers' tags that the program lacks, and the diff shows the tags."""
    one = {**PAIR, "count": 1.0, "tags": {}}
    result = bench.read({**one, "id": foreign(bench, name="quick")}, one, Purpose.IMPORT)
    assert any("the servers have tags {'team': 'web'}" in text for text in bench.run.told)
    assert bench.changes({**(result.outs or {}), "id": result.id}, one) is True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flavor_id": "physical.o2.medium"}, "flavor_id is 'physical.s3.large'"),
        ({"image_id": "other"}, "image_id is"),
        ({"availability_zone": "az9"}, "availability_zone is 'cn-north-4a'"),
        ({"vpc_id": "other"}, "vpc_id is"),
        ({"charging_mode": "prePaid"}, "charging_mode is 'postPaid'"),
        ({"count": 2.0}, "import_ has 1 different ids, and count is 2"),
    ],
)
def test_an_import_of_other_machines_is_refused(change: dict[str, Any], words: str, bench: Bench) -> None:
    """An import with a program value that would replace the servers is refused, with the value of the servers."""
    inputs = {**PAIR, "count": 1.0, **change}
    with pytest.raises(ExpectedError, match=words):
        bench.read({**inputs, "id": foreign(bench)}, inputs, Purpose.IMPORT)


def test_an_import_of_missing_machines_names_the_ids(bench: Bench) -> None:
    """An import of unknown ids names the ids."""
    id_ = f"{foreign(bench)},11111111-2222-4333-8444-555555555555"
    with pytest.raises(ExpectedError, match="these servers do not exist: 11111111-2222-4333-8444-555555555555"):
        bench.read({**PAIR, "id": id_}, PAIR, Purpose.IMPORT)


def test_addresses_and_disks_are_read_back(make_bench: MakeBench) -> None:
    """The outputs have all addresses and all disks of each server."""
    bench = make_bench(addresses_in_order=False)
    inputs = {**PAIR, "data_disks": [{"type": "SSD", "size": 100.0}]}
    for server in bench.create(inputs)["servers"]:
        assert [each["type"] for each in server["addresses"]] == ["fixed"]
        assert all(each["mac_address"] and each["port_id"] for each in server["addresses"])
        assert [each["boot_index"] for each in server["volumes"]] == [-1]
