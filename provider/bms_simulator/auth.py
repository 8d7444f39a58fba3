"""Who may ask: one check for each request, apart from everything else."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from bms_simulator.answers import Answer, gateway_error, service_error

TOKEN_HEADER = "x-auth-token"  # noqa: S105 - the name of the header, not a token
CREDENTIAL_HEADERS = frozenset({TOKEN_HEADER, "authorization", "x-security-token", "x-subject-token"})
MASK = "***"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a credential sees it: header names are in lower case, the path has no query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets the holder of the token into the project, and nobody else."""

    token: str
    project_id: str

    def refusal(self, request: Request, project_id: str) -> Answer | None:
        """Return the error to answer with, None for a request that may pass."""
        offered = request.headers.get(TOKEN_HEADER)
        if offered is None:
            return _unauthorized("no X-Auth-Token")
        if not hmac.compare_digest(offered.encode(), self.token.encode()):
            return _unauthorized("decrypt token fail")
        if project_id != self.project_id:
            return service_error("Common.0018", "The project id in the path is not that of the token.")
        return None


def _unauthorized(reason: str) -> Answer:
    return gateway_error(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with every credential hidden."""
    return {name: MASK if name.lower() in CREDENTIAL_HEADERS else value for name, value in headers.items()}
