"""The rules of the create body: a broken rule is refused with the documented code, before any creation."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from bms_simulator import Behaviour, sample_order

NIC = {"subnet_id": "network"}
USER_DATA = base64.b64encode(b"#!/bin/sh").decode()
ROOT = {"volumetype": "SSD", "size": 40}
DISK = {"volumetype": "SSD", "size": 100}
BOOTS_FROM_VOLUME = "physical.h2.large"
MONTHLY = {"chargingMode": "prePaid", "periodType": "month", "periodNum": 1}


def eip(bandwidth: dict[str, Any] | None = None, mode: str = "postPaid", **fields: Any) -> dict[str, Any]:
    line = {"name": "line", "sharetype": "PER", "size": 10, "chargemode": "bandwidth", **(bandwidth or {})}
    return {"eip": {"iptype": "5_bgp", "bandwidth": line, "extendparam": {"chargingMode": mode}, **fields}}


def tag(key: str = "k", value: object = "v") -> dict[str, object]:
    return {"key": key, "value": value}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"nics": [{**NIC, "ip_address": "192.168.0.256"}]}, "BMS.0018"),
    ({"nics": [{**NIC, "ip_address": "fe80::1"}]}, "BMS.0018"),
    ({"nics": [{**NIC, "allowed_address_pairs": [{"ip_address": "0.0.0.0/0"}]}]}, "BMS.0018"),
    ({"nics": [{"port_id": "unknown"}]}, "BMS.0013"),
    ({"metadata": {"op_svc_userid": "u", "x": "v" * 256}}, "BMS.0217"),
    ({"metadata": {"op_svc_userid": "u", "x": 1}}, "BMS.0217"),
    ({"key_name": None, "adminPass": "short1!"}, "BMS.3026"),
    ({"key_name": None, "adminPass": "onlyletters"}, "BMS.3026"),
    ({"key_name": None, "adminPass": "has a blank 1A"}, "BMS.3026"),
    ({"key_name": None, "adminPass": "x" * 27}, "BMS.3026"),
    ({"user_data": "no base64!"}, "BMS.0018"),
    ({"user_data": base64.b64encode(b"x" * 32769).decode()}, "BMS.0210"),
    ({"publicip": {"id": "e", **eip()}}, "BMS.0071"),
    ({"publicip": {}}, "BMS.0019"),
    ({"publicip": {"id": "e"}, "count": 2}, "BMS.0072"),
    ({"publicip": {"id": "unknown"}}, "BMS.0019"),
    ({"publicip": eip(iptype="")}, "BMS.0019"),
    ({"publicip": {"eip": {**eip()["eip"], "bandwidth": {}}}}, "BMS.0073"),
    ({"publicip": eip({"sharetype": "SOME"})}, "BMS.0019"),
    ({"publicip": eip({"size": 0})}, "BMS.0077"),
    ({"publicip": eip({"size": 2001})}, "BMS.0077"),
    ({"publicip": eip({"size": 310})}, "BMS.0077"),
    ({"publicip": eip({"sharetype": "WHOLE"})}, "BMS.0079"),
    ({"publicip": eip(extendparam={})}, "BMS.0074"),
    ({"publicip": eip(mode="later")}, "BMS.0019"),
    ({"publicip": eip({"chargemode": "traffic"}, "prePaid")}, "BMS.0019"),
    ({"publicip": eip({"sharetype": "WHOLE", "id": "w"}, "prePaid")}, "BMS.0076"),
    ({"root_volume": ROOT}, "BMS.0108"),
    ({"flavorRef": BOOTS_FROM_VOLUME}, "BMS.0108"),
    ({"flavorRef": BOOTS_FROM_VOLUME, "root_volume": {**ROOT, "size": 39}}, "BMS.0047"),
    ({"flavorRef": BOOTS_FROM_VOLUME, "root_volume": {**ROOT, "size": 1025}}, "BMS.0047"),
    ({"flavorRef": BOOTS_FROM_VOLUME, "root_volume": {"size": 40}}, "BMS.0047"),
    ({"data_volumes": [{**DISK, "size": 9}]}, "BMS.0203"),
    ({"data_volumes": [{**DISK, "size": 32769}]}, "BMS.0203"),
    ({"data_volumes": [{"size": 10}]}, "BMS.0203"),
    ({"data_volumes": [{**DISK, "shareable": "yes"}]}, "BMS.0203"),
    ({"data_volumes": "one"}, "BMS.0203"),
    ({"data_volumes": [DISK, {**DISK, "volumetype": "SAS"}]}, "BMS.0202"),
    ({"data_volumes": [DISK] * 60}, "BMS.0204"),
    ({"data_volumes": [DISK], "flavorRef": "physical.d1.large"}, "BMS.0315"),
    ({"extendparam": {"chargingMode": 0}}, "BMS.0020"),
    ({"extendparam": {"chargingMode": ["prePaid"]}}, "BMS.0020"),
    ({"extendparam": {"chargingMode": "prePaid"}}, "BMS.0020"),
    ({"extendparam": {**MONTHLY, "periodNum": 10}}, "BMS.0020"),
    ({"extendparam": {**MONTHLY, "periodType": "year", "periodNum": 2}}, "BMS.0020"),
    ({"extendparam": {**MONTHLY, "periodType": "week"}}, "BMS.0020"),
    ({"extendparam": {**MONTHLY, "isAutoPay": True}}, "BMS.0018"),
    ({"extendparam": {**MONTHLY, "isAutoRenew": "yes"}}, "BMS.0018"),
    ({"schedulerHints": {"dec_baremetal": "mine"}}, "BMS.0018"),
    ({"server_tags": [tag(str(number)) for number in range(10)]}, "BMS.0018"),
    ({"server_tags": [tag(), tag()]}, "BMS.0018"),
    ({"server_tags": [tag("k" * 37)]}, "BMS.0018"),
    ({"server_tags": [tag("")]}, "BMS.0018"),
    ({"server_tags": [tag("a=b")]}, "BMS.0018"),
    ({"server_tags": [tag("k", "v" * 44)]}, "BMS.0018"),
    ({"server_tags": {"k": "v"}}, "BMS.0018"),
    ({"security_groups": [{}]}, "BMS.0018"),
    ({"security_groups": "default"}, "BMS.0018"),
]

TAKEN: list[dict[str, Any]] = [
    {"key_name": None, "adminPass": "Right-1234"},
    {"key_name": None, "user_data": USER_DATA},
    {"user_data": USER_DATA},
    {"nics": [{**NIC, "ip_address": "192.168.0.2"}, {**NIC, "ip_address": ""}]},
    {"nics": [{**NIC, "allowed_address_pairs": [{"ip_address": "1.1.1.1/0"}]}]},
    {"publicip": eip()},
    {"publicip": eip({"size": 350})},
    {"publicip": eip({"sharetype": "WHOLE", "id": "w"})},
    {"flavorRef": BOOTS_FROM_VOLUME, "root_volume": ROOT, "data_volumes": [DISK] * 59},
    {"flavorRef": "physical.unlisted.large", "root_volume": ROOT},
    {"extendparam": {**MONTHLY, "periodNum": 9, "isAutoPay": "true", "isAutoRenew": "false"}},
    {"extendparam": {**MONTHLY, "periodType": "year", "isAutoPay": "true"}},
    {"schedulerHints": {"dec_baremetal": "dedicate"}},
    {"server_tags": [tag(str(number)) for number in range(9)]},
    {"security_groups": [{"id": "g"}]},
    {"security_groups": [], "data_volumes": [], "server_tags": []},
    {"count": 24},
]


def order(fields: dict[str, Any]) -> dict[str, Any]:
    server = sample_order("web")["server"]
    assert isinstance(server, Mapping)
    return {"server": {**server, **fields}}


@pytest.mark.parametrize(("fields", "code"), REFUSED)
def test_a_broken_rule_has_its_code(fields: dict[str, Any], code: str, bench: Any) -> None:
    """A body that breaks a rule is refused with the rule's code, and creates nothing."""
    assert bench.code("POST", "baremetalservers", order(fields)) == code
    bench.sim.advance(300.0)
    assert bench.sim.world.servers == ()


@pytest.mark.parametrize("fields", TAKEN)
def test_what_the_rules_allow_is_built(fields: dict[str, Any], bench: Any) -> None:
    """A body at the edge of the rules is accepted, and the servers are built."""
    bench.ask("POST", "baremetalservers", order(fields))
    bench.sim.advance(300.0)
    assert {server.status for server in bench.sim.world.servers} == {"ACTIVE"}


@pytest.mark.parametrize(
    ("behaviour", "fields", "code"),
    [
        (Behaviour(postpaid_accepted=False), {}, "BMS.0020"),
        (Behaviour(most_servers=100), {"count": 100}, ""),
        (Behaviour(most_servers=100), {"count": 101}, "BMS.0205"),
        (Behaviour(balance="low"), {"extendparam": {**MONTHLY, "isAutoPay": "true"}}, "BMS.0216"),
        (Behaviour(balance="low"), {"extendparam": MONTHLY}, ""),
    ],
)
def test_switches_of_orders(behaviour: Behaviour, fields: dict[str, Any], code: str, start: Any) -> None:
    """Undocumented rules of orders follow the switch."""
    assert start(behaviour=behaviour).code("POST", "baremetalservers", order(fields)) == code


def test_used_addresses_are_refused(bench: Any) -> None:
    """A used IP address of a subnet is refused."""
    nics = [{**NIC, "ip_address": "192.168.0.9"}]
    bench.server_id("a", nics=nics)
    assert bench.code("POST", "baremetalservers", order({"nics": nics})) == "BMS.0014"
    assert bench.code("POST", "baremetalservers", order({"nics": [{**nics[0], "subnet_id": "other"}]})) == ""
