"""Providers of servers and attachments, called as by a plugin process, against a simulator over sockets."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest, ReadResult

from bms_simulator import Behaviour, Server, Simulator
from pulumi_bms.lifecycle.once import ONCE
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.operation import Operation, PartialStateError, Purpose, running
from pulumi_bms.resources import volume_attachment_provider
from pulumi_bms.resources.servers_memory import ADOPTED
from pulumi_bms.resources.servers_provider import ServersProvider
from pulumi_bms.resources.servers_times import Times
from pulumi_bms.resources.volume_attachment_provider import VolumeAttachmentProvider
from pulumi_bms.settings.variables import VARIABLES
from tests.unit.resources.servers_samples import LEAST

SCALE = 400.0
SHORT = Times(search=1.5, settling=1.0, adoption=2.5, visibility=10.0, gone=20.0, installation=1.0, busy=0.05)
"""Waits for tests. The simulator runs 400 times as fast as a clock."""
WEB: dict[str, Any] = {**LEAST, "count": 3.0, "user_id": "u", ORDERED_BY: "acme/urn:web"}
QUICK: dict[str, Any] = {**WEB, "name": "quick"}
"""Servers whose jobs have ended at the first poll."""
YEARLY: dict[str, Any] = {**WEB, "charging_mode": "prePaid", "period_unit": "month", "period": 1.0}
ORDERS = "/baremetalservers"


class Killed(BaseException):
    """The end of a plugin process, as `kill -9` ends a process: no handler of the provider runs."""


@dataclass
class Run:
    """One run of the CLI: the calls of a provider to the host. `kill_at` is the number of the event of the kill."""

    keeps_partial_state: bool = True
    kill_at: int | None = None
    events: int = 0
    saved: tuple[str, dict[str, Any]] | None = None
    told: list[str] = field(default_factory=list)
    at_end: list[Callable[[], str]] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def operation(self, **described: Any) -> Operation:
        """The operation of one call."""
        return Operation(
            keeps_partial_state=self.keeps_partial_state,
            cancelled=self.cancelled,
            report=lambda _text: self.event(),
            note=self.told.append,
            warn=self.told.append,
            note_at_end=self.at_end.append,
            checkpoint=self._keep,
            hold=self._hold,
            **{"urn": "urn:web", "timeout": 60.0, **described},
        )

    def event(self) -> None:
        """Count an event, and end the run at the event of the kill."""
        self.events += 1
        if self.events == self.kill_at:
            raise Killed

    def end(self) -> None:
        """End the run well: the engine has saved everything."""
        for note in self.at_end:
            assert note() == ""

    def _keep(self, id_: str, outputs: Any, _reason: str) -> None:
        self.saved = (id_, dict(outputs() if callable(outputs) else outputs))
        self.event()

    @contextmanager
    def _hold(self, _seconds: float) -> Iterator[None]:
        self.event()
        yield
        self.event()


@dataclass
class Bench:
    """A cloud, a machine, and the providers of one stack."""

    sim: Simulator
    servers: ServersProvider
    attachments: VolumeAttachmentProvider
    home: Path
    monkeypatch: pytest.MonkeyPatch
    run: Run = field(default_factory=Run)

    def next_run(self, **described: Any) -> Run:
        """Begin a new run of the CLI: a new plugin process, without adopted servers."""
        _close_records(self.home)
        ADOPTED.clear()
        ONCE._messages.clear()
        self.run = Run(**{"keeps_partial_state": self.run.keeps_partial_state, **described})
        return self.run

    def elsewhere(self, name: str = "other machine") -> None:
        """Continue on a machine without the records."""
        self.monkeypatch.setenv("PULUMI_HOME", str(self.home / name))

    def create(self, inputs: Mapping[str, Any] = WEB, **described: Any) -> dict[str, Any]:
        """The outputs of a create."""
        with running(self.run.operation(**described)):
            result = self.servers.create(dict(inputs))
        assert result.outs is not None
        return {**result.outs, "id": result.id}

    def update(self, olds: Mapping[str, Any], news: Mapping[str, Any], **described: Any) -> dict[str, Any]:
        """The outputs of an update."""
        with running(self.run.operation(**described)):
            result = self.servers.update(olds["id"], _stored(olds), dict(news))
        assert result.outs is not None
        return {**result.outs, "id": olds["id"]}

    def changes(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool | list[str]:
        """The replaced properties, or whether an update is due."""
        with running(self.run.operation()):
            result = self.servers.diff(olds["id"], _stored(olds), dict(news))
        return list(result.replaces or ()) or bool(result.changes)

    def read(
        self, olds: Mapping[str, Any], inputs: Mapping[str, Any] = QUICK, purpose: Purpose = Purpose.REFRESH
    ) -> ReadResult:
        """The result of a refresh, or of an import."""
        with running(self.run.operation(inputs=inputs, purpose=purpose)):
            return self.servers.read(olds["id"], _stored(olds))

    def refreshed(self, olds: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs after a refresh."""
        result = self.read(olds)
        assert result.outs is not None
        return {**result.outs, "id": olds["id"]}

    def delete(self, olds: Mapping[str, Any], inputs: Mapping[str, Any] | None = None) -> None:
        """Delete the servers."""
        with running(self.run.operation(inputs=inputs or {})):
            self.servers.delete(olds["id"], _stored(olds))

    def existing(self) -> dict[str, Server]:
        """The servers in the cloud, by id."""
        servers = self.sim.setup.world().servers
        return {each.id: each for each in servers if each.status != "DELETED" and not each.in_recycle_bin}

    def orders(self) -> int:
        """The number of orders received by the cloud."""
        return sum(each.method == "POST" and each.path.endswith(ORDERS) for each in self.sim.requests)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """The bodies of the requests with the given end of the path."""
        return [
            dict(each.body) for each in self.sim.requests if each.path.endswith(path) and isinstance(each.body, dict)
        ]

    def writes(self) -> list[str]:
        """The requests that change the cloud."""
        reads = ("/resources/query",)
        return [f"{each.method} {each.path}" for each in self.sim.requests if _changes(each.method, each.path, reads)]


def _close_records(home: Path) -> None:
    """Close the locked records of a killed run, as the system does at the end of a process."""
    for link in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):
            if str(link.readlink()).startswith(str(home)):
                os.close(int(link.name))


def _changes(method: str, path: str, reads: tuple[str, ...]) -> bool:
    return method != "GET" and not path.endswith(reads)


def _stored(olds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in olds.items() if name != "id"}


def partial(caught: pytest.ExceptionInfo[PartialStateError]) -> dict[str, Any]:
    """The outputs in the state after an error."""
    return {**caught.value.outputs, "id": caught.value.id}


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MakeBench]:
    """A function that makes a bench with a special cloud."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    simulators: list[Simulator] = []

    def make(times: Times = SHORT, scale: float = SCALE, **behaviour: Any) -> Bench:
        sim = Simulator(time_scale=scale, behaviour=Behaviour(**behaviour))
        sim.start()
        simulators.append(sim)
        settings = {"endpoint": sim.endpoint, "projectId": sim.project_id, "token": sim.token}
        settings |= {"billingEndpoint": sim.endpoint, "vpcEndpoint": sim.endpoint}
        config = ConfigureRequest(Config({f"bms:{name}": value for name, value in settings.items()}, "project"))
        servers = ServersProvider(times)
        attachments = VolumeAttachmentProvider(volume_attachment_provider.Times(confirm=3.0, busy=0.05))
        servers.configure(config)
        attachments.configure(config)
        bench = Bench(sim, servers, attachments, tmp_path, monkeypatch)
        bench.next_run()
        return bench

    yield make
    for sim in simulators:
        sim.close()


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A bench with an ordinary cloud."""
    return make_bench()


def named(name: str, inputs: Mapping[str, Any] = WEB, **more: Any) -> dict[str, Any]:
    """Inputs with the name of a scenario."""
    return {**inputs, "name": name, **more}
