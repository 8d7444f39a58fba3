"""Creating servers: POST baremetalservers, and the effect of the job on the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bms_simulator.clock import Moment
from bms_simulator.cloud.availability import check_quotas, check_stock
from bms_simulator.cloud.building import Building
from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.orders import CreateOrder, read_create_order
from bms_simulator.cloud.purchases import Purchase, new_order_id
from bms_simulator.http.json_values import text
from bms_simulator.http.responses import JsonObject, Response
from bms_simulator.ids import entity_id, new_job_id
from bms_simulator.scenarios import plans
from bms_simulator.scenarios.catalogue import Scenario, scenario_of
from bms_simulator.scenarios.timeline import CREATE_SECONDS, batch, walk

CREATE_TYPES = ("baremetalBatchCreate", "baremetalSingleCreate")


def create(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers."""
    order = read_create_order(call.body, cloud.catalogue, cloud.behaviour)
    _check_world(cloud, order, call)
    scenario = scenario_of(order.name)
    job_id = new_job_id()
    order_id = new_order_id() if order.body.prepaid else None
    if scenario.takes_orders:
        _take(cloud, order, scenario, call.moment, job_id, order_id)
    return scenario.order(Response(200, _accepted(cloud, job_id, order_id)))


def _check_world(cloud: Cloud, order: CreateOrder, call: Call) -> None:
    if order.body.prepaid and order.pays_itself and cloud.behaviour.balance == "low":
        refuse("BMS.0216", "Failed to submit the order: the account balance is not enough.")
    check_quotas(cloud, order, call)
    check_stock(cloud, order, call)
    _check_ports(cloud, order, call)


def _check_ports(cloud: Cloud, order: CreateOrder, call: Call) -> None:
    taken = {(port.subnet_id, port.ip_address) for port in cloud.world.ports.all_at(call.now)}
    for nic in order.body.nics:
        port_id = text(nic, "port_id")
        port = cloud.world.ports.at(port_id, call.now)
        if port_id and (port is None or port.server_id):
            refuse("BMS.0013", f"The port {port_id} does not exist or is in use.")
        if (text(nic, "subnet_id"), text(nic, "ip_address")) in taken:
            refuse("BMS.0014", f"The IP address {text(nic, 'ip_address')} is already used.")
    eip_id = text(order.body.public_ip, "id")
    eip = cloud.world.eips.at(eip_id, call.now)
    if eip_id and (eip is None or eip.port_id):
        refuse("BMS.0019", f"The elastic IP {eip_id} does not exist or is bound.")


def _take(
    cloud: Cloud, order: CreateOrder, scenario: Scenario, moment: Moment, job_id: str, order_id: str | None
) -> None:
    server_ids = tuple(entity_id(job_id, "server", number) for number in range(order.count))
    if order_id:
        cloud.purchases.add(Purchase(order_id, moment, server_ids, "new", job_id, order, order.pays_itself))
        if order.body.terms.get("isAutoRenew") == "true":
            cloud.purchases.renewing |= set(server_ids)
    place_create(cloud, job_id, order, scenario if order.pays_itself else _unpaid(scenario), moment, order_id)


def _unpaid(scenario: Scenario) -> Scenario:
    return replace(scenario, plan=plans.never_paid)


def _accepted(cloud: Cloud, job_id: str, order_id: str | None) -> JsonObject:
    if order_id is None:
        return {"job_id": job_id}
    both: Mapping[str, str] = {"job_id": job_id, "order_id": order_id}
    shown = cloud.behaviour.prepaid_response
    return {key: value for key, value in both.items() if shown in ("both", key)}


def pay(cloud: Cloud, purchase: Purchase, moment: Moment) -> None:
    """Let the job of an unpaid order begin now."""
    if purchase.order:
        purchase.paid = True
        scenario = scenario_of(purchase.order.name)
        place_create(cloud, purchase.job_id, purchase.order, scenario, moment, purchase.order_id)


def place_create(
    cloud: Cloud, job_id: str, order: CreateOrder, scenario: Scenario, moment: Moment, order_id: str | None = None
) -> None:
    """Place the job of an order, and plan the life of each server."""
    taken = {server.name for server in cloud.world.servers.all_until(moment.simulated)}
    names = order.server_names(taken)
    server_ids = [entity_id(job_id, "server", number) for number in range(order.count)]
    listed = server_ids if cloud.behaviour.batch_ids_follow_names else server_ids[::-1]
    parts = [(server_id, {"server_id": server_id}) for server_id in listed]
    plan = cloud.jobs.place(batch(job_id, CREATE_TYPES, parts, CREATE_SECONDS), scenario, moment)
    building = Building(cloud, order, plan, moment, order_id)
    for step in walk(plan):
        if step.target:
            number = server_ids.index(step.target)
            building.plan_server(step, names[number], number)
