"""What is to be sent: one request, before it is signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_bms.api.auth.credential import Unpicklable
from pulumi_bms.api.http.background import Unwanted

SIGN_IN = "/v3/auth/tokens"
"""Where users sign in at an identity service."""


@dataclass(frozen=True, slots=True)
class Request(Unpicklable):
    """One request: `path` begins with a slash and is quoted already; `timeout` is what remains, in seconds.

    `project_id` goes into the header that names the project, no error repeats what `secrets` holds, and where
    `unwanted` says so before the request leaves, nothing is sent. `may_send` is asked at the last moment, with the
    request in words. `response_timeout` is how long the response may take, in seconds, by default the transport's.
    `scope` names the project of a request that has no such header.
    """

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    timeout: float | None = None
    project_id: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    unwanted: Unwanted = field(default=None, repr=False)
    may_send: Callable[[str], bool] | None = field(default=None, repr=False)
    response_timeout: float | None = field(default=None, repr=False)
    scope: str = field(default="", repr=False)

    @property
    def concerns(self) -> str:
        """The project that a response is about, "" for none."""
        return self.scope or self.project_id or ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
