"""The effect of a changed input: replace, change in place, or neither."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from pulumi_bms.resources.servers_changes import (
    IN_PLACE,
    LOCAL,
    LOGIN,
    REPLACING,
    Changes,
    changes,
)
from pulumi_bms.resources.servers_model import ServersInputs
from tests.unit.resources.servers_samples import EVERYTHING, LEAST

OTHER: dict[str, Any] = {
    "flavor_id": "physical.s4.large",
    "image_id": "other",
    "availability_zone": "cn-north-4b",
    "vpc_id": "other",
    "nics": [{"subnet_id": "other"}],
    "key_pair": "other",
    "admin_pass": "Cloud.1234",
    "user_data": "other",
    "security_groups": ["green"],
    "eip_id": "other",
    "iptype": "5_sbgp",
    "eip_charge_mode": "prePaid",
    "sharetype": "WHOLE",
    "bandwidth_id": "other",
    "bandwidth_size": 20.0,
    "bandwidth_charge_mode": "bandwidth",
    "system_disk_type": "SAS",
    "system_disk_size": 200.0,
    "system_disk_dss_pool_id": "other",
    "system_disk_kms_key_id": "other",
    "data_disks": [{"type": "SAS", "size": 20.0}],
    "enterprise_project_id": "other",
    "scheduler_hints": {"dec_baremetal": "share"},
    "metadata_options": {"http_tokens": "optional"},
    "byol": False,
    "charging_mode": "postPaid",
    "period_unit": "year",
    "period": 1.0,
    "triggers": ["v2"],
    "name": "other",
    "tags": {"team": "db"},
    "metadata": {},
    "agency_name": "other",
    "auto_renew": False,
    "count": 4.0,
    "unsubscribe_on_delete": False,
    "delete_eip_on_delete": False,
    "delete_data_volumes_on_delete": True,
    "user_id": "other",
    "power": "off",
    "reboot_triggers": ["v2"],
    "on_image_change": "reinstall",
    "reinstall_triggers": ["v2"],
    "max_unavailable": 1.0,
}
PROGRAM_ONLY = ("triggers", "reboot_triggers", "reinstall_triggers")
"""Inputs of any value, without a model."""
SOFTER = ("security_groups",)
"""Inputs of an order that change in place."""


def without(inputs: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in names}


def test_the_table_has_each_input_once() -> None:
    """The table has each input once."""
    listed = [*REPLACING, *IN_PLACE, *LOCAL]
    assert sorted(listed) == sorted({*ServersInputs.model_fields, *PROGRAM_ONLY})
    assert OTHER.keys() == set(listed)


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("value", ["other", "unknown"])
def test_each_input_does_what_the_table_says(name: str, value: str) -> None:
    """A new or unknown value of an input is a change of the kind in the table, and of no other kind."""
    news = {**EVERYTHING, name: OTHER[name] if value == "other" else UNKNOWN}
    result = changes(EVERYTHING, news)
    expected = Changes(
        replacing=(name,) if name in REPLACING and name not in SOFTER else (),
        in_place=(name,) if name in (*IN_PLACE, *SOFTER) else (),
        local=(name,) if name in LOCAL else (),
    )
    assert result == expected
    assert result


@pytest.mark.parametrize(
    ("olds", "news"),
    [
        (EVERYTHING, EVERYTHING),
        (LEAST, {**LEAST, "count": 1}),
        (without(LEAST, "count"), LEAST),
        (LEAST, {**LEAST, "charging_mode": "postPaid", "auto_renew": False}),
        (LEAST, {**LEAST, "tags": {}, "metadata": {}, "security_groups": [], "data_disks": [], "triggers": None}),
        (LEAST, {**LEAST, "unsubscribe_on_delete": False, "delete_eip_on_delete": False}),
        (LEAST, {**LEAST, "on_image_change": "replace", "reboot_triggers": None, "reinstall_triggers": []}),
        (EVERYTHING, {**EVERYTHING, "security_groups": ["blue", "red"]}),
        (
            {**LEAST, "data_disks": [{"type": "SSD", "size": 10.0}]},
            {**LEAST, "data_disks": [{"size": 10, "type": "SSD", "shareable": False}]},
        ),
        (LEAST, {**LEAST, "nics": [{**LEAST["nics"][0], "ip_address": None, "allowed_address_pairs": []}]}),
        (LEAST, {**LEAST, "region": "cn-north-4", "endpoint": "https://bms.example.com"}),
        ({**LEAST, "profile": "a", "__ordered_by": "x"}, {**LEAST, "profile": "b", "__ordered_by": "y"}),
    ],
)
def test_another_way_to_write_the_same_is_no_change(olds: dict[str, Any], news: dict[str, Any]) -> None:
    """Written-out defaults, floats, empty lists, and the order of security groups are no change."""
    assert not changes(olds, news)
    assert not changes(news, olds)


@pytest.mark.parametrize("place", ["region", "project_id"])
def test_another_place_replaces(place: str) -> None:
    """A changed region or project replaces, because the servers would look deleted in the new place."""
    assert changes({**LEAST, place: "here"}, {**LEAST, place: "there"}) == Changes(replacing=(place,))


def test_the_order_of_nics_matters() -> None:
    """A changed order of NICs replaces, because the first NIC is the primary NIC."""
    turned = {**EVERYTHING, "nics": EVERYTHING["nics"][::-1]}
    assert changes(EVERYTHING, turned) == Changes(replacing=("nics",))


@pytest.mark.parametrize(
    "rest",
    [
        [],
        [{"subnet_id": "other"}],
        [{"subnet_id": UNKNOWN}],
        [{"subnet_id": "other", "ip_address": "10.0.0.5", "port_id": None, "allowed_address_pairs": []}],
    ],
    ids=["none", "another", "of an unknown subnet", "with an address"],
)
def test_the_nics_after_the_first_change_in_place(rest: list[Any]) -> None:
    """NICs after the primary NIC change in place."""
    news = {**EVERYTHING, "nics": [EVERYTHING["nics"][0], *rest]}
    assert changes(EVERYTHING, news) == Changes(in_place=("nics",))


SECOND = EVERYTHING["nics"][1]
WIDE = {**SECOND, "allowed_address_pairs": [{"ip_address": "10.0.0.0/24"}]}


@pytest.mark.parametrize(("before", "after"), [(SECOND, WIDE), (WIDE, SECOND), (SECOND, {"port_id": "p", **SECOND})])
def test_parts_of_a_nic_that_no_request_changes_replace(before: dict[str, Any], after: dict[str, Any]) -> None:
    """A changed NIC with more than subnet and address replaces, because a later NIC can't have further fields."""
    olds, news = ({**EVERYTHING, "nics": [EVERYTHING["nics"][0], nic]} for nic in (before, after))
    assert changes(olds, news) == Changes(replacing=("nics",))


def test_a_nic_of_any_kind_is_removed_in_place() -> None:
    """A NIC of any kind is removed in place."""
    olds = {**EVERYTHING, "nics": [EVERYTHING["nics"][0], WIDE]}
    assert changes(olds, {**olds, "nics": olds["nics"][:1]}) == Changes(in_place=("nics",))


REINSTALLED = {**EVERYTHING, "on_image_change": "reinstall"}


@pytest.mark.parametrize("value", ["other", UNKNOWN], ids=["other", "unknown"])
def test_another_image_is_installed_in_place(value: object) -> None:
    """With `on_image_change="reinstall"` a new image keeps the servers."""
    assert changes(REINSTALLED, {**REINSTALLED, "image_id": value}) == Changes(in_place=("image_id",))
    both = {**REINSTALLED, "image_id": value}
    assert changes(EVERYTHING, both) == Changes(in_place=("image_id",), local=("on_image_change",))


@pytest.mark.parametrize("name", LOGIN)
def test_an_installation_takes_the_login(name: str) -> None:
    """With `on_image_change="reinstall"` a new login is local, for the next installation."""
    assert changes(REINSTALLED, {**REINSTALLED, name: OTHER[name]}) == Changes(local=(name,))
    assert changes(REINSTALLED, {**REINSTALLED, "on_image_change": "replace", name: OTHER[name]}) == Changes(
        replacing=(name,), local=("on_image_change",)
    )


def test_an_empty_slot_is_filled_in_place() -> None:
    """A deleted server is ordered anew without a change of the inputs."""
    assert changes(LEAST, LEAST, empty_slots=[0, 2]) == Changes(in_place=("server_ids[0]", "server_ids[2]"))
