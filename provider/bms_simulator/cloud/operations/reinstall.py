"""Installing of an operating system: the same image again, or another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud, Task
from bms_simulator.cloud.models import ACTIVE, SHUTOFF, Server
from bms_simulator.cloud.rules.login_rules import is_good_password
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Json, Response
from bms_simulator.ids import entity_id, new_job_id
from bms_simulator.scenarios.timeline import REINSTALL_SECONDS, Step, single


def reinstall(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/reinstallos."""
    options = mapping(mapping(call.body).get("os-reinstall"))
    return _install(cloud, call, options, ("baremetalVolumeBootReinstallOs", "baremetalReinstallOs"))


def change_os(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/changeos, whose response says jobId."""
    options = mapping(mapping(call.body).get("os-change"))
    if not text(options, "imageid"):
        refuse("BMS.0018", "os-change needs an imageid.")
    response = _install(cloud, call, options, ("baremetalChangeOsVolumeBoot", "baremetalChangeOsLocalDisk"))
    body = response.body
    if isinstance(body, dict) and "job_id" in body:
        return replace(response, body={"jobId": body["job_id"]})
    return response


def _install(cloud: Cloud, call: Call, options: Mapping[str, Json], types: tuple[str, str]) -> Response:
    server = cloud.server_in_path(call, SHUTOFF)
    cloud.refuse_occupied(server)
    _check_login(options)
    job_type = types[0] if server.volume_boot else types[1]
    base = single(new_job_id(), job_type, server.id, {"server_id": server.id}, REINSTALL_SECONDS)

    def install(step: Step, placed: float) -> None:
        cloud.plan_server(step, placed, replace(server, task_state="rebuilding"), replace(server, status=ACTIVE))
        if step.succeeds:
            _plan_result(cloud, server, options, placed + step.ends)

    return cloud.carry_out(Task(server, base, install), call)


def _plan_result(cloud: Cloud, server: Server, options: Mapping[str, Json], since: float) -> None:
    image_id = text(options, "imageid")

    def installed(one: Server) -> Server:
        keys = {"key_name": text(options, "keyname") or None}
        return replace(one, image_id=image_id or one.image_id, order={**one.order, **keys})

    cloud.world.servers.plan(server.id, since, installed)
    for volume in cloud.world.attached(server.id, since):
        # The system disk is made anew when the image changes, with another id.
        if volume.root and image_id:
            cloud.world.volumes.end(volume.id, since)
            cloud.world.volumes.begin(since, replace(volume, id=entity_id(volume.id, "rebuilt", 0)))


def _check_login(options: Mapping[str, Json]) -> None:
    user_data = mapping(options.get("metadata")).get("user_data")
    ways = sum(bool(options.get(name)) for name in ("adminpass", "keyname"))
    if ways > 1 or not (ways or user_data):
        refuse("BMS.0111", "Exactly one of adminpass and keyname is needed, or else metadata.user_data.")
    if options.get("adminpass") and not is_good_password(options["adminpass"]):
        refuse("BMS.3026", "adminpass does not follow the rules of passwords.")
