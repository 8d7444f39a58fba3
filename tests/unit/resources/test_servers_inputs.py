"""Inputs that `Servers` refuses offline: each rule of the API's documentation without the cloud, by property."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import UNKNOWN

from pulumi_bms.lifecycle.model_reading import read
from pulumi_bms.resources import servers_inputs
from pulumi_bms.resources.servers_inputs import problems, warnings
from pulumi_bms.resources.servers_model import ServersInputs
from pulumi_bms.resources.servers_provider import ServersProvider
from tests.unit.resources.servers_samples import EVERYTHING, LEAST, OWN_EIP, PREPAID

CREATE = "BMS API reference, Creating BMSs"
EXPLORER = "API Explorer, BMS, CreateBareMetalServers"
ERRORS = "BMS API reference, Error Codes"
METADATA = "BMS API reference, Updating BMS Metadata"
BATCH_TAGS = "BMS API reference, Adding Tags to a BMS in Batches"
PACKAGE = "this package: the property is ours, or its type"

NIC = LEAST["nics"][0]
SECRET = "Pa55-word-nobody-may-read"
GOOD_PASSWORD = "Cloud.1234"


@dataclass(frozen=True)
class Case:
    """Inputs that break a rule: the difference from good inputs, the expected property, and the page with the rule."""

    page: str
    path: str
    change: dict[str, Any]
    rest: dict[str, Any] = field(default_factory=lambda: LEAST)
    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Further properties with a problem."""

    @property
    def inputs(self) -> dict[str, Any]:
        return {name: value for name, value in {**self.rest, **self.change}.items() if name not in self.without}


def tags(number: int) -> dict[str, str]:
    return {f"tag{count}": "x" for count in range(number)}


def disk(**parts: Any) -> dict[str, Any]:
    return {"data_disks": [{"type": "SSD", "size": 10.0, **parts}]}


def nic(**parts: Any) -> dict[str, Any]:
    return {"nics": [{**NIC, **parts}]}


def pair(**parts: Any) -> dict[str, Any]:
    return nic(allowed_address_pairs=[{"ip_address": "10.0.0.1", **parts}])


def login(**ways: Any) -> dict[str, Any]:
    return {**{name: value for name, value in LEAST.items() if name != "key_pair"}, **ways}


NO_LOGIN = login()

BROKEN = [
    # shapes and types
    *[Case(f"{CREATE}, table 2, {name}", name, {}, without=(name,)) for name in ("flavor_id", "image_id", "vpc_id")],
    *[Case(f"{CREATE}, table 2, {name}", name, {}, without=(name,)) for name in ("availability_zone", "nics", "name")],
    *[
        Case(f"{CREATE}, all tables", name, {name: " "})
        for name in ("flavor_id", "image_id", "availability_zone", "vpc_id", "key_pair", "user_id", "agency_name")
    ],
    *[Case(f"{CREATE}, all tables", name, {name: ""}) for name in ("enterprise_project_id", "eip_id")],
    Case(f"{CREATE}, all tables", "iptype", {**OWN_EIP, "iptype": ""}),
    Case(f"{CREATE}, all tables", "system_disk_type", {"system_disk_type": "", "system_disk_size": 40.0}),
    Case(PACKAGE, "flavor_id", {"flavor_id": 3.0}),
    Case(PACKAGE, "nics", {"nics": NIC}),
    Case(PACKAGE, "nics[0]", {"nics": ["subnet"]}),
    Case(PACKAGE, "nics[0].subnet", {"nics": [{**NIC, "subnet": "x"}]}),
    Case(PACKAGE, "tags.team", {"tags": {"team": 1.0}}),
    Case(PACKAGE, "tags", {"tags": [{"key": "a", "value": "b"}]}),
    Case(PACKAGE, 'metadata["a.b"]', {"metadata": {"a.b": True}}),
    Case(PACKAGE, "auto_renew", {"auto_renew": "true"}, rest={**LEAST, **PREPAID}),
    Case(PACKAGE, "unsubscribe_on_delete", {"unsubscribe_on_delete": 1.0}),
    Case(PACKAGE, "scheduler_hints.dec_baremetal", {"scheduler_hints": {}}),
    Case(PACKAGE, "admin_pass", {"admin_pass": 12345678.0}, rest=NO_LOGIN),
    *[Case(PACKAGE, "count", {"count": value}) for value in (1.5, "3", True, math.nan, math.inf)],
    # servers
    *[Case(f"{EXPLORER}, count", "count", {"count": value}) for value in (0.0, -1.0, 101.0)],
    *[Case(f"{CREATE}, table 2, name", "name", {"name": name}) for name in ("", "a b", "a/b", "é", "x" * 64)],
    Case(f"{CREATE}, table 2, name", "name", {"name": "x" * 59, "count": 2.0}),
    Case(f"{CREATE}, table 2, flavorRef", "flavor_id", {"flavor_id": "s3.large"}),
    # NICs
    Case(f"{CREATE}, table 2, nics", "nics", {"nics": []}),
    Case(f"{CREATE}, table 2, nics", "nics", {"nics": [NIC] * 3}),
    Case(f"{CREATE}, table 5, subnet_id", "nics[0].subnet_id", {"nics": [{}]}),
    Case(f"{CREATE}, table 5, subnet_id", "nics[1].subnet_id", {"nics": [NIC, {"subnet_id": ""}]}),
    *[
        Case(f"{CREATE}, table 5, ip_address", "nics[0].ip_address", nic(ip_address=address))
        for address in ("", "192.168.0", "192.168.0.256", "fe80::1", "192.168.0.0/24")
    ],
    Case(f"{CREATE}, table 5, ip_address", "nics[0].ip_address", {**nic(ip_address="10.0.0.5"), "count": 2.0}),
    Case(f"{CREATE}, table 5, port_id", "nics[0].port_id", nic(port_id=" ")),
    Case(f"{CREATE}, table 5, port_id", "nics[0].port_id", {**nic(port_id="p"), "count": 2.0}),
    Case(f"{CREATE}, table 5, port_id", "nics[0].ip_address", nic(port_id="p", ip_address="10.0.0.5")),
    Case(
        f"{EXPLORER}, allowed_address_pairs",
        "nics[0].allowed_address_pairs[0].ip_address",
        pair(ip_address="0.0.0.0/0"),
    ),
    Case(f"{EXPLORER}, allowed_address_pairs", "nics[0].allowed_address_pairs[0].ip_address", pair(ip_address="x")),
    Case(f"{EXPLORER}, allowed_address_pairs", "nics[0].allowed_address_pairs[0].mac_address", pair(mac_address="x")),
    Case(f"{CREATE}, table 4, id", "security_groups[1]", {"security_groups": ["red", ""]}),
    # EIPs
    Case(f"{CREATE}, table 6, id", "eip_id", {"eip_id": "e", "count": 2.0}),
    Case(f"{CREATE}, table 6", "eip_id", {"eip_id": "e", **OWN_EIP}),
    *[
        Case(f"{CREATE}, tables 11 to 13", name, {}, rest={**LEAST, **OWN_EIP}, without=(name,))
        for name in ("iptype", "eip_charge_mode", "sharetype", "bandwidth_size")
    ],
    *[
        Case(f"{CREATE}, tables 12 and 13", name, {**OWN_EIP, name: "other"})
        for name in ("eip_charge_mode", "sharetype", "bandwidth_charge_mode")
    ],
    Case(f"{CREATE}, table 12, id", "bandwidth_id", {**OWN_EIP, "sharetype": "WHOLE"}),
    Case(f"{CREATE}, table 12, id", "bandwidth_id", {**OWN_EIP, "bandwidth_id": "b"}),
    *[
        Case(f"{CREATE}, table 12, size", "bandwidth_size", {**OWN_EIP, "bandwidth_size": size})
        for size in (0.0, -5.0, 301.0, 1999.0, 2050.0)
    ],
    Case(f"{CREATE}, table 13", "eip_charge_mode", {**OWN_EIP, "eip_charge_mode": "prePaid"}),
    Case(
        f"{CREATE}, table 13",
        "eip_charge_mode",
        {**OWN_EIP, "eip_charge_mode": "prePaid", "sharetype": "WHOLE", "bandwidth_id": "b"},
    ),
    # disks
    Case(f"{CREATE}, table 7, size", "system_disk_size", {"system_disk_type": "SSD"}),
    Case(f"{CREATE}, table 7, volumetype", "system_disk_type", {"system_disk_size": 40.0}),
    *[
        Case(f"{CREATE}, table 7, size", "system_disk_size", {"system_disk_type": "SSD", "system_disk_size": size})
        for size in (39.0, 1025.0)
    ],
    Case(
        f"{CREATE}, table 7, cluster_id",
        "system_disk_type",
        {"system_disk_dss_pool_id": "pool"},
        also=("system_disk_size",),
    ),
    *[Case(f"{CREATE}, table 8, size", "data_disks[0].size", disk(size=size)) for size in (9.0, 32769.0, 10.5)],
    Case(f"{CREATE}, table 8, volumetype", "data_disks[0].type", disk(type="")),
    Case(f"{CREATE}, table 8, volumetype", "data_disks[0].type", {**disk(type="DESS_SAS_FC"), **PREPAID}),
    Case(f"{CREATE}, table 2, data_volumes", "data_disks", {"data_disks": disk()["data_disks"] * 60}),
    Case(
        f"{ERRORS}, BMS.0202",
        "data_disks[1].type",
        {"data_disks": [*disk()["data_disks"], {"type": "SAS", "size": 10.0}]},
    ),
    # tags and metadata
    Case(PACKAGE, 'tags["pulumi-bms"]', {"tags": {"pulumi-bms": "x"}}),
    Case(f"{CREATE}, table 2, server_tags", "tags.__type_baremetal", {"tags": {"__type_baremetal": ""}}),
    Case(
        f"{CREATE}, table 2, server_tags",
        "tags._sys_enterprise_project_id",
        {"tags": {"_sys_enterprise_project_id": "0"}},
    ),
    Case(f"{CREATE}, table 2, server_tags", "tags", {"tags": tags(9)}),
    Case(f"{BATCH_TAGS}, Constraints", "tags", {"tags": tags(19)}),
    Case(f"{CREATE}, table 11, key", 'tags[""]', {"tags": {"": "x"}}),
    Case(f"{CREATE}, table 11, key", f"tags.{'k' * 37}", {"tags": {"k" * 37: "x"}}),
    *[Case(f"{CREATE}, table 11, key", f'tags["a{sign}"]', {"tags": {f"a{sign}": "x"}}) for sign in "=*<>,|/\n\x1f"],
    *[Case(f"{CREATE}, table 11, value", "tags.a", {"tags": {"a": value}}) for value in ("x" * 44, "a=b", "a\tb")],
    *[
        Case(f"{METADATA}, table 2, key", f'metadata["{key}"]', {"metadata": {key: "x"}})
        for key in ("", "a b", "a/b", "é!", "metering.order_id")
    ],
    Case(f"{METADATA}, table 2, key", f"metadata.{'k' * 256}", {"metadata": {"k" * 256: "x"}}),
    Case(f"{METADATA}, table 2, value", "metadata.a", {"metadata": {"a": "x" * 256}}),
    *[
        Case(f"{CREATE}, table 3", f"metadata.{key}", {"metadata": {key: "x"}})
        for key in ("agency_name", "op_svc_userid", "BYOL", "admin_pass", "chargingMode", "__system__encrypted")
    ],
    Case(f"{CREATE}, table 2, metadata", "agency_name", {"agency_name": "ü" * 128}),
    Case(f"{CREATE}, table 10", "scheduler_hints.dec_baremetal", {"scheduler_hints": {"dec_baremetal": "shared"}}),
    Case(f"{EXPLORER}, metadata_options", "metadata_options.http_tokens", {"metadata_options": {"http_tokens": "on"}}),
    Case(
        f"{EXPLORER}, metadata_options", "metadata_options.http_endpoint", {"metadata_options": {"http_endpoint": ""}}
    ),
    # changes in place
    *[Case(PACKAGE, name, {name: value}) for name in ("power", "on_image_change") for value in ("", "other", "On")],
    *[Case(PACKAGE, name, {name: True}) for name in ("power", "on_image_change", "max_unavailable")],
    *[Case(PACKAGE, "max_unavailable", {"max_unavailable": value}) for value in (0.0, -1.0, 1.5)],
    # login
    Case(f"{ERRORS}, BMS.0111", "key_pair", {}, rest=NO_LOGIN),
    Case(f"{ERRORS}, BMS.0111", "admin_pass", {"admin_pass": GOOD_PASSWORD}),
    Case(
        f"{CREATE}, table 2, user_data", "admin_pass", {"admin_pass": GOOD_PASSWORD, "user_data": "#!"}, rest=NO_LOGIN
    ),
    *[
        Case(f"{CREATE}, table 2, adminPass", "admin_pass", {"admin_pass": password}, rest=NO_LOGIN)
        for password in (
            "Cloud.1",
            "Cloud.1234" * 3,
            "cloud1234",
            "CLOUD....",
            "Cloud 1234",
            "Cloud~1234",
            "Clöud.1234",
        )
    ],
    *[
        Case(f"{CREATE}, table 2, adminPass", "admin_pass", {"admin_pass": password}, rest=NO_LOGIN)
        for password in ("Cloud.root1", "Cloud.toor1")
    ],
    Case(f"{CREATE}, table 2, user_data", "user_data", {"user_data": "x" * (32 * 1024 + 1)}),
    Case(f"{CREATE}, table 2, user_data", "user_data", {"user_data": "ü" * (16 * 1024 + 1)}),
    Case(f"{CREATE}, table 2, user_data", "user_data", {"user_data": ""}),
    # billing
    Case(f"{EXPLORER}, chargingMode", "charging_mode", {"charging_mode": "prepaid"}),
    Case(f"{CREATE}, table 9, periodType", "period_unit", {}, rest={**LEAST, **PREPAID}, without=("period_unit",)),
    Case(f"{CREATE}, table 9, periodNum", "period", {}, rest={**LEAST, **PREPAID}, without=("period",)),
    Case(f"{CREATE}, table 9, periodType", "period_unit", {**PREPAID, "period_unit": "week"}),
    *[Case(f"{CREATE}, table 9, periodNum", "period", {**PREPAID, "period": number}) for number in (0.0, 10.0)],
    Case(f"{CREATE}, table 9, periodNum", "period", {**PREPAID, "period_unit": "year", "period": 2.0}),
    *[Case(f"{CREATE}, table 9", name, {name: PREPAID[name]}) for name in ("period_unit", "period", "auto_renew")],
    Case(f"{CREATE}, table 9", "period", {"charging_mode": "postPaid", "period": 1.0}),
]

GOOD = {
    "the least": LEAST,
    "everything": {**EVERYTHING, "on_image_change": "reinstall"},
    "the edges of numbers": {**LEAST, "count": 100.0, **OWN_EIP, "bandwidth_size": 2000.0},
    "the longest names": {**LEAST, "name": "服-_." + "x" * 54, "count": 3.0, "tags": {"k" * 36: "v" * 43}},
    "the longest name of one": {**LEAST, "name": "x" * 63},
    "eight tags": {**LEAST, "tags": tags(8)},
    "an address of one server": {**LEAST, **nic(ip_address="192.168.0.10")},
    "the source check turned off": {**LEAST, **pair(ip_address="1.1.1.1/0")},
    "a port of one server": {**LEAST, **nic(port_id="p")},
    "an EIP that exists": {**LEAST, "eip_id": "e"},
    "a shared bandwidth": {
        **LEAST,
        "iptype": "5_bgp",
        "eip_charge_mode": "postPaid",
        "sharetype": "WHOLE",
        "bandwidth_id": "b",
    },
    "an EIP by month": {**LEAST, **OWN_EIP, "eip_charge_mode": "prePaid", "bandwidth_charge_mode": "bandwidth"},
    "disks of a dedicated cloud": {**LEAST, **disk(type="DESS_SAS_FC")},
    "disks of an unheard-of type": {**LEAST, **disk(type="NVME9"), "system_disk_type": "X", "system_disk_size": 1024.0},
    "the most disks": {**LEAST, "data_disks": disk()["data_disks"] * 59},
    "a password": login(admin_pass=GOOD_PASSWORD),
    "a password of every sign": login(admin_pass="Aa1!@$%^-_=+[{}]:,./?"),
    "user data alone": login(user_data="#!/bin/sh\necho 'root:x' | chpasswd"),
    "user data and a key": {**LEAST, "user_data": "x" * 32 * 1024},
    "a year": {**LEAST, **PREPAID, "period_unit": "year", "period": 1.0},
    "no renewal on demand": {**LEAST, "charging_mode": "postPaid", "auto_renew": False},
    "parts of other rooms": {**LEAST, "__ordered_by": "me", "region": "cn-north-4", "triggers": [1.0]},
    "servers kept off": {**LEAST, "power": "off"},
    "one installation at a time": {**LEAST, "on_image_change": "reinstall", "max_unavailable": 1.0},
    "the default written out": {**LEAST, "on_image_change": "replace", "power": "on"},
    "the engine's way with None": {**LEAST, "eip_id": None, "nics": [{**NIC, "port_id": None}]},
}

WARNED = [
    Case(f"{CREATE}, table 2, count", "count", {"count": 25.0}),
    Case(f"{CREATE}, table 12, size", "bandwidth_size", {**OWN_EIP, "bandwidth_size": 1.0}),
    Case(f"{CREATE}, table 12, size", "bandwidth_size", {**OWN_EIP, "bandwidth_size": 4.0}),
    *[
        Case(f"{CREATE}, table 12, size and chargemode", name, {**OWN_EIP, "sharetype": "WHOLE", name: value})
        for name, value in (("bandwidth_size", 10.0), ("bandwidth_charge_mode", "bandwidth"))
    ],
    Case(
        f"{CREATE}, table 2, user_data",
        "user_data",
        {"user_data": base64.b64encode(b"#!/bin/sh\necho hello").decode()},
    ),
    Case(PACKAGE, "reinstall_triggers", {"reinstall_triggers": "1"}),
]


def named(case: Case) -> str:
    return f"{case.page}: {case.path}"


@pytest.mark.parametrize("case", BROKEN, ids=named)
def test_a_broken_rule_is_told_by_its_property(case: Case) -> None:
    """A broken rule is refused with the rule's property, and no other property is refused."""
    result = {problem.path for problem in problems(case.inputs)}
    assert result == {case.path, *case.also}, problems(case.inputs)


@pytest.mark.parametrize("name", GOOD)
def test_what_the_api_accepts_is_accepted(name: str) -> None:
    """Inputs that the documentation allows are accepted, also the edges of each range."""
    assert problems(GOOD[name]) == []


@pytest.mark.parametrize("case", WARNED, ids=named)
def test_a_warning_is_told_by_its_property(case: Case) -> None:
    """Inputs that are allowed but unlikely have a warning."""
    assert case.path in {warning.path for warning in warnings(case.inputs)}


@pytest.mark.parametrize("name", [name for name in GOOD if name != "the edges of numbers"])
def test_good_inputs_are_not_warned_of(name: str) -> None:
    """Good inputs have no warning."""
    assert warnings(GOOD[name]) == []


def test_each_rule_has_a_case() -> None:
    """Each rule is broken by a case of the tables."""
    for rules, cases in (
        ((*servers_inputs.RULES, *servers_inputs.RULES_OF_ORDERS), BROKEN),
        (servers_inputs.WARNINGS, WARNED),
    ):
        models = [read(ServersInputs, case.inputs, {})[0] for case in cases]
        idle = [rule.__name__ for rule in rules if not any(list(rule(model)) for model in models)]
        assert idle == []


@pytest.mark.parametrize("case", [case for case in BROKEN if case.change], ids=named)
def test_an_unknown_value_passes_each_rule(case: Case) -> None:
    """An unknown value passes each rule."""
    unknown = dict.fromkeys(case.change, UNKNOWN)
    assert problems({**case.inputs, **unknown}) == []


@pytest.mark.parametrize("path", [("nics", 0), ("nics", 0, "subnet_id"), ("data_disks", 1, "type"), ("tags", "team")])
def test_an_unknown_value_passes_at_any_depth(path: tuple[str | int, ...]) -> None:
    """An unknown value passes at any depth, and all known values are checked."""
    assert problems(with_unknown(EVERYTHING, path)) == []
    assert [str(result.path) for result in problems(with_unknown({**EVERYTHING, "vpc_id": ""}, path))] == ["vpc_id"]


def with_unknown(document: Any, path: tuple[str | int, ...]) -> Any:
    if not path:
        return UNKNOWN
    if isinstance(document, dict):
        return {key: with_unknown(value, path[1:]) if key == path[0] else value for key, value in document.items()}
    return [with_unknown(value, path[1:]) if number == path[0] else value for number, value in enumerate(document)]


def test_all_problems_are_told_at_once() -> None:
    """All problems are reported at once, also beside a value of a wrong type."""
    inputs = {**LEAST, "count": "3", "nics": [{"subnet": "x"}], "flavor_id": "s3", "tags": {"a": 1.0, "b": "="}}
    paths = {problem.path for problem in problems(inputs)}
    assert paths == {"count", "nics[0].subnet", "nics[0].subnet_id", "flavor_id", "tags.a", "tags.b"}


@pytest.mark.parametrize(
    "change",
    [
        {"admin_pass": SECRET + "root"},
        {"admin_pass": SECRET + " "},
        {"admin_pass": [SECRET]},
        {"admin_pass": SECRET, "user_data": SECRET},
        {"user_data": SECRET * 2000},
        {"user_data": {"a": SECRET}},
    ],
)
def test_no_text_repeats_a_secret(change: dict[str, Any]) -> None:
    """No text shows a password or user data. The property is named."""
    result = problems({**LEAST, **change})
    assert result
    assert SECRET not in "".join(map(repr, [*result, *warnings({**LEAST, **change})]))


@pytest.mark.parametrize("missing", ["key_pair", "period", "period_unit"])
def test_servers_that_exist_need_nothing_of_an_order(missing: str) -> None:
    """Existing servers need no login and no period, because only an order needs a login and a period."""
    inputs = {name: value for name, value in {**LEAST, **PREPAID}.items() if name != missing}
    assert [problem.path for problem in problems(inputs)] == [missing]
    assert problems(inputs, ordering=False) == []
    assert problems({**LEAST, "tags": tags(18)}, ordering=False) == []


def check(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    provider = ServersProvider()
    provider.configure(ConfigureRequest(Config({}, "project")))
    return [failure.reason for failure in provider.check(olds, news).failures]


def test_the_provider_checks_by_these_rules() -> None:
    """The provider checks with the same rules, and checks the connection inputs too. The texts name the property."""
    broken = check({}, {**LEAST, "count": 0.0, "region": "no region"})
    assert broken[0] == "count is 0: write 1 to 100"
    assert "region" in broken[1]
    assert check({}, LEAST) == []


def test_the_provider_knows_whether_servers_are_ordered() -> None:
    """More servers are an order. Fewer servers are no order."""
    two = {**NO_LOGIN, "count": 2.0}
    assert check(two, {**two, "count": 1.0}) == []
    assert check(two, two) == []
    for olds, news in (({}, two), (two, {**two, "count": 3.0}), (two, {**two, "count": UNKNOWN})):
        assert [reason.partition(" ")[0] for reason in check(olds, news)] == ["key_pair"]
