"""The part of the VPC service that clients of servers use: ports and their security groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bms_simulator.cloud.call import Call
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import Port
from bms_simulator.cloud.operations.nics import fixed_ip
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import JsonObject, Refused, Response


def show_port(cloud: Cloud, call: Call) -> Response:
    """GET ports/{port_id} of the VPC service."""
    return Response(200, {"port": _port(_existing(cloud, call))})


def update_port(cloud: Cloud, call: Call) -> Response:
    """PUT ports/{port_id} of the VPC service."""
    port = _existing(cloud, call)
    changes = mapping(mapping(call.body).get("port"))
    groups = changes.get("security_groups", list(port.security_groups))
    if not isinstance(groups, Sequence) or isinstance(groups, str) or not all(isinstance(one, str) for one in groups):
        raise Refused(_error(400, "VPC.0205", "security_groups must be a list of ids."))
    changed = replace(port, security_groups=tuple(map(str, groups)), name=text(changes, "name") or port.name)
    cloud.world.ports.plan(port.id, call.now, lambda _port: changed)
    return Response(200, {"port": _port(changed)})


def _existing(cloud: Cloud, call: Call) -> Port:
    port_id = call.names["port_id"]
    port = cloud.world.ports.at(port_id, call.now)
    if port is None:
        raise Refused(_error(404, "VPC.0202", f"Port {port_id} could not be found."))
    return port


def _error(status: int, code: str, message: str) -> Response:
    return Response(status, {"code": code, "message": message})


def _port(port: Port) -> JsonObject:
    return {
        "id": port.id,
        "name": port.name,
        "status": "ACTIVE" if port.server_id else "DOWN",
        "admin_state_up": True,
        "network_id": port.subnet_id,
        "mac_address": port.mac_address,
        "fixed_ips": [fixed_ip(port)],
        "device_id": port.server_id or "",
        "device_owner": "baremetal:none" if port.server_id else "",
        "security_groups": list(port.security_groups),
    }
