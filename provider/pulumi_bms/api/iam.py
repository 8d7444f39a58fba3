"""Users who sign in with a password: a token from the identity service, renewed before it ends.

Source: the page "Obtaining a User Token Through Password Authentication" of the Identity and Access Management API
reference. A token is good for 24 hours, unless the password, a right or the account's state changes before.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pulumi_bms.api.auth import TOKEN_HEADER, Unpicklable, fingerprint_of
from pulumi_bms.api.errors import NoNewsError, RefusedError, SettingsError
from pulumi_bms.api.flight import Flight
from pulumi_bms.api.projects import before_the_request
from pulumi_bms.api.transport import Request, Transport
from pulumi_bms.api.trust import TRUST, Trust

if TYPE_CHECKING:
    from requests import PreparedRequest

LONGEST_MARGIN = 600.0
"""Seconds before its end at which a token is renewed, at most."""
MARGIN = 0.2
"""The part of a short token's life that is such a margin."""

RETRY_AFTER = 0.25
"""The part of what is left of a token's life after which a renewal that brought nothing is tried again."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, the project it is for, and when to renew it: on the clock of `Tokens`, in seconds."""

    value: str = field(repr=False)
    project_id: str | None
    renew_at: float
    ends_at: float


class Tokens:
    """The tokens of all users of this process. Safe to use from many threads: one renews, the others wait for it."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic, trust: Trust = TRUST) -> None:
        self._monotonic = monotonic
        self._trust = trust
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def token(self, user: UserCredential, timeout: float | None = None) -> Token:
        """The user's token, a fresh one where there is none that will do. Raises an `ApiError`."""
        entry = self._entry(user)
        token, now = entry.token, self._monotonic()
        # While the old one still holds, only the first who sees its end coming waits for the new one.
        if token and (now < token.renew_at or (now < token.ends_at and entry.flight.under_way)):
            return token
        return entry.flight.join(lambda: self._renewed(entry, user, timeout))

    def known(self, user: UserCredential) -> Token | None:
        """The user's token, if there is one; asks nobody."""
        return self._entry(user).token

    def drop(self, user: UserCredential, value: str | None) -> None:
        """Use that token no longer; one that somebody has renewed meanwhile stays."""
        entry = self._entry(user)
        with self._lock:
            if entry.token and entry.token.value == value:
                entry.token = None

    def _entry(self, user: UserCredential) -> _Entry:
        with self._lock:
            return self._entries.setdefault(user.fingerprint, _Entry())

    def _renewed(self, entry: _Entry, user: UserCredential, timeout: float | None) -> Token:
        token = entry.token
        if token and self._monotonic() < token.renew_at:
            return token
        try:
            fresh = self._sign_in(user, timeout)
        except NoNewsError:
            now = self._monotonic()
            if token is None or now >= token.ends_at:
                raise
            # Not at the next look again: each try may take as long as a silent service likes.
            fresh = replace(token, renew_at=now + RETRY_AFTER * (token.ends_at - now))
        with self._lock:
            entry.token = fresh
        return fresh

    def _sign_in(self, user: UserCredential, timeout: float | None) -> Token:
        asked_at = self._monotonic()
        transport = Transport(
            user.iam_endpoint, _SigningIn(user), ca_bundle=user.ca_bundle, monotonic=self._monotonic, trust=self._trust
        )
        request = Request("POST", "/v3/auth/tokens?nocatalog=true", _identity(user), timeout)
        with before_the_request():
            answer, document = transport.ask(request, _is_token)
        value, body = answer.headers.get("x-subject-token", ""), document["token"]
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise RefusedError(transport.describe(request), status=answer.status, detail="the answer brings no token")
        life = _life(body)
        project = body.get("project")
        project_id = project.get("id") if isinstance(project, Mapping) else None
        return Token(value, project_id, asked_at + life - min(LONGEST_MARGIN, MARGIN * life), asked_at + life)


class _Entry:
    def __init__(self) -> None:
        self.flight: Flight[Token] = Flight()
        self.token: Token | None = None


TOKENS = Tokens()
"""Those of this process."""


@dataclass(frozen=True, slots=True)
class UserCredential(Unpicklable):
    """A user of an account, signed in to one project, which is named by its id, else by its name."""

    name: str
    password: str = field(repr=False)
    domain_name: str
    source: str
    iam_endpoint: str
    project_id: str | None = None
    project_name: str | None = None
    ca_bundle: str | None = None
    tokens: Tokens = field(default=TOKENS, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.password.strip():
            raise SettingsError(f"the password from {self.source} is empty")

    @property
    def kind(self) -> str:
        """What it is."""
        return "user"

    @property
    def fingerprint(self) -> str:
        """A digest of who signs in, and to what."""
        project = self.project_id or f"name {self.project_name}"
        return fingerprint_of(self.kind, self.iam_endpoint, self.domain_name, self.name, self.password, project)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and the token of the moment."""
        token = self.tokens.known(self)
        return (self.password, token.value) if token else (self.password,)

    def authenticate(self, request: PreparedRequest, timeout: float | None = None) -> None:
        """Add the header of the user's token, after signing in where that is needed. Raises an `ApiError`."""
        request.headers[TOKEN_HEADER] = self.tokens.token(self, timeout).value

    def renew(self, rejected: PreparedRequest) -> bool:
        """Let the next request have another token than the one that was rejected."""
        self.tokens.drop(self, rejected.headers.get(TOKEN_HEADER))
        return True


@dataclass(frozen=True, slots=True)
class ProjectOfToken:
    """The project that a user's token is for."""

    user: UserCredential

    def id(self, timeout: float | None = None) -> str:
        """The id, after signing in where that is needed. Raises an `ApiError`."""
        found = self.user.tokens.token(self.user, timeout).project_id
        if not found:
            raise RefusedError(
                f"POST {self.user.iam_endpoint}/v3/auth/tokens",
                detail="the token names no project",
                advice="set the project id (`bms:projectId`)",
            )
        return found


@dataclass(frozen=True, slots=True)
class _SigningIn(Unpicklable):
    """The user as the identity service gets to see it: the password is in the body."""

    user: UserCredential

    @property
    def kind(self) -> str:
        return self.user.kind

    @property
    def source(self) -> str:
        return self.user.source

    @property
    def fingerprint(self) -> str:
        # Not the user's: where both services have one address, the first use of a token signs in within its own turn.
        return fingerprint_of("password", self.user.fingerprint)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.user.password,)

    def authenticate(self, request: PreparedRequest, timeout: float | None = None) -> None:
        """Nothing to add."""

    def renew(self, rejected: PreparedRequest) -> bool:  # noqa: ARG002
        return False


def _identity(user: UserCredential) -> bytes:
    project = {"id": user.project_id} if user.project_id else {"name": user.project_name}
    password = {"user": {"name": user.name, "password": user.password, "domain": {"name": user.domain_name}}}
    identity = {"methods": ["password"], "password": password}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": project}}}).encode()


def _is_token(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("token"), dict)


def _life(token: Mapping[str, Any]) -> float:
    """Seconds between two times of one clock, the server's; no end where it tells none: then a 401 does."""
    try:
        issued, expires = (datetime.fromisoformat(str(token[name])) for name in ("issued_at", "expires_at"))
        return max(0.0, (expires - issued).total_seconds())
    except (KeyError, ValueError, TypeError):
        return float("inf")
