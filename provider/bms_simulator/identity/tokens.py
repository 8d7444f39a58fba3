"""Tokens: ready tokens, issued tokens with an end, and their holders."""

from __future__ import annotations

import math
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bms_simulator.clock import LONGEST_SECONDS, SimulatedTime
from bms_simulator.identity.accounts import Account, Accounts, Project

TOKEN_BYTES = 96


@dataclass(frozen=True, slots=True)
class Caller:
    """The account and the project of a request, no project for a signature. `denied` is a caller without rights."""

    account: Account
    project: Project | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """The caller of a token, and the real second of the token's end."""

    caller: Caller
    ends: float = math.inf


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and the wall times of its life."""

    token: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime


class Tokens:
    """All tokens, safe to use from many threads."""

    def __init__(self, accounts: Accounts, seconds: float, time: SimulatedTime) -> None:
        """Begin with the ready tokens. Tokens issued later live `seconds` real seconds."""
        if not 0 < seconds <= LONGEST_SECONDS:
            raise ValueError(f"token_seconds must be a number above 0 and up to {LONGEST_SECONDS}, not {seconds!r}")
        self._seconds = seconds
        self._time = time
        self._lock = threading.Lock()
        self._grants = {
            token: Grant(Caller(account, account.project(project_id)))
            for account in accounts.accounts
            for token, project_id in account.tokens.items()
        }

    def issue(self, caller: Caller) -> Issued:
        """Make a token for that caller."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        wall = self._time.wall()
        with self._lock:
            self._grants[token] = Grant(caller, self._time.now().real + self._seconds)
        return Issued(token, wall, wall + timedelta(seconds=self._seconds))

    def find(self, token: str) -> Grant | None:
        """Return the grant of a token, of an ended token too. An unknown or revoked token has none."""
        with self._lock:
            return self._grants.get(token)

    def issued(self) -> list[str]:
        """Return the tokens that were issued and not revoked."""
        with self._lock:
            return [token for token, grant in self._grants.items() if grant.ends != math.inf]

    def revoke(self, token: str) -> None:
        """Forget a token, ready or issued."""
        with self._lock:
            self._grants.pop(token, None)

    def revoke_issued(self) -> None:
        """Revoke every issued token. Ready tokens stay."""
        with self._lock:
            self._grants = {token: grant for token, grant in self._grants.items() if grant.ends == math.inf}
