"""Logging in with a password: reading and checking of the request."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from bms_simulator.clock import SimulatedTime
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.request import parsed
from bms_simulator.http.responses import Json, Refused, identity_error
from bms_simulator.identity.accounts import Account, Accounts, Project, User
from bms_simulator.identity.attempts import Attempts

LOCKED_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a password, and the project of the token by id or by name."""

    account: str
    user: str
    password: str = field(repr=False)
    project_id: str
    project_name: str


@dataclass(frozen=True, slots=True)
class LoginResult:
    """A login that was let in."""

    account: Account
    user: User
    project: Project


def read_login(body: bytes) -> Login:
    """Return the login in a body, refused unless it is one with a password and for a project."""
    auth = mapping(_read(body).get("auth"))
    identity = mapping(auth.get("identity"))
    if identity.get("methods") != ["password"]:
        _malformed("auth.identity.methods must be [password]")
    user = mapping(mapping(identity.get("password")).get("user"))
    project = mapping(mapping(auth.get("scope")).get("project"))
    login = Login(
        text(mapping(user.get("domain")), "name"),
        text(user, "name"),
        text(user, "password"),
        text(project, "id"),
        text(project, "name"),
    )
    return _complete(login)


def _read(body: bytes) -> Mapping[str, Json]:
    try:
        return mapping(parsed(body))
    except ValueError:
        _malformed("the body is not JSON")


def _complete(login: Login) -> Login:
    if not (login.account and login.user and login.password):
        _malformed("auth.identity.password.user needs a name, a password and domain.name")
    if not (login.project_id or login.project_name):
        _malformed("auth.scope.project needs an id or a name")
    return login


class PasswordLogin:
    """Checks passwords, and locks users out after too many wrong passwords."""

    def __init__(self, accounts: Accounts, time: SimulatedTime) -> None:
        """Begin with nobody locked out."""
        self._accounts = accounts
        self._time = time
        self._attempts = Attempts(LOCKED_SECONDS)

    def admit(self, login: Login) -> LoginResult:
        """Return the result of a login. Wrong names and passwords, frozen accounts and foreign projects are refused."""
        account = self._accounts.named(login.account)
        user = account.user(login.user) if account else None
        if account is None or user is None:
            _unauthorized("The username or password is wrong.")
        self._check_password(login, user)
        if account.frozen:
            raise Refused(identity_error(403, "Forbidden", "The account is frozen."))
        return LoginResult(account, user, _project(account, login))

    def _check_password(self, login: Login, user: User) -> None:
        name, now = f"{login.account}/{user.name}", self._time.now().real
        if self._attempts.locked(name, now):
            _unauthorized("The user is locked after too many wrong passwords. Try again later.")
        right = hmac.compare_digest(_bytes(login.password), _bytes(user.password))
        self._attempts.count(name, now, right=right)
        if not right:
            _unauthorized("The username or password is wrong.")


def _bytes(password: str) -> bytes:
    return password.encode(errors="surrogatepass")  # JSON can hold half a character


def _project(account: Account, login: Login) -> Project:
    named = account.projects_named(login.project_name)
    project = account.project(login.project_id) if login.project_id else next(iter(named), None)
    if project is None:
        # Not 404, as in Keystone: a user without a role in a project must not learn whether the project exists.
        _unauthorized("The project does not exist, or the user has no role in it.")
    if not login.project_id and len(named) > 1:
        _malformed("several projects have this name: auth.scope.project needs an id")
    return project


def _malformed(what: str) -> NoReturn:
    raise Refused(identity_error(400, "Bad Request", f"The request body is invalid: {what}."))


def _unauthorized(message: str) -> NoReturn:
    raise Refused(identity_error(401, "Unauthorized", message))
