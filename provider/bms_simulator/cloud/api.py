"""From a request to a response: route, credential, rate limit, operation, one request at a time."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from bms_simulator.cloud.call import Call
from bms_simulator.cloud.clouds import Clouds
from bms_simulator.cloud.jobs import ScriptedResponse, Shown
from bms_simulator.cloud.rate_limits import RateLimits
from bms_simulator.cloud.routes import ROUTES, fitting
from bms_simulator.http.request import Request, parsed
from bms_simulator.http.responses import Json, Refused, Response, gateway_error, not_allowed, service_error
from bms_simulator.identity.gate import Gate

METHODS_WITH_BODY = frozenset({"POST", "PUT"})


class Api:
    """The whole API of servers without HTTP. Safe to call from many threads."""

    def __init__(self, gate: Gate, clouds: Clouds) -> None:
        """Serve the clouds behind a gate."""
        self._gate = gate
        self._clouds = clouds
        self._limits = RateLimits(clouds.behaviour)

    def respond(self, request: Request) -> Response:
        """Carry one request out and return the response."""
        routes = fitting(ROUTES, request.path)
        if not routes:
            return gateway_error(404, "APIGW.0101", "The API does not exist or has not been published.")
        target = next(((route, names) for route, names in routes if route.method == request.method), None)
        if target is None:
            return not_allowed(request.method)
        route, names = target
        project_id = names["project_id"]
        try:
            self._gate.admit(request, project_id)
            body = read_body(request)
            with self._clouds.lock:
                moment = self._clouds.time.now()
                self._limits.count(project_id, f"{route.method} {route.path}", route.limit, moment.real)
                call = Call(moment, names, tuple(parse_qsl(request.query)), body)
                return route.operation(self._clouds.of(project_id), call)
        except Refused as refused:
            return refused.response

    def script(self, project_id: str, job_id: str, responses: Sequence[Shown | ScriptedResponse]) -> None:
        """Let a job of a project show those responses."""
        with self._clouds.lock:
            self._clouds.of(project_id).jobs.script(job_id, responses)


def read_body(request: Request) -> Json:
    """Return the JSON value of a body, None for methods without a body. A body that is not JSON is refused."""
    if request.method not in METHODS_WITH_BODY:
        return None
    try:
        return parsed(request.body)
    except ValueError:
        raise Refused(service_error("BMS.0001", "The body cannot be parsed.")) from None
