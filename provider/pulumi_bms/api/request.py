"""What is to be sent: one request, before it is signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_bms.api.auth import Unpicklable

SIGN_IN = "/v3/auth/tokens"
"""Where users sign in at an identity service."""


@dataclass(frozen=True, slots=True)
class Request(Unpicklable):
    """One request: `path` begins with a slash and is quoted already; `timeout` is what remains, in seconds.

    `project_id` goes into the header that names the project, no error repeats what `secrets` holds, and where
    `unwanted` says so at the last moment, nothing is sent. `response_timeout` is how long the response may take, in
    seconds, by default the transport's.
    """

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    timeout: float | None = None
    project_id: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    unwanted: Callable[[], bool] | None = field(default=None, repr=False)
    response_timeout: float | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
