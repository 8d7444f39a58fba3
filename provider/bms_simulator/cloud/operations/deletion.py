"""Deleting of servers that are paid on demand, and the end of any server."""

from __future__ import annotations

from dataclasses import replace

from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud, Task
from bms_simulator.cloud.models import DELETED, SHUTOFF, Server
from bms_simulator.cloud.operations.power import batch_of
from bms_simulator.http.json_values import mapping
from bms_simulator.http.responses import Response
from bms_simulator.scenarios.timeline import DELETE_SECONDS, Step


def delete(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/delete."""
    body = mapping(call.body)
    if not isinstance(body.get("delete_publicip"), bool):
        refuse("BMS.0018", "delete_publicip must be true or false.")
    servers = cloud.servers_named(body, call)
    if any(server.prepaid for server in servers.values()):
        code = cloud.behaviour.prepaid_delete_code
        refuse(code, "A server that is paid by month or year is unsubscribed, not deleted.")

    def remove(step: Step, placed: float) -> None:
        server = servers[step.target]
        cloud.plan_server(step, placed, replace(server, task_state="deleting"), server)
        if step.succeeds:
            eips, volumes = body["delete_publicip"] is True, body.get("delete_volume") is True
            end_server(cloud, server, placed + step.ends, volumes=volumes, eips=eips)

    first = next(iter(servers.values()))
    base = batch_of(servers, cloud.behaviour.delete_types, DELETE_SECONDS)
    return cloud.carry_out(Task(first, base, remove, follows_name=False), call)


def end_server(cloud: Cloud, server: Server, since: float, *, volumes: bool, eips: bool) -> None:
    """Let a server be deleted at that second, be shown as such for a while, and then be gone."""
    behaviour, servers = cloud.behaviour, cloud.world.servers

    def deleted(one: Server) -> Server:
        status = SHUTOFF if behaviour.recycle_bin else DELETED
        return replace(one, status=status, task_state=None, in_recycle_bin=behaviour.recycle_bin)

    servers.plan(server.id, since, deleted)
    servers.end(server.id, since + behaviour.deleted_shown_seconds)
    cloud.world.release(server.id, since, volumes=volumes, eips=eips)
