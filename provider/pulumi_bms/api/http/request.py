"""One request before signing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_bms.api.auth.credential import Unpicklable
from pulumi_bms.api.http.background import Unwanted

SIGN_IN = "/v3/auth/tokens"
"""The path for signing in at an identity service."""


@dataclass(frozen=True, slots=True)
class Request(Unpicklable):
    """One request. `path` begins with a slash and is already quoted. `timeout` is the remaining time in seconds.

    `project_id` goes into the project header. Errors mask the values in `secrets`. If `unwanted` is true before the
    request leaves, nothing is sent. `may_send` is called right before the request leaves, with the request in words.
    `response_timeout` is the time for the whole exchange in seconds, by default the transport's. `scope` names the
    project of a request without a project header.
    `effects` are the names of ids in a response that show an effect of the request.
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
    effects: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_repeatable(self) -> bool:
        """Whether the request may be sent again: the request changes nothing."""
        return self.method == "GET"

    @property
    def concerns(self) -> str:
        """The project of the response, or ""."""
        return self.scope or self.project_id or ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
