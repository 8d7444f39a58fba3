"""The body of an order: the inputs in the fields of the API."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bms_simulator.cloud.catalogue import Catalogue
from bms_simulator.cloud.rules.create_body import CreateBody
from bms_simulator.cloud.rules.create_rules import broken_rule
from pulumi_bms.resources.servers_body import Order, create_body
from tests.unit.resources.servers_samples import EVERYTHING, LEAST, OWN_EIP

MARK = "ordered." + "0123456789abcdef" * 2
ORDER = Order(count=1, user_id="user", mark=MARK)


def server_of(inputs: dict[str, Any], order: Order = ORDER) -> dict[str, Any]:
    body = create_body(inputs, order)
    assert body.keys() == {"server"}
    server: dict[str, Any] = body["server"]
    return server


def test_the_least_order() -> None:
    """The smallest order has only the given inputs, the billing mode and our tag."""
    assert server_of(LEAST) == {
        "imageRef": LEAST["image_id"],
        "flavorRef": "physical.s3.large",
        "name": "web",
        "availability_zone": "cn-north-4a",
        "vpcid": LEAST["vpc_id"],
        "count": 1,
        "metadata": {"op_svc_userid": "user"},
        "key_name": "deploy",
        "nics": LEAST["nics"],
        "server_tags": [{"key": "pulumi-bms", "value": MARK}],
        "extendparam": {"chargingMode": "postPaid"},
    }


def test_the_whole_order() -> None:
    """Each input has a field, whole numbers are integers, and flags have the API's strings."""
    server = server_of(EVERYTHING, Order(count=3, user_id="user", mark=MARK))
    assert base64.b64decode(server.pop("user_data")).decode() == EVERYTHING["user_data"]
    assert server == {
        "imageRef": LEAST["image_id"],
        "flavorRef": "physical.s3.large",
        "name": "web",
        "availability_zone": "cn-north-4a",
        "vpcid": LEAST["vpc_id"],
        "count": 3,
        "metadata": {"op_svc_userid": "user", "agency_name": "backup", "BYOL": "true"},
        "key_name": "deploy",
        "nics": EVERYTHING["nics"],
        "security_groups": [{"id": "red"}, {"id": "blue"}],
        "publicip": {
            "eip": {
                "iptype": "5_bgp",
                "bandwidth": {"sharetype": "PER", "size": 10, "chargemode": "traffic"},
                "extendparam": {"chargingMode": "postPaid"},
            }
        },
        "root_volume": {
            "volumetype": "SSD",
            "size": 100,
            "cluster_id": "pool",
            "cluster_type": "DSS",
            "metadata": {"__system__encrypted": "1", "__system__cmkid": "key-0"},
        },
        "data_volumes": [
            {"volumetype": "SAS", "size": 10, "shareable": True},
            {
                "volumetype": "SAS",
                "size": 32768,
                "cluster_id": "pool",
                "cluster_type": "DSS",
                "metadata": {"__system__encrypted": "1", "__system__cmkid": "key-1"},
            },
        ],
        "server_tags": [
            {"key": "pulumi-bms", "value": MARK},
            {"key": "empty", "value": ""},
            {"key": "team", "value": "web"},
        ],
        "extendparam": {
            "chargingMode": "prePaid",
            "enterprise_project_id": "0",
            "periodType": "month",
            "periodNum": 9,
            "isAutoRenew": "true",
            "isAutoPay": "true",
        },
        "schedulerHints": {"dec_baremetal": "dedicate"},
        "metadata_options": {"http_endpoint": "enabled", "http_tokens": "required"},
    }
    assert "." not in json.dumps(server["data_volumes"])


def test_a_yearly_order_pays_itself() -> None:
    """A yearly order has isAutoPay true and isAutoRenew false by default."""
    terms = server_of({**LEAST, "charging_mode": "prePaid", "period_unit": "year", "period": 1.0})["extendparam"]
    assert terms["isAutoPay"] == "true"
    assert terms["isAutoRenew"] == "false"


@pytest.mark.parametrize("script", ["test", "aGVsbG8=", "#!/bin/sh\n", "grüße"])
def test_user_data_is_encoded_once(script: str) -> None:
    """User data is encoded once, also text that looks like base64, for example `test`."""
    assert base64.b64decode(server_of({**LEAST, "user_data": script})["user_data"]) == script.encode()


def test_public_addresses() -> None:
    """An existing EIP is named by id. A shared bandwidth is named by id too, without size and billing."""
    assert server_of({**LEAST, "eip_id": "e"})["publicip"] == {"id": "e"}
    shared = server_of({**LEAST, **OWN_EIP, "sharetype": "WHOLE", "bandwidth_id": "b"})["publicip"]["eip"]
    assert shared["bandwidth"] == {"sharetype": "WHOLE", "id": "b"}


def test_an_order_takes_nine_tags() -> None:
    """An order has at most nine tags: ours and the first eight by key."""
    listed = server_of({**LEAST, "tags": {f"tag{number:02}": "x" for number in reversed(range(12))}})["server_tags"]
    assert [tag["key"] for tag in listed] == ["pulumi-bms", *(f"tag{number:02}" for number in range(8))]


def test_the_users_metadata_is_no_part_of_an_order() -> None:
    """The user's metadata is not in the order. The metadata is written after the creation."""
    assert server_of({**LEAST, "metadata": {"role": "web"}})["metadata"] == {"op_svc_userid": "user"}


@pytest.mark.parametrize("inputs", [LEAST, EVERYTHING, {**LEAST, "eip_id": "e"}], ids=["least", "all", "eip"])
def test_the_documented_rules_accept_the_body(inputs: dict[str, Any]) -> None:
    """A body accepted by our rules is accepted by the simulator's rules."""
    server = server_of(inputs, Order(count=int(inputs["count"]), user_id="user", mark=MARK))
    body = CreateBody(json.loads(json.dumps(server)), Catalogue(()), most_servers=100, postpaid_accepted=True)
    assert broken_rule(body) is None
