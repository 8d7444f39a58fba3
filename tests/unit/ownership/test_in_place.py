"""Changes of existing servers in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import PartialStateError
from tests.unit.ownership.conftest import QUICK, YEARLY, Bench, Killed, MakeBench, partial

PAIR: dict[str, Any] = {**QUICK, "count": 2.0, "tags": {"team": "web", "old": "1"}, "metadata": {"role": "web"}}
CHANGES: dict[str, dict[str, Any]] = {
    "name": {"name": "api"},
    "tags": {"tags": {"team": "db", "new": "2"}},
    "no tags": {"tags": {}},
    "metadata": {"metadata": {"role": "db", "more": "x"}},
    "agency": {"agency_name": "backup"},
    "all": {"name": "api", "tags": {"team": "db"}, "metadata": {"role": "db"}, "agency_name": "backup"},
}


def shown(bench: Bench, inputs: dict[str, Any]) -> None:
    """The servers match the inputs."""
    servers = list(bench.existing().values())
    assert all(each.name.startswith(inputs["name"]) for each in servers)
    for server in servers:
        tags = dict(server.tags)
        assert tags.pop("pulumi-bms").startswith("owned.")
        assert tags == inputs["tags"]
        assert inputs["metadata"].items() <= server.metadata.items()
        assert server.metadata.get("agency_name") == inputs.get("agency_name")


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_place(change: str, bench: Bench) -> None:
    """A change in place keeps the servers. The next diff is empty, and a second update sends nothing."""
    before = bench.create(PAIR)
    news = {**PAIR, **CHANGES[change]}
    bench.next_run()
    assert bench.changes(before, news) is True
    outputs = bench.update(before, news)
    assert outputs["server_ids"] == before["server_ids"]
    shown(bench, news)
    assert bench.changes(outputs, news) is False
    sent = len(bench.writes())
    bench.update(outputs, news)
    assert len(bench.writes()) == sent


def test_one_server_is_renamed_without_a_number(bench: Bench) -> None:
    """A single server has the plain name. Several servers are numbered by slot."""
    one = {**PAIR, "count": 1.0}
    outputs = bench.update(bench.create(one), {**one, "name": "api"})
    assert [each.name for each in bench.existing().values()] == ["api"]
    bench.next_run()
    bench.update(outputs, {**PAIR, "name": "db"})
    assert {each.name for each in bench.existing().values()} == {"db-0001", "db-0002"}


def test_a_removed_key_of_metadata_is_told(bench: Bench) -> None:
    """The user is told of removed metadata keys that stay, because the API can't remove keys."""
    before = bench.create({**PAIR, "agency_name": "backup"})
    bench.next_run()
    outputs = bench.update(before, {**PAIR, "metadata": {}})
    assert any("agency_name, role stay on the servers" in text for text in bench.run.told)
    assert bench.changes(outputs, {**PAIR, "metadata": {}}) is False


@pytest.mark.parametrize("change", ["name", "tags", "metadata"])
@pytest.mark.parametrize("moment", [2, 5])
def test_an_interrupted_change_starts_again(change: str, moment: int, bench: Bench) -> None:
    """After a kill at any moment, the next run finishes the change."""
    before = bench.create(PAIR)
    news = {**PAIR, **CHANGES[change]}
    bench.next_run(kill_at=moment)
    try:
        outputs = bench.update(before, news)
    except Killed:
        saved = {**bench.run.saved[1], "id": before["id"]} if bench.run.saved else before
        bench.next_run()
        assert bench.changes(saved, news) in (True, False)
        outputs = bench.update(saved, news)
    shown(bench, news)
    assert bench.changes(outputs, news) is False


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/baremetalservers/"), ("POST", "/tags/action"), ("POST", "/metadata")]
)
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_response_of_a_change(method: str, path: str, carried_out: bool, bench: Bench) -> None:  # noqa: FBT001
    """After a lost response the change is sent again, because a second change does no harm."""
    before = bench.create(PAIR)
    bench.sim.spoil_next("reset", method=method, path_contains=path, carried_out=carried_out)
    news = {**PAIR, **CHANGES["all"]}
    bench.update(before, news)
    shown(bench, news)


def test_renewal_is_changed_at_the_billing_service(make_bench: MakeBench) -> None:
    """Renewal is switched on and off, also after a lost response."""
    bench = make_bench()
    yearly = {**YEARLY, "name": "quick", "count": 2.0}
    outputs = bench.create(yearly)
    for value, method in ((True, "POST"), (False, "DELETE")):
        bench.next_run()
        bench.sim.spoil_next("reset", method=method, path_contains="/autorenew/")
        news = {**yearly, "auto_renew": value}
        assert bench.changes(outputs, news) is True
        outputs = bench.update(outputs, news)
        ended = [each for each in bench.sim.requests if "/autorenew/" in each.path and each.status == 204]
        assert {each.method for each in ended[-2:]} == {method}
        assert bench.changes(outputs, news) is False


def test_more_and_fewer_servers(bench: Bench) -> None:
    """A slot keeps the server: servers are added and removed at the end."""
    two = bench.create(PAIR)
    bench.next_run()
    three = bench.update(two, {**PAIR, "count": 3.0})
    assert three["server_ids"][:2] == two["server_ids"]
    names = {server.id: server.name for server in bench.existing().values()}
    assert [names[each] for each in three["server_ids"]] == ["quick-0001", "quick-0002", "quick-0003"]
    bench.next_run()
    one = bench.update(three, {**PAIR, "count": 1.0, "name": "api", "tags": {}})
    assert one["server_ids"] == two["server_ids"][:1] == list(bench.existing())
    assert [each.name for each in bench.existing().values()] == ["api"]


def test_a_lost_server_is_filled_in_its_slot(bench: Bench) -> None:
    """A server deleted in the cloud leaves an empty slot, and all further servers keep the slots."""
    three = bench.create({**PAIR, "count": 3.0})
    bench.sim.setup.remove_server(three["server_ids"][1])
    empty = bench.refreshed(three)
    assert empty["server_ids"] == [three["server_ids"][0], "", three["server_ids"][2]]
    news = {**PAIR, "count": 3.0}
    assert bench.changes(empty, news) is True
    bench.next_run()
    filled = bench.update(empty, news)
    assert [filled["server_ids"][slot] for slot in (0, 2)] == [three["server_ids"][slot] for slot in (0, 2)]
    assert sorted(filled["server_ids"]) == sorted(bench.existing())


GONE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "renamed": lambda inputs: {**inputs, "name": "api"},
    "local": lambda inputs: {**inputs, "delete_eip_on_delete": True},
}


@pytest.mark.parametrize("change", GONE)
def test_a_server_lost_without_a_refresh_is_told(change: str, bench: Bench) -> None:
    """An update with a deleted server fails, and the next `up` orders the server."""
    before = bench.create(PAIR)
    bench.sim.setup.remove_server(before["server_ids"][0], shown_as_deleted=False)
    news = GONE[change](PAIR)
    bench.next_run()
    with pytest.raises(PartialStateError, match="gone") as caught:
        bench.update(before, news)
    state = bench.refreshed(partial(caught))
    bench.next_run()
    outputs = bench.update(state, news)
    assert sorted(outputs["server_ids"]) == sorted(bench.existing())


def test_a_refused_change_keeps_what_was_done(bench: Bench) -> None:
    """After a refused change, an earlier shrink of the same update is in the state."""
    three = bench.create({**PAIR, "count": 3.0})
    refusal = Response(403, {"error": {"code": "BMS.0033", "message": "no right"}})
    bench.sim.spoil_next(refusal, method="PUT", path_contains="/baremetalservers/")
    bench.next_run()
    with pytest.raises(PartialStateError, match="no right") as caught:
        bench.update(three, {**PAIR, "name": "api"})
    assert partial(caught)["server_ids"] == three["server_ids"][:2]


def test_a_busy_server_is_waited_for(bench: Bench) -> None:
    """A change refused because of a busy server is sent again."""
    before = bench.create({**PAIR, "count": 1.0})
    (server_id,) = before["server_ids"]
    busy = Response(400, {"error": {"code": "BMS.0037", "message": "The server is being rebooted."}})
    bench.sim.spoil_next(busy, method="PUT", path_contains=server_id, times=3)
    bench.update(before, {**PAIR, "count": 1.0, "name": "api"})
    assert bench.existing()[server_id].name == "api"
