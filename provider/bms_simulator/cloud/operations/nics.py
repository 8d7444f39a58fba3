"""NICs of a server, and the ports behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bms_simulator.cloud.building import new_port
from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud, Task
from bms_simulator.cloud.models import ACTIVE, SHUTOFF, Port
from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import JsonObject, Response
from bms_simulator.ids import entity_id, new_job_id
from bms_simulator.scenarios.timeline import NIC_SECONDS, Step, batch

MOST_AT_ONCE = 10


def list_interfaces(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/{server_id}/os-interface."""
    server = cloud.existing_server(call.names["server_id"], call)
    ports = (cloud.world.ports.at(port_id, call.now) for port_id in server.nic_ids)
    return Response(200, {"interfaceAttachments": [_interface(port) for port in ports if port]})


def _interface(port: Port) -> JsonObject:
    return {
        "port_state": "ACTIVE",
        "port_id": port.id,
        "net_id": port.subnet_id,
        "mac_addr": port.mac_address,
        "fixed_ips": [fixed_ip(port)],
        "driver_mode": None,
        "pci_address": None,
    }


def fixed_ip(port: Port) -> JsonObject:
    """Return the address of a port. The subnet's id differs from the network's id."""
    return {"subnet_id": entity_id(port.subnet_id, "subnet", 0), "ip_address": port.ip_address}


def mark_interface(cloud: Cloud, call: Call) -> Response:
    """PUT baremetalservers/{server_id}/os-interface/{port_id}."""
    server = cloud.existing_server(call.names["server_id"], call)
    port_id = call.names["port_id"]
    marked = mapping(mapping(call.body).get("interface_attachment")).get("delete_on_termination")
    if port_id not in server.nic_ids:
        refuse("BMS.0013", f"The server has no port {port_id}.")
    if not isinstance(marked, bool):
        refuse("BMS.0018", "interface_attachment.delete_on_termination must be true or false.")
    cloud.world.ports.plan(port_id, call.now, lambda port: replace(port, deleted_with_nic=marked))
    return Response(200, {"port_id": port_id})


def add_nics(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/nics."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    nics = objects(mapping(call.body).get("nics"))
    if not 1 <= len(nics) <= MOST_AT_ONCE or not all(text(nic, "subnet_id") for nic in nics):
        refuse("BMS.0018", f"nics must be a list of 1 to {MOST_AT_ONCE} objects with a subnet_id.")
    cloud.refuse_occupied(server)
    job_id = new_job_id()
    ports = [new_port(entity_id(job_id, "nic", number), nic, ()) for number, nic in enumerate(nics)]
    _refuse_used(cloud, ports, call)
    by_id = {port.id: port for port in ports}

    def add(step: Step, placed: float) -> None:
        if step.succeeds:
            cloud.world.ports.begin(placed + step.ends, replace(by_id[step.target], server_id=server.id))
            cloud.world.servers.plan(server.id, placed + step.ends, lambda one: one.with_nic(step.target))

    return cloud.carry_out(Task(server, _job(cloud, job_id, list(by_id)), add, occupies=True), call)


def _refuse_used(cloud: Cloud, ports: Sequence[Port], call: Call) -> None:
    used = {(port.subnet_id, port.ip_address) for port in cloud.world.ports.all_at(call.now)}
    for port in ports:
        if (port.subnet_id, port.ip_address) in used:
            refuse("BMS.0014", f"The IP address {port.ip_address} is already used.")


def remove_nics(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/nics/delete."""
    server = cloud.server_in_path(call, ACTIVE, SHUTOFF)
    ids = list(dict.fromkeys(text(nic, "id") for nic in objects(mapping(call.body).get("nics"))))
    if not ids or not set(ids) <= set(server.nic_ids):
        refuse("BMS.0013", "nics must be a list of objects with the id of a port of this server.")
    if server.nic_ids[0] in ids:
        refuse("BMS.0222", "primary port can not be deleted.")
    cloud.refuse_occupied(server)

    def remove(step: Step, placed: float) -> None:
        if step.succeeds:
            cloud.world.servers.plan(server.id, placed + step.ends, lambda one: one.without_nic(step.target))
            _let_go(cloud, step.target, placed + step.ends)

    return cloud.carry_out(Task(server, _job(cloud, new_job_id(), ids), remove, occupies=True), call)


def _let_go(cloud: Cloud, port_id: str, since: float) -> None:
    def let_go(port: Port) -> Port | None:
        kept = cloud.behaviour.nic_kept_by_default if port.deleted_with_nic is None else not port.deleted_with_nic
        return replace(port, server_id=None) if kept else None

    cloud.world.ports.plan(port_id, since, let_go)


def _job(cloud: Cloud, job_id: str, nic_ids: Sequence[str]) -> Step:
    parts = [(nic_id, {"nic_id": nic_id}) for nic_id in nic_ids]
    return batch(job_id, cloud.behaviour.nic_types, parts, NIC_SECONDS)
