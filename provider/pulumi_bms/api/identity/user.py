"""Users who sign in with a password at the identity service.

Source: the page "Obtaining a User Token Through Password Authentication" of the Identity and Access Management API
reference. A token is valid for 24 hours, unless the password, a right or the state of the account changes before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pulumi_bms.api.auth.credential import (
    TOKEN_HEADER,
    Unpicklable,
    fingerprint_of,
)
from pulumi_bms.api.auth.credential_name import CredentialKind, CredentialName
from pulumi_bms.api.auth.lockout_guard import LOCKOUT_GUARD, LockoutGuard
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import RefusedError, SettingsError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.http.request import SIGN_IN, Request
from pulumi_bms.api.identity.projects import before_the_request, is_project_id
from pulumi_bms.api.identity.single_flight import before_sending
from pulumi_bms.api.identity.token_cache import Issued, Token, Tokens

if TYPE_CHECKING:
    from requests import PreparedRequest

TOKENS = Tokens()
"""The tokens of all users of this process."""


@dataclass(frozen=True, slots=True)
class UserCredential(Unpicklable):
    """A user of an account, signed in to one project. The project has an id, else a name."""

    user_name: str
    password: str = field(repr=False)
    domain_name: str
    source: str
    iam_endpoint: str
    project_id: str | None = None
    project_name: str | None = None
    ca_bundle: str | None = None
    is_in_stack: bool = field(default=False, repr=False)
    tokens: Tokens = field(default=TOKENS, repr=False, compare=False)
    lockout_guard: LockoutGuard = field(default=LOCKOUT_GUARD, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.password.strip():
            raise SettingsError(f"the password from {self.source} is empty")

    @property
    def name(self) -> CredentialName:
        """The kind and the source."""
        return CredentialName(CredentialKind.USER, self.source, self.is_in_stack)

    @property
    def fingerprint(self) -> str:
        """A digest of the user and the project."""
        project = self.project_id or f"name {self.project_name}"
        return fingerprint_of(
            self.name.kind.name, self.iam_endpoint, self.domain_name, self.user_name, self.password, project
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password and the current token."""
        token = self.tokens.known(self.fingerprint)
        return (self.password, token.value) if token else (self.password,)

    def authenticate(self, request: PreparedRequest, timeout: float | None = None, unwanted: Unwanted = None) -> None:
        """Add the user's token as a header. Signs in if necessary. Raises an `ApiError`."""
        request.headers[TOKEN_HEADER] = self.token(timeout, unwanted).value

    def renew(self, rejected: PreparedRequest) -> bool:
        """Discard the rejected token. The next request gets a fresh token."""
        self.tokens.drop(self.fingerprint, rejected.headers.get(TOKEN_HEADER))
        return True

    def token(self, timeout: float | None = None, unwanted: Unwanted = None) -> Token:
        """The user's token. Signs in if the cache has no valid token. Raises an `ApiError`."""
        with before_sending(f"POST {self.iam_endpoint}{SIGN_IN}", "the user is still being signed in"):
            return self.tokens.token(self.fingerprint, self._sign_in, timeout, unwanted)

    def _sign_in(self) -> Issued:
        client = Client(self.iam_endpoint, _SigningIn(self), ca_bundle=self.ca_bundle, lockout_guard=self.lockout_guard)
        scope = self.project_id or f"name {self.project_name}"
        request = Request("POST", f"{SIGN_IN}?nocatalog=true", _identity(self), scope=scope)
        with before_the_request():
            response, document = client.ask(request, _is_token)
        value, body = response.headers.get("x-subject-token", ""), document["token"]
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise RefusedError(
                client.describe(request), status=response.status, detail="the response has no token", sent=False
            )
        project_id, user_id = (_id_of(body.get(name)) for name in ("project", "user"))
        return Issued(value, project_id if is_project_id(project_id) else None, _life(body), user_id)


@dataclass(frozen=True, slots=True)
class ProjectOfToken:
    """The project of a user's token."""

    user: UserCredential

    def id(self, timeout: float | None = None, unwanted: Unwanted = None) -> str:
        """The id. Signs in if necessary. Raises an `ApiError`."""
        project_id = self.user.token(timeout, unwanted).project_id
        if not project_id:
            raise RefusedError(
                f"POST {self.user.iam_endpoint}{SIGN_IN}",
                detail="the token names no project",
                sent=False,
                credential=self.user.name,
                next_step="set the project id (`bms:projectId`)",
            )
        return project_id


@dataclass(frozen=True, slots=True)
class _SigningIn(Unpicklable):
    """The user in the request to the identity service. The password is in the body."""

    user: UserCredential

    @property
    def name(self) -> CredentialName:
        return self.user.name

    @property
    def fingerprint(self) -> str:
        # Not the user's fingerprint: if both services share an address, the first use of a token signs in during its
        # own turn. Without the project: wrong passwords count by user.
        user = self.user
        return fingerprint_of("password", user.iam_endpoint, user.domain_name, user.user_name, user.password)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.user.password,)

    def authenticate(self, request: PreparedRequest, timeout: float | None = None, unwanted: Unwanted = None) -> None:
        """Add nothing."""

    def renew(self, rejected: PreparedRequest) -> bool:  # noqa: ARG002
        return False


def _identity(user: UserCredential) -> bytes:
    project = {"id": user.project_id} if user.project_id else {"name": user.project_name}
    password = {"user": {"name": user.user_name, "password": user.password, "domain": {"name": user.domain_name}}}
    identity = {"methods": ["password"], "password": password}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}).encode()


def _is_token(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("token"), dict)


def _id_of(value: object) -> str | None:
    """The id of an object in a token, or None."""
    user_id = value.get("id") if isinstance(value, Mapping) else None
    return user_id.strip() or None if isinstance(user_id, str) else None


def _life(token: Mapping[str, Any]) -> float:
    """The lifetime in seconds between two times of the server's clock.

    Without valid times no end: then a 401 ends the token.
    """
    try:
        issued, expires = (datetime.fromisoformat(str(token[name])) for name in ("issued_at", "expires_at"))
        life = (expires - issued).total_seconds()
    except (KeyError, ValueError, TypeError):
        return float("inf")
    return life if life > 0 else float("inf")
