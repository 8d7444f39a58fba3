"""New servers that show in the API some time after the end of their job."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from pulumi_bms.operation import PartialStateError
from tests.unit.ownership.conftest import QUICK, Bench, MakeBench

PAIR: dict[str, Any] = {**QUICK, "count": 2.0}


@pytest.fixture
def late(make_bench: MakeBench) -> Bench:
    """A cloud whose servers show some seconds after the order."""
    return make_bench(listing_lag_seconds=600.0, scale=100.0)


def interrupted(bench: Bench) -> dict[str, Any]:
    """The state of a run interrupted after the end of the job, before the API shows the servers."""

    def cancel() -> None:
        while not (bench.run.saved and all(bench.run.saved[1]["server_ids"])):
            time.sleep(0.01)
        bench.run.cancelled.set()

    thread = threading.Thread(target=cancel, daemon=True)
    thread.start()
    with pytest.raises(PartialStateError) as error:
        bench.create(PAIR)
    thread.join()
    assert all(error.value.outputs["server_ids"])
    bench.next_run()
    return {**error.value.outputs, "id": error.value.id}


def test_a_change_waits_for_new_servers(late: Bench) -> None:
    """A change of servers that do not show yet waits for the servers, and orders nothing."""
    state = interrupted(late)
    outputs = late.update(state, {**PAIR, "tags": {"a": "b"}})
    assert outputs["server_ids"] == state["server_ids"]
    assert {server.tags["a"] for server in late.existing().values()} == {"b"}
    assert late.orders() == 1


def test_a_refresh_forgets_no_new_servers(late: Bench) -> None:
    """After a refresh without the new servers, the next run searches for the servers before it orders."""
    state = interrupted(late)
    with pytest.raises(PartialStateError) as error:
        late.refreshed(state)
    late.next_run()
    late.sim.advance(1000.0)
    outputs = late.update({**error.value.outputs, "id": state["id"]}, PAIR)
    assert sorted(outputs["server_ids"]) == sorted(state["server_ids"])
    assert late.orders() == 1


def test_a_destroy_waits_for_new_servers(late: Bench) -> None:
    """A destroy waits until new servers show, and deletes the servers."""
    state = interrupted(late)
    late.delete(state, PAIR)
    late.sim.advance(1000.0)
    assert late.existing() == {}
