"""The inputs of `Servers` -> the body of an order. Pure. All inputs are checked and known.

POST /v1/{project_id}/baremetalservers
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OUR_TAG = "pulumi-bms"
MOST_TAGS_OF_USER = 8
"""An order takes 9 tags, including our own tag."""

_ENCRYPTED, _KEY = "__system__encrypted", "__system__cmkid"


@dataclass(frozen=True, slots=True)
class Order:
    """The values of an order besides the inputs."""

    count: int
    """The number of servers to order: all, the missing servers, or the empty slots."""
    user_id: str
    """The IAM user of the order: `inputs["user_id"]`, else the credential's."""
    mark: str
    """The value of our tag: 43 characters at most."""


def create_body(inputs: Mapping[str, Any], order: Order) -> dict[str, Any]:
    """The body of the order: `{"server": {...}}`.

    The user's metadata is no part of an order, nor are tags beyond the first 8 by their keys: both are written once the
    servers exist.
    """
    server = {
        "imageRef": inputs["image_id"],
        "flavorRef": inputs["flavor_id"],
        "name": inputs["name"],
        "availability_zone": inputs["availability_zone"],
        "vpcid": inputs["vpc_id"],
        "count": order.count,
        "metadata": _metadata(inputs, order.user_id),
        **_login(inputs),
        "nics": [_nic(nic) for nic in inputs["nics"]],
        "security_groups": [{"id": group} for group in inputs.get("security_groups") or []],
        "publicip": _public_ip(inputs),
        "root_volume": _root_volume(inputs),
        "data_volumes": [_data_volume(disk) for disk in inputs.get("data_disks") or []],
        "server_tags": _tags(inputs, order.mark),
        "extendparam": _terms(inputs),
        "schedulerHints": _given(inputs.get("scheduler_hints") or {}),
        "metadata_options": _given(inputs.get("metadata_options") or {}),
    }
    return {"server": _given(server)}


def _metadata(inputs: Mapping[str, Any], user_id: str) -> dict[str, Any]:
    return _given(
        {"op_svc_userid": user_id, "agency_name": inputs.get("agency_name"), "BYOL": _flag(inputs.get("byol"))}
    )


def _login(inputs: Mapping[str, Any]) -> dict[str, Any]:
    script = inputs.get("user_data")
    return {
        "key_name": inputs.get("key_pair"),
        "adminPass": inputs.get("admin_pass"),
        "user_data": base64.b64encode(str(script).encode()).decode() if script is not None else None,
    }


def _nic(nic: Mapping[str, Any]) -> dict[str, Any]:
    pairs = [_given(pair) for pair in nic.get("allowed_address_pairs") or []]
    return _given({**nic, "allowed_address_pairs": pairs})


def _public_ip(inputs: Mapping[str, Any]) -> dict[str, Any]:
    if inputs.get("eip_id"):
        return {"id": inputs["eip_id"]}
    if not inputs.get("iptype"):
        return {}
    terms = {"chargingMode": inputs["eip_charge_mode"]}
    return {"eip": {"iptype": inputs["iptype"], "bandwidth": _bandwidth(inputs), "extendparam": terms}}


def _bandwidth(inputs: Mapping[str, Any]) -> dict[str, Any]:
    if inputs["sharetype"] == "WHOLE":
        return {"sharetype": "WHOLE", "id": inputs["bandwidth_id"]}
    by = inputs.get("bandwidth_charge_mode") or "bandwidth"
    return {"sharetype": "PER", "size": int(inputs["bandwidth_size"]), "chargemode": by}


def _root_volume(inputs: Mapping[str, Any]) -> dict[str, Any]:
    if not inputs.get("system_disk_type"):
        return {}
    pool, key = inputs.get("system_disk_dss_pool_id"), inputs.get("system_disk_kms_key_id")
    return _volume(inputs["system_disk_type"], inputs["system_disk_size"], pool, key)


def _data_volume(disk: Mapping[str, Any]) -> dict[str, Any]:
    volume = _volume(disk["type"], disk["size"], disk.get("dss_pool_id"), disk.get("kms_key_id"))
    return {**volume, "shareable": True} if disk.get("shareable") else volume


def _volume(kind: str, size: float, pool: str | None, key: str | None) -> dict[str, Any]:
    storage = {"cluster_id": pool, "cluster_type": "DSS"} if pool else {}
    encryption = {"metadata": {_ENCRYPTED: "1", _KEY: key}} if key else {}
    return {"volumetype": kind, "size": int(size), **storage, **encryption}


def _tags(inputs: Mapping[str, Any], mark: str) -> list[dict[str, str]]:
    first = sorted((inputs.get("tags") or {}).items())[:MOST_TAGS_OF_USER]
    return [{"key": key, "value": value} for key, value in [(OUR_TAG, mark), *first]]


def _terms(inputs: Mapping[str, Any]) -> dict[str, Any]:
    mode = inputs.get("charging_mode") or "postPaid"
    terms = {"chargingMode": mode, "enterprise_project_id": inputs.get("enterprise_project_id")}
    if mode == "prePaid":
        # Without isAutoPay the order waits to be paid by hand, and no server is built.
        terms |= {
            "periodType": inputs["period_unit"],
            "periodNum": int(inputs["period"]),
            "isAutoRenew": _flag(inputs.get("auto_renew") or False),
            "isAutoPay": "true",
        }
    return _given(terms)


def _flag(value: bool | None) -> str | None:  # noqa: FBT001 - a value of the API's, which writes it as a string
    return None if value is None else str(value).lower()


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without None and without empty dicts and lists."""
    return {name: value for name, value in values.items() if value is not None and value not in ({}, [])}
