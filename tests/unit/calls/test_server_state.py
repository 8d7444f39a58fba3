"""The state of a server, and the reading of a server."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_bms.api.models.job import Unreadable
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.models.values import flag, number
from pulumi_bms.api.server_state import ServerState, state_of

FAULT = {"message": "no", "code": 500}


@pytest.mark.parametrize(
    ("status", "vm_state", "more", "state"),
    [
        ("ACTIVE", "active", {}, "ready"),
        ("ACTIVE", None, {}, "ready"),
        ("active ", "ACTIVE", {}, "ready"),
        ("ACTIVE", "active", {"OS-EXT-STS:task_state": ""}, "ready"),
        ("ACTIVE", "active", {"fault": {}}, "ready"),
        ("ACTIVE", "active", {"metadata": {"EcmResStatus": "normal"}}, "ready"),
        ("SHUTOFF", "stopped", {}, "off"),
        ("SHUTOFF", "shutoff", {}, "off"),
        # Servers during a delete or stop still read ACTIVE. Servers during a start, rebuild or delete still read
        # SHUTOFF.
        ("ACTIVE", "active", {"OS-EXT-STS:task_state": "deleting"}, "busy"),
        ("ACTIVE", "active", {"task_state": "powering-off"}, "busy"),
        ("SHUTOFF", "stopped", {"OS-EXT-STS:task_state": "rebuilding"}, "busy"),
        ("ERROR", "error", {"OS-EXT-STS:task_state": "deleting"}, "busy"),
        ("ACTIVE", "stopped", {}, "busy"),
        ("SHUTOFF", "active", {}, "busy"),
        ("BUILD", "building", {}, "busy"),
        ("HARD_REBOOT", "active", {}, "busy"),
        ("REBOOT", "active", {}, "busy"),
        ("SOMETHING", "active", {}, "busy"),
        ("DELETED", "deleted", {}, "gone"),
        ("DELETED", "deleted", {"OS-EXT-STS:task_state": "deleting"}, "gone"),
        ("SHUTOFF", "stopped", {"in_recycle_bin": True}, "gone"),
        ("SHUTOFF", "stopped", {"in_recycle_bin": "true"}, "gone"),
        ("ERROR", "active", {}, "error"),
        ("ACTIVE", "error", {}, "error"),
        ("ACTIVE", "active", {"fault": FAULT}, "error"),
        ("SHUTOFF", "stopped", {"metadata": {"EcmResStatus": "FREEZE"}}, "frozen"),
        ("ACTIVE", "active", {"locked": True}, "locked"),
        ("SHUTOFF", "stopped", {"locked": "true"}, "locked"),
    ],
)
def test_how_a_server_stands(status: str, vm_state: str | None, more: dict[str, Any], state: str) -> None:
    """A running task decides before the status does. Only consistent values mean ready or off."""
    server = Server.read({"id": "x", "status": status, "OS-EXT-STS:vm_state": vm_state, **more})
    assert state_of(server) is ServerState(state)


def test_settled_states() -> None:
    """Only ready, off and locked servers are settled."""
    assert {each for each in ServerState if each.is_settled} == {"ready", "off", "locked"}


BARE: dict[str, Any] = {"id": "x", "status": "ACTIVE"}


@pytest.mark.parametrize(
    ("wire", "field", "value"),
    [
        ({}, "tags", {}),
        ({"tags": None}, "tags", {}),
        ({"tags": ""}, "tags", {}),
        ({"tags": ["a=b=c", "d", "e=", "__type_baremetal", "_sys_x=1"]}, "tags", {"a": "b=c", "d": "", "e": ""}),
        ({"tags": [{"key": "a", "value": "1"}]}, "tags", {"a": "1"}),
        ({"tags": {"a": "1", "__type_baremetal": ""}}, "tags", {"a": "1"}),
        ({"name": None}, "name", ""),
        ({"OS-EXT-STS:power_state": "4"}, "power_state", 4),
        ({"addresses": None}, "addresses", ()),
        ({"addresses": {"vpc": None}}, "addresses", ()),
        ({"metadata": {"a": 1, "b": None, "c": True}}, "metadata", {"a": "1", "c": "true"}),
        ({"metadata": None}, "prepaid", None),
        ({"metadata": {"chargingMode": 1}}, "prepaid", True),
        ({"metadata": {"chargingMode": "0"}}, "prepaid", False),
        ({"metadata": {"metering.order_id": "CS1"}}, "prepaid", True),
        ({"metadata": {"baremetalPortIDList": "[a-1, b-2]"}}, "port_ids", ("a-1", "b-2")),
        ({"flavor": None, "image": ""}, "flavor_id", None),
        ({"unknown": {"x": 1}}, "id", "x"),
    ],
)
def test_servers_that_are_read(wire: dict[str, Any], field: str, value: object) -> None:
    """Missing, null and "" are None, numbers and flags may be strings, and unknown fields are ignored."""
    assert getattr(Server.read({**BARE, **wire}), field) == value


@pytest.mark.parametrize(
    "wire",
    [
        {"id": None},
        {"id": ""},
        {"id": "a/b"},
        {"status": None},
        {"status": " "},
        {"tags": "a=b"},
        {"tags": [1]},
        {"tags": [{"key": None}]},
        {"OS-EXT-STS:task_state": {"x": 1}},
        {"addresses": ["1.2.3.4"]},
        {"addresses": {"vpc": ["1.2.3.4"]}},
        {"os-extended-volumes:volumes_attached": ["v"]},
    ],
    ids=str,
)
def test_servers_that_are_refused(wire: dict[str, Any]) -> None:
    """An ambiguous server is unreadable."""
    with pytest.raises(Unreadable):
        Server.read({**BARE, **wire})


NUMBERS: list[object] = [3, 3.0, "3", " 3 ", "3.5", True, None, "", "x", float("inf"), "nan", []]
FLAGS: list[object] = [True, "True", "1", 1, False, "false", 0, None, "", "yes", []]


def test_numbers_and_flags() -> None:
    """Numbers and flags may be strings. Any other value is None."""
    assert [number(each) for each in NUMBERS] == [*(3, 3, 3, 3), *[None] * 8]
    assert [flag(each) for each in FLAGS] == [*[True] * 4, *[False] * 3, *[None] * 4]
