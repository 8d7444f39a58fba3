"""Runs cut off at any moment: one order, and all servers end in the state."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_bms.operation import ExpectedError, PartialStateError
from tests.unit.ownership.conftest import WEB, Bench, Killed, MakeBench

PAIR: dict[str, Any] = {**WEB, "count": 2.0, "metadata": {"role": "web"}}
MOMENTS = (1, 2, 3, 4, 6, 9, 12, 14)
"""Events of an order of two servers, from 15 events: before and after each request, each checkpoint, each poll."""


def cut_off(bench: Bench, moment: int) -> dict[str, Any] | None:
    """The outputs of a create killed at the event, or None after the kill."""
    bench.run.kill_at = moment
    try:
        return bench.create(PAIR)
    except Killed:
        return None


def finished(bench: Bench, *, may_search: bool = True) -> dict[str, Any]:
    """The outputs of the runs after a kill: at most two, if the first search finds nothing."""
    bench.next_run()
    try:
        return bench.create(PAIR)
    except PartialStateError as error:
        if not may_search or "no response arrived" not in str(error):
            raise
        state = {**error.outputs, "id": error.id}
    bench.next_run()
    return bench.update(state, PAIR) if bench.run.keeps_partial_state else bench.create(PAIR)


def check(bench: Bench, outputs: dict[str, Any], moment: int) -> None:
    """One order, and both servers are complete and in the state."""
    assert bench.orders() == 1, moment
    assert sorted(outputs["server_ids"]) == sorted(bench.existing()), moment
    for server in bench.existing().values():
        assert server.tags["pulumi-bms"] == f"owned.{outputs['id']}", moment
        assert server.metadata["role"] == "web", moment
    assert bench.changes(outputs, PAIR) is False


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_created_again_on_this_machine(moment: int, bench: Bench) -> None:
    """After a kill the record or the marker finds the servers: nothing is ordered twice, and nothing is lost."""
    outputs = cut_off(bench, moment) or finished(bench)
    check(bench, outputs, moment)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_and_created_again_on_another_machine(moment: int, bench: Bench) -> None:
    """On a new machine the marker finds the servers. Before the first request there is nothing to find."""
    outputs = cut_off(bench, moment)
    if outputs is None:
        bench.elsewhere()
        outputs = finished(bench, may_search=False)
    check(bench, outputs, moment)


@pytest.mark.parametrize("moment", [2, 3, 6, 12])
def test_killed_on_the_stock_host(moment: int, bench: Bench) -> None:
    """Pulumi's host keeps no state of a failed create, and calls create again."""
    bench.next_run(keeps_partial_state=False)
    outputs = cut_off(bench, moment) or finished(bench)
    check(bench, outputs, moment)


@pytest.mark.parametrize("moment", [2, 3, 6, 12])
@pytest.mark.parametrize("place", ["this machine", "other machine"])
def test_interrupted_and_updated(moment: int, place: str, bench: Bench) -> None:
    """After an interrupt the state has the last checkpoint, and the next run updates."""
    outputs = cut_off(bench, moment)
    saved = bench.run.saved
    if outputs is None:
        if place == "other machine":
            bench.elsewhere()
        bench.next_run()
        outputs = bench.update({**saved[1], "id": saved[0]}, PAIR) if saved else finished(bench)
    check(bench, outputs, moment)


def test_a_kill_after_the_last_change_is_no_finished_resource(bench: Bench) -> None:
    """After a create whose state the engine lost, the record finds the owned servers."""
    outputs = bench.create(PAIR)
    again = finished(bench, may_search=False)
    assert (again["server_ids"], bench.orders()) == (outputs["server_ids"], 1)
    # A delete of the same run, for example of a replaced resource, keeps the servers.
    bench.delete(outputs)
    assert sorted(bench.existing()) == sorted(outputs["server_ids"])


def test_a_kill_between_two_marks(bench: Bench) -> None:
    """With one owned and one unowned server, both servers belong to one unfinished order, on a new machine too."""
    outputs = bench.create(PAIR)
    first = outputs["server_ids"][0]
    bench.sim.setup.change_server(
        first, tags={**bench.existing()[first].tags, "pulumi-bms": f"ordered.{outputs['id']}"}
    )
    bench.elsewhere()
    check(bench, finished(bench, may_search=False), 0)


def test_a_growing_finished_resource_is_not_adopted(bench: Bench) -> None:
    """A stack of the same name never takes the owned servers of the first stack, also during a growth."""
    outputs = bench.create(PAIR)
    one = bench.sim.setup.add_server(
        "web-0009", tags={"pulumi-bms": f"ordered.{outputs['id']}"}, metadata={"pulumi-bms-order": "another"}
    )
    bench.elsewhere()
    bench.next_run()
    with pytest.raises(ExpectedError, match="servers of a finished resource with the same inputs exist") as caught:
        bench.create(PAIR)
    assert one.id not in str(caught.value)
    assert bench.orders() == 1


def test_another_count_after_a_kill(bench: Bench) -> None:
    """A changed count after a kill is the same order: a server above the count is in the state."""
    assert cut_off(bench, 4) is None
    bench.next_run()
    outputs = bench.create({**PAIR, "count": 1.0})
    known = [*outputs["server_ids"], *outputs["surviving_server_ids"]]
    assert (len(outputs["server_ids"]), sorted(known), bench.orders()) == (1, sorted(bench.existing()), 1)
    bench.next_run()
    bench.delete(outputs)
    assert bench.existing() == {}


def test_other_inputs_after_a_kill_name_the_first_order(bench: Bench) -> None:
    """A create with different inputs is a new order. The user is told of the first order, with the job."""
    assert cut_off(bench, 5) is None
    bench.next_run()
    bench.create({**PAIR, "triggers": "new"})
    assert any("left behind" in text and "started job" in text for text in bench.run.told)
    assert bench.orders() == 2


@pytest.mark.parametrize("moment", [2, 3, 6, 13])
@pytest.mark.parametrize("way", ["killed", "interrupted", "elsewhere"])
def test_growing_is_cut_off(moment: int, way: str, bench: Bench) -> None:
    """After a kill during growth the first servers keep the slots, and the new servers are ordered once."""
    state = bench.create(PAIR)
    more = {**PAIR, "count": 3.0}
    bench.next_run(kill_at=moment)
    try:
        outputs = bench.update(state, more)
    except Killed:
        saved = {**bench.run.saved[1], "id": state["id"]} if bench.run.saved and way == "interrupted" else state
        if way == "elsewhere":
            bench.elsewhere()
        bench.next_run()
        try:
            outputs = bench.update(saved, more)
        except PartialStateError as error:
            if "no response arrived" not in str(error):
                raise
            bench.next_run()
            outputs = bench.update({**error.outputs, "id": error.id}, more)
    assert outputs["server_ids"][:2] == state["server_ids"]
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 2)
    assert bench.changes(outputs, more) is False


@pytest.mark.parametrize(("moment", "place"), [(3, "this"), (6, "this"), (13, "this"), (6, "other")])
def test_a_destroy_right_after_a_kill_during_growth(moment: int, place: str, bench: Bench) -> None:
    """A destroy after a kill during growth deletes the new server too, by the record or the marker."""
    state = bench.create(PAIR)
    bench.run.end()
    bench.next_run(kill_at=moment)
    with pytest.raises(Killed):
        bench.update(state, {**PAIR, "count": 3.0})
    if place == "other":
        bench.elsewhere()
    bench.next_run()
    bench.delete(state, PAIR)
    assert (bench.existing(), bench.orders()) == ({}, 2)


@pytest.mark.parametrize("moment", [2, 4, 6])
def test_shrinking_is_cut_off(moment: int, bench: Bench) -> None:
    """After a kill the next run deletes the remaining servers, and takes no deleted server for a new server."""
    state = bench.create(PAIR)
    bench.next_run(kill_at=moment)
    fewer = {**PAIR, "count": 1.0}
    try:
        outputs = bench.update(state, fewer)
    except Killed:
        saved = {**bench.run.saved[1], "id": state["id"]} if bench.run.saved else state
        bench.next_run()
        outputs = bench.update(saved, fewer)
    assert outputs["server_ids"] == state["server_ids"][:1] == list(bench.existing())
    assert outputs["surviving_server_ids"] == []
    assert not outputs["pending_job"]


@pytest.mark.parametrize("moment", [2, 4, 6])
def test_a_delete_is_cut_off(moment: int, bench: Bench) -> None:
    """After a kill during a delete, the next destroy finishes."""
    state = bench.create(PAIR)
    bench.next_run(kill_at=moment)
    try:
        bench.delete(state)
    except Killed:
        bench.next_run()
        bench.delete(state)
    assert bench.existing() == {}


@pytest.mark.parametrize("moment", [3, 6, 12])
def test_an_interrupted_create_is_destroyed(moment: int, make_bench: MakeBench) -> None:
    """A destroy of an interrupted create waits for the order, and deletes all servers, with and without a known job."""
    bench = make_bench()
    outputs = cut_off(bench, moment)
    saved = bench.run.saved
    if outputs is None:
        bench.next_run()
        outputs = {**saved[1], "id": saved[0]} if saved else finished(bench)
    bench.next_run()
    bench.delete(outputs, PAIR)
    assert (bench.existing(), bench.orders()) == ({}, 1)


def test_a_lost_order_is_destroyed(bench: Bench) -> None:
    """A destroy searches for the servers of an order without a response."""
    bench.sim.spoil_next("reset", method="POST", path_contains="/baremetalservers", carried_out=True)
    # Killed during the search.
    bench.run.kill_at = 4
    with pytest.raises(Killed):
        bench.create(PAIR)
    assert bench.run.saved is not None
    state = {**bench.run.saved[1], "id": bench.run.saved[0]}
    assert state["lost_order_sent_at"]
    bench.next_run()
    bench.delete(state, PAIR)
    assert (bench.existing(), bench.orders()) == ({}, 1)
