"""One project of the cloud: its jobs, its world, and how jobs change the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from bms_simulator.clock import Moment
from bms_simulator.cloud.behaviour import Behaviour
from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.catalogue import Catalogue
from bms_simulator.cloud.jobs import JobStore
from bms_simulator.cloud.models import BUILD, DELETED, ERROR, Server, Volume
from bms_simulator.cloud.purchases import Purchases
from bms_simulator.cloud.world import World
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

# The effect of one step of a job on the world, for a job placed at that second.
Effect: TypeAlias = Callable[[Step, float], None]


@dataclass(frozen=True, slots=True)
class Task:
    """A job to be placed on a server. `status` is that of the response, `occupies` keeps other jobs off the server.

    `follows_name` is whether a scenario in the name of the server bends the job.
    """

    server: Server
    base: Step
    effect: Effect
    status: int = 200
    occupies: bool = False
    follows_name: bool = True


class Cloud:
    """The jobs and the world that they change. Not safe for threads by itself."""

    def __init__(self, project_id: str, time_scale: float, behaviour: Behaviour, catalogue: Catalogue) -> None:
        """Begin without jobs and servers."""
        self.project_id = project_id
        self.behaviour = behaviour
        self.catalogue = catalogue
        self.world = World()
        self.jobs = JobStore(time_scale)
        self.purchases = Purchases()

    def place(self, base: Step, scenario: Scenario, moment: Moment, effect: Effect) -> Step:
        """Let a job begin now, as bent by the scenario, and plan the effects of its steps."""
        plan = self.jobs.place(base, scenario, moment)
        for step in walk(plan):
            if step.target:
                effect(step, moment.simulated)
        return plan

    def carry_out(self, task: Task, call: Call) -> Response:
        """Place a job on a server, and respond with its id."""
        # A scenario in the name of a server holds for later jobs on the server, but not for its deletion: a server of
        # a failing scenario could never be deleted.
        scenario = scenario_of(task.server.name if task.follows_name else "")
        if scenario.takes_orders:
            plan = self.place(task.base, scenario, call.moment, task.effect)
            if task.occupies:
                self._occupy(task.server.id, plan, call.now)
        return scenario.order(Response(task.status, {"job_id": task.base.job_id}))

    def _occupy(self, server_id: str, plan: Step, placed: float) -> None:
        servers = self.world.servers
        servers.plan(server_id, placed, lambda server: replace(server, operation=plan.job_id))
        servers.plan(server_id, placed + plan.ends, lambda server: replace(server, operation=None))

    def plan_server(self, step: Step, placed: float, during: Server, after: Server) -> None:
        """Let the target be as in `during` from now on, then as in `after`, or as it was if the step fails."""
        before = self.world.servers.at(step.target, placed) or during
        self._plan_status(step.target, placed, during)
        self._plan_status(step.target, placed + step.ends, after if step.succeeds else before)

    def _plan_status(self, server_id: str, since: float, like: Server) -> None:
        def change(server: Server) -> Server:
            return replace(server, status=like.status, task_state=like.task_state)

        self.world.servers.plan(server_id, since, change)

    def existing_server(self, server_id: str, call: Call) -> Server:
        """Return a server, refused if there is none or none any more."""
        server = self.world.servers.at(server_id, call.now)
        if server is None or server.status == DELETED or server.in_recycle_bin:
            refuse("BMS.0040", f"The server {server_id} does not exist.")
        return server

    def servers_named(self, body: Mapping[str, Json], call: Call) -> dict[str, Server]:
        """Return the servers that a body names, by id, refused unless nothing is being done to any of them."""
        ids = [text(each, "id") for each in objects(body.get("servers"))]
        if not 1 <= len(ids) <= MOST_TOGETHER:
            refuse("BMS.0018", f"servers must be a list of 1 to {MOST_TOGETHER} objects with an id.")
        servers = {server_id: self.changeable_server(server_id, call) for server_id in ids}
        for server in servers.values():
            self.refuse_occupied(server)
        return servers

    def server_in_path(self, call: Call, *statuses: str) -> Server:
        """Return the server of the path, refused with a task or with another status."""
        server = self.changeable_server(call.names["server_id"], call)
        if server.status not in statuses:
            refuse("BMS.1001", f"The server is {server.status}, not {' or '.join(statuses)}.")
        return server

    def changeable_server(self, server_id: str, call: Call) -> Server:
        """Return a server, refused while it is locked, built, in error or has a task."""
        server = self.existing_server(server_id, call)
        if server.locked:
            refuse("BMS.0605", "The server is locked.")
        if server.task_state in BUSY:
            refuse(*BUSY[server.task_state])
        if server.task_state or server.status in {BUILD, ERROR}:
            refuse("BMS.1001", "The server must be stopped or active.")
        return server

    def refuse_occupied(self, server: Server) -> None:
        """Refuse a job on a server while another job changes volumes or ports of the server."""
        if server.operation and self.behaviour.one_at_a_time:
            refuse(self.behaviour.busy_code, f"The server {server.id} is busy: another operation is under way.")

    def volume(self, volume_id: str, call: Call) -> Volume:
        """Return a volume, refused if there is none."""
        return self.world.volumes.at(volume_id, call.now) or refuse("BMS.0103", "The volume does not exist.")
