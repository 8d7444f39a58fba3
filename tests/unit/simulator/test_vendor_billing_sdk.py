"""The vendor's billing SDK uses the simulator: each operation by typed calls, signed without a project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import huaweicloudsdkbss.v2 as bss
import pytest
from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from bms_simulator import AccessKey, Account, Accounts, ManualClock, Project, Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    account = Account("acme", (Project("north", "cn-north-4"),), access_keys=(AccessKey("AK", "SK"),))
    with Simulator(accounts=Accounts((account,)), project_id="north", clock=ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def client(sim: Simulator) -> Iterator[Any]:
    credentials = GlobalCredentials("AK", "SK", "account")
    built = bss.BssClient.new_builder().with_credentials(credentials).with_endpoint(sim.endpoint).build()
    yield built
    built.close()


def _resources(client: Any, **query: Any) -> list[Any]:
    request = bss.ListPayPerUseCustomerResourcesRequest(body=bss.QueryResourcesReq(**query))
    listed: list[Any] = client.list_pay_per_use_customer_resources(request).data
    return listed


def test_an_order(client: Any, sim: Simulator) -> None:
    """The order of a server is in the list and in the details."""
    order_id = sim.setup.add_server(prepaid=True).order_id
    listed = client.list_customer_orders(bss.ListCustomerOrdersRequest(order_type="1", limit=5, offset=0))
    assert [(order.order_id, order.status) for order in listed.order_infos] == [(order_id, 5)]
    shown = client.show_customer_order_details(bss.ShowCustomerOrderDetailsRequest(order_id=order_id))
    assert (shown.order_info.status, shown.order_info.order_type, len(shown.order_line_items)) == (5, 1, 1)


def test_resources_and_renewal(client: Any, sim: Simulator) -> None:
    """The resource of an order is the server, with the server's name. Renewal is switched on and off."""
    server = sim.setup.add_server("web", prepaid=True)
    (resource,) = _resources(client, order_id=server.order_id, only_main_resource=1)
    assert (resource.resource_id, resource.resource_name, resource.project_id) == (server.id, "web", "north")
    assert (resource.status, resource.is_main_resource, resource.expire_policy) == (2, 1, 0)
    client.auto_renewal_resources(bss.AutoRenewalResourcesRequest(resource_id=server.id))
    assert _resources(client, resource_ids=[server.id])[0].expire_policy == 3
    client.cancel_auto_renewal_resources(bss.CancelAutoRenewalResourcesRequest(resource_id=server.id))
    assert _resources(client, resource_ids=[server.id])[0].expire_policy == 0


def test_unsubscribing(client: Any, sim: Simulator) -> None:
    """A server is unsubscribed once. A second unsubscription is refused."""
    body = bss.UnsubscribeResourcesReq(resource_ids=[sim.setup.add_server(prepaid=True).id], unsubscribe_type=1)
    request = bss.CancelResourcesSubscriptionRequest(body=body)
    response = client.cancel_resources_subscription(request)
    assert (len(response.order_ids), response.fail_resource_infos) == (1, [])
    with pytest.raises(ClientRequestException) as caught:
        client.cancel_resources_subscription(request)
    assert (caught.value.status_code, caught.value.error_code) == (400, "CBC.30000067")


def test_paying_and_cancelling(client: Any, sim: Simulator) -> None:
    """A paid order can be neither paid nor cancelled, and the SDK sees the code."""
    order_id = sim.setup.add_server(prepaid=True).order_id
    payment = bss.PayCustomerOrderV3Req(order_id=order_id, use_coupon="NO", use_discount="NO")
    for send, request in (
        (client.pay_orders, bss.PayOrdersRequest(body=payment)),
        (client.cancel_customer_order, bss.CancelCustomerOrderRequest(bss.CancelCustomerOrderReq(order_id=order_id))),
    ):
        with pytest.raises(ClientRequestException) as caught:
            send(request)
        assert caught.value.error_code == "CBC.99005010"
