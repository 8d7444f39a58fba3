"""The billing service: orders and the resources that they made, of a whole account, without a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import parse_qsl

from bms_simulator.billing import orders, resources
from bms_simulator.billing.ledger import Ledger, refuse
from bms_simulator.cloud.api import read_body
from bms_simulator.cloud.call import Call
from bms_simulator.cloud.clouds import Clouds
from bms_simulator.cloud.routes import Route, fitting
from bms_simulator.http.request import Request
from bms_simulator.http.responses import Refused, Response, not_allowed
from bms_simulator.identity.gate import Gate

BillingOperation: TypeAlias = Callable[[Ledger, Call], Response]

ORDERS = "v2/orders/customer-orders"
SUBSCRIPTIONS = "v2/orders/subscriptions/resources"

ROUTES: tuple[Route[BillingOperation], ...] = (
    Route("GET", ORDERS, orders.list_orders),
    Route("GET", f"{ORDERS}/details/{{order_id}}", orders.show_order),
    Route("PUT", f"{ORDERS}/cancel", orders.cancel),
    Route("POST", "v3/orders/customer-orders/pay", orders.pay_order),
    # The path is misspelt in the API.
    Route("POST", "v2/orders/suscriptions/resources/query", resources.query_resources),
    Route("POST", f"{SUBSCRIPTIONS}/unsubscribe", resources.unsubscribe),
    Route("POST", f"{SUBSCRIPTIONS}/autorenew/{{resource_id}}", resources.start_renewing),
    Route("DELETE", f"{SUBSCRIPTIONS}/autorenew/{{resource_id}}", resources.stop_renewing),
)


class Billing:
    """The whole billing service without HTTP. Safe to call from many threads."""

    def __init__(self, gate: Gate, clouds: Clouds) -> None:
        """Keep the orders of the clouds, behind a gate."""
        self._gate = gate
        self._clouds = clouds

    def respond(self, request: Request) -> Response | None:
        """Return the response to a request, None for the path of another service."""
        routes = fitting(ROUTES, request.path)
        if not routes:
            return None
        target = next(((route, names) for route, names in routes if route.method == request.method), None)
        if target is None:
            return not_allowed(request.method)
        try:
            return self._carry_out(target[0].operation, target[1], request)
        except Refused as refused:
            return refused.response

    def _carry_out(self, operation: BillingOperation, names: dict[str, str], request: Request) -> Response:
        caller = self._gate.caller(request)
        if caller.denied:
            refuse("CBC.0151", "Access denied.", 403)
        body = read_body(request) if request.body else None
        with self._clouds.lock:
            clouds = tuple(self._clouds.of_account(caller.account))
            call = Call(self._clouds.time.now(), names, tuple(parse_qsl(request.query)), body)
            return operation(Ledger(clouds, call.moment), call)
