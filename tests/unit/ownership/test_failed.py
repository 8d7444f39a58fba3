"""Orders that fail, hang, or are cancelled: survivors are in the state, and the next run continues a pending job."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import ExpectedError, PartialStateError
from tests.unit.ownership.conftest import ORDERS, WEB, YEARLY, Bench, MakeBench, named, partial

CLOUDS: list[dict[str, Any]] = [
    {"siblings": "stay"},
    {"siblings": "vanish"},
    {"siblings": "stay", "rollback_seconds": 200.0},
    {"siblings": "vanish", "rollback_seconds": 200.0},
    {"siblings": "stay", "listing_lag_seconds": 300.0},
]


def failed(bench: Bench, inputs: dict[str, Any]) -> dict[str, Any]:
    """The state after a failed order."""
    with pytest.raises(PartialStateError) as caught:
        bench.create(inputs)
    bench.run.told.append(str(caught.value))
    return partial(caught)


@pytest.mark.parametrize("behaviour", CLOUDS, ids=str)
def test_survivors_are_kept_and_the_rest_is_ordered(behaviour: dict[str, Any], make_bench: MakeBench) -> None:
    """After a failed order the remaining servers are in slots and named. The next `up` orders the rest."""
    bench = make_bench(**behaviour)
    state = failed(bench, named("fail-one"))
    text = bench.run.told[-1]
    assert "BMS.3037" in text
    left = [each for each in state["server_ids"] if each]
    assert sorted(left) == sorted(bench.existing())
    assert len(left) == (2 if behaviour["siblings"] == "stay" else 0)
    for server_id in left:
        assert f"server {server_id} (ready) exists and is billed" in text
    assert not state["pending_job"]
    bench.next_run()
    good = named("web")
    for server_id in left:
        # The name of the server has the scenario.
        bench.sim.setup.change_server(server_id, name="web-0001")
    outputs = bench.update(state, good)
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 2)
    assert outputs["server_ids"][: len(left)] == left
    assert all("owned." in server.tags["pulumi-bms"] for server in bench.existing().values())
    bench.delete(outputs)
    assert bench.existing() == {}


def test_an_order_that_fails_as_a_whole_leaves_empty_slots(bench: Bench) -> None:
    """An order that fails as a whole leaves empty slots in the state, and a destroy deletes nothing."""
    state = failed(bench, named("fail"))
    assert state["server_ids"] == ["", "", ""]
    assert "No server of the order is left" in bench.run.told[-1]
    bench.next_run()
    bench.delete(state, named("fail"))
    assert bench.orders() == 1


def test_a_failed_order_on_the_stock_host_ends(make_bench: MakeBench) -> None:
    """Without a state the next create adopts the survivors, and orders the rest in the same run."""
    bench = make_bench(siblings="stay")
    bench.next_run(keeps_partial_state=False)
    with pytest.raises(ExpectedError):
        bench.create(named("fail-one"))
    bench.next_run()
    outputs = bench.create(named("web"))
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 2)


def test_a_faulty_server_that_stays_is_a_survivor(bench: Bench) -> None:
    """A server in error with our tag is in no slot. A destroy deletes the server, and the next order goes on."""
    state = failed(bench, named("fail"))
    faulty = bench.sim.setup.add_server(
        "web-0007", status="ERROR", fault="no host", tags={"pulumi-bms": f"ordered.{state['id']}"}
    )
    bench.next_run()
    with pytest.raises(PartialStateError, match="brought 0 of 3 servers") as caught:
        bench.update(state, named("web"))
    state = partial(caught)
    assert state["surviving_server_ids"] == [faulty.id]
    bench.next_run()
    outputs = bench.update(state, named("web"))
    assert faulty.id not in outputs["server_ids"]
    assert sorted([*outputs["server_ids"], faulty.id]) == sorted(bench.existing())
    bench.sim.setup.change_server(faulty.id, status="ACTIVE", fault=None)
    bench.delete(outputs)
    assert bench.existing() == {}


@pytest.mark.parametrize("ids", ["both", "order_id"])
def test_a_failed_yearly_order_is_ordered_again(ids: str, make_bench: MakeBench) -> None:
    """After a cancelled yearly order the next `up` orders anew, without a wait for the cancelled order."""
    bench = make_bench(prepaid_response=ids, refund_seconds=1.0)
    state = failed(bench, named("fail", YEARLY))
    assert not state.get("pending_order_id")
    bench.next_run()
    outputs = bench.update(state, YEARLY)
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 2)


@pytest.mark.parametrize("name", ["stuck", "stuck-child"])
def test_a_job_without_an_end_goes_on_with_the_next_run(name: str, bench: Bench) -> None:
    """After the timeout the state has the pending job, and no run orders again."""
    with pytest.raises(PartialStateError) as caught:
        bench.create(named(name), timeout=3.0)
    state = partial(caught)
    assert state["pending_job"]["job_id"] == state["job_id"]
    assert bench.changes(state, named(name)) is True
    bench.next_run()
    with pytest.raises(PartialStateError) as again:
        bench.update(state, named(name), timeout=3.0)
    assert partial(again)["pending_job"]["job_id"] == state["job_id"]
    assert bench.orders() == 1


def test_a_job_unknown_after_a_day_is_no_dead_end(bench: Bench) -> None:
    """After a day the cloud forgets a job: the marker finds the servers, or the order is sent anew."""
    inputs = named("web", count=1.0)
    complete = bench.create(inputs)
    bench.run.end()
    (server_id,) = complete["server_ids"]
    unknown = {"pending_job": {"job_id": "0" * 32}, "job_id": "0" * 32, "server_ids": [""]}
    bench.sim.setup.change_server(server_id, tags={"pulumi-bms": f"ordered.{complete['id']}"})
    bench.next_run()
    outputs = bench.update({**complete, **unknown}, inputs)
    assert (outputs["server_ids"], bench.orders()) == ([server_id], 1)


@pytest.mark.parametrize("name", ["web", "stuck"])
@pytest.mark.parametrize("after", [0.0, 0.3, 1.5])
def test_a_cancel_ends_every_wait_with_the_state(name: str, after: float, make_bench: MakeBench) -> None:
    """Ctrl-C ends a search, a wait and a poll at once, and the next run goes on."""
    bench = make_bench(scale=40.0)
    if name == "stuck":
        bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS)
    threading.Timer(after, bench.run.cancelled.set).start()
    began_at = time.monotonic()
    with pytest.raises(ExpectedError) as caught:
        bench.create(named("web"))
    assert time.monotonic() - began_at < after + 5.0
    if bench.orders():
        assert isinstance(caught.value, PartialStateError)
        outputs = caught.value.outputs
        assert outputs["pending_job"] if name == "web" else outputs["lost_order_sent_at"]
    else:
        assert "Nothing was ordered" in str(caught.value) or "nterrupted" in str(caught.value)


def test_a_cancel_ends_the_wait_for_a_delete(bench: Bench) -> None:
    """A cancel ends a destroy at once, and the next destroy goes on."""
    outputs = bench.create(named("web", count=1.0))
    bench.next_run()
    threading.Timer(0.05, bench.run.cancelled.set).start()
    began_at = time.monotonic()
    with pytest.raises(ExpectedError):
        bench.delete(outputs)
    assert time.monotonic() - began_at < 5.0
    bench.next_run()
    bench.delete(outputs)
    assert bench.existing() == {}


def test_an_error_after_the_order_keeps_the_servers(bench: Bench) -> None:
    """A refused tag or an unreadable server after the order is an error with all servers in the state."""
    refusal = Response(403, {"error": {"code": "BMS.0033", "message": "no right to tag"}})
    bench.sim.spoil_next(refusal, method="POST", path_contains="/tags/action")
    with pytest.raises(PartialStateError, match="no right to tag") as caught:
        bench.create(WEB)
    state = partial(caught)
    assert sorted(state["server_ids"]) == sorted(bench.existing())
    bench.next_run()
    outputs = bench.update(state, WEB)
    assert (outputs["server_ids"], bench.orders()) == (state["server_ids"], 1)
    assert outputs["unfinished_server_ids"] == []
