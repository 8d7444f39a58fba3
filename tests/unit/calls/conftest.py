"""A simulator with a stopped clock, and the channels of our client to the simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from bms_simulator import ManualClock, Response, Simulator, sample_order
from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.servers import ServerApi

DISK = {"volumetype": "SSD", "size": 100}


class Bench:
    """A simulator, a channel for the project, and a channel without a project for billing and identity."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.transport = Client(
            sim.endpoint, TokenCredential(sim.token, "a test"), lockout_guard=LockoutGuard(), settling=0.0
        )
        self.channel = Channel(self.transport, GivenProject(sim.project_id))
        self.account = Channel(self.transport)
        self.servers = ServerApi(self.channel)

    def order(self, name: str = "web", count: int = 1, *, prepaid: bool = False, **fields: object) -> Any:
        """The object `server` of a create body."""
        server = sample_order(name, count, prepaid=prepaid)["server"]
        assert isinstance(server, Mapping)
        return {**server, **fields}

    def job(self, job_id: str | None) -> str:
        """The status of a job after enough time for the job's end."""
        assert job_id
        self.sim.advance(600.0)
        return JobApi(Channel(self.transport, GivenProject(self.sim.project_id))).get_job(job_id).job.status

    def server(self, server_id: str) -> Server:
        """An existing server."""
        server = self.servers.get(server_id)
        assert server is not None
        return server

    def bodies(self, method: str, path: str) -> list[Any]:
        """The bodies of the requests with the method and with the text in the path."""
        return [each.body for each in self.sim.requests if each.method == method and path in each.path]

    def spoil(self, method: str, status: int, body: Any, path: str = "", *, carried_out: bool = False) -> None:
        """Replace the response to the next matching request."""
        self.sim.spoil_next(Response(status, body), method=method, path_contains=path, carried_out=carried_out)


@pytest.fixture
def start() -> Iterator[Callable[..., Bench]]:
    """Return a function that starts a simulator with the options."""
    with ExitStack() as stack:
        yield lambda **options: Bench(stack.enter_context(Simulator(clock=ManualClock(), **options)))


@pytest.fixture
def bench(start: Callable[..., Bench]) -> Bench:
    """Return an ordinary simulator."""
    return start()
