"""Servers and disks as the API writes them down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bms_simulator.cloud.orders import refuse
from bms_simulator.cloud.world import ACTIVE, DELETED, SHUTOFF, Server, Volume
from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import Json, JsonObject, Response

VM_STATES = {ACTIVE: "active", SHUTOFF: "stopped", DELETED: "deleted", "REBOOT": "active"}
POWER_STATES = {ACTIVE: 1, SHUTOFF: 4, "REBOOT": 1}
LIMIT = 25
MOST = 1000


def server(one: Server, volumes: Sequence[Volume]) -> JsonObject:
    """Return the details of a server."""
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "OS-EXT-STS:task_state": one.task_state,
        "OS-EXT-STS:vm_state": VM_STATES.get(one.status, "building"),
        "OS-EXT-STS:power_state": POWER_STATES.get(one.status, 0),
        "OS-EXT-AZ:availability_zone": text(one.order, "availability_zone"),
        "addresses": _addresses(one),
        "flavor": {"id": text(one.order, "flavorRef"), "name": text(one.order, "flavorRef")},
        "image": {"id": text(one.order, "imageRef")},
        "key_name": one.order.get("key_name"),
        "security_groups": objects(one.order.get("security_groups")),
        "os-extended-volumes:volumes_attached": [_attached(volume) for volume in volumes],
        "tags": [*_tags(one), "__type_baremetal"],
        "metadata": _metadata(one),
        "fault": None,
        "enterprise_project_id": text(mapping(one.order.get("extendparam")), "enterprise_project_id") or "0",
        "created": one.created.strftime("%Y-%m-%dT%H:%M:%SZ") if one.created else None,
        "locked": False,
    }


def _addresses(one: Server) -> JsonObject:
    ports: list[JsonObject] = [
        {
            "version": "4",
            "addr": f"192.168.{int(nic_id[:2], 16)}.{int(nic_id[2:4], 16)}",
            "OS-EXT-IPS:type": "fixed",
            "OS-EXT-IPS-MAC:mac_addr": f"fa:16:3e:{nic_id[:2]}:{nic_id[2:4]}:{nic_id[4:6]}",
            "OS-EXT-IPS:port_id": nic_id,
        }
        for nic_id in one.nic_ids
    ]
    return {text(one.order, "vpcid"): ports}


def _attached(volume: Volume) -> JsonObject:
    return {"id": volume.id, "device": volume.device, "bootIndex": "-1", "delete_on_termination": "false"}


def _tags(one: Server) -> list[Json]:
    tags = objects(one.order.get("server_tags"))
    return [f"{text(tag, 'key')}={text(tag, 'value')}" for tag in tags]


def _metadata(one: Server) -> JsonObject:
    given = mapping(one.order.get("metadata"))
    return {
        "chargingMode": "1" if one.prepaid else "0",
        "metering.image_id": text(one.order, "imageRef"),
        "vpc_id": text(one.order, "vpcid"),
        "op_svc_userid": text(given, "op_svc_userid"),
        "baremetalPortIDList": f"[{', '.join(one.nic_ids)}]",
    }


def attachments(volumes: Sequence[Volume]) -> list[Json]:
    """Return the disks of a server."""
    return [
        {"id": volume.id, "device": volume.device, "serverId": volume.server_id, "volumeId": volume.id}
        for volume in volumes
    ]


def server_list(
    servers: Sequence[Server], query: Mapping[str, str], volumes_of: Callable[[Server], Sequence[Volume]]
) -> Response:
    """One page of the servers that a query asks for; `offset` is a page number and begins at 1."""
    fitting = [one for one in servers if query.get("name", "") in one.name]
    fitting = [one for one in fitting if query.get("status", one.status) == one.status]
    limit, page = min(_number(query, "limit", LIMIT), MOST), _number(query, "offset", 1)
    shown = fitting[(page - 1) * limit : page * limit]
    return Response(200, {"count": len(fitting), "servers": [server(one, volumes_of(one)) for one in shown]})


def _number(query: Mapping[str, str], key: str, default: int) -> int:
    value = query.get(key, str(default))
    # int() alone would take signs and the digits of any script; more than nine digits are a mistake.
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) < 1:  # noqa: PLR2004
        refuse("BMS.0018", f"{key} must be a number from 1 on.")
    return int(value)
