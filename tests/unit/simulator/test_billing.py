"""The billing service: orders, their resources, paying, cancelling, renewal, unsubscribing, and the owner of a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bms_simulator import AccessKey, Account, Accounts, Behaviour, Project, Simulator, User

ORDERS = "/v2/orders/customer-orders"
QUERY = "/v2/orders/suscriptions/resources/query"
UNSUBSCRIBE = "/v2/orders/subscriptions/resources/unsubscribe"
RENEWAL = "/v2/orders/subscriptions/resources/autorenew"
MONTHLY = {"chargingMode": "prePaid", "periodType": "month", "periodNum": 2, "isAutoPay": "true"}


def order_status(bench: Any, order_id: str) -> int:
    status: int = bench.ask("GET", f"{ORDERS}/details/{order_id}")[1]["order_info"]["status"]
    return status


def resources(bench: Any, **query: object) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = bench.ask("POST", QUERY, query)[1]["data"]
    return listed


def unsubscribe(bench: Any, *ids: str, kind: int = 1) -> str:
    code: str = bench.code("POST", UNSUBSCRIBE, {"resource_ids": list(ids), "unsubscribe_type": kind})
    return code


@pytest.mark.parametrize(
    ("response", "keys"),
    [("both", {"job_id", "order_id"}), ("order_id", {"order_id"}), ("job_id", {"job_id"})],
)
def test_the_ids_of_a_prepaid_order(response: Any, keys: set[str], start: Callable[..., Any]) -> None:
    """A switch decides the ids in the response."""
    assert start(behaviour=Behaviour(prepaid_response=response)).order("web", prepaid=True).keys() == keys


def test_an_order_is_processed_then_done(bench: Any) -> None:
    """A paid order is in processing during the job, and done afterwards."""
    order_id = bench.order("web", prepaid=True)["order_id"]
    assert order_status(bench, order_id) == 3
    bench.sim.advance(240.0)
    assert order_status(bench, order_id) == 5


def test_a_failed_order_is_refunded(bench: Any) -> None:
    """The order of a failed job is to be refunded, then cancelled."""
    order_id = bench.order("fail", prepaid=True)["order_id"]
    bench.sim.advance(240.0)
    assert order_status(bench, order_id) == 2
    bench.sim.advance(60.0)
    assert order_status(bench, order_id) == 4


def test_an_unpaid_order_is_paid(bench: Any) -> None:
    """Without isAutoPay nothing is built until the order is paid. Then the same job goes on."""
    ordered = bench.order("web", extendparam={**MONTHLY, "isAutoPay": "false"})
    bench.sim.advance(1000.0)
    assert bench.ask("GET", f"jobs/{ordered['job_id']}")[1]["status"] == "PENDING_PAYMENT"
    assert (order_status(bench, ordered["order_id"]), bench.sim.world.servers) == (6, ())
    payment = {"order_id": ordered["order_id"], "use_coupon": "NO", "use_discount": "NO"}
    assert bench.code("POST", "/v3/orders/customer-orders/pay", {"order_id": ordered["order_id"]}) == "CBC.0100"
    assert bench.ask("POST", "/v3/orders/customer-orders/pay", payment) == (204, None)
    bench.sim.advance(240.0)
    assert bench.ask("GET", f"jobs/{ordered['job_id']}")[1]["status"] == "SUCCESS"
    assert [server.status for server in bench.sim.world.servers] == ["ACTIVE"]
    assert bench.code("POST", "/v3/orders/customer-orders/pay", payment) == "CBC.99005010"


def test_an_unpaid_order_is_cancelled(bench: Any) -> None:
    """Only an unpaid order can be cancelled. The order's job waits for the payment forever."""
    ordered = bench.order("web", extendparam={**MONTHLY, "isAutoPay": "false"})
    assert bench.ask("PUT", f"{ORDERS}/cancel", {"order_id": ordered["order_id"]}) == (204, None)
    assert order_status(bench, ordered["order_id"]) == 4
    assert bench.code("PUT", f"{ORDERS}/cancel", {"order_id": ordered["order_id"]}) == "CBC.99005010"
    assert bench.code("PUT", f"{ORDERS}/cancel", {"order_id": "none"}) == "CBC.99005001"
    assert bench.ask("GET", f"jobs/{ordered['job_id']}")[1]["status"] == "PENDING_PAYMENT"


def test_orders_are_listed(bench: Any) -> None:
    """Orders are listed from the latest on, in pages from 0, by status, type and time."""
    ids: list[str] = []
    for number in range(3):
        ids.append(bench.order(f"web-{number}", prepaid=True)["order_id"])
        bench.sim.advance(100.0)

    def listed(query: str) -> list[str]:
        return [each["order_id"] for each in bench.ask("GET", f"{ORDERS}?{query}")[1]["order_infos"]]

    assert listed("limit=2&offset=0") == ids[:0:-1]
    assert listed("limit=2&offset=2") == ids[:1]
    assert listed("status=5") == ids[:1]
    assert listed("order_type=4") == []
    assert listed("service_type_code=other") == []
    assert listed("create_time_begin=2000-01-01T00:00:00Z&create_time_end=2000-01-02T00:00:00Z") == []


def test_resources_of_an_order(bench: Any) -> None:
    """The servers of an order are main resources, the volumes are subordinate resources, in pages of ten."""
    disk = {"volumetype": "SSD", "size": 100}
    ordered = bench.order("web", 12, prepaid=True, data_volumes=[disk])
    bench.sim.advance(240.0)
    main = resources(bench, order_id=ordered["order_id"], only_main_resource=1)
    assert [each["resource_name"] for each in main] == [f"web-{number:04d}" for number in range(1, 11)]
    more = resources(bench, order_id=ordered["order_id"], only_main_resource=1, offset=10)
    assert [each["resource_name"] for each in more] == ["web-0011", "web-0012"]
    (server, volume) = resources(bench, order_id=ordered["order_id"], limit=2)
    assert (server["resource_type_code"], server["status"], server["expire_policy"]) == ("hws.resource.type.pm", 2, 0)
    assert (volume["is_main_resource"], volume["parent_resource_id"]) == (0, server["resource_id"])
    assert [each["resource_id"] for each in resources(bench, resource_ids=[volume["resource_id"]])] == [
        volume["resource_id"]
    ]
    assert bench.code("POST", QUERY, {}) == "CBC.0100"
    assert bench.code("POST", QUERY, {"resource_ids": ["x"] * 51}) == "CBC.0100"


def test_renewal(bench: Any) -> None:
    """A server is renewed automatically by the order's setting, or after a request."""
    server_id = bench.server_id(prepaid=True, extendparam={**MONTHLY, "isAutoRenew": "true"})

    def policy() -> int:
        value: int = resources(bench, resource_ids=[server_id])[0]["expire_policy"]
        return value

    seen = [policy()]
    for method in ("DELETE", "POST"):
        assert bench.ask(method, f"{RENEWAL}/{server_id}") == (204, None)
        seen.append(policy())
    assert seen == [3, 0, 3]
    assert bench.code("POST", f"{RENEWAL}/none") == "CBC.99003012"


def test_unsubscribing_ends_a_server_later(bench: Any) -> None:
    """An unsubscribed server is deleted later, with the volumes. The id then counts as deleted."""
    disk = {"volumetype": "SSD", "size": 100}
    server_id = bench.server_id(prepaid=True, data_volumes=[disk])
    volume_id = bench.sim.world.volumes[-1].id
    assert unsubscribe(bench, volume_id) == "CBC.99003185"
    assert unsubscribe(bench, server_id) == ""
    seen = []
    for seconds in (19.0, 1.0, 120.0, 60.0):
        bench.sim.advance(seconds)
        body = bench.ask("GET", f"baremetalservers/{server_id}")[1].get("server", {})
        seen.append((body.get("status"), body.get("OS-EXT-STS:task_state")))
    assert seen == [("ACTIVE", None), ("ACTIVE", "deleting"), ("DELETED", None), (None, None)]
    assert volume_id not in {volume.id for volume in bench.sim.world.volumes}
    assert unsubscribe(bench, server_id) == "CBC.30000067"
    assert bench.ask("GET", f"{ORDERS}?order_type=4")[1]["total_count"] == 1


def test_unsubscriptions_that_are_refused(bench: Any) -> None:
    """Too many ids, unknown ids, unfinished or unpaid orders, busy and frozen servers have separate codes."""
    setup = bench.sim.setup
    assert unsubscribe(bench, *(str(number) for number in range(11))) == "CBC.0100"
    assert unsubscribe(bench, "x", kind=3) == "CBC.0100"
    assert unsubscribe(bench, "none") == "CBC.99003012"
    assert unsubscribe(bench, setup.add_server().id) == "CBC.99003012"
    assert unsubscribe(bench, setup.add_server(prepaid=True, frozen=True).id) == "CBC.99003656"
    assert unsubscribe(bench, setup.add_server(prepaid=True, task_state="powering-off").id) == "CBC.99003651"
    bench.order("web", prepaid=True)
    bench.sim.advance(100.0)
    assert unsubscribe(bench, bench.sim.world.servers[-1].id) == "CBC.99003651"


def test_billing_asks_who_is_there(sim: Simulator, call: Any) -> None:
    """The billing service needs a credential, and shows only the orders of the credential's account."""
    assert call(sim, "GET", ORDERS)[0] == 401
    assert call(sim, "DELETE", ORDERS, {"x-auth-token": sim.token})[0] == 405
    assert call(sim, "GET", ORDERS, {"x-auth-token": sim.token})[1] == {"total_count": 0, "order_infos": []}


def test_a_right_is_needed_for_billing(bank: Simulator, sign: Any, call: Any) -> None:
    """A key without rights is refused in the shape of the billing service."""
    status, body, _headers = call(bank, "GET", ORDERS, sign(bank, "GET", ORDERS, key=("AKD", "SKD")))
    assert (status, body["error_code"]) == (403, "CBC.0151")


def test_the_owner_of_an_access_key(start: Callable[..., Any], call: Any) -> None:
    """The identity service returns the id of a key's user, equal to the id in the user's tokens."""
    users = (User("first", "one"), User("second", "two"))
    keys = (AccessKey("AK1", "SK"), AccessKey("AK2", "SK", user="second"))
    account = Account("acme", (Project("north", "north"),), users, keys, {"ready": "north"})
    sim = start(accounts=Accounts((account,))).sim
    for access, name, password in (("AK1", "first", "one"), ("AK2", "second", "two")):
        shown = call(sim, "GET", f"/v3.0/OS-CREDENTIAL/credentials/{access}", {"x-auth-token": "ready"})[1]
        user = {"name": name, "password": password, "domain": {"name": "acme"}}
        identity = {"methods": ["password"], "password": {"user": user}}
        login = {"auth": {"identity": identity, "scope": {"project": {"id": "north"}}}}
        token = call(sim, "POST", "/v3/auth/tokens", {}, login)[1]["token"]
        assert shown["credential"]["user_id"] == token["user"]["id"]
    assert call(sim, "GET", "/v3.0/OS-CREDENTIAL/credentials/none", {"x-auth-token": "ready"})[0] == 404
    assert call(sim, "GET", "/v3.0/OS-CREDENTIAL/credentials/AK1")[0] == 401
