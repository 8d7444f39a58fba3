"""Name, tags, metadata, power, volumes and ports, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from bms_simulator import Behaviour
from pulumi_bms.api import operations
from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    NoSuchApiError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.ports import PortApi
from pulumi_bms.api.power import PowerApi
from pulumi_bms.api.server_properties import ServerPropertyApi
from pulumi_bms.api.volumes import VolumeApi, VolumeChange

if TYPE_CHECKING:
    from tests.unit.calls.conftest import Bench

MORE = "5e7cf1b0-0000-4000-8000-000000000002"


def failure(call: Callable[[], object]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


def test_name_metadata_and_tags(bench: Bench) -> None:
    """Metadata are merged, an existing tag gets the new value, and a missing tag is not an error."""
    api, server_id = ServerPropertyApi(bench.channel), bench.sim.setup.add_server(tags={"a": "1", "b": "2"}).id
    api.rename(server_id, "db")
    # A key like the key of an error.
    api.update_metadata(server_id, {"message": "x"})
    api.set_tags(server_id, {"a": "9", "c": ""})
    api.delete_tags(server_id, ["b", "none"])
    server = bench.server(server_id)
    assert (server.name, server.metadata["message"], server.metadata["chargingMode"]) == ("db", "x", "0")
    assert (server.tags, api.tags(server_id)) == ({"a": "9", "c": ""}, {"a": "9", "c": ""})


def test_tags_of_the_system_are_not_touched(bench: Bench) -> None:
    """No request names a tag of the system. Only tags of the system cause no request."""
    api, server_id = ServerPropertyApi(bench.channel), bench.sim.setup.add_server().id
    api.set_tags(server_id, {"__type_baremetal": "x", "_sys_a": "1", "a": "1"})
    api.delete_tags(server_id, ["__type_baremetal", "_sys_enterprise_project_id"])
    assert bench.bodies("POST", "/tags/action") == [{"action": "create", "tags": [{"key": "a", "value": "1"}]}]


def test_tags_as_the_api_lists_them(bench: Bench) -> None:
    """Tags of the system are left out of the listed tags."""
    tags = [{"key": "__type_baremetal", "value": ""}, {"key": "_sys_x", "value": "1"}, {"key": "a", "value": None}]
    bench.spoil("GET", 200, {"tags": tags})
    assert ServerPropertyApi(bench.channel).tags("x") == {"a": ""}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (204, None, None),
        (200, None, None),
        (200, {"tags": []}, None),
        (200, {"error": {"code": "BMS.0018", "message": "x"}}, RefusedError),
        (200, "<html>", OutcomeUnknownError),
        (502, None, OutcomeUnknownError),
        (400, {"error": {"code": "BMS.1001", "message": "x"}}, RefusedError),
    ],
)
def test_a_change_without_anything_to_tell(status: int, body: Any, kind: type[ApiError] | None, bench: Bench) -> None:
    """Any 2xx without an error is a success, with or without a body."""
    bench.spoil("POST", status, body)
    call: Callable[[], None] = lambda: ServerPropertyApi(bench.channel).set_tags("x", {"a": "1"})  # noqa: E731
    if kind is None:
        call()
    else:
        assert type(failure(call)) is kind


def test_power(bench: Bench) -> None:
    """One job stops, starts or reboots many servers."""
    api, ids = PowerApi(bench.channel), [bench.sim.setup.add_server().id for _ in range(3)]
    seen = []
    for call in (api.stop, api.start, api.reboot):
        assert bench.job(call(ids)) == "SUCCESS"
        seen.append({bench.server(each).status for each in ids})
    assert seen == [{"SHUTOFF"}, {"ACTIVE"}, {"ACTIVE"}]
    assert bench.sim.count("POST") == 3
    with pytest.raises(ValueError, match="1 to 1000"):
        api.stop([])


def test_what_refusals_mean(bench: Bench) -> None:
    """The simulator's refusals have the meanings of the table: done already, wait, gone."""
    power, volumes, setup = PowerApi(bench.channel), VolumeApi(bench.channel), bench.sim.setup
    running, off = setup.add_server().id, setup.add_server(status="SHUTOFF").id
    busy = setup.add_server(task_state="rebooting").id
    volume, taken = setup.add_volume().id, setup.add_volume(attached_to=running).id
    cases: list[tuple[operations.Operation, Callable[[], object], Meaning]] = [
        (operations.START_SERVERS, lambda: power.start([running]), Meaning.DONE),
        (operations.STOP_SERVERS, lambda: power.stop([off]), Meaning.DONE),
        (operations.STOP_SERVERS, lambda: power.stop([busy]), Meaning.WAIT),
        (operations.STOP_SERVERS, lambda: power.stop(["x"]), Meaning.GONE),
        (operations.DELETE_SERVERS, lambda: bench.servers.delete(["x"], eips=True, data_volumes=True), Meaning.GONE),
        (operations.ATTACH_VOLUME, lambda: volumes.attach(running, taken), Meaning.DONE),
        (operations.ATTACH_VOLUME, lambda: volumes.attach("x", volume), Meaning.GONE),
        (operations.ATTACH_VOLUME, lambda: volumes.attach(running, "x"), Meaning.GONE),
        (operations.DETACH_VOLUME, lambda: volumes.detach(running, volume), Meaning.DONE),
    ]
    assert [(meaning_of(operation, failure(call))) for operation, call, _ in cases] == [each[2] for each in cases]


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("response", ["job_id", "attachment"])
def test_attaching_and_detaching(status: Any, response: Any, start: Callable[..., Bench]) -> None:
    """A response has a job or the attachment. The list of attachments shows the attachment in both cases."""
    bench = start(behaviour=Behaviour(attach_status=status, attach_response=response))
    api, server_id, volume_id = VolumeApi(bench.channel), bench.sim.setup.add_server().id, MORE
    attached = api.attach(server_id, volume_id, "/dev/sdc")
    assert (attached.job_id is None) == (response == "attachment")
    bench.sim.advance(600.0)
    listed = api.attachments(server_id)
    assert listed is not None
    assert [(each.volume_id, each.id, each.device) for each in listed] == [(volume_id, volume_id, "/dev/sdc")]
    assert bench.job(api.detach(server_id, listed[0].id).job_id) == "SUCCESS"
    assert api.attachments(server_id) == ()


def test_an_attachment_without_any_response(bench: Bench) -> None:
    """An empty response to an attachment is an acceptance without a job. A refusal is an error."""
    api = VolumeApi(bench.channel)
    bench.spoil("POST", 202, None)
    assert api.attach("x", "y") == VolumeChange(None)
    bench.spoil("POST", 202, {"error": {"code": "BMS.0223", "message": "x"}})
    assert type(failure(lambda: api.attach("x", "y"))) is RefusedError
    bench.sim.spoil_next("reset", method="POST")
    assert type(failure(lambda: api.attach("x", "y"))) is OutcomeUnknownError


def test_attachments_of_a_server_that_is_gone(bench: Bench) -> None:
    """A code that may mean a deleted server counts only after the server is not found."""
    api, server_id = VolumeApi(bench.channel), bench.sim.setup.add_server().id
    bench.spoil("GET", 400, {"error": {"code": "BMS.1007", "message": "The internal call failed"}}, "attachments")
    assert type(failure(lambda: api.attachments(server_id))) is NoAnswerError
    bench.sim.setup.remove_server(server_id)
    assert api.attachments(server_id) is None


@pytest.mark.parametrize("body", [{"error_code": "APIGW.0101"}, {"error_code": "APIG.0101"}, None, "<html>"], ids=str)
def test_a_404_of_a_gateway(body: Any, bench: Bench) -> None:
    """A 404 of a gateway is a refusal with the next step, and never means a deleted resource."""
    for method, call in (
        ("GET", lambda: VolumeApi(bench.channel).attachments("x")),
        ("PUT", lambda: ServerPropertyApi(bench.channel).rename("x", "y")),
    ):
        bench.spoil(method, 404, body)
        error = failure(call)
        assert (type(error), "heck the endpoint" in str(error)) == (NoSuchApiError, True)


def test_ports(bench: Bench) -> None:
    """The port of a NIC has the subnet and the security groups. The security groups can be changed."""
    server, api = bench.sim.setup.add_server(), PortApi(bench.channel)
    api.set_security_groups(server.nic_ids[0], ["a", "b"])
    port = api.get(server.nic_ids[0])
    subnet_id = bench.order()["nics"][0]["subnet_id"]
    assert (port.server_id, port.security_groups, port.subnet_id) == (server.id, ("a", "b"), subnet_id)
