"""Orders of killed runs whose number of servers is not the number of the next run."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_bms.operation import PartialStateError
from tests.unit.ownership.conftest import ORDERS, QUICK, YEARLY, Bench, Killed

PAIR: dict[str, Any] = {**QUICK, "count": 2.0}
MORE: dict[str, Any] = {**QUICK, "count": 4.0}
SENT = 6
"""The number of the event after the order."""


@pytest.mark.parametrize("keeps_partial_state", [True, False])
def test_more_servers_after_a_kill(bench: Bench, *, keeps_partial_state: bool) -> None:
    """The next run takes the servers of the killed run, and orders the rest."""
    bench.next_run(keeps_partial_state=keeps_partial_state, kill_at=SENT)
    with pytest.raises(Killed):
        bench.create(PAIR)
    bench.next_run()
    outputs = bench.create(MORE)
    assert sorted(outputs["server_ids"]) == sorted(bench.existing())
    assert bench.orders() == 2
    bench.run.end()
    bench.next_run()
    assert not bench.changes(outputs, MORE)
    assert bench.run.told == []


def test_a_killed_growth_taken_back(bench: Bench) -> None:
    """The order of a killed growth is a change of the next run. The server becomes a survivor, named and deleted."""
    olds = bench.create(PAIR)
    bench.run.end()
    bench.next_run(kill_at=SENT)
    with pytest.raises(Killed):
        bench.update(olds, {**PAIR, "count": 3.0})
    bench.next_run()
    assert bench.changes(olds, PAIR) is True
    outputs = bench.update(olds, PAIR)
    assert outputs["server_ids"] == olds["server_ids"]
    (survivor,) = outputs["surviving_server_ids"]
    assert survivor in bench.existing()
    assert any(survivor in text for text in bench.run.told)
    bench.run.end()
    bench.next_run()
    assert bench.changes(outputs, PAIR) is False
    bench.delete(outputs, PAIR)
    assert bench.existing() == {}


def test_a_lost_growth_taken_back(bench: Bench) -> None:
    """A lost order that no slot waits for is searched for once. Afterwards nothing is left to do."""
    olds = bench.create(PAIR)
    bench.run.end()
    bench.next_run()
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS)
    with pytest.raises(PartialStateError) as error:
        bench.update(olds, {**PAIR, "count": 3.0})
    bench.next_run()
    outputs = bench.update({**error.value.outputs, "id": olds["id"]}, PAIR)
    bench.run.end()
    bench.next_run()
    assert bench.changes(outputs, PAIR) is False
    assert bench.refreshed(outputs)["server_ids"] == olds["server_ids"]


def test_a_replacement_warns_of_no_earlier_order(bench: Bench) -> None:
    """The delete of replaced servers does not warn of the order that replaces the servers in the same run."""
    olds = bench.create(PAIR)
    bench.run.end()
    bench.next_run()
    bench.create({**PAIR, "triggers": "2"})
    bench.delete(olds, PAIR)
    assert bench.run.told == []
    assert bench.existing().keys().isdisjoint(olds["server_ids"])


def test_a_failed_growth_taken_back(bench: Bench) -> None:
    """The failed job of a growth that was killed and taken back is no error. Nothing is left to do."""
    olds = bench.create(PAIR)
    bench.run.end()
    bench.next_run(kill_at=12)
    with pytest.raises(Killed):
        bench.update(olds, {**PAIR, "count": 3.0, "name": "fail"})
    bench.next_run()
    outputs = bench.update(olds, PAIR)
    bench.run.end()
    bench.next_run()
    assert bench.changes(outputs, PAIR) is False


def test_the_record_of_a_second_order_is_forgotten(bench: Bench) -> None:
    """If the second order of a run stays without a response, the next run orders again and keeps no record."""
    bench.next_run(kill_at=SENT)
    with pytest.raises(Killed):
        bench.create(PAIR)
    bench.next_run()
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=False)
    with pytest.raises(PartialStateError) as error:
        bench.create(MORE)
    bench.next_run()
    outputs = bench.update({**error.value.outputs, "id": error.value.id}, MORE)
    bench.run.end()
    bench.next_run()
    outputs = bench.update(outputs, {**MORE, "count": 5.0})
    assert bench.run.told == []
    assert sorted(outputs["server_ids"]) == sorted(bench.existing())


def test_an_unpaid_growth_taken_back(bench: Bench) -> None:
    """A yearly order without a response that is still open is named, and stays a change."""
    single = {**YEARLY, "name": "quick", "count": 1.0}
    olds = bench.create(single)
    bench.run.end()
    bench.next_run()
    bench.sim.spoil_next("reset", method="POST", path_contains=ORDERS, carried_out=True)
    with pytest.raises(PartialStateError) as error:
        bench.update(olds, {**single, "count": 2.0, "name": "unpaid-forever"}, timeout=30.0)
    bench.next_run()
    outputs = bench.update({**error.value.outputs, "id": olds["id"]}, single)
    assert any("open orders exist" in text for text in bench.run.told)
    assert bench.changes(outputs, single) is True
