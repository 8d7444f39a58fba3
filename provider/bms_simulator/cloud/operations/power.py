"""Power: POST baremetalservers/action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud, Task
from bms_simulator.cloud.models import ACTIVE, REBOOT, SHUTOFF, Server
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Response
from bms_simulator.ids import new_job_id
from bms_simulator.scenarios.plans import failed
from bms_simulator.scenarios.timeline import POWER_SECONDS, Failure, Step, batch

POWER_TYPES = ("baremetalBatchOperate", "baremetalSingleOperate")


@dataclass(frozen=True, slots=True)
class Verb:
    """A power action: the task, the status during and after the task, and the refusal of a needless action."""

    task: str
    during: str
    after: str
    needless_in: str = ""
    refusal: tuple[str, str] = ("", "")


VERBS: Mapping[str, Verb] = {
    "os-start": Verb("powering-on", SHUTOFF, ACTIVE, ACTIVE, ("BMS.0038", "The server is already running.")),
    "os-stop": Verb("powering-off", ACTIVE, SHUTOFF, SHUTOFF, ("BMS.0039", "The server is already stopped.")),
    "reboot": Verb("rebooting", REBOOT, ACTIVE, SHUTOFF, ("BMS.1001", "The server must be active.")),
}


def power(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/action."""
    body = mapping(call.body)
    name = next((name for name in VERBS if name in body), None)
    if name is None:
        refuse("BMS.0018", f"The action must be one of {', '.join(VERBS)}.")
    if name == "reboot" and text(mapping(body[name]), "type") not in {"SOFT", "HARD"}:
        refuse("BMS.0018", "reboot needs a type, SOFT or HARD.")
    return _switch(cloud, call, VERBS[name], cloud.servers_named(mapping(body[name]), call))


def _switch(cloud: Cloud, call: Call, verb: Verb, servers: Mapping[str, Server]) -> Response:
    needless = {server.id for server in servers.values() if server.status == verb.needless_in}
    if needless and (cloud.behaviour.power_mixed == "refused" or len(needless) == len(servers)):
        refuse(*verb.refusal)

    def switch(step: Step, placed: float) -> None:
        server = servers[step.target]
        if server.id not in needless:
            during = replace(server, status=verb.during, task_state=verb.task)
            cloud.plan_server(step, placed, during, replace(server, status=verb.after))

    first = next(iter(servers.values()))
    return cloud.carry_out(Task(first, _job(servers, needless, verb), switch), call)


def _job(servers: Mapping[str, Server], needless: set[str], verb: Verb) -> Step:
    base = batch_of(servers, POWER_TYPES, POWER_SECONDS)
    failure = Failure(*verb.refusal)
    children = tuple(failed(child, failure) if child.target in needless else child for child in base.children)
    base = replace(base, children=children)
    return failed(base, failure) if needless else base


def batch_of(servers: Mapping[str, Server], types: tuple[str, str], seconds: float) -> Step:
    """Return a job with a sub-job for each server."""
    return batch(new_job_id(), types, [(server_id, {"server_id": server_id}) for server_id in servers], seconds)
