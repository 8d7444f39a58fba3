"""Installations that fail or are taken back: no server stays wiped or off, and a preview hides no wipe."""

from __future__ import annotations

from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import PartialStateError, running
from pulumi_bms.resources.servers_installing import installation_of
from tests.unit.ownership.conftest import QUICK, WEB, Bench, partial
from tests.unit.ownership.test_installing import OTHER_IMAGE, PAIR, sent


@pytest.mark.parametrize("change", [{"image_id": OTHER_IMAGE}, {"reinstall_triggers": "2"}])
def test_a_failed_installation_is_due_for_every_system(change: dict[str, Any], bench: Bench) -> None:
    """After a failed installation a server is installed again, also if the change is taken back."""
    before = bench.create(PAIR)
    first, _ = before["server_ids"]
    # The name of the server has the scenario.
    bench.sim.setup.change_server(first, status="SHUTOFF", name="fail")
    with pytest.raises(PartialStateError, match=f"server {first} was not installed") as caught:
        bench.update(before, {**PAIR, **change})
    bench.sim.setup.change_server(first, status="ACTIVE", name="quick-0001")
    bench.next_run()
    requests = sent(bench, f"{first}/reinstallos")
    assert bench.changes(partial(caught), PAIR) is True
    outputs = bench.update(partial(caught), PAIR)
    assert sent(bench, f"{first}/reinstallos") == requests + 1
    assert bench.changes(outputs, PAIR) is False


def test_a_preview_tells_of_an_installation_under_way(bench: Bench) -> None:
    """If a change is taken back while an installation is under way, the preview names the server to be wiped."""
    note = {"installation": installation_of({**PAIR, "image_id": OTHER_IMAGE}), "job_id": None}
    olds = {**PAIR, "server_ids": ["red", "blue"], "id": "marker", "installing": {"blue": note}}
    assert bench.changes(olds, PAIR) is True
    (line,) = bench.run.told
    assert line.endswith("wipes the system disk of 1 server, and installs the system: blue")


def test_a_refused_installation_leaves_no_server_off(bench: Bench) -> None:
    """The error of a refused installation names the stopped servers, and a change taken back starts the servers."""
    before = bench.create(PAIR)
    running, stopped = before["server_ids"]
    bench.sim.setup.change_server(stopped, status="SHUTOFF")
    refusal = Response(400, {"error": {"code": "BMS.0049", "message": "image not allowed"}})
    bench.sim.spoil_next(refusal, method="POST", path_contains="/changeos")
    with pytest.raises(PartialStateError, match=f"image not allowed(.|\n)*servers are stopped: {running}\n") as caught:
        bench.update(before, {**PAIR, "image_id": OTHER_IMAGE})
    bench.next_run()
    assert bench.changes(partial(caught), PAIR) is True
    assert bench.run.told == [f"starts 1 server that an installation has left stopped: {running}"]
    outputs = bench.update(partial(caught), PAIR)
    assert {each.id: each.status for each in bench.existing().values()} == {running: "ACTIVE", stopped: "SHUTOFF"}
    assert bench.changes(outputs, PAIR) is False


def test_triggers_count_for_reinstallations_only(bench: Bench) -> None:
    """Without `on_image_change="reinstall"`, another value of `reinstall_triggers` is told as without effect."""
    news = {**QUICK, "reinstall_triggers": "1"}
    before = bench.create(QUICK)
    with running(bench.run.operation()):
        bench.servers.check(QUICK, news)
    bench.update(before, news)
    assert [line.split(":")[0] for line in bench.run.told] == ["reinstall_triggers has no effect"]


def test_a_server_ordered_after_the_installations_is_not_wiped(bench: Bench) -> None:
    """After an interrupted growth the new server keeps the system of its order."""
    before = bench.create({**WEB, "count": 2.0, "on_image_change": "reinstall"})
    news = {**WEB, "on_image_change": "reinstall", "reinstall_triggers": "2"}
    bench.next_run()
    installed = dict.fromkeys(before["server_ids"], installation_of(news))
    with pytest.raises(PartialStateError, match="did not finish") as caught:
        bench.update({**before, "installed": installed}, news, timeout=0.5)
    bench.next_run()
    bench.update(partial(caught), news)
    assert (len(bench.existing()), sent(bench, "/reinstallos")) == (3, 0)


def test_a_stopped_server_that_is_gone_is_no_change(bench: Bench) -> None:
    """A server that was stopped for an installation and has left its slot is no work for a later run."""
    olds = {**PAIR, "server_ids": ["red", "blue"], "id": "marker", "stopped_server_ids": ["green"]}
    assert bench.changes(olds, PAIR) is False
