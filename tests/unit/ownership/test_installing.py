"""Power, installations and NICs of existing servers: sent once, and only if needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_bms.lifecycle.record import orders_folder
from pulumi_bms.operation import ExpectedError, PartialStateError
from pulumi_bms.resources.servers_installing import installation_of
from tests.unit.ownership.conftest import QUICK, Bench, Killed, partial

OTHER_IMAGE = "2fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0"
PAIR: dict[str, Any] = {**QUICK, "count": 2.0, "on_image_change": "reinstall"}
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "image": ("/changeos", {"image_id": OTHER_IMAGE}),
    "anew": ("/reinstallos", {"reinstall_triggers": "2"}),
    "one at a time": ("/changeos", {"image_id": OTHER_IMAGE, "max_unavailable": 1.0}),
    "left off": ("/changeos", {"image_id": OTHER_IMAGE, "power": "off"}),
}
MOMENTS = (5, 7, 8, 10, 14)


def sent(bench: Bench, path: str) -> int:
    """The number of requests with the given end of the path."""
    return sum(each.path.endswith(path) for each in bench.sim.requests)


def actions(bench: Bench, since: int) -> list[Any]:
    """The bodies of the power requests since a number of requests."""
    return [each.body for each in bench.sim.requests[since:] if each.path.endswith("/action")]


def check(bench: Bench, outputs: Mapping[str, Any], news: Mapping[str, Any], path: str) -> None:
    """Every server is installed once, and matches the inputs."""
    assert sent(bench, path) == 2
    state = "SHUTOFF" if news.get("power") == "off" else "ACTIVE"
    servers = bench.existing()
    assert {(each.status, each.image_id) for each in servers.values()} == {(state, news["image_id"])}
    assert sorted(servers) == sorted(outputs["server_ids"])
    assert bench.changes(outputs, news) is False


def killed(bench: Bench, before: dict[str, Any], news: dict[str, Any], moment: int) -> dict[str, Any] | None:
    """The outputs of an update killed at the event, or None after the kill."""
    bench.next_run(kill_at=moment)
    try:
        return bench.update(before, news)
    except Killed:
        return None


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("change", CHANGES)
def test_a_killed_run_installs_no_server_twice(change: str, moment: int, bench: Bench) -> None:
    """After a kill the records find the jobs, and no server is installed twice."""
    path, changed = CHANGES[change]
    before, news = bench.create(PAIR), {**PAIR, **changed}
    outputs = killed(bench, before, news, moment)
    if outputs is None:
        bench.next_run()
        assert bench.changes(before, news) is True
        outputs = bench.update(before, news)
    check(bench, outputs, news, path)


@pytest.mark.parametrize("moment", [2, 6, 9, 12, 17])
def test_an_interrupted_run_installs_no_server_twice(moment: int, bench: Bench) -> None:
    """After an interrupt a new machine continues from the last checkpoint, and no server is installed twice."""
    path, changed = CHANGES["anew"]
    before, news = bench.create(PAIR), {**PAIR, **changed}
    outputs = killed(bench, before, news, moment)
    if outputs is None:
        saved = bench.run.saved
        bench.elsewhere()
        bench.next_run()
        outputs = bench.update({**saved[1], "id": before["id"]} if saved else before, news)
    check(bench, outputs, news, path)


def test_a_saved_installation_leaves_no_record(bench: Bench) -> None:
    """Each change of the image installs every server once, also a change back."""
    first, second = PAIR, {**PAIR, "image_id": OTHER_IMAGE}
    outputs = bench.create(first)
    for number, (olds, news) in enumerate([(first, second), (second, first), (first, second)], 1):
        bench.next_run()
        assert bench.changes(outputs, olds) is False
        outputs = bench.update(outputs, news)
        assert sent(bench, "/changeos") == 2 * number
    bench.next_run()
    assert bench.changes(outputs, second) is False
    assert list(orders_folder({"PULUMI_HOME": str(bench.home / "home")}).glob("*.json")) == []


@pytest.mark.parametrize("carried_out", [True, False])
def test_an_installation_without_a_response(carried_out: bool, bench: Bench) -> None:  # noqa: FBT001
    """After a lost response the server's state decides whether the installation request is sent again."""
    before, news = bench.create(PAIR), {**PAIR, "image_id": OTHER_IMAGE}
    bench.next_run()
    bench.sim.spoil_next("reset", method="POST", path_contains="/changeos", carried_out=carried_out)
    if carried_out:
        outputs = bench.update(before, news)
    else:
        with pytest.raises(PartialStateError, match="the installation of these servers did not start") as caught:
            bench.update(before, news)
        assert sent(bench, "/changeos") == 2
        bench.next_run()
        outputs = bench.update(partial(caught), news)
    assert sent(bench, "/changeos") == (2 if carried_out else 3)
    assert {each.image_id for each in bench.existing().values()} == {OTHER_IMAGE}
    assert bench.changes(outputs, news) is False


def test_a_server_with_the_image_is_not_installed(bench: Bench) -> None:
    """A server with the wanted image is not installed."""
    before, news = bench.create(PAIR), {**PAIR, "image_id": OTHER_IMAGE}
    bench.sim.setup.change_server(before["server_ids"][0], image_id=OTHER_IMAGE)
    bench.next_run()
    bench.update(before, news)
    assert sent(bench, "/changeos") == 1


def test_a_job_that_the_api_has_forgotten(bench: Bench) -> None:
    """If the API has forgotten a job, the state of the server decides, and no later run is blocked."""
    before, news = bench.create(PAIR), {**PAIR, "reinstall_triggers": "2"}
    outputs = bench.update(before, news)
    gone = {before["server_ids"][0]: {"installation": installation_of(news), "job_id": "f" * 32}}
    done = {before["server_ids"][1]: installation_of(news)}
    bench.elsewhere()
    bench.next_run()
    outputs = bench.update({**before, "installing": gone, "installed": done}, news, timeout=300.0)
    check(bench, outputs, news, "/reinstallos")


def test_power_is_changed_where_needed(bench: Bench) -> None:
    """One power request covers all servers with the wrong power. Without such servers no request is sent."""
    before = bench.create(PAIR)
    bench.sim.setup.change_server(before["server_ids"][0], status="SHUTOFF")
    bench.next_run()
    since = len(bench.sim.requests)
    outputs = bench.update(before, {**PAIR, "power": "off"})
    (action,) = actions(bench, since)
    assert [each["id"] for each in action["os-stop"]["servers"]] == before["server_ids"][1:]
    bench.sim.setup.change_server(before["server_ids"][0], status="ACTIVE")
    assert bench.refreshed(outputs)["power"] == "on"
    bench.update(bench.refreshed(outputs), {**PAIR, "power": "off"})
    assert {each.status for each in bench.existing().values()} == {"SHUTOFF"}


def test_a_reboot_is_sent_once_to_servers_that_run(bench: Bench) -> None:
    """A new value of `reboot_triggers` reboots the running servers. A stopped server stays off."""
    before, news = bench.create(PAIR), {**PAIR, "reboot_triggers": "1"}
    bench.sim.setup.change_server(before["server_ids"][0], status="SHUTOFF")
    bench.next_run()
    since = len(bench.sim.requests)
    outputs = bench.update(before, news)
    (action,) = actions(bench, since)
    assert [each["id"] for each in action["reboot"]["servers"]] == before["server_ids"][1:]
    assert bench.changes(outputs, news) is False


@pytest.mark.parametrize(("field", "text"), [("locked", "is locked"), ("frozen", "is frozen")])
@pytest.mark.parametrize("changed", [{"power": "off"}, {"image_id": OTHER_IMAGE}, {"reboot_triggers": "1"}])
def test_a_server_that_takes_no_change(field: str, text: str, changed: dict[str, Any], bench: Bench) -> None:
    """The error for a server that takes no change names the server and the reason, and nothing is sent."""
    before = bench.create(PAIR)
    bench.sim.setup.change_server(before["server_ids"][1], **{field: True})
    bench.next_run()
    since = len(bench.writes())
    with pytest.raises(ExpectedError, match=f"{before['server_ids'][1]} {text}"):
        bench.update(before, {**PAIR, **changed})
    assert bench.writes()[since:] == []


def test_a_record_of_an_older_change_is_not_believed(bench: Bench) -> None:
    """A record of an older change does not stop a later change to the same image."""
    first, second = PAIR, {**PAIR, "image_id": OTHER_IMAGE}
    before = bench.create(first)
    # The engine of the run was killed after the last installation: the record stays.
    bench.next_run()
    there = bench.update(before, second)
    bench.elsewhere()
    bench.next_run()
    back = bench.update(there, first)
    bench.elsewhere("home")
    bench.next_run()
    assert bench.changes(back, second) is True
    bench.update(back, second)
    assert {each.image_id for each in bench.existing().values()} == {OTHER_IMAGE}


@pytest.mark.parametrize("moment", [7, 9, 12])
def test_a_change_taken_back_while_under_way(moment: int, bench: Bench) -> None:
    """If the change of a killed run is taken back, every server ends with the program's image, and without a diff."""
    before = bench.create(PAIR)
    assert killed(bench, before, {**PAIR, "image_id": OTHER_IMAGE}, moment) is None
    assert bench.run.saved
    saved = {**bench.run.saved[1], "id": before["id"]}
    bench.next_run()
    outputs = bench.update(saved, PAIR)
    assert {each.image_id for each in bench.existing().values()} == {PAIR["image_id"]}
    bench.next_run()
    assert bench.changes(outputs, PAIR) is False


@pytest.mark.parametrize("triggers", [{}, [], {"a": None}])
def test_triggers_without_a_value_install_nothing(triggers: object, bench: Bench) -> None:
    """Empty `reinstall_triggers` install nothing."""
    before = bench.create(PAIR)
    bench.next_run()
    bench.update(before, {**PAIR, "reinstall_triggers": triggers, "name": "api"})
    assert sent(bench, "/reinstallos") == 0


def test_an_error_after_an_installation_keeps_the_notes(bench: Bench) -> None:
    """With one server installed and one server locked, a new machine installs only the locked server."""
    before, news = bench.create(PAIR), {**PAIR, "reinstall_triggers": "2", "max_unavailable": 1.0}
    bench.sim.setup.change_server(before["server_ids"][1], locked=True)
    bench.next_run()
    with pytest.raises(PartialStateError, match="is locked") as caught:
        bench.update(before, news)
    bench.sim.setup.change_server(before["server_ids"][1], locked=False)
    bench.elsewhere()
    bench.next_run()
    check(bench, bench.update(partial(caught), news), news, "/reinstallos")


def test_a_note_of_a_deleted_server_blocks_nothing(bench: Bench) -> None:
    """A noted installation of a removed server does not block a later run."""
    before = bench.create(PAIR)
    note = {before["server_ids"][1]: {"installation": "x", "job_id": None}}
    news = {**PAIR, "count": 1.0}
    bench.next_run()
    outputs = bench.update({**before, "installing": note}, news)
    assert bench.changes(outputs, news) is False
