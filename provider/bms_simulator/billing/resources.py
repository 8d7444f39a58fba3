"""Resources of the billing service: servers and volumes of an order, their renewal and their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bms_simulator.billing.ledger import PROCESSING, UNPAID, Ledger, refuse, written
from bms_simulator.cloud.call import Call
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import Server, Volume
from bms_simulator.cloud.operations.deletion import end_server
from bms_simulator.cloud.purchases import Purchase, new_order_id
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Json, JsonObject, Response
from bms_simulator.scenarios.timeline import DELETE_SECONDS

LIMIT = 10
MOST_QUERIED = 50
MOST_UNSUBSCRIBED = 10
IN_USE, FROZEN = 2, 4
RENEWS_ITSELF, GRACE = 3, 0
SERVER_TYPE, VOLUME_TYPE = "hws.resource.type.pm", "hws.resource.type.volume"


def query_resources(ledger: Ledger, call: Call) -> Response:
    """POST suscriptions/resources/query. `offset` counts resources and begins at 0."""
    body = mapping(call.body)
    ids = _ids(body.get("resource_ids"))
    order_id = text(body, "order_id")
    if len(ids) > MOST_QUERIED or not (ids or order_id):
        refuse("CBC.0100", f"order_id or up to {MOST_QUERIED} resource_ids are needed.")
    resources = [
        resource
        for cloud, purchase in ledger.purchases()
        if purchase.kind == "new" and order_id in ("", purchase.order_id)
        for resource in _resources(ledger, cloud, purchase)
        if not ids or resource["resource_id"] in ids
    ]
    if body.get("only_main_resource") == 1:
        resources = [resource for resource in resources if resource["is_main_resource"] == 1]
    start, limit = _number(body.get("offset"), 0), _number(body.get("limit"), LIMIT)
    shown: list[Json] = [*resources[start : start + limit]]
    return Response(200, {"data": shown, "total_count": len(resources)})


def _number(value: Json, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def _ids(value: Json) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [item for item in value if isinstance(item, str)]


def _resources(ledger: Ledger, cloud: Cloud, purchase: Purchase) -> Sequence[JsonObject]:
    resources: list[JsonObject] = []
    for server in ledger.servers(cloud, purchase):
        resources.append(_server(cloud, purchase, server))
        resources += [_volume(resources[-1], volume) for volume in ledger.volumes(cloud, server)]
    return resources


def _server(cloud: Cloud, purchase: Purchase, server: Server) -> JsonObject:
    return {
        "id": f"{purchase.order_id}-{server.id}",
        "resource_id": server.id,
        "resource_name": server.name,
        "service_type_code": "hws.service.type.bms",
        "resource_type_code": SERVER_TYPE,
        "resource_spec_code": text(server.order, "flavorRef"),
        "project_id": cloud.project_id,
        "is_main_resource": 1,
        "parent_resource_id": None,
        "status": FROZEN if server.frozen else IN_USE,
        "effective_time": written(purchase.placed.wall),
        "expire_time": written(purchase.placed.wall + purchase.length),
        "expire_policy": RENEWS_ITSELF if server.id in cloud.purchases.renewing else GRACE,
    }


def _volume(server: JsonObject, volume: Volume) -> JsonObject:
    return {
        **server,
        "id": f"{server['id']}-{volume.id}",
        "resource_id": volume.id,
        "resource_name": volume.name,
        "service_type_code": "hws.service.type.ebs",
        "resource_type_code": VOLUME_TYPE,
        "resource_spec_code": volume.volume_type,
        "is_main_resource": 0,
        "parent_resource_id": server["resource_id"],
    }


def unsubscribe(ledger: Ledger, call: Call) -> Response:
    """POST subscriptions/resources/unsubscribe."""
    body = mapping(call.body)
    ids = list(dict.fromkeys(_ids(body.get("resource_ids"))))
    if not 1 <= len(ids) <= MOST_UNSUBSCRIBED or body.get("unsubscribe_type") not in (1, 2):
        refuse("CBC.0100", f"1 to {MOST_UNSUBSCRIBED} resource_ids and unsubscribe_type 1 or 2 are needed.")
    servers = [_unsubscribable(ledger, resource_id) for resource_id in ids]
    order_ids: list[Json] = [_end(cloud, server, call) for cloud, server in servers]
    return Response(200, {"order_ids": order_ids, "fail_resource_infos": []})


def _unsubscribable(ledger: Ledger, resource_id: str) -> tuple[Cloud, Server]:
    if ledger.was_unsubscribed(resource_id):
        refuse("CBC.30000067", f"The resource {resource_id} is already deleted.")
    _refuse_unfinished(ledger, resource_id)
    entry = ledger.server(resource_id)
    if entry is None:
        if any(volume.id == resource_id for cloud in ledger.clouds for volume in _bought(ledger, cloud)):
            refuse("CBC.99003185", "The resource must be unsubscribed together with its main resource.")
        refuse("CBC.99003012", f"The resource {resource_id} does not exist.")
    if entry[1].task_state or entry[1].operation:
        refuse("CBC.99003651", "Another transaction on the resource is running.")
    if entry[1].frozen:
        refuse("CBC.99003656", "The resource is frozen.")
    return entry


def _refuse_unfinished(ledger: Ledger, resource_id: str) -> None:
    for cloud, purchase in ledger.purchases():
        if resource_id in purchase.server_ids and purchase.kind == "new":
            status = ledger.status(cloud, purchase)
            if status == UNPAID:
                refuse("CBC.99003100", "The resource is part of an unpaid order.")
            if status == PROCESSING:
                refuse("CBC.99003651", "Another transaction on the resource is running.")


def _bought(ledger: Ledger, cloud: Cloud) -> Sequence[Volume]:
    return [each for each in cloud.world.volumes.all_at(ledger.moment.simulated) if each.bought_with]


def _end(cloud: Cloud, server: Server, call: Call) -> str:
    # The service of the servers hears of an unsubscription later than the billing service.
    begins = call.now + cloud.behaviour.unsubscribe_lag_seconds
    cloud.world.servers.plan(server.id, begins, lambda one: replace(one, task_state="deleting"))
    end_server(cloud, server, begins + DELETE_SECONDS, volumes=False, eips=False)
    for volume in cloud.world.volumes.all_at(call.now):
        if volume.bought_with == server.id and not volume.root:
            cloud.world.volumes.end(volume.id, begins + DELETE_SECONDS)
    cloud.purchases.unsubscribed.add(server.id)
    order = Purchase(new_order_id(), call.moment, (server.id,), "unsubscribe")
    return cloud.purchases.add(order).order_id


def start_renewing(ledger: Ledger, call: Call) -> Response:
    """POST subscriptions/resources/autorenew/{resource_id}."""
    cloud, server = _renewable(ledger, call)
    cloud.purchases.renewing.add(server.id)
    return Response(204)


def stop_renewing(ledger: Ledger, call: Call) -> Response:
    """DELETE subscriptions/resources/autorenew/{resource_id}."""
    cloud, server = _renewable(ledger, call)
    cloud.purchases.renewing.discard(server.id)
    return Response(204)


def _renewable(ledger: Ledger, call: Call) -> tuple[Cloud, Server]:
    resource_id = call.names["resource_id"]
    return ledger.server(resource_id) or refuse("CBC.99003012", f"The resource {resource_id} does not exist.")
