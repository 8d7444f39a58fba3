"""Orders of the billing service: list, details, cancel, pay."""

from __future__ import annotations

from bms_simulator.billing.ledger import UNPAID, Ledger, refuse, written
from bms_simulator.cloud.call import Call
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.operations.create import pay
from bms_simulator.cloud.purchases import Purchase
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Json, JsonObject, Response

SERVICE_TYPE = "hws.service.type.bms"
ORDER_TYPES = {"new": 1, "unsubscribe": 4}
LIMIT = 10


def list_orders(ledger: Ledger, call: Call) -> Response:
    """GET customer-orders. `offset` counts orders and begins at 0."""
    orders = [_order(ledger, cloud, purchase) for cloud, purchase in ledger.purchases()]
    orders = [order for order in orders if _fits(order, call)]
    start, limit = call.number("offset", 0, least=0), call.number("limit", LIMIT)
    shown: list[Json] = [*orders[start : start + limit]]
    return Response(200, {"total_count": len(orders), "order_infos": shown})


def _fits(order: JsonObject, call: Call) -> bool:
    query, created = call.query, str(order["create_time"])
    return (
        query.get("create_time_begin", created) <= created <= query.get("create_time_end", created)
        and query.get("service_type_code", SERVICE_TYPE) == SERVICE_TYPE
        and all(query.get(key, str(order[key])) == str(order[key]) for key in ("status", "order_type", "order_id"))
    )


def _order(ledger: Ledger, cloud: Cloud, purchase: Purchase) -> JsonObject:
    created = written(purchase.placed.wall)
    return {
        "order_id": purchase.order_id,
        "service_type_code": SERVICE_TYPE,
        "service_type_name": "Bare Metal Server",
        "source_type": 1,
        "status": ledger.status(cloud, purchase),
        "order_type": ORDER_TYPES[purchase.kind],
        "amount_after_discount": 100.0,
        "official_amount": 100.0,
        "currency": "CNY",
        "create_time": created,
        "payment_time": created if purchase.paid else None,
    }


def show_order(ledger: Ledger, call: Call) -> Response:
    """GET customer-orders/details/{order_id}."""
    cloud, purchase = ledger.purchase(call.names["order_id"])
    items: list[Json] = [
        {
            "order_line_item_id": f"{purchase.order_id}-{number:06d}",
            "service_type_code": SERVICE_TYPE,
            "resource_type": "hws.resource.type.pm",
            "subscription_num": 1,
        }
        for number in range(1, len(purchase.server_ids) + 1)
    ]
    order = _order(ledger, cloud, purchase)
    return Response(200, {"total_count": len(items), "order_info": order, "order_line_items": items})


def cancel(ledger: Ledger, call: Call) -> Response:
    """PUT customer-orders/cancel."""
    cloud, purchase = _named(ledger, call)
    if ledger.status(cloud, purchase) != UNPAID:
        refuse("CBC.99005010", "The status of the order does not allow this.")
    purchase.cancelled = True
    return Response(204)


def pay_order(ledger: Ledger, call: Call) -> Response:
    """POST customer-orders/pay."""
    body = mapping(call.body)
    if not {text(body, "use_coupon"), text(body, "use_discount")} <= {"YES", "NO"}:
        refuse("CBC.0100", "use_coupon and use_discount must be YES or NO.")
    cloud, purchase = _named(ledger, call)
    if purchase.cancelled or purchase.paid:
        refuse("CBC.99005010", "The status of the order does not allow this.")
    if cloud.behaviour.balance == "low":
        refuse("CBC.99005008", "The account balance is not enough.")
    pay(cloud, purchase, call.moment)
    return Response(204)


def _named(ledger: Ledger, call: Call) -> tuple[Cloud, Purchase]:
    return ledger.purchase(text(mapping(call.body), "order_id"))
