"""Servers: order, get, list, find, delete, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from bms_simulator import Behaviour
from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.paging import all_pages
from pulumi_bms.api.servers import Ordered

if TYPE_CHECKING:
    from tests.unit.calls.conftest import Bench

MARK = "pulumi-bms"
NOVA = 'error message ={"itemNotFound": {"message": "Instance x could not be found.", "code": 404}}'
EIP = {
    "eip": {
        "iptype": "5_bgp",
        "bandwidth": {"name": "b", "sharetype": "PER", "size": 5},
        "extendparam": {"chargingMode": "postPaid"},
    }
}


def names(servers: tuple[Server, ...]) -> list[str]:
    return sorted(server.name for server in servers)


@pytest.mark.parametrize(
    ("prepaid", "shown", "has_job", "has_order"),
    [
        (False, "both", True, False),
        (True, "both", True, True),
        (True, "job_id", True, False),
        (True, "order_id", False, True),
    ],
)
def test_what_an_order_brings(
    prepaid: bool,  # noqa: FBT001
    shown: Any,
    has_job: bool,  # noqa: FBT001
    has_order: bool,  # noqa: FBT001
    start: Callable[..., Bench],
) -> None:
    """The response to an order has a job id, an order id, or both. A missing id stays None."""
    bench = start(behaviour=Behaviour(prepaid_response=shown))
    ordered = bench.servers.create(bench.order(prepaid=prepaid))
    assert (ordered.job_id is not None, ordered.order_id is not None) == (has_job, has_order)
    assert isinstance(ordered, Ordered)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {}, OutcomeUnknownError),
        (200, {"job_id": "", "order_id": None}, OutcomeUnknownError),
        (200, None, OutcomeUnknownError),
        (500, {"error": {"code": "BMS.9999", "message": "x"}}, OutcomeUnknownError),
        (303, None, OutcomeUnknownError),
        (202, {"error": {"code": "BMS.0054", "message": "x"}}, RefusedError),
        (400, {"error": {"code": "BMS.0212", "message": "x"}}, RefusedError),
        # A refusal with an order id.
        (400, {"error": {"code": "BMS.0216", "message": "x"}, "order_id": "CS1"}, OutcomeUnknownError),
        (429, {"error_code": "APIGW.0308", "error_msg": "x"}, RefusedError),
    ],
)
def test_orders_that_bring_nothing(status: int, body: Any, kind: type[ApiError], bench: Bench) -> None:
    """An order without a clear refusal has an unknown outcome, and is sent once in any case."""
    bench.spoil("POST", status, body)
    with pytest.raises(ApiError) as caught:
        bench.servers.create(bench.order())
    assert type(caught.value) is kind
    assert bench.sim.count("POST") == 1


def test_an_order_whose_response_is_lost(bench: Bench) -> None:
    """An order with a lost response has an unknown outcome, although the servers are created."""
    bench.sim.spoil_next("reset", method="POST", carried_out=True)
    with pytest.raises(OutcomeUnknownError):
        bench.servers.create(bench.order())
    bench.sim.advance(600.0)
    assert names(bench.servers.named("web")) == ["web"]


def test_an_order_that_never_left(bench: Bench) -> None:
    """Without a connection the order was not sent."""
    bench.sim.stop()
    with pytest.raises(NoAnswerError) as caught:
        bench.servers.create(bench.order())
    assert caught.value.sent is False


def test_a_password_in_a_refusal(bench: Bench) -> None:
    """A password of an order is masked in the error that repeats the password."""
    bench.spoil("POST", 400, {"error": {"code": "BMS.0018", "message": "adminPass Gehe1m-Wort is bad"}})
    with pytest.raises(RefusedError) as caught:
        bench.servers.create(bench.order(adminPass="Gehe1m-Wort"))
    assert "Gehe1m-Wort" not in str(caught.value)


def test_a_server_with_all_its_fields(bench: Bench) -> None:
    """A server has the details of the API, without the tags of the system."""
    order: dict[str, Any] = {"key_name": "deploy", "security_groups": [{"id": "sg"}], "flavorRef": "physical.s3.large"}
    made = bench.sim.setup.add_server(
        order=order, prepaid=True, tags={"a": "1", "b": ""}, metadata={"agency_name": "x"}
    )
    bench.sim.setup.add_volume(attached_to=made.id, id="v", device="/dev/sdb")
    server = bench.server(made.id)
    assert (server.id, server.name, server.status, server.vm_state) == (made.id, "web", "ACTIVE", "active")
    assert (server.tags, server.key_name, server.flavor_id) == ({"a": "1", "b": ""}, "deploy", "physical.s3.large")
    assert (server.prepaid, server.order_id, server.frozen, server.locked) == (True, made.order_id, False, False)
    assert (server.image_id, server.task_state, server.availability_zone) == (made.image_id, None, "az1")
    assert [(each.id, each.device, each.is_root) for each in server.volumes] == [("v", "/dev/sdb", False)]
    assert (server.port_ids, [each.port_id for each in server.addresses]) == (made.nic_ids, list(made.nic_ids))
    assert [(each.kind, each.ip is not None) for each in server.addresses_of(made.nic_ids[0])] == [("fixed", True)]
    assert [each.id for each in server.security_groups] == ["sg"]
    assert server.metadata["agency_name"] == "x"


@pytest.mark.parametrize("gone", ["404", "400 with nova text"])
def test_a_server_that_is_gone(gone: Any, start: Callable[..., Bench]) -> None:
    """A server with the status DELETED, or unknown to the service in any form of response, is gone."""
    bench = start(behaviour=Behaviour(gone_server=gone, deleted_shown_seconds=60.0))
    server_id = bench.sim.setup.add_server().id
    bench.sim.setup.remove_server(server_id)
    assert bench.servers.get(server_id) is None
    bench.sim.advance(61.0)
    assert bench.servers.get(server_id) is None
    assert [each.status for each in bench.sim.requests][-2:] == [200, int(gone[:3])]


@pytest.mark.parametrize(
    ("status", "body", "is_gone"),
    [
        (404, {"itemNotFound": {"message": "Instance x could not be found.", "code": 404}}, True),
        (404, {"error": {"code": "Ecs.0114", "message": "no such instance"}}, True),
        (400, {"error": {"code": "Ecs.0307", "message": NOVA}}, True),
        (400, {"error": {"code": "BMS.1007", "message": NOVA.replace('"', '\\"')}}, True),
        (400, {"error": {"code": "BMS.0040", "message": "x"}}, True),
        (404, {"error_code": "APIGW.0101", "error_msg": "The API does not exist"}, False),
        (404, {"error_code": "APIG.0101", "error_msg": "The API does not exist"}, False),
        (404, {"error": {"code": 404, "message": "x", "title": "Not Found"}}, False),
        (404, "<html>no such page</html>", False),
        (404, None, False),
        (404, {"error": {"message": "x"}}, False),
        (400, {"error": {"code": "BMS.1007", "message": "The internal call failed"}}, False),
        (403, {"error": {"code": "BMS.0033", "message": "x"}}, False),
        (500, {"error": {"code": "BMS.9999", "message": "x"}}, False),
        (200, {"server": {"id": "another", "status": "DELETED"}}, False),
        (200, {"server": {"id": "x"}}, False),
    ],
)
def test_what_means_gone(status: int, body: Any, is_gone: bool, bench: Bench) -> None:  # noqa: FBT001
    """Only a response of the service itself means a deleted server. A wrong address does not."""
    bench.spoil("GET", status, body)
    if is_gone:
        assert bench.servers.get("x") is None
    else:
        with pytest.raises((NoAnswerError, RefusedError)):
            bench.servers.get("x")


def test_all_pages_of_all_projects(start: Callable[..., Bench]) -> None:
    """A list has the servers of all pages and of all enterprise projects."""
    bench = start(behaviour=Behaviour(list_without_project="default"))
    for number in range(120):
        order = {"extendparam": {"enterprise_project_id": str(number % 2)}}
        bench.sim.setup.add_server(f"web-{number:03d}", order=order)
    assert names(bench.servers.list()) == [f"web-{number:03d}" for number in range(120)]
    assert bench.sim.count("GET", path_contains="enterprise_project_id=all_granted_eps") == 2


@pytest.mark.parametrize(
    ("pages", "result"),
    [
        ([], ""),
        (["ab"], "ab"),
        (["abc", "d"], "abcd"),
        (["abc", "def", ""], "abcdef"),
        # An API without pages repeats the same list. An API that counts items in place of pages overlaps.
        (["abc", "abc", "abc"], "abc"),
        (["abc", "bcd", "cd"], "abcd"),
        # A limit lowered by the API does not end the list.
        (["abc", "def", "g"], "abcdefg"),
    ],
)
def test_the_end_of_a_list(pages: list[str], result: str) -> None:
    """A list ends with a short page or a page without new items. Nothing is listed twice."""
    everything = all_pages(lambda number: pages[number] if number < len(pages) else "", str, 3)
    assert "".join(everything) == result


@pytest.mark.parametrize("tag_filter", ["exact", "unknown", "ignored"])
@pytest.mark.parametrize("name_filter", ["exact", "part", "regex"])
def test_servers_by_tag(tag_filter: Any, name_filter: Any, start: Callable[..., Bench]) -> None:
    """Only servers with the tag are found, with every filter behaviour of the API."""
    bench = start(behaviour=Behaviour(tag_filter=tag_filter, name_filter=name_filter))
    ids = {
        bench.sim.setup.add_server("w.b", tags={MARK: "ordered.1"}).id,
        bench.sim.setup.add_server("w.b", tags={MARK: "owned.1", "more": "x"}).id,
    }
    for name, tags in (("w.b", {MARK: "ordered.2"}), ("wub", {"more": "ordered.1"}), ("w.b", {})):
        bench.sim.setup.add_server(name, tags=tags)
    result = bench.servers.tagged(MARK, ("ordered.1", "owned.1"), "w.b")
    assert {server.id for server in result} == ids


def test_renamed_servers_by_tag(bench: Bench) -> None:
    """A renamed server is found by tag."""
    bench.sim.setup.add_server("other", tags={MARK: "owned.1"})
    assert names(bench.servers.tagged(MARK, ("owned.1",), "web")) == ["other"]


@pytest.mark.parametrize("name_filter", ["exact", "part", "regex"])
def test_servers_by_name(name_filter: Any, start: Callable[..., Bench]) -> None:
    """Only the exact name is found, with every filter behaviour of the API."""
    bench = start(behaviour=Behaviour(name_filter=name_filter))
    for name in ("b.b", "bob", "b.bb"):
        bench.sim.setup.add_server(name)
    assert names(bench.servers.named("b.b")) == ["b.b"]


@pytest.mark.parametrize(
    "servers", [[{"status": "ACTIVE"}], ["x"], [{"id": "x", "status": "ACTIVE", "tags": [1]}]], ids=str
)
def test_a_list_that_could_be_mistaken(servers: Any, bench: Bench) -> None:
    """An unreadable server makes the whole list unreadable, because a hidden server would be ordered twice."""
    bench.spoil("GET", 200, {"servers": servers})
    with pytest.raises(NoAnswerError, match="unreadable"):
        bench.servers.list()


def test_the_recycle_bin(start: Callable[..., Bench]) -> None:
    """Only the brief list shows a server in the recycle bin. The server's status is SHUTOFF."""
    bench = start(behaviour=Behaviour(recycle_bin=True))
    bench.sim.setup.add_server()
    server_id = bench.sim.setup.add_server().id
    bench.sim.setup.remove_server(server_id)
    assert (bench.server(server_id).status, set(bench.servers.in_recycle_bin())) == ("SHUTOFF", {server_id})


@pytest.mark.parametrize(("eips", "data_volumes"), [(True, False), (False, True)])
def test_deleting(eips: bool, data_volumes: bool, bench: Bench) -> None:  # noqa: FBT001
    """Both flags of a delete are always sent, and a false flag keeps the resources."""
    bench.job(bench.servers.create(bench.order(data_volumes=[{"volumetype": "SSD", "size": 100}], publicip=EIP)).job_id)
    volumes = len(bench.sim.world.volumes)
    ids = [server.id for server in bench.servers.list()]
    assert bench.job(bench.servers.delete(ids, eips=eips, data_volumes=data_volumes)) == "SUCCESS"
    assert bench.bodies("POST", "/delete") == [
        {"servers": [{"id": ids[0]}], "delete_publicip": eips, "delete_volume": data_volumes}
    ]
    assert (len(bench.sim.world.eips), len(bench.sim.world.volumes)) == (int(not eips), volumes - int(data_volumes))
