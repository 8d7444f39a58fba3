"""Results and errors of the functions that read the cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bms_simulator import Behaviour, Catalogue, Flavor, Quotas, Response, Simulator
from pulumi_bms import get_flavors, get_quotas, get_server, get_servers
from pulumi_bms.api.errors import ApiError, AuthenticationError, NoAnswerError, NotFoundError, RefusedError

BEHAVIOURS = [
    Behaviour(),
    Behaviour(name_filter="exact", tag_filter="unknown"),
    Behaviour(name_filter="regex", tag_filter="exact"),
    Behaviour(tag_filter="ignored", list_without_project="default"),
]
TAGS = {"role": "web"}
GONE = "bae51750-0089-41a1-9b18-5c777978ff6d"


def test_a_server_is_read_whole(sim: Simulator) -> None:
    """A server has typed fields for identity, state, addresses, tags and payment."""
    there = sim.setup.add_server("web", prepaid=True, tags=TAGS)
    server = get_server(there.id)
    assert (server.id, server.name, server.status, server.task_state) == (there.id, "web", "ACTIVE", None)
    assert server.flavor_id == there.order["flavorRef"]
    assert (server.tags, server.prepaid, bool(server.order_id)) == ({"role": "web"}, True, True)
    assert server.addresses[0].port_id in there.nic_ids


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(gone_server="400 with nova text")])
def test_a_server_that_is_gone_is_named(start: Callable[..., Simulator], behaviour: Behaviour) -> None:
    """The error for a deleted server has the id and a next step, with every response of the API."""
    start(behaviour=behaviour)
    with pytest.raises(NotFoundError) as error:
        get_server(GONE)
    assert GONE in str(error.value)
    assert error.value.next_step


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_servers_by_their_properties(start: Callable[..., Simulator], behaviour: Behaviour) -> None:
    """Each filter is exact, and all filters hold together, with every filter behaviour of the API."""
    setup = start(behaviour=behaviour).setup
    web, webber = (setup.add_server(name, tags=TAGS) for name in ("web", "webber-0001"))
    other = setup.add_server("db", order={"flavorRef": "physical.h2.large", "availability_zone": "az9"})
    stopped = setup.add_server("db", status="SHUTOFF", order={"extendparam": {"enterprise_project_id": "e1"}})

    def found(**properties: str) -> set[str]:
        return {server.id for server in get_servers(**properties)}

    assert found() == {web.id, webber.id, other.id, stopped.id}
    assert found(name="web") == {web.id}
    assert found(name="db") == {other.id, stopped.id}
    assert found(name_prefix="web") == {web.id, webber.id}
    assert found(tag="role=web") == found(tag="role") == {web.id, webber.id}
    assert found(tag="role=w") == found(tag="rol") == set()
    assert found(name="web", tag="role=web") == {web.id}
    assert found(status="shutoff") == {stopped.id}
    assert found(flavor_id="physical.h2.large") == found(availability_zone="az9") == {other.id}
    assert found(enterprise_project_id="e1") == {stopped.id}


def test_all_pages_of_servers(sim: Simulator) -> None:
    """All pages of servers are read, and each server is listed once."""
    ids = {sim.setup.add_server(f"web-{number}").id for number in range(130)}
    servers = get_servers()
    assert len(servers) == 130
    assert {server.id for server in servers} == ids
    assert sim.count(path_contains="/detail") == 3


STOCKED = Catalogue((Flavor("physical.a", stock={"az1": 2}), Flavor("physical.b", zones={"az1": "sellout"})))


def test_flavors_with_their_stock(start: Callable[..., Simulator]) -> None:
    """Sale and stock are the values of the zone in the call, and unknown without a zone."""
    sim = start(catalogue=STOCKED)
    in_zone = {
        each.id: (each.availability_zone, each.sale, each.stock) for each in get_flavors(availability_zone="az1")
    }
    assert in_zone == {"physical.a": ("az1", "normal", 2), "physical.b": ("az1", "sellout", 0)}
    first, _ = get_flavors()
    assert (first.vcpus, first.ram, first.nic_count) == (48, 196608, 2)
    assert (first.availability_zone, first.sale, first.stock) == (None, None, None)
    assert sim.count(path_contains="available_resource") == 1


@pytest.mark.parametrize(
    "response",
    [
        Response(404, {"error_code": "APIG.0101", "error_msg": "The API does not exist"}),
        Response(403, {"error_code": "PAP5.0016", "error_msg": "Policy doesn't allow it"}),
    ],
)
def test_flavors_without_stock(start: Callable[..., Simulator], response: Response) -> None:
    """A cloud without the call, or a user without the right, leaves the stock unknown."""
    start(catalogue=STOCKED).spoil_next(response, method="GET", path_contains="available_resource")
    assert [each.stock for each in get_flavors(availability_zone="az1")] == [None, None]


def test_another_refusal_of_the_stock_is_an_error(start: Callable[..., Simulator]) -> None:
    """Only the two known refusals leave the stock out. Any other refusal is an error."""
    sim = start(catalogue=STOCKED)
    wrong = Response(400, {"error_code": "BMS.0018", "error_msg": "availability_zone is wrong."})
    sim.spoil_next(wrong, method="GET", path_contains="available_resource")
    with pytest.raises(RefusedError, match=r"BMS\.0018"):
        get_flavors(availability_zone="az1")


def test_quotas(start: Callable[..., Simulator]) -> None:
    """A quota has limit, use and rest."""
    sim = start(catalogue=Catalogue(quotas=Quotas(instances=3)))
    sim.setup.add_server()
    quotas = get_quotas()
    assert (quotas.instances.limit, quotas.instances.used, quotas.instances.left) == (3, 1, 2)
    assert quotas.cores.limit is None


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: get_server(""), "server_id"),
        (lambda: get_server("a/../b"), "server_id 'a/../b'"),
        (lambda: get_server(GONE, region="eu de"), "region"),
        (lambda: get_server(GONE, profile="a", region="b"), "profile and region"),
        (lambda: get_servers(name=""), "name"),
        (lambda: get_servers(tag=" "), "tag"),
        (lambda: get_servers(project_id="a/b"), "project_id"),
        (lambda: get_flavors(availability_zone=""), "availability_zone"),
        (lambda: get_flavors(endpoint="http://elsewhere.example.com"), "endpoint"),
        (lambda: get_quotas(profile="a b"), "profile"),
    ],
)
def test_a_wrong_argument_sends_nothing(sim: Simulator, ask: Callable[[], object], says: str) -> None:
    """A wrong argument is a `ValueError` with the argument's name, and no request is sent."""
    with pytest.raises(ValueError, match=f"^{says} "):
        ask()
    assert sim.requests == []


READS: Mapping[str, Callable[[], Any]] = {
    "get_server": lambda: get_server(GONE),
    "get_servers": get_servers,
    "get_flavors": lambda: get_flavors(availability_zone="az1"),
    "get_quotas": get_quotas,
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_a_failure_is_told_and_not_kept(
    sim: Simulator, read: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage and a rejected token are errors with the request. The next call sends a new request."""
    sim.setup.add_server(id=GONE)
    sim.spoil_next(Response(503, "down"), method="GET", times=9)
    with pytest.raises(NoAnswerError) as error:
        read()
    assert "/baremetalservers" in str(error.value)
    while sim.count() < 9:
        with pytest.raises(ApiError):
            read()
    assert read()
    monkeypatch.setenv("HW_AUTH_TOKEN", f"expired-{sim.token}")
    with pytest.raises(AuthenticationError, match="HW_AUTH_TOKEN"):
        read()
