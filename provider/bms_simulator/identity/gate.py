"""The gate of the API: one check of the credential for each request."""

from __future__ import annotations

from typing import NoReturn

from bms_simulator.clock import SimulatedTime
from bms_simulator.http.request import Request
from bms_simulator.http.responses import Refused, Response, gateway_error, service_error, unauthorized
from bms_simulator.identity.access_keys import Keys
from bms_simulator.identity.accounts import Account, Project
from bms_simulator.identity.signatures import ALGORITHM
from bms_simulator.identity.tokens import Caller, Tokens

NO_RIGHT = service_error("BMS.0033", "The role check failed: no right to do this.", 403)
OTHER_PROJECT = service_error("Common.0018", "The project id in the path is not that of the token.")


class Gate:
    """Lets the holders of tokens and keys into their projects, and nobody else."""

    def __init__(self, tokens: Tokens, keys: Keys, time: SimulatedTime) -> None:
        """Check against those tokens and keys."""
        self._tokens = tokens
        self._keys = keys
        self._time = time

    def admit(self, request: Request, project_id: str) -> None:
        """Refuse a request without rights in that project."""
        caller = self.caller(request)
        if caller.project is not None and caller.project.region is not None:
            _refuse(_outdated())
        if not _is_for(caller, project_id) or request.headers.get("x-project-id", project_id) != project_id:
            _refuse(OTHER_PROJECT)
        if caller.denied:
            _refuse(NO_RIGHT)

    def caller(self, request: Request) -> Caller:
        """Return the caller of a request, refused without a valid token or signature."""
        caller = self._identified(request)
        _refuse_frozen(caller.account)
        return caller

    def _identified(self, request: Request) -> Caller:
        token = request.headers.get("x-auth-token")
        if token is not None:
            return self._holder(token)
        if request.headers.get("authorization", "").startswith(ALGORITHM):
            return self._keys.caller(request)
        return _refuse(unauthorized("x-auth-token not found"))

    def _holder(self, token: str) -> Caller:
        grant = self._tokens.find(token)
        if grant is None:
            _refuse(unauthorized("decrypt token fail"))
        if grant.ends <= self._time.now().real:
            _refuse(_outdated())
        return grant.caller


def _is_for(caller: Caller, project_id: str) -> bool:
    if caller.project is not None:
        return caller.project.id == project_id
    return _served(caller.account.project(project_id))


def _served(project: Project | None) -> bool:
    return project is not None and project.region is None


def _outdated() -> Response:
    return gateway_error(401, "APIGW.0307", "The token must be updated.")


def _refuse_frozen(account: Account) -> None:
    if account.frozen:
        _refuse(unauthorized("the account is frozen"))


def _refuse(response: Response) -> NoReturn:
    raise Refused(response)
