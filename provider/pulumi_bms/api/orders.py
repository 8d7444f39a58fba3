"""Orders of the billing service, for servers paid by month or year. The service has no projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import (
    Channel,
    has_no_error,
    holds_list,
    holds_object,
)
from pulumi_bms.api.errors import OutcomeUnknownError
from pulumi_bms.api.models.job import Unreadable
from pulumi_bms.api.models.order import (
    NEW_ORDER,
    FailedResource,
    Order,
    OrderedResource,
    Unsubscription,
)
from pulumi_bms.api.paging import all_pages

SERVERS = "hws.service.type.bms"
"""The service type of servers."""
PAGE_SIZE = 10
"""Items on one page by the API's default."""
MOST_UNSUBSCRIBED = 10
"""Most main resources of one unsubscription. Disks bought with a server end with the server."""
_ALL_PERIODS = 1


@dataclass(frozen=True, slots=True)
class OrderApi:
    """Orders of an account. The channel leads to the billing service's endpoint, without a project."""

    channel: Channel

    def get(self, order_id: str) -> Order:
        """GET /v2/orders/customer-orders/details/{order_id} (no limit documented, page "Querying Order Details").

        Raises an `ApiError`.
        """
        return self.channel.read(
            operations.GET_ORDER,
            holds_object("order_info"),
            lambda document: _asked_for(Order.read(document["order_info"]), order_id),
            names={"order_id": order_id},
        )

    def between(self, begin: datetime, end: datetime) -> tuple[Order, ...]:
        """GET /v2/orders/customer-orders (no limit documented, page "Querying Orders").

        The new server orders in this period, all pages: the second witness of a lost order. Raises an `ApiError`.
        """

        def page(number: int) -> tuple[Order, ...]:
            # `offset` counts orders, from 0 on.
            query = [
                ("create_time_begin", _written(begin)),
                ("create_time_end", _written(end)),
                ("service_type_code", SERVERS),
                ("order_type", NEW_ORDER),
                ("limit", str(PAGE_SIZE)),
                ("offset", str(number * PAGE_SIZE)),
            ]
            return self.channel.read(operations.LIST_ORDERS, holds_list("order_infos"), _orders, query=query)

        return all_pages(page, lambda order: order.order_id, PAGE_SIZE)

    def resources(self, order_id: str, *, only_main: bool = True) -> tuple[OrderedResource, ...]:
        """POST /v2/orders/suscriptions/resources/query (no limit documented, "Querying Yearly/Monthly Resources").

        The resources of an order, all pages: its servers, and their disks unless `only_main`. Raises an `ApiError`.
        """
        return self._resources({"order_id": order_id, "only_main_resource": int(only_main)})

    def resources_of(self, resource_ids: Sequence[str]) -> tuple[OrderedResource, ...]:
        """POST /v2/orders/suscriptions/resources/query (no limit documented, "Querying Yearly/Monthly Resources").

        The billing service's records of up to 50 resources, all pages. Raises an `ApiError`.
        """
        return self._resources({"resource_ids": list(resource_ids), "only_main_resource": 0})

    def unsubscribe(self, server_ids: Sequence[str]) -> Unsubscription:
        """POST /v2/orders/subscriptions/resources/unsubscribe (no limit documented).

        Page "Unsubscribing from Yearly/Monthly Resources". At most 10 servers a call, all their periods. The response
        may name servers that stay. The server service learns of the end later. Raises the errors of `send_once`.
        """
        if not 1 <= len(server_ids) <= MOST_UNSUBSCRIBED:
            raise ValueError(f"server_ids must be 1 to {MOST_UNSUBSCRIBED} ids, not {len(server_ids)}")
        body = {"resource_ids": list(server_ids), "unsubscribe_type": _ALL_PERIODS}
        document = self.channel.change(operations.UNSUBSCRIBE, _tells_outcome, body=body)
        try:
            return _unsubscription(document)
        except Unreadable as error:
            raise OutcomeUnknownError(
                f"{operations.UNSUBSCRIBE.method} {self.channel.client.endpoint}{operations.UNSUBSCRIBE.path}",
                detail=f"unreadable: {error}",
            ) from None

    def start_renewing(self, server_id: str) -> None:
        """POST /v2/orders/subscriptions/resources/autorenew/{resource_id} (no limit documented).

        Page "Enabling Automatic Subscription Renewal". Raises the errors of `send_once`.
        """
        self.channel.change(operations.START_RENEWING, has_no_error(), names={"resource_id": server_id})

    def stop_renewing(self, server_id: str) -> None:
        """DELETE /v2/orders/subscriptions/resources/autorenew/{resource_id} (no limit documented).

        Page "Disabling Automatic Subscription Renewal". Raises the errors of `send_once`.
        """
        self.channel.change(operations.STOP_RENEWING, has_no_error(), names={"resource_id": server_id})

    def _resources(self, query: Mapping[str, Any]) -> tuple[OrderedResource, ...]:
        def page(number: int) -> tuple[OrderedResource, ...]:
            # `offset` counts resources, from 0 on.
            body = {**query, "limit": PAGE_SIZE, "offset": number * PAGE_SIZE}
            return self.channel.read(operations.LIST_ORDERED, holds_list("data", "resources"), _listed, body=body)

        return all_pages(page, lambda resource: resource.resource_id, PAGE_SIZE)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _orders(document: Mapping[str, Any]) -> tuple[Order, ...]:
    return Order.read_all(document, "order_infos")


def _listed(document: Mapping[str, Any]) -> tuple[OrderedResource, ...]:
    # The vendor's client and the page have different names.
    return OrderedResource.read_all(document, "data", "resources")


def _asked_for(order: Order, order_id: str) -> Order:
    if order.order_id != order_id:
        raise Unreadable("the response is about another order")
    return order


def _tells_outcome(document: Mapping[str, Any]) -> bool:
    return any(isinstance(items := document.get(name), list) and bool(items) for name in ("order_ids", _FAILED))


_FAILED = "fail_resource_infos"


def _unsubscription(document: Mapping[str, Any]) -> Unsubscription:
    order_ids = tuple(each for each in document.get("order_ids") or () if isinstance(each, str))
    return Unsubscription(order_ids=order_ids, failed=FailedResource.read_all(document, _FAILED))
