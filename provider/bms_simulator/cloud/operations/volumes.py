"""Volumes: attaching, detaching, and what EVS tells of them."""

from __future__ import annotations

import re
from dataclasses import replace
from string import ascii_lowercase

from bms_simulator.cloud import documents
from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud, Effect, Task
from bms_simulator.cloud.models import (
    ACTIVE,
    ATTACHING,
    AVAILABLE,
    DELETED,
    DETACHING,
    IN_USE,
    SHUTOFF,
    Server,
    Volume,
)
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Refused, Response, service_error
from bms_simulator.ids import new_job_id
from bms_simulator.scenarios.timeline import DISK_SECONDS, Step, single

MOST_VOLUMES = 60
DEVICE = re.compile(r"/dev/(sd|vd)[a-z]{1,2}")


def attach(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/attachvolume."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    request = mapping(mapping(call.body).get("volumeAttachment"))
    volume = cloud.volume(text(request, "volumeId"), call)
    _check_state(volume, server)
    _check_fit(cloud, volume, server, call)
    device = _device(cloud, server, text(request, "device"), call)
    cloud.refuse_occupied(server)
    during = replace(volume, status=ATTACHING, server_id=server.id, device=device)
    effect = _volume_effect(cloud, during, replace(during, status=IN_USE), volume)
    base = single(new_job_id(), "baremetalAttachVolume", server.id, {"server_id": server.id}, DISK_SECONDS)
    response = cloud.carry_out(Task(server, base, effect, cloud.behaviour.attach_status, occupies=True), call)
    if cloud.behaviour.attach_response == "attachment" and isinstance(response.body, dict):
        (attachment,) = documents.attachments([during])
        return replace(response, body={"volumeAttachment": attachment})
    return response


def detach(cloud: Cloud, call: Call) -> Response:
    """DELETE baremetalservers/{server_id}/detachvolume/{volume_id}."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    volume = cloud.volume(call.names["volume_id"], call)
    if volume.server_id != server.id:
        refuse("BMS.0114", "The volume is not attached to this server.")
    if volume.status != IN_USE:
        refuse("BMS.1003", f"The volume is {volume.status}.")
    if volume.root and server.status != SHUTOFF:
        refuse("BMS.1001", "The system disk can only be detached from a stopped server.")
    cloud.refuse_occupied(server)
    effect = _volume_effect(cloud, replace(volume, status=DETACHING), volume.freed(), volume)
    base = single(new_job_id(), "baremetalDetachVolume", server.id, {"server_id": server.id}, DISK_SECONDS)
    return cloud.carry_out(Task(server, base, effect, cloud.behaviour.attach_status, occupies=True), call)


def _volume_effect(cloud: Cloud, during: Volume, after: Volume, before: Volume) -> Effect:
    def change(step: Step, placed: float) -> None:
        end = after if step.succeeds else before
        cloud.world.volumes.plan(during.id, placed, lambda _volume: during)
        cloud.world.volumes.plan(during.id, placed + step.ends, lambda _volume: end)

    return change


def _check_state(volume: Volume, server: Server) -> None:
    if volume.status == ATTACHING:
        refuse("BMS.1011", "The volume is being attached.")
    if volume.status == IN_USE:
        code = "BMS.1009" if volume.server_id == server.id else "BMS.3035"
        refuse(code, f"The volume is already attached to {volume.server_id}.")
    if volume.status != AVAILABLE:
        refuse("BMS.1003", f"The volume is {volume.status}.")


def _check_fit(cloud: Cloud, volume: Volume, server: Server, call: Call) -> None:
    if volume.bought_with not in (None, server.id):
        refuse("BMS.3035", f"The volume was bought with the server {volume.bought_with} and fits no other one.")
    if volume.availability_zone not in ("", text(server.order, "availability_zone")):
        refuse("BMS.0106", "The volume and the server are in different availability zones.")
    if not volume.scsi:
        refuse("BMS.0223", "Only SCSI volumes can be attached.")
    if not cloud.catalogue.flavor(text(server.order, "flavorRef")).supports_evs:
        refuse("BMS.0315", "The flavor can't attach volumes.")
    if len(cloud.world.attached(server.id, call.now)) >= MOST_VOLUMES:
        refuse("BMS.0204", f"A server has at most {MOST_VOLUMES} volumes.")


def _device(cloud: Cloud, server: Server, device: str, call: Call) -> str:
    taken = {volume.device for volume in cloud.world.volumes.all_at(call.now) if volume.server_id == server.id}
    if not device or not cloud.behaviour.device_as_asked:
        letters = [*ascii_lowercase[1:], *(f"{first}{last}" for first in "ab" for last in ascii_lowercase)]
        # The first letter is the system disk's.
        return next(name for letter in letters if (name := f"/dev/sd{letter}") not in taken)
    if device == "/dev/sda":
        refuse("BMS.0104", "The device is that of the system disk.")
    if not DEVICE.fullmatch(device) or device in taken:
        refuse("BMS.0105", f"The device {device} is taken or no device.")
    return device


def list_attachments(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/{server_id}/os-volume_attachments."""
    server = cloud.world.servers.at(call.names["server_id"], call.now)
    if server is None or server.status == DELETED:
        refuse("BMS.1007", "The internal call failed: the server could not be found.")
    return Response(200, {"volumeAttachments": documents.attachments(cloud.world.attached(server.id, call.now))})


def show_volume(cloud: Cloud, call: Call) -> Response:
    """GET cloudvolumes/{volume_id} of the EVS service."""
    volume_id = call.names["volume_id"]
    volume = cloud.world.volumes.at(volume_id, call.now)
    if volume is None:
        message = f"Volume {volume_id} could not be found."
        raise Refused(service_error("EVS.5404", message, 404))
    return Response(200, {"volume": documents.volume(volume)})
