"""Tokens that are issued: one for all who use it, renewed before its end. Knows nothing of who issues them."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from pulumi_bms.api.auth.credential import Unpicklable
from pulumi_bms.api.errors import ApiError, AuthenticationError, RefusedError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.identity.single_flight import Flight

LONGEST_MARGIN = 600.0
"""Seconds before its end at which a token is renewed, at most."""
MARGIN = 0.2
"""The part of a short token's life that is such a margin."""
RETRY_AFTER = 0.25
"""The part of what is left of a token's life after which a renewal that brought nothing is tried again."""


@dataclass(frozen=True, slots=True)
class Issued(Unpicklable):
    """A token as it was issued: the project it is for, and how many seconds it lives (inf if that was not told)."""

    value: str = field(repr=False)
    project_id: str | None
    life: float


@dataclass(frozen=True, slots=True)
class Token(Unpicklable):
    """A token, and when to renew it: on the clock of `Tokens`, in seconds."""

    value: str = field(repr=False)
    project_id: str | None
    renew_at: float
    ends_at: float


class _Entry:
    def __init__(self) -> None:
        self.flight: Flight[Token] = Flight()
        self.token: Token | None = None
        self.refusal: RefusedError | None = None


SignIn = Callable[[], Issued]
"""Gets a new token; raises an `ApiError`."""


class Tokens:
    """The tokens of all users of a process. Safe to use from many threads: one renews, the others wait for it."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def token(self, user: str, sign_in: SignIn, timeout: float | None = None, unwanted: Unwanted = None) -> Token:
        """The token of that user, a fresh one where there is none that will do.

        Raises the `ApiError` of signing in, and what `Flight.join` raises.
        """
        entry = self._entry(user)
        token, now = entry.token, self._monotonic()
        # While the old one still holds, only the first who sees its end coming waits for the new one.
        if token and (now < token.renew_at or (now < token.ends_at and entry.flight.under_way)):
            return token
        if entry.refusal:
            raise copy.copy(entry.refusal)
        return entry.flight.join(lambda: self._renewed(entry, sign_in), timeout, unwanted)

    def known(self, user: str) -> Token | None:
        """The user's token, if there is one; asks nobody."""
        return self._entry(user).token

    def drop(self, user: str, value: str | None) -> None:
        """Use that token no longer; one that somebody has renewed meanwhile stays."""
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
        begun = self._monotonic()
        try:
            issued = sign_in()
        except ApiError as error:
            return self._kept(entry, old, error)
        margin = min(LONGEST_MARGIN, MARGIN * issued.life)
        fresh = Token(issued.value, issued.project_id, begun + issued.life - margin, begun + issued.life)
        with self._lock:
            entry.token = fresh
        return fresh

    def _kept(self, entry: _Entry, old: Token | None, error: ApiError) -> Token:
        """The old token, where it still holds and nobody has dropped it; else the error is raised."""
        now = self._monotonic()
        with self._lock:
            lives = old is not None and entry.token is old and now < old.ends_at
            if old and lives and not isinstance(error, AuthenticationError):
                # Not at the next look again: each try may take as long as a silent service likes.
                pause = max(error.retry_after or 0.0, RETRY_AFTER * (old.ends_at - now))
                entry.token = replace(old, renew_at=now + pause)
                return entry.token
            if isinstance(error, RefusedError):
                # Another try would be refused as well, and wrong passwords lock a user.
                entry.refusal = error
        raise error
