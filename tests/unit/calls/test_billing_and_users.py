"""Orders of the billing service, and the owner of an access key, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bms_simulator import AccessKey, Account, Accounts, Behaviour, Project, Simulator, User
from pulumi_bms.api import operations
from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.identity.key_owner import UserApi
from pulumi_bms.api.models.order import OrderStatus, ResourceStatus
from pulumi_bms.api.operation_codes import Meaning, meaning_of, meaning_of_code
from pulumi_bms.api.orders import OrderApi

if TYPE_CHECKING:
    from tests.unit.calls.conftest import Bench

DAY = timedelta(days=1)


def failure(call: Callable[[], object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


def order_id(bench: Bench, name: str = "web", count: int = 1, **fields: object) -> str:
    result = bench.servers.create(bench.order(name, count, prepaid=True, **fields)).order_id
    assert result
    return result


@pytest.mark.parametrize(
    ("name", "seconds", "status"),
    [
        ("web", 0.0, OrderStatus.PROCESSING),
        ("web", 240.0, OrderStatus.DONE),
        ("fail", 240.0, OrderStatus.TO_BE_REFUNDED),
        ("fail", 400.0, OrderStatus.CANCELLED),
    ],
)
def test_how_an_order_stands(name: str, seconds: float, status: OrderStatus, bench: Bench) -> None:
    """An order is processed, then done. If the order's job fails, the order is refunded and cancelled."""
    ordered = order_id(bench, name)
    bench.sim.advance(seconds)
    assert OrderApi(bench.account).get(ordered).status == status


def test_an_unknown_order(bench: Bench) -> None:
    """An unknown order is refused, and a response about a different order is an error."""
    api = OrderApi(bench.account)
    assert type(failure(lambda: api.get("none"))) is RefusedError
    bench.spoil("GET", 200, {"order_info": {"order_id": "other", "status": 5}})
    assert type(failure(lambda: api.get("none"))) is NoAnswerError


def test_orders_of_a_time(bench: Bench) -> None:
    """All new orders of servers in the time span are listed, from all pages."""
    api, now = OrderApi(bench.account), datetime.now(UTC)
    ids = {order_id(bench, f"web-{number}") for number in range(12)}
    assert {order.order_id for order in api.between(now - DAY, now + DAY)} == ids
    assert api.between(now - 2 * DAY, now - DAY) == ()
    assert bench.sim.count("GET", path_contains="service_type_code=hws.service.type.bms") == 3


def test_resources_of_an_order(bench: Bench) -> None:
    """All servers of an order are listed, from all pages. Disks are listed on request."""
    api, ordered = (
        OrderApi(bench.account),
        order_id(bench, "web", 12, data_volumes=[{"volumetype": "SSD", "size": 100}]),
    )
    bench.sim.advance(600.0)
    main, everything = api.resources(ordered), api.resources(ordered, only_main=False)
    assert {each.resource_id for each in main} == {server.id for server in bench.servers.list()}
    assert [each.resource_name for each in main] == [f"web-{number:04d}" for number in range(1, 13)]
    assert (len(everything), {each.is_main_resource for each in main}) == (24, {True})
    disk = next(each for each in everything if not each.is_main_resource)
    assert (disk.parent_resource_id, main[0].status) == (main[0].resource_id, ResourceStatus.IN_USE)
    assert [each.resource_id for each in api.resources_of([disk.resource_id])] == [disk.resource_id]


@pytest.mark.parametrize("name", ["data", "resources"])
def test_both_names_of_the_list_of_resources(name: str, bench: Bench) -> None:
    """The vendor's client and a page name the list differently, and numbers may be strings."""
    bench.spoil("POST", 200, {name: [{"resource_id": "a", "is_main_resource": "1", "expire_policy": "3"}]})
    (resource,) = OrderApi(bench.account).resources("o")
    assert (resource.resource_id, resource.is_main_resource, resource.renews_itself) == ("a", True, True)


def test_a_query_of_resources_that_brings_nothing(bench: Bench) -> None:
    """A query by POST changes nothing: a lost response is `NoAnswerError`."""
    bench.sim.spoil_next("reset", method="POST")
    assert type(failure(lambda: OrderApi(bench.account).resources("o"))) is NoAnswerError


def test_unsubscribing(bench: Bench) -> None:
    """Servers are unsubscribed by a new order, and the billing service no longer lists the servers."""
    api, ids = OrderApi(bench.account), [bench.sim.setup.add_server(prepaid=True).id for _ in range(2)]
    ended = api.unsubscribe(ids)
    assert (len(ended.order_ids), ended.failed) == (2, ())
    again = failure(lambda: api.unsubscribe(ids))
    assert (type(again), meaning_of(operations.UNSUBSCRIBE, again)) == (RefusedError, Meaning.GONE)
    bench.sim.advance(600.0)
    assert [bench.servers.get(each) for each in ids] == [None, None]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"order_ids": None, "error_code": "CBC.99003651", "error_msg": "x"}, RefusedError),
        (400, {"error_code": "CBC.99003651", "error_msg": "x"}, RefusedError),
        (500, {"error_code": "CBC.0999", "error_msg": "x"}, OutcomeUnknownError),
        (200, {"order_ids": [], "fail_resource_infos": []}, OutcomeUnknownError),
        (200, {"fail_resource_infos": ["x"]}, OutcomeUnknownError),
        (200, None, OutcomeUnknownError),
    ],
)
def test_unsubscriptions_that_fail(status: int, body: Any, kind: type[ApiError], bench: Bench) -> None:
    """A refusal inside a 2xx is a refusal. A response without content leaves the outcome unknown."""
    bench.spoil("POST", status, body)
    assert type(failure(lambda: OrderApi(bench.account).unsubscribe(["x"]))) is kind


def test_servers_that_stay(bench: Bench) -> None:
    """Resources that were not unsubscribed are listed with codes, and a code has the operation's meaning."""
    stays = {"resource_id": "a", "error_code": "CBC.99003651", "error_msg": "busy"}
    bench.spoil("POST", 200, {"order_ids": ["o"], "fail_resource_infos": [stays]})
    ended = OrderApi(bench.account).unsubscribe(["a", "b"])
    assert [(each.resource_id, each.code, each.message) for each in ended.failed] == [("a", "CBC.99003651", "busy")]
    assert meaning_of_code(operations.UNSUBSCRIBE, ended.failed[0].code) is Meaning.WAIT


@pytest.mark.parametrize("count", [0, 11])
def test_how_many_servers_are_unsubscribed_at_once(count: int, bench: Bench) -> None:
    """One call names 1 to 10 servers. A wrong number is refused before a request."""
    with pytest.raises(ValueError, match="1 to 10"):
        OrderApi(bench.account).unsubscribe(["x"] * count)
    assert bench.sim.requests == []


def test_renewal(bench: Bench) -> None:
    """Automatic renewal is switched on and off. For a server without a period, the refusal is to be confirmed."""
    api, server_id = OrderApi(bench.account), bench.sim.setup.add_server(prepaid=True).id
    seen = []
    for switch in (api.start_renewing, api.stop_renewing):
        switch(server_id)
        seen.append(api.resources_of([server_id])[0].renews_itself)
    assert seen == [True, False]
    error = failure(lambda: api.start_renewing("none"))
    assert meaning_of(operations.START_RENEWING, error) is Meaning.CONFIRM


def test_billing_knows_no_project(bench: Bench) -> None:
    """Requests to the billing service name no project."""
    OrderApi(bench.account).between(datetime.now(UTC), datetime.now(UTC))
    assert "x-project-id" not in {name.lower() for name in bench.sim.requests[0].headers}


def test_a_missing_right_for_billing(start: Callable[..., Bench]) -> None:
    """The error for an account of a different site has the next step."""
    bench = start(behaviour=Behaviour())
    bench.spoil("POST", 403, {"error_code": "CBC.0156", "error_msg": "wrong site"})
    error = failure(lambda: OrderApi(bench.account).unsubscribe(["x"]))
    assert error.hint == "set the billing endpoint of the account's site"


def users(sim: Simulator, access: str, secret: str) -> UserApi:
    return UserApi(
        Channel(Client(sim.endpoint, AccessKeyCredential(access, secret, "a test"), lockout_guard=LockoutGuard()))
    )


def test_the_owner_of_an_access_key() -> None:
    """The owner of a key is found with the right to ask. Without the right, the error names `user_id`."""
    keys = (AccessKey("AK", "SK"), AccessKey("AKD", "SKD", denied=True))
    account = Account("acme", (Project("p", "p"),), (User("deploy", "right horse"),), keys)
    with Simulator(accounts=Accounts((account,))) as sim:
        assert users(sim, "AK", "SK").owner_of("AK")
        for access, secret, asked in (("AKD", "SKD", "AKD"), ("AK", "SK", "none")):
            error = failure(lambda a=access, s=secret, q=asked: users(sim, a, s).owner_of(q))  # type: ignore[misc]
            assert (type(error), "`user_id`" in str(error)) == (RefusedError, True)
