"""From a request to a response: routes, then the credential, then the operation, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote

from bms_simulator.clock import SimulatedTime
from bms_simulator.cloud import operations, volumes
from bms_simulator.cloud.cloud import Call, Cloud
from bms_simulator.cloud.jobs import ScriptedResponse, Shown
from bms_simulator.cloud.world import WorldView
from bms_simulator.http.request import Request, parsed
from bms_simulator.http.responses import Json, Refused, Response, gateway_error, not_allowed, service_error
from bms_simulator.identity.gate import Gate

Operation: TypeAlias = Callable[[Cloud, Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path under /v1/{project_id}/; parts in braces are names."""

    method: str
    path: str
    operation: Operation

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """Return the names in a path that fits, None for one that does not."""
        pattern = self.path.split("/")
        if len(pattern) != len(parts):
            return None
        pairs = list(zip(pattern, parts, strict=True))
        if any(not part or (part != want and not want.startswith("{")) for want, part in pairs):
            return None
        return {want.strip("{}"): part for want, part in pairs if want.startswith("{")}


ROUTES = (
    Route("POST", "baremetalservers", operations.create),
    Route("POST", "baremetalservers/action", operations.power),
    Route("POST", "baremetalservers/delete", operations.delete),
    Route("GET", "baremetalservers/detail", operations.list_servers),
    Route("GET", "baremetalservers/{server_id}", operations.show_server),
    Route("GET", "baremetalservers/{server_id}/os-volume_attachments", volumes.list_attachments),
    Route("POST", "baremetalservers/{server_id}/attachvolume", volumes.attach),
    Route("DELETE", "baremetalservers/{server_id}/detachvolume/{volume_id}", volumes.detach),
    Route("POST", "baremetalservers/{server_id}/reinstallos", operations.reinstall),
    Route("POST", "baremetalservers/{server_id}/changeos", operations.change_os),
    Route("POST", "baremetalservers/{server_id}/nics", operations.add_nics),
    Route("POST", "baremetalservers/{server_id}/nics/delete", operations.remove_nics),
    Route("GET", "jobs/{job_id}", operations.poll),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a path leads to: a route, the project, and the names in the rest of it."""

    route: Route
    project_id: str
    names: dict[str, str]


class Api:
    """The whole API without HTTP; safe to call from many threads."""

    def __init__(self, gate: Gate, time: SimulatedTime) -> None:
        """Serve an empty cloud for each project behind that gate."""
        self._gate = gate
        self._time = time
        self._clouds: dict[str, Cloud] = {}
        self._lock = threading.Lock()

    def respond(self, request: Request) -> Response:
        """Carry one request out and return the response."""
        fitting = _fitting_routes(request.path)
        if not fitting:
            return gateway_error(404, "APIGW.0101", "The API does not exist or has not been published.")
        target = next((each for each in fitting if each.route.method == request.method), None)
        if target is None:
            return not_allowed(request.method)
        try:
            self._gate.admit(request, target.project_id)
            return self._carry_out(target, request)
        except Refused as refused:
            return refused.response

    def _carry_out(self, target: Target, request: Request) -> Response:
        body = _read(request.body) if target.route.method == "POST" else None
        with self._lock:
            call = Call(self._time.now(), target.names, dict(parse_qsl(request.query)), body)
            return target.route.operation(self._cloud(target.project_id), call)

    def _cloud(self, project_id: str) -> Cloud:
        return self._clouds.setdefault(project_id, Cloud(self._time.time_scale))

    def script(self, project_id: str, job_id: str, responses: Sequence[Shown | ScriptedResponse]) -> None:
        """Let a job of a project show those responses."""
        with self._lock:
            self._cloud(project_id).jobs.script(job_id, responses)

    def view(self, project_id: str) -> WorldView:
        """Return the world of a project as it is now."""
        with self._lock:
            return self._cloud(project_id).world.view(self._time.now().simulated)


def _fitting_routes(path: str) -> list[Target]:
    parts = path.split("/")
    if parts[:2] != ["", "v1"] or len(parts) < 4:  # noqa: PLR2004 - nothing, v1, the project, and at least one more
        return []
    project_id, *rest = (unquote(part) for part in parts[2:])
    matches = ((route, route.match(rest)) for route in ROUTES)
    return [Target(route, project_id, names) for route, names in matches if names is not None]


def _read(body: bytes) -> Json:
    try:
        return parsed(body)
    except ValueError:
        raise Refused(service_error("BMS.0001", "The body cannot be parsed.")) from None
