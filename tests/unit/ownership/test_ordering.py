"""Orders with a lost response: one order, with every behaviour of the cloud."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from bms_simulator import Response
from pulumi_bms.operation import ExpectedError, PartialStateError
from tests.unit.ownership.conftest import ORDERS, WEB, YEARLY, Bench, MakeBench, partial

Spoiled = Response | Literal["reset"]

LOST: dict[str, Spoiled] = {
    "reset": "reset",
    "500": Response(500, {"error": {"code": "BMS.0000", "message": "internal"}}),
    "504": Response(504, {"error_code": "APIGW.0201", "error_msg": "backend timeout"}),
    "page": Response(200, "<html>ok</html>"),
    "empty": Response(200, {}),
    "half": Response(200, '{"job_'),
}
VISIBILITY: list[dict[str, Any]] = [
    {"listing_lag_seconds": 300.0},
    {"tag_filter": "unknown"},
    {"tag_filter": "ignored"},
    {"tag_filter": "unknown", "name_filter": "exact"},
    {"tag_filter": "unknown", "name_filter": "regex"},
    {"tag_filter": "exact", "name_filter": "exact", "listing_lag_seconds": 100.0},
    {"list_without_project": "default", "addresses_in_order": False},
]


@pytest.mark.parametrize("how", LOST)
def test_a_lost_order_goes_on_in_the_same_run(how: str, bench: Bench) -> None:
    """The servers of a lost order are found by the tag and completed, and nothing is ordered twice."""
    bench.sim.spoil_next(LOST[how], method="POST", path_contains=ORDERS, carried_out=True)
    outputs = bench.create()
    assert sorted(outputs["server_ids"]) == sorted(bench.existing())
    assert bench.orders() == 1
    assert all(each.tags["pulumi-bms"] == f"owned.{outputs['id']}" for each in bench.existing().values())
    assert bench.changes(outputs, WEB) is False


@pytest.mark.parametrize("behaviour", VISIBILITY, ids=str)
def test_a_lost_order_is_found_in_every_cloud(behaviour: dict[str, Any], make_bench: MakeBench) -> None:
    """A lost order is found with every filter and every listing lag of the cloud."""
    bench = make_bench(**behaviour)
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=True)
    outputs = bench.create()
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 1)


@pytest.mark.parametrize("how", LOST)
def test_an_order_without_servers_is_searched_for_before_the_next_order(how: str, bench: Bench) -> None:
    """If a lost order shows no servers, the run fails with a state. The next run searches again before a new order."""
    bench.sim.spoil_next(LOST[how], method="POST", path_contains=ORDERS)
    with pytest.raises(PartialStateError, match=r"no response arrived") as caught:
        bench.create()
    state = partial(caught)
    assert state["server_ids"] == ["", "", ""]
    assert bench.changes(state, WEB) is True
    bench.next_run()
    outputs = bench.update(state, WEB)
    assert any("searched for" in text for text in bench.run.told)
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 2)
    assert outputs["lost_order_sent_at"] is None


def test_a_late_order_is_found_by_the_next_run(make_bench: MakeBench) -> None:
    """Servers that appear after the search are adopted by the next run, on a new machine too."""
    bench = make_bench(listing_lag_seconds=1500.0)
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=True)
    with pytest.raises(PartialStateError) as caught:
        bench.create()
    bench.elsewhere()
    bench.next_run()
    outputs = bench.update(partial(caught), WEB)
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 1)


@pytest.mark.parametrize("ids", ["both", "order_id", "job_id"])
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_yearly_order(ids: str, is_lost: bool, make_bench: MakeBench) -> None:  # noqa: FBT001
    """A yearly order is one order with a job, an order id or both in the response, also with a lost response."""
    bench = make_bench(prepaid_response=ids)
    if is_lost:
        bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=True)
    outputs = bench.create(YEARLY)
    assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 1)
    assert bool(outputs["order_id"]) is (not is_lost and ids != "job_id")


def test_a_yearly_order_in_process_is_waited_for(make_bench: MakeBench) -> None:
    """The search for servers goes on until the billing service shows the order's end."""
    bench = make_bench(listing_lag_seconds=1200.0, scale=300.0)
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=True)
    slow = {**YEARLY, "name": "unpaid", "count": 1.0}
    try:
        outputs = bench.create(slow)
    except PartialStateError:
        assert bench.orders() == 1
    else:
        assert (sorted(outputs["server_ids"]), bench.orders()) == (sorted(bench.existing()), 1)


def test_an_open_yearly_order_forbids_another_order(bench: Bench) -> None:
    """An open order forbids a new order, and the error names the open order."""
    unpaid = {**YEARLY, "name": "unpaid-forever", "count": 1.0}
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=True)
    with pytest.raises(PartialStateError, match="no response arrived") as caught:
        bench.create(unpaid)
    state = partial(caught)
    for _ in range(2):
        bench.next_run()
        with pytest.raises(PartialStateError, match="open orders exist since") as again:
            bench.update(state, unpaid)
        state = partial(again)
    assert bench.orders() == 1


@pytest.mark.parametrize(
    "refusal",
    [
        Response(400, {"error": {"code": "BMS.0054", "message": "no stock"}}),
        Response(403, {"error": {"code": "BMS.0033", "message": "no right"}}),
    ],
    ids=["stock", "right"],
)
def test_a_refused_order_leaves_nothing(refusal: Response, bench: Bench) -> None:
    """A refused order leaves neither a state nor a record: the next run orders at once."""
    bench.sim.spoil_next(refusal, method="POST", path_contains=ORDERS)
    with pytest.raises(ExpectedError, match=r"Nothing was ordered\.") as caught:
        bench.create()
    assert not isinstance(caught.value, PartialStateError)
    bench.next_run()
    assert sorted(bench.create()["server_ids"]) == sorted(bench.existing())
    assert bench.orders() == 2


def test_a_throttled_order_is_sent_again(bench: Bench) -> None:
    """A throttled order is sent again in the same run, with one record."""
    throttled = Response(429, {"error_code": "APIGW.0308", "error_msg": "throttled"})
    bench.sim.spoil_next(throttled, method="POST", path_contains=ORDERS)
    outputs = bench.create()
    assert sorted(outputs["server_ids"]) == sorted(bench.existing())
    assert bench.orders() == 2
    assert len(list((bench.home / "home" / "bms" / "orders").glob("*.json"))) == 1


def test_an_order_is_on_record_before_the_order_is_sent(bench: Bench) -> None:
    """Without write access to the home, an order is refused."""
    bench.home.joinpath("file").write_text("")
    bench.monkeypatch.setenv("PULUMI_HOME", str(bench.home / "file"))
    with pytest.raises(ExpectedError, match="the record of the request can't be written"):
        bench.create()
    assert bench.orders() == 0


def test_the_record_ends_with_the_run(bench: Bench) -> None:
    """After a successful run the folder of the records has only the key."""
    outputs = bench.create()
    folder = bench.home / "home" / "bms" / "orders"
    assert len(list(folder.glob("*.json"))) == 1
    bench.run.end()
    assert list(folder.glob("*.json")) == []
    assert bench.changes(outputs, WEB) is False
