"""One request a run for equal calls, and the functions with outputs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi
import pytest

from bms_simulator import Response, Simulator
from pulumi_bms import (
    get_flavors_output,
    get_job,
    get_job_output,
    get_quotas,
    get_quotas_output,
    get_server,
    get_server_output,
    get_servers,
    get_servers_output,
)
from pulumi_bms.api.errors import NotFoundError

ID = "bae51750-0089-41a1-9b18-5c777978ff6d"
JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
Run = Callable[..., list[Any]]
# Pulumi leaves event loops of its threads open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def test_the_same_question_is_asked_once(sim: Simulator) -> None:
    """Equal calls, in sequence or at the same time, share one request. Filters of a list need no request."""
    sim.setup.add_server("web", id=ID)
    with ThreadPoolExecutor(8) as pool:
        servers = list(pool.map(lambda _: get_server(ID), range(16)))
    assert all(server is servers[0] for server in servers)
    assert get_servers(status="ACTIVE") == get_servers(tag=None) == get_servers()
    assert get_quotas() == get_quotas()
    assert sim.count() == 3


def test_another_question_is_another_request(sim: Simulator) -> None:
    """A different id or name filter sends a new request."""
    sim.setup.add_server("web", id=ID)
    get_servers()
    get_servers(name="web")
    get_server(ID)
    with pytest.raises(NotFoundError):
        get_server("other")
    assert sim.count() == 4


def test_a_job_is_polled_each_time(sim: Simulator) -> None:
    """Every call for a job sends a request, because a job changes during a run."""
    sim.add_job(JOB, [{"status": "RUNNING"}, {"status": "SUCCESS"}])
    assert [get_job(JOB).status for _ in range(2)] == ["RUNNING", "SUCCESS"]


def test_each_run_asks_anew(sim: Simulator, run: Run) -> None:
    """A second run in a process, as in the Automation API, sends new requests."""
    assert run(get_servers_output) == [()]
    sim.setup.add_server("web", id=ID)
    ((server,),) = run(get_servers_output)
    assert server.id == ID


def known(value: object) -> pulumi.Output[Any]:
    return pulumi.Output.from_input(value)


def unknown() -> pulumi.Output[Any]:
    async def never() -> None: ...

    async def no() -> bool:
        return False

    return pulumi.Output(set(), asyncio.ensure_future(never()), asyncio.ensure_future(no()))


OUTPUTS: Mapping[str, Callable[[pulumi.Output[Any]], pulumi.Output[Any]]] = {
    "get_server": lambda region: get_server_output(known(ID), project_id=region).name,
    "get_servers": lambda region: get_servers_output(name=known("web"), project_id=region)[0].name,
    "get_flavors": lambda region: get_flavors_output(availability_zone=known("az1"), project_id=region)[0].id,
    "get_quotas": lambda region: get_quotas_output(project_id=region).instances.used,
    "get_job": lambda region: get_job_output(known(JOB), project_id=region).status,
}
VALUES = {
    "get_server": "web",
    "get_servers": "web",
    "get_flavors": "physical.s3.large",
    "get_quotas": 1,
    "get_job": "RUNNING",
}


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs_in_and_outputs_out(sim: Simulator, run: Run, name: str, *, preview: bool) -> None:
    """Arguments may be outputs, and fields of the result are outputs. A preview and mocks send requests too."""
    sim.setup.add_server("web", id=ID)
    sim.add_job(JOB, [{"status": "RUNNING"}])
    assert run(lambda: OUTPUTS[name](known(sim.project_id)), preview=preview) == [VALUES[name]]


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_unknown_argument_asks_nothing(sim: Simulator, run: Run, name: str) -> None:
    """A call with an unknown argument in a preview sends no request, and the result is unknown."""
    assert run(lambda: OUTPUTS[name](unknown()), preview=True) == []
    assert sim.requests == []


def test_a_program_asks_for_many_at_once(sim: Simulator, run: Run) -> None:
    """The requests of outputs run at the same time."""
    ids = [sim.setup.add_server(f"web-{number}").id for number in range(8)]
    (names,) = run(lambda: pulumi.Output.all(*[get_server_output(each).name for each in ids]))
    assert names == [f"web-{number}" for number in range(8)]


def test_an_error_is_the_programs(sim: Simulator, run: Run) -> None:
    """A failed request fails the program with the unchanged error."""
    sim.spoil_next(Response(403, {"error_code": "BMS.0007", "error_msg": "no right"}), method="GET")
    with pytest.raises(Exception, match=r"BMS\.0007"):
        run(lambda: get_quotas_output())  # noqa: PLW0108
