"""A cache of issued tokens: one token for all users of a credential, renewed before its end. Knows no issuer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pulumi_bms.api.auth.credential import Unpicklable
from pulumi_bms.api.errors import ApiError, AuthenticationError, RefusedError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.identity.single_flight import SingleFlight

LONGEST_MARGIN = 600.0
"""Seconds before its end at which a token is renewed, at most."""
MARGIN = 0.2
"""The margin of a short-lived token, as a part of its lifetime."""
RETRY_AFTER = 0.25
"""The pause after a failed renewal, as a part of the token's remaining lifetime."""


@dataclass(frozen=True, slots=True)
class Issued(Unpicklable):
    """An issued token with its project, its user, and its lifetime in seconds. The lifetime is inf if unknown."""

    value: str = field(repr=False)
    project_id: str | None
    life: float
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Token(Unpicklable):
    """A token and the time of its renewal, in seconds on the clock of `Tokens`."""

    value: str = field(repr=False)
    project_id: str | None
    renew_at: float
    ends_at: float
    user_id: str | None = None


class _Entry:
    def __init__(self) -> None:
        self.single_flight: SingleFlight[Token] = SingleFlight()
        self.token: Token | None = None
        self.refusal: RefusedError | None = None


SignIn = Callable[[], Issued]
"""Gets a new token. Raises an `ApiError`."""


class Tokens:
    """The tokens of all users of a process.

    Safe to use from many threads: one thread renews, the other threads wait.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def token(self, user: str, sign_in: SignIn, timeout: float | None = None, unwanted: Unwanted = None) -> Token:
        """The token of a user. Signs in if the cache has no valid token.

        Raises the `ApiError` of signing in, and the errors of `Flight.join`.
        """
        entry = self._entry(user)
        token, now = entry.token, self._monotonic()
        # While the old token is valid, only the first caller waits for the renewal.
        if token and (now < token.renew_at or (now < token.ends_at and entry.single_flight.under_way)):
            return token
        if entry.refusal:
            raise entry.refusal.replaced()
        return entry.single_flight.join(lambda: self._renewed(entry, sign_in), timeout, unwanted)

    def known(self, user: str) -> Token | None:
        """The cached token of the user, or None. Sends no request."""
        return self._entry(user).token

    def drop(self, user: str, value: str | None) -> None:
        """Discard this token. A token that was renewed meanwhile stays."""
        entry = self._entry(user)
        with self._lock:
            if entry.token and entry.token.value == value:
                entry.token = None

    def _entry(self, user: str) -> _Entry:
        with self._lock:
            return self._entries.setdefault(user, _Entry())

    def _renewed(self, entry: _Entry, sign_in: SignIn) -> Token:
        old = entry.token
        if old and self._monotonic() < old.renew_at:
            return old
        started_at = self._monotonic()
        try:
            issued = sign_in()
        except ApiError as error:
            return self._kept(entry, old, error)
        margin = min(LONGEST_MARGIN, MARGIN * issued.life)
        ends_at = started_at + issued.life
        fresh = Token(issued.value, issued.project_id, ends_at - margin, ends_at, issued.user_id)
        with self._lock:
            entry.token = fresh
        return fresh

    def _kept(self, entry: _Entry, old: Token | None, error: ApiError) -> Token:
        """The old token if still valid and not discarded. Raises the error otherwise."""
        now = self._monotonic()
        with self._lock:
            lives = old is not None and entry.token is old and now < old.ends_at
            if old and lives and not isinstance(error, AuthenticationError):
                # Pause before the next try: every try at a silent service may take long.
                pause = max(error.retry_after or 0.0, RETRY_AFTER * (old.ends_at - now))
                entry.token = replace(old, renew_at=now + pause)
                return entry.token
            if isinstance(error, RefusedError):
                # A second try would be refused too, and wrong passwords lock a user.
                entry.refusal = error
        raise error
