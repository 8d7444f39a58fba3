"""What a change of the inputs does: replace, change in place, or neither."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from pulumi_bms.resources.servers_changes import (
    IN_PLACE,
    LOCAL,
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
}


def without(inputs: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in names}


def test_the_table_has_each_input_once() -> None:
    """An input that is in no list would change nothing at all."""
    listed = [*REPLACING, *IN_PLACE, *LOCAL]
    assert sorted(listed) == sorted({*ServersInputs.model_fields, "triggers"})
    assert OTHER.keys() == set(listed)


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("value", ["other", "unknown"])
def test_each_input_does_what_the_table_says(name: str, value: str) -> None:
    """Another value, and one that is not known yet, is a change of its kind and of no other."""
    news = {**EVERYTHING, name: OTHER[name] if value == "other" else UNKNOWN}
    result = changes(EVERYTHING, news)
    expected = Changes(
        replacing=(name,) if name in REPLACING else (),
        in_place=(name,) if name in IN_PLACE else (),
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
    """Defaults written out, floats, empty lists, and the order of security groups mean the same."""
    assert not changes(olds, news)
    assert not changes(news, olds)


@pytest.mark.parametrize("place", ["region", "project_id"])
def test_another_place_replaces(place: str) -> None:
    """In another region the servers would be taken for gone, and be ordered again, while the old ones stay."""
    assert changes({**LEAST, place: "here"}, {**LEAST, place: "there"}) == Changes(replacing=(place,))


def test_the_order_of_nics_matters() -> None:
    """The first NIC is the primary one."""
    turned = {**EVERYTHING, "nics": EVERYTHING["nics"][::-1]}
    assert changes(EVERYTHING, turned) == Changes(replacing=("nics",))


def test_an_empty_slot_is_filled_in_place() -> None:
    """A server that is gone is ordered anew without a change of the inputs."""
    assert changes(LEAST, LEAST, empty_slots=[0, 2]) == Changes(in_place=("server_ids[0]", "server_ids[2]"))
