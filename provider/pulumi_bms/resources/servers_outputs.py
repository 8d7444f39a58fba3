"""Servers as outputs: slots, documents, and the inputs that a refresh or an import finds in the cloud. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_bms.api.models.server import Server
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.resources.servers_body import OUR_TAG
from pulumi_bms.resources.servers_changes import IN_PLACE, LOCAL, REPLACING

UNFINISHED = "unfinished_server_ids"
"""The output with the servers of an order that still lack metadata or tags. Stored in users' stacks."""
PENDING_ORDER = "pending_order_id"
"""The output with an order without a job, while the order is not finished."""
LOST_ORDER = "lost_order_sent_at"
"""The output with the time of an order whose response was lost, until the order's servers are found."""
EMPTY = ""
"""The id in a slot without a server."""
INPUTS = (*REPLACING, *IN_PLACE, *LOCAL)
"""The inputs that are kept among the outputs: a later run compares and deletes with the stored inputs."""


def stored_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs to keep among the outputs."""
    return {name: inputs[name] for name in INPUTS if inputs.get(name) is not None}


def slots_of(outputs: Mapping[str, Any]) -> list[str]:
    """The server ids by slot. A slot without a server is empty."""
    return [each if isinstance(each, str) else EMPTY for each in outputs.get("server_ids") or []]


def survivors_of(outputs: Mapping[str, Any]) -> list[str]:
    """The servers of failed orders that no slot has."""
    return [each for each in outputs.get("surviving_server_ids") or [] if isinstance(each, str)]


def unfinished_of(outputs: Mapping[str, Any]) -> list[str]:
    """The servers in slots that still lack metadata or tags."""
    slots = slots_of(outputs)
    return [each for each in outputs.get(UNFINISHED) or [] if each in slots]


def documents(servers: Sequence[Server | None]) -> dict[str, Any]:
    """The outputs of all slots. None is an empty slot."""
    empty = {"id": EMPTY, "name": "", "status": ServerState.GONE.value}
    return {
        "server_ids": [server.id if server else EMPTY for server in servers],
        "servers": [document_of(server) if server else empty for server in servers],
    }


def count_of(inputs: Mapping[str, Any]) -> int:
    """The wanted number of servers. An unknown number counts as 1."""
    count = inputs.get("count")
    return int(count) if isinstance(count, int | float) and count else 1


def document_of(server: Server) -> dict[str, Any]:
    """The output of one server."""
    return {
        "id": server.id,
        "name": server.name,
        "status": state_of(server).value,
        "flavor_id": server.flavor_id,
        "image_id": server.image_id,
        "availability_zone": server.availability_zone,
        "created": server.created,
        "addresses": [
            {
                "ip_address": each.ip,
                "type": each.kind,
                "mac_address": each.mac_address,
                "port_id": each.port_id,
                "vpc_id": each.network,
            }
            for each in server.addresses
        ],
        "volumes": [
            {
                "volume_id": each.id,
                "device": each.device,
                "boot_index": each.boot_index,
                "delete_on_termination": each.deleted_with_server,
            }
            for each in server.volumes
        ],
    }


def user_tags(server: Server) -> dict[str, str]:
    """The user's tags of a server, without the tag of this package."""
    return {key: value for key, value in server.tags.items() if key != OUR_TAG}


def name_of_slot(name: str, slot: int, count: int) -> str:
    """The name of the server in a slot. One server alone has the name itself."""
    return name if count == 1 else f"{name}-{slot + 1:04d}"


def drifted(stored: Mapping[str, Any], servers: Sequence[Server]) -> dict[str, Any]:
    """The stored inputs that differ in the cloud, with the values of the first server that differs."""
    changed: dict[str, Any] = {}
    names = {each.get("id"): each.get("name") for each in stored.get("servers") or [] if isinstance(each, Mapping)}
    for server in servers:
        for name, value in _actual(stored, server, names.get(server.id)).items():
            if name not in changed and value != (stored.get(name) or _nothing(name)):
                changed[name] = value
    return changed


def _actual(stored: Mapping[str, Any], server: Server, known_name: str | None) -> dict[str, Any]:
    # A name that was there before is no drift: imported servers may have any names.
    keys = stored.get("metadata") or {}
    base = str(stored.get("name") or "")
    is_named = server.name == known_name or re.fullmatch(rf"{re.escape(base)}(-\d{{4}})?", server.name)
    return {
        "tags": user_tags(server),
        "metadata": {key: server.metadata[key] for key in keys if key in server.metadata},
        "name": base if is_named else server.name,
    }


def _nothing(name: str) -> Any:
    return "" if name == "name" else {}
