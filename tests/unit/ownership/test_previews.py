"""Previews name orders, deletes, wiped disks and charges, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from tests.unit.ownership.conftest import WEB, YEARLY, Bench
from tests.unit.resources.servers_samples import OWN_EIP

IDS = ["red", "blue", "green"]
DISKS = {"data_disks": [{"type": "SSD", "size": 100.0}]}

WARN: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a replacement": (
        WEB,
        {"image_id": "new"},
        ["a change of image_id replaces", "orders 3 servers", "deletes 3", "red"],
    ),
    "a replacement of yearly servers": (
        YEARLY,
        {"triggers": 1},
        ["for 1 month(s), paid at once", "may cost a fee", "will refuse to delete", "unsubscribe_on_delete=True"],
    ),
    "a replacement of yearly servers that may be unsubscribed": (
        {**YEARLY, "unsubscribe_on_delete": True},
        {"triggers": 1},
        ["may cost a fee", "the new servers are paid at once"],
    ),
    "a replacement with data disks": ({**WEB, **DISKS}, {"vpc_id": "new"}, ["data disks of the deleted servers stay"]),
    "a replacement with lost data disks": (
        {**WEB, **DISKS, "delete_data_volumes_on_delete": True},
        {"vpc_id": "new"},
        ["data disks of the deleted servers are deleted, with all data"],
    ),
    "a replacement with an EIP": (
        {**WEB, **OWN_EIP},
        {"flavor_id": "physical.new"},
        ["public IPs of the deleted servers"],
    ),
    "a replacement with a fixed address": (
        {**WEB, "count": 1.0, "nics": [{"subnet_id": "s", "ip_address": "10.0.0.5"}]},
        {"triggers": 1},
        ["The old servers are deleted first"],
    ),
    "fewer servers": (WEB, {"count": 1.0}, ["a count of 1 instead of 3 deletes 2 servers", "disks: blue, green"]),
    "fewer servers with a new flag": (
        {**WEB, **DISKS},
        {"count": 1.0, "delete_data_volumes_on_delete": True},
        ["data disks of the deleted servers are deleted, with all data", "VolumeAttachment, must be detached first"],
    ),
    "fewer yearly servers": (YEARLY, {"count": 2.0}, ["deletes 1 server", "will refuse to delete", "may cost a fee"]),
    "more yearly servers": (YEARLY, {"count": 5.0}, ["orders 2 servers for 1 month(s), paid at once"]),
    "more servers": (WEB, {"count": 4.0}, ["orders 1 server"]),
    "an unknown number": (WEB, {"count": UNKNOWN}, ["the number of servers is not known yet"]),
}
SILENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing": (WEB, {}),
    "names and tags": (WEB, {"name": "api", "tags": {"a": "b"}, "metadata": {"a": "b"}, "agency_name": "x"}),
    "renewal and flags": (YEARLY, {"auto_renew": True, "unsubscribe_on_delete": True, "delete_eip_on_delete": True}),
    "another way to write the same": (WEB, {"charging_mode": "postPaid", "tags": {}, "count": 3}),
    "fewer yearly servers with the flag": (WEB, {"delete_data_volumes_on_delete": True}),
}


def state(inputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs of complete servers."""
    return {**inputs, "server_ids": IDS[: int(inputs["count"])], "id": "marker"}


@pytest.mark.parametrize("case", WARN)
def test_a_preview_warns(case: str, bench: Bench) -> None:
    """A preview shows each consequence with a price or a loss, once a run."""
    olds, change, words = WARN[case]
    bench.changes(state(olds), {**olds, **change})
    text = "\n".join(bench.run.told)
    assert all(word in text for word in words), text
    bench.changes(state(olds), {**olds, **change})
    assert "\n".join(bench.run.told) == text
    assert bench.sim.requests == []


@pytest.mark.parametrize("case", SILENT)
def test_a_preview_is_silent(case: str, bench: Bench) -> None:
    """A change without a price or a loss has no line."""
    olds, change = SILENT[case]
    bench.changes(state(olds), {**olds, **change})
    assert bench.run.told == []


def test_an_empty_slot_is_told_as_an_order(bench: Bench) -> None:
    """An empty slot is shown as an order."""
    olds = {**state(WEB), "server_ids": ["red", "", "green"]}
    assert bench.changes(olds, WEB) is True
    assert bench.run.told == ["orders 1 server"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (YEARLY, ["orders 3 servers for 1 month(s), paid at once", "`pulumi destroy` will refuse to delete"]),
        ({**YEARLY, "unsubscribe_on_delete": True}, ["orders 3 servers for 1 month(s), paid at once"]),
        (
            {**YEARLY, "count": UNKNOWN, "period": UNKNOWN, "unsubscribe_on_delete": True},
            ["orders servers for month(s)"],
        ),
        (WEB, []),
    ],
)
def test_a_first_order_is_told_with_its_price(inputs: dict[str, Any], words: list[str], bench: Bench) -> None:
    """A first yearly order is shown with the payment and with the flag for a destroy."""
    bench.create(inputs, preview=True)
    assert len(bench.run.told) == len(words)
    assert all(word in text for word, text in zip(words, bench.run.told, strict=True))
    assert bench.sim.requests == []


@pytest.mark.parametrize("name", [*WEB, "tags", "metadata", "data_disks", "period_unit", "period", "auto_renew"])
def test_unknown_inputs_are_let_through(name: str, bench: Bench) -> None:
    """An unknown input is no error in a preview."""
    news = {**YEARLY, "tags": {}, name: UNKNOWN}
    bench.create(news, preview=True)
    bench.changes(state(YEARLY), news)
    bench.update(state(YEARLY), news, preview=True)
    assert bench.sim.requests == []


def test_ids_stay_known_if_no_server_is_ordered(bench: Bench) -> None:
    """If no server is ordered, the ids stay known, and attachments show no diff in a preview."""
    assert bench.update(state(WEB), {**WEB, "name": "api"}, preview=True)["server_ids"] == IDS
    assert bench.update(state(WEB), {**WEB, "count": 2.0}, preview=True)["server_ids"] == IDS[:2]
    for change in ({"count": 4.0}, {"count": UNKNOWN}):
        assert "server_ids" not in bench.update(state(WEB), {**WEB, **change}, preview=True)
    empty = {**state(WEB), "server_ids": ["red", "", "green"]}
    assert "server_ids" not in bench.update(empty, WEB, preview=True)


@pytest.mark.parametrize(
    ("nics", "eip", "first"),
    [
        ([{"subnet_id": "s"}], {}, False),
        ([{"subnet_id": "s", "ip_address": "10.0.0.5"}], {}, True),
        ([{"subnet_id": "s", "port_id": "p"}], {}, True),
        ([{"subnet_id": "s"}], {"eip_id": "e"}, True),
    ],
)
def test_what_both_need_is_freed_first(nics: list[dict[str, str]], eip: dict[str, str], first: bool) -> None:  # noqa: FBT001
    """With a fixed address, port or EIP, a replacement deletes the old servers first."""
    from pulumi_bms.resources.servers_provider import ServersProvider  # noqa: PLC0415

    olds = {**WEB, "count": 1.0, "nics": nics, **eip}
    result = ServersProvider().diff("id", state(olds), {**olds, "triggers": 1})
    assert bool(result.delete_before_replace) is first
