"""The identity service beside the Job API: it issues tokens, and lists the projects of an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs

from bms_simulator.clock import SimulatedTime
from bms_simulator.http.request import Request
from bms_simulator.http.responses import Json, JsonObject, Refused, Response, gateway_error, not_allowed
from bms_simulator.identity.accounts import Account, Accounts, Project
from bms_simulator.identity.gate import Gate
from bms_simulator.identity.password_login import LoginResult, PasswordLogin, read_login
from bms_simulator.identity.tokens import Caller, Issued, Tokens
from bms_simulator.ids import identity_id

TOKENS_PATH = "/v3/auth/tokens"
PROJECTS_PATHS = frozenset({"/v3/projects", "/v3/auth/projects"})
CREDENTIALS_PATH = "/v3.0/OS-CREDENTIAL/credentials/"


class Identity:
    """The part of the identity service that clients of the Job API use. Safe to call from many threads."""

    def __init__(self, accounts: Accounts, gate: Gate, tokens: Tokens, time: SimulatedTime) -> None:
        """Serve those accounts."""
        self._gate = gate
        self._tokens = tokens
        self._login = PasswordLogin(accounts, time)

    def respond(self, request: Request) -> Response | None:
        """Return the response to a request, None for the path of another service."""
        try:
            if request.path == TOKENS_PATH:
                return self._issue(request) if request.method == "POST" else not_allowed(request.method)
            if request.path in PROJECTS_PATHS:
                return self._list(request) if request.method == "GET" else not_allowed(request.method)
            if request.path.startswith(CREDENTIALS_PATH):
                return self._show_key(request) if request.method == "GET" else not_allowed(request.method)
        except Refused as refused:
            return refused.response
        return None

    def _issue(self, request: Request) -> Response:
        result = self._login.admit(read_login(request.body))
        issued = self._tokens.issue(Caller(result.account, result.project, denied=result.user.denied))
        return Response(201, {"token": _token(result, issued)}, {"X-Subject-Token": issued.token})

    def _list(self, request: Request) -> Response:
        account = self._gate.caller(request).account
        names = parse_qs(request.query).get("name")
        listed = account.projects_named(names[-1]) if names else account.projects
        return Response(200, _projects(account, listed, f"http://{request.headers.get('host', '')}{request.path}"))

    def _show_key(self, request: Request) -> Response:
        caller = self._gate.caller(request)
        access = request.path.removeprefix(CREDENTIALS_PATH)
        key = next((key for key in caller.account.access_keys if key.access == access), None)
        if caller.denied:
            return gateway_error(403, "IAM.0003", "Access denied.")
        if key is None:
            return gateway_error(404, "IAM.0004", f"Could not find credential: {access}.")
        user_id = identity_id(caller.account.name, caller.account.owner_of(key))
        return Response(200, {"credential": {"access": access, "user_id": user_id, "status": "active"}})


def _token(result: LoginResult, issued: Issued) -> JsonObject:
    account, user = result.account, result.user
    return {
        "methods": ["password"],
        "issued_at": _written(issued.issued_at),
        "expires_at": _written(issued.expires_at),
        "project": {"id": result.project.id, "name": result.project.name, "domain": _domain(account)},
        "user": {"id": identity_id(account.name, user.name), "name": user.name, "domain": _domain(account)},
        "roles": [],
    }


def _domain(account: Account) -> JsonObject:
    return {"id": identity_id(account.name), "name": account.name}


def _written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _projects(account: Account, listed: Sequence[Project], url: str) -> JsonObject:
    projects: list[Json] = [_project(account, project, url) for project in listed]
    return {"projects": projects, "links": {"self": url, "previous": None, "next": None}}


def _project(account: Account, project: Project, url: str) -> JsonObject:
    domain_id = identity_id(account.name)
    return {
        "id": project.id,
        "name": project.name,
        "domain_id": domain_id,
        "parent_id": domain_id,
        "is_domain": False,
        "enabled": True,
        "description": "",
        "links": {"self": f"{url}/{project.id}"},
    }
