"""From a request to an answer: routes, then the credential, then the operation, one at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast
from urllib.parse import parse_qsl, unquote

from bms_simulator import disks, operations
from bms_simulator.answers import Answer, Json, Refused, gateway_error, service_error
from bms_simulator.auth import Gate, Request
from bms_simulator.clock import SimulatedTime
from bms_simulator.cloud import Call, Cloud
from bms_simulator.jobs import Frame, Shown
from bms_simulator.world import WorldView

Operation: TypeAlias = Callable[[Cloud, Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path under /v1/{project_id}/; parts in braces are names."""

    method: str
    path: str
    operation: Operation

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """Return the names in a path that fits, None for one that does not."""
        wanted = self.path.split("/")
        if len(wanted) != len(parts):
            return None
        pairs = list(zip(wanted, parts, strict=True))
        if any(not part or (part != want and not want.startswith("{")) for want, part in pairs):
            return None
        return {want.strip("{}"): part for want, part in pairs if want.startswith("{")}


ROUTES = (
    Route("POST", "baremetalservers", operations.create),
    Route("POST", "baremetalservers/action", operations.power),
    Route("POST", "baremetalservers/delete", operations.delete),
    Route("GET", "baremetalservers/detail", operations.list_servers),
    Route("GET", "baremetalservers/{server_id}", operations.show_server),
    Route("GET", "baremetalservers/{server_id}/os-volume_attachments", disks.list_attachments),
    Route("POST", "baremetalservers/{server_id}/attachvolume", disks.attach),
    Route("DELETE", "baremetalservers/{server_id}/detachvolume/{volume_id}", disks.detach),
    Route("POST", "baremetalservers/{server_id}/reinstallos", operations.reinstall),
    Route("POST", "baremetalservers/{server_id}/changeos", operations.change_os),
    Route("POST", "baremetalservers/{server_id}/nics", operations.add_nics),
    Route("POST", "baremetalservers/{server_id}/nics/delete", operations.remove_nics),
    Route("GET", "jobs/{job_id}", operations.look),
)


class Api:
    """The whole API without HTTP; safe to call from many threads."""

    def __init__(self, gate: Gate, time: SimulatedTime) -> None:
        """Serve an empty cloud behind that gate."""
        self._gate = gate
        self._time = time
        self._cloud = Cloud(time.time_scale)
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Carry one request out and say what to answer."""
        fitting = _fitting_routes(request.path)
        if not fitting:
            return gateway_error(404, "APIGW.0101", "The API does not exist or has not been published.")
        found = next((each for each in fitting if each[0].method == request.method), None)
        if found is None:
            return gateway_error(405, "APIGW.0501", f"The method {request.method} is not allowed here.")
        route, names, project_id = found
        return self._gate.refusal(request, project_id) or self._carry_out(route, names, request)

    def _carry_out(self, route: Route, names: dict[str, str], request: Request) -> Answer:
        try:
            body = _parsed(request.body) if route.method == "POST" else None
            with self._lock:
                call = Call(self._time.now(), names, dict(parse_qsl(request.query)), body)
                return route.operation(self._cloud, call)
        except Refused as refused:
            return refused.answer

    def script(self, job_id: str, frames: Sequence[Shown | Frame]) -> None:
        """Let a job show those frames."""
        with self._lock:
            self._cloud.jobs.script(job_id, frames)

    def view(self) -> WorldView:
        """Return the world as it is now."""
        with self._lock:
            return self._cloud.world.view(self._time.now().simulated)


def _fitting_routes(path: str) -> list[tuple[Route, dict[str, str], str]]:
    parts = path.split("/")
    if parts[:2] != ["", "v1"] or len(parts) < 4:  # noqa: PLR2004 - nothing, v1, the project, and at least one more
        return []
    project_id, *rest = (unquote(part) for part in parts[2:])
    matches = ((route, route.match(rest)) for route in ROUTES)
    return [(route, names, project_id) for route, names in matches if names is not None]


def _parsed(body: bytes) -> Json:
    try:
        return cast("Json", json.loads(body))
    except (ValueError, RecursionError):
        raise Refused(service_error("BMS.0001", "The body cannot be parsed.")) from None
