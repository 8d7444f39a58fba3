"""What the endpoints for disks do."""

from __future__ import annotations

from dataclasses import replace
from string import ascii_lowercase

from bms_simulator.cloud import documents
from bms_simulator.cloud.cloud import Call, Cloud, Effect, Task
from bms_simulator.cloud.orders import refuse
from bms_simulator.cloud.world import (
    ACTIVE,
    ATTACHING,
    AVAILABLE,
    DELETED,
    DETACHING,
    IN_USE,
    SHUTOFF,
    Server,
    Volume,
    freed,
)
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Response
from bms_simulator.ids import new_job_id
from bms_simulator.scenarios.timeline import DISK_SECONDS, Step, single


def attach(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/attachvolume."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    wanted = mapping(mapping(call.body).get("volumeAttachment"))
    volume = cloud.volume(text(wanted, "volumeId"), call)
    _check_attachable(volume, server)
    device = text(wanted, "device") or _next_device(cloud, server, call)
    taken = replace(volume, status=ATTACHING, server_id=server.id, device=device)
    effect = _disk_effect(cloud, taken, replace(taken, status=IN_USE), volume)
    base = single(new_job_id(), "baremetalAttachVolume", server.id, {"server_id": server.id}, DISK_SECONDS)
    return cloud.carry_out(Task(server, base, effect, 202), call)


def detach(cloud: Cloud, call: Call) -> Response:
    """DELETE baremetalservers/{server_id}/detachvolume/{volume_id}."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    volume = cloud.volume(call.names["volume_id"], call)
    if volume.server_id != server.id:
        refuse("BMS.0114", "The volume is not attached to this server.")
    if volume.status != IN_USE:
        refuse("BMS.1003", f"The volume is {volume.status}.")
    effect = _disk_effect(cloud, replace(volume, status=DETACHING), freed(volume), volume)
    base = single(new_job_id(), "baremetalDetachVolume", server.id, {"server_id": server.id}, DISK_SECONDS)
    return cloud.carry_out(Task(server, base, effect, 202), call)


def _disk_effect(cloud: Cloud, during: Volume, after: Volume, before: Volume) -> Effect:
    def change(step: Step, placed: float) -> None:
        end = after if step.succeeds else before
        cloud.world.volumes.plan(during.id, placed, lambda _volume: during)
        cloud.world.volumes.plan(during.id, placed + step.ends, lambda _volume: end)

    return change


def _check_attachable(volume: Volume, server: Server) -> None:
    if volume.status == ATTACHING:
        refuse("BMS.1011", "The volume is being attached.")
    if volume.status == IN_USE:
        code = "BMS.1009" if volume.server_id == server.id else "BMS.3035"
        refuse(code, f"The volume is already attached to {volume.server_id}.")
    if volume.status != AVAILABLE:
        refuse("BMS.1003", f"The volume is {volume.status}.")


def _next_device(cloud: Cloud, server: Server, call: Call) -> str:
    taken = {volume.device for volume in cloud.world.volumes.all_at(call.now) if volume.server_id == server.id}
    # The first letter is the system disk's; there are fewer disks than letters.
    return next(device for letter in ascii_lowercase[1:] if (device := f"/dev/sd{letter}") not in taken)


def list_attachments(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/{server_id}/os-volume_attachments."""
    server = cloud.world.servers.at(call.names["server_id"], call.now)
    if server is None or server.status == DELETED:
        refuse("BMS.1007", "The internal call failed: the server could not be found.")
    return Response(200, {"volumeAttachments": documents.attachments(cloud.world.attached(server.id, call.now))})
