"""The simulated cloud: its jobs, its world, and the ways in which the one changes the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bms_simulator.clock import Moment
from bms_simulator.cloud.jobs import JobStore
from bms_simulator.cloud.orders import refuse
from bms_simulator.cloud.world import BUILD, DELETED, Server, Volume, World
from bms_simulator.http.json_values import objects, text
from bms_simulator.http.responses import Json, Response
from bms_simulator.scenarios.catalogue import Scenario, scenario_of
from bms_simulator.scenarios.timeline import Step, walk

MOST_TOGETHER = 1000
BUSY: Mapping[str | None, tuple[str, str]] = {
    "powering-on": ("BMS.0035", "The server is being powered on."),
    "powering-off": ("BMS.0036", "The server is being powered off."),
    "rebooting": ("BMS.0037", "The server is being rebooted."),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: when it came, the names in its path, its query and its body."""

    moment: Moment
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Json = None

    @property
    def now(self) -> float:
        """The simulated second at which it came."""
        return self.moment.simulated


# What one step of a job does to the world, if the job is placed at that second.
Effect: TypeAlias = Callable[[Step, float], None]


@dataclass(frozen=True, slots=True)
class Task:
    """A job to be placed on a server that is there already; `status` is that of the response."""

    server: Server
    base: Step
    effect: Effect
    status: int = 200


class Cloud:
    """The jobs and the world that they change; not safe for threads by itself."""

    def __init__(self, time_scale: float) -> None:
        """Begin without jobs and servers."""
        self.world = World()
        self.jobs = JobStore(time_scale)

    def place(self, base: Step, scenario: Scenario, moment: Moment, effect: Effect) -> None:
        """Let a job begin now, as bent by the scenario, and plan what its steps do to the world."""
        for step in walk(self.jobs.place(base, scenario, moment)):
            if step.target:
                effect(step, moment.simulated)

    def carry_out(self, task: Task, call: Call) -> Response:
        """Place a job on a server, and respond with its id."""
        # A server that was made under a scenario's name keeps to that scenario in everything that is done to it.
        scenario = scenario_of(task.server.name)
        if scenario.takes_orders:
            self.place(task.base, scenario, call.moment, task.effect)
        return scenario.order(Response(task.status, {"job_id": task.base.job_id}))

    def plan_server(self, step: Step, placed: float, during: Server, after: Server) -> None:
        """Let the target be as in `during` from now on, then as in `after`, or as it was if the step fails."""
        before = self.world.servers.at(step.target, placed) or during
        self._plan_status(step.target, placed, during)
        self._plan_status(step.target, placed + step.ends, after if step.succeeds else before)

    def _plan_status(self, server_id: str, since: float, like: Server) -> None:
        def change(server: Server) -> Server:
            return replace(server, status=like.status, task_state=like.task_state)

        self.world.servers.plan(server_id, since, change)

    def servers_named(self, body: Mapping[str, Json], call: Call) -> dict[str, Server]:
        """Return the servers that a body names, by id."""
        ids = [text(each, "id") for each in objects(body.get("servers"))]
        if not 1 <= len(ids) <= MOST_TOGETHER:
            refuse("BMS.0018", f"servers must be a list of 1 to {MOST_TOGETHER} objects with an id.")
        return {server_id: self._idle_server(server_id, call) for server_id in ids}

    def server_in_path(self, call: Call, *statuses: str) -> Server:
        """Return the server of the path, refused unless it has one of the statuses."""
        server = self._idle_server(call.names["server_id"], call)
        if server.status not in statuses:
            refuse("BMS.1001", f"The server is {server.status}, not {' or '.join(statuses)}.")
        return server

    def _idle_server(self, server_id: str, call: Call) -> Server:
        server = self.world.servers.at(server_id, call.now)
        if server is None or server.status == DELETED:
            refuse("BMS.0040", f"The server {server_id} does not exist.")
        if server.task_state in BUSY:
            refuse(*BUSY[server.task_state])
        if server.task_state or server.status == BUILD:
            refuse("BMS.1001", "The server must be stopped or active.")
        return server

    def volume(self, volume_id: str, call: Call) -> Volume:
        """Return a disk, refused if there is none."""
        return self.world.volumes.at(volume_id, call.now) or refuse("BMS.0103", "The volume does not exist.")
