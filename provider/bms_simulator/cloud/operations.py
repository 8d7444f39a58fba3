"""What each endpoint does: reads its request, places a job, and says what the job does to the world."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bms_simulator.clock import Moment
from bms_simulator.cloud import documents
from bms_simulator.cloud.cloud import Call, Cloud, Task
from bms_simulator.cloud.orders import CreateOrder, read_create_order, refuse, sample_order
from bms_simulator.cloud.world import ACTIVE, BUILD, DELETED, SHUTOFF, Server
from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import Json, JsonObject, Response, service_error
from bms_simulator.ids import entity_id, new_job_id
from bms_simulator.scenarios.catalogue import Scenario, scenario_of, scenario_of_job
from bms_simulator.scenarios.timeline import (
    CREATE_SECONDS,
    DELETE_SECONDS,
    NIC_SECONDS,
    POWER_SECONDS,
    REINSTALL_SECONDS,
    Step,
    batch,
    single,
)

READY_MADE_SERVERS = 3
DELETED_SHOWN_SECONDS = 60.0  # a deleted server is shown as such for a time before it is gone
CREATE_TYPES = ("baremetalBatchCreate", "baremetalSingleCreate")
POWER_TYPES = ("baremetalBatchOperate", "baremetalSingleOperate")
# No page names the types of the following jobs.
DELETE_TYPES = ("baremetalBatchDelete", "baremetalSingleDelete")
NIC_TYPES = ("baremetalBatchNic", "baremetalSingleNic")


@dataclass(frozen=True, slots=True)
class Verb:
    """A power action: the task and status that it leads through, and the refusal when there is nothing to do."""

    task: str
    during: str
    after: str
    needless_in: str = ""
    refusal: tuple[str, str] = ("", "")


VERBS: Mapping[str, Verb] = {
    "os-start": Verb("powering-on", SHUTOFF, ACTIVE, ACTIVE, ("BMS.0038", "The server is already running.")),
    "os-stop": Verb("powering-off", ACTIVE, SHUTOFF, SHUTOFF, ("BMS.0039", "The server is already stopped.")),
    "reboot": Verb("rebooting", "REBOOT", ACTIVE),
}


def poll(cloud: Cloud, call: Call) -> Response:
    """GET jobs/{job_id}."""
    job_id = call.names["job_id"]
    if job_id not in cloud.jobs and (scenario := scenario_of_job(job_id)):
        order = read_create_order(sample_order(scenario.name, READY_MADE_SERVERS))
        _place_create(cloud, job_id, order, scenario, call.moment)
    return cloud.jobs.poll(job_id, call.moment)


def create(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers."""
    order = read_create_order(call.body)
    scenario = scenario_of(order.name)
    job_id = new_job_id()
    accepted: JsonObject = {"job_id": job_id}
    if order.prepaid:
        accepted["order_id"] = f"CS{uuid.uuid4().hex[:14].upper()}"
    if scenario.takes_orders:
        _place_create(cloud, job_id, order, scenario, call.moment)
    return scenario.order(Response(200, accepted))


def _place_create(cloud: Cloud, job_id: str, order: CreateOrder, scenario: Scenario, moment: Moment) -> None:
    names = {entity_id(job_id, "server", number): name for number, name in enumerate(order.server_names())}
    parts = [(server_id, {"server_id": server_id}) for server_id in names]

    def appear(step: Step, placed: float) -> None:
        nic_id = entity_id(step.target, "nic", 0)
        server = Server(step.target, names[step.target], BUILD, None, order.server, moment.wall, (nic_id,))
        cloud.world.servers.begin(placed + step.starts, server)
        # A server that could not be made is rolled back: it disappears.
        built = replace(server, status=ACTIVE) if step.succeeds else None
        cloud.world.servers.plan(server.id, placed + step.ends, lambda _server: built)

    cloud.place(batch(job_id, CREATE_TYPES, parts, CREATE_SECONDS), scenario, moment, appear)


def _batch_of(servers: Mapping[str, Server], types: tuple[str, str], seconds: float) -> Step:
    return batch(new_job_id(), types, [(server_id, {"server_id": server_id}) for server_id in servers], seconds)


def power(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/action."""
    body = mapping(call.body)
    name = next((name for name in VERBS if name in body), None)
    if name is None:
        refuse("BMS.0018", f"The action must be one of {', '.join(VERBS)}.")
    if name == "reboot" and text(mapping(body[name]), "type") not in {"SOFT", "HARD"}:
        refuse("BMS.0018", "reboot needs a type, SOFT or HARD.")
    return _switch(cloud, call, VERBS[name], cloud.servers_named(mapping(body[name]), call))


def _switch(cloud: Cloud, call: Call, verb: Verb, servers: Mapping[str, Server]) -> Response:
    if any(server.status == verb.needless_in for server in servers.values()):
        refuse(*verb.refusal)

    def switch(step: Step, placed: float) -> None:
        server = servers[step.target]
        during = replace(server, status=verb.during, task_state=verb.task)
        cloud.plan_server(step, placed, during, replace(server, status=verb.after))

    first = next(iter(servers.values()))
    return cloud.carry_out(Task(first, _batch_of(servers, POWER_TYPES, POWER_SECONDS), switch), call)


def delete(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/delete."""
    body = mapping(call.body)
    if not isinstance(body.get("delete_publicip"), bool):
        refuse("BMS.0018", "delete_publicip must be true or false.")
    servers = cloud.servers_named(body, call)
    if any(server.prepaid for server in servers.values()):
        refuse("BMS.0018", "A server that is paid by month or year is unsubscribed, not deleted.")

    def remove(step: Step, placed: float) -> None:
        server = servers[step.target]
        cloud.plan_server(step, placed, replace(server, task_state="deleting"), replace(server, status=DELETED))
        if step.succeeds:
            cloud.world.servers.plan(server.id, placed + step.ends + DELETED_SHOWN_SECONDS, lambda _server: None)
            cloud.world.release(server.id, placed + step.ends)

    first = next(iter(servers.values()))
    return cloud.carry_out(Task(first, _batch_of(servers, DELETE_TYPES, DELETE_SECONDS), remove), call)


def reinstall(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/reinstallos."""
    wanted = mapping(mapping(call.body).get("os-reinstall"))
    return _install(cloud, call, wanted, ("baremetalVolumeBootReinstallOs", "baremetalReinstallOs"))


def change_os(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/changeos, whose response says jobId."""
    wanted = mapping(mapping(call.body).get("os-change"))
    if not text(wanted, "imageid"):
        refuse("BMS.0018", "os-change needs an imageid.")
    response = _install(cloud, call, wanted, ("baremetalChangeOsVolumeBoot", "baremetalChangeOsLocalDisk"))
    body = response.body
    return (
        replace(response, body={"jobId": body["job_id"]}) if isinstance(body, dict) and "job_id" in body else response
    )


def _install(cloud: Cloud, call: Call, wanted: Mapping[str, Json], types: tuple[str, str]) -> Response:
    server = cloud.server_in_path(call, SHUTOFF)
    _check_login(wanted)
    job_type = types[0] if server.volume_boot else types[1]
    base = single(new_job_id(), job_type, server.id, {"server_id": server.id}, REINSTALL_SECONDS)

    def install(step: Step, placed: float) -> None:
        during = replace(server, task_state="rebuilding")
        cloud.plan_server(step, placed, during, replace(server, status=ACTIVE))

    return cloud.carry_out(Task(server, base, install), call)


def _check_login(wanted: Mapping[str, Json]) -> None:
    user_data = mapping(wanted.get("metadata")).get("user_data")
    ways = sum(bool(wanted.get(name)) for name in ("adminpass", "keyname"))
    if ways > 1 or not (ways or user_data):
        refuse("BMS.0111", "Exactly one of adminpass and keyname is needed, or else metadata.user_data.")


def add_nics(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/nics."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    nics = objects(mapping(call.body).get("nics"))
    if not nics or not all(text(nic, "subnet_id") for nic in nics):
        refuse("BMS.0018", "nics must be a list of objects with a subnet_id.")
    job_id = new_job_id()
    ids = [entity_id(job_id, "nic", number) for number in range(len(nics))]

    def add(step: Step, placed: float) -> None:
        if step.succeeds:
            cloud.world.servers.plan(server.id, placed + step.ends, lambda one: one.with_nic(step.target))

    return cloud.carry_out(Task(server, _nic_job(job_id, ids), add), call)


def remove_nics(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/nics/delete."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    ids = list(dict.fromkeys(text(nic, "id") for nic in objects(mapping(call.body).get("nics"))))
    if not ids or not set(ids) <= set(server.nic_ids):
        refuse("BMS.0013", "nics must be a list of objects with the id of a port of this server.")
    if server.nic_ids[0] in ids:
        refuse("BMS.0222", "The primary port can not be deleted.")

    def remove(step: Step, placed: float) -> None:
        if step.succeeds:
            cloud.world.servers.plan(server.id, placed + step.ends, lambda one: one.without_nic(step.target))

    return cloud.carry_out(Task(server, _nic_job(new_job_id(), ids), remove), call)


def _nic_job(job_id: str, nic_ids: list[str]) -> Step:
    return batch(job_id, NIC_TYPES, [(nic_id, {"nic_id": nic_id}) for nic_id in nic_ids], NIC_SECONDS)


def list_servers(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/detail."""
    servers = cloud.world.view(call.now).servers
    return documents.server_list(servers, call.query, lambda server: cloud.world.attached(server.id, call.now))


def show_server(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/{server_id}."""
    server = cloud.world.servers.at(call.names["server_id"], call.now)
    if server is None:
        return service_error("BMS.0040", "The server does not exist.", 404)
    return Response(200, {"server": documents.server(server, cloud.world.attached(server.id, call.now))})
