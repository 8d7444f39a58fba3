"""How every typed call is sent: address, rate limit, secrets, and the reading of the response."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlencode

from pulumi_bms.api.classification import ErrorBody, IsExpected, error_body_of
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
)
from pulumi_bms.api.http.background import (
    INTERRUPTED,
    Unwanted,
    UnwantedError,
    pause,
)
from pulumi_bms.api.http.redaction import secrets_of
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.sanitized import SUBMITTED, sanitized
from pulumi_bms.api.identity.projects import Project
from pulumi_bms.api.models.job import Unreadable
from pulumi_bms.api.operation_codes import says_not_found
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.submission import send_once

T = TypeVar("T")

Query: TypeAlias = Sequence[tuple[str, str]]
Body: TypeAlias = Mapping[str, Any] | None

SUBMISSION_TIMEOUT = 75.0
"""Timeout of the response to a change, in seconds. The gateway itself waits 60 s for the service."""
THROTTLED_PAUSE = 2.0
"""Pause of an operation after a 429 without `Retry-After`, in seconds."""
LONGEST_PAUSE = 60.0
"""Longest pause of an operation after a 429, in seconds. Limits count by the minute."""
_TOO_MANY = 429
_NOT_THE_SERVICE = "the 404 comes from the gateway. Check the endpoint, the region and the project"


class Pace(Protocol):
    """The rate limit: spaces the requests of every operation. Times are seconds of the monotonic clock."""

    def reserve(self, operation: str, per_minute: float | None, now: float) -> float:
        """Reserve the time of the operation's next request."""
        ...

    def pause(self, operation: str, until: float) -> None:
        """Delay all requests of an operation until that time."""
        ...

    def paused(self, operation: str, now: float) -> bool:
        """Whether an earlier reservation is void because of a pause."""
        ...


class Unpaced:
    """No rate limit: every request leaves at once."""

    def reserve(self, operation: str, per_minute: float | None, now: float) -> float:  # noqa: ARG002
        """The present time."""
        return now

    def pause(self, operation: str, until: float) -> None:
        """Do nothing."""

    def paused(self, operation: str, now: float) -> bool:  # noqa: ARG002
        """False."""
        return False


UNPACED = Unpaced()


@dataclass(frozen=True, slots=True)
class Channel:
    """Sends the operations of one service, for one project if the service has projects.

    `timeout` is the remaining time of a request in seconds. A change that leaves in time is not cut short. When
    `unwanted` is true, nothing more is sent. `may_send` is called right before every change with the request in words.
    A `NotFoundError` always comes from the service: a 404 of a gateway is a `NoSuchApiError`.
    """

    client: Client
    project: Project | None = None
    pace: Pace = UNPACED
    timeout: float | None = None
    submission_timeout: float = SUBMISSION_TIMEOUT
    unwanted: Unwanted = field(default=None, repr=False)
    may_send: Callable[[str], bool] | None = field(default=None, repr=False)

    def within(
        self,
        timeout: float | None = None,
        unwanted: Unwanted = None,
        may_send: Callable[[str], bool] | None = None,
    ) -> Channel:
        """A copy of the channel for one step, with its own timeout, cancel and `may_send`."""
        return replace(self, timeout=timeout, unwanted=unwanted, may_send=may_send)

    def read(
        self,
        operation: Operation,
        is_expected: IsExpected,
        read: Callable[[dict[str, Any]], T],
        *,
        names: Mapping[str, str] | None = None,
        query: Query = (),
        body: Body = None,
    ) -> T:
        """Send a read request and read the response. The request changes nothing and may be repeated.

        Raises an `ApiError`. `NoAnswerError` means that a retry may help, also after an unreadable response.
        """
        request = self._in_turn(operation, names or {}, query, body)
        with self._heeding(operation):
            response, document = self.client.ask(request, is_expected)
        try:
            return read(self._sanitized(document))
        except Unreadable as error:
            what, message = self.client.describe(request), f"unreadable: {error}"
            raise NoAnswerError(what, status=response.status, detail=message, request_id=response.request_id) from None

    def change(
        self,
        operation: Operation,
        is_expected: IsExpected,
        *,
        names: Mapping[str, str] | None = None,
        body: Body = None,
    ) -> dict[str, Any]:
        """Send one request that changes things, once, and return the response. Raises the errors of `send_once`."""
        with self._heeding(operation):
            return self._sanitized(self.send(operation, is_expected, names=names, body=body))

    def send(
        self,
        operation: Operation,
        is_expected: IsExpected,
        *,
        names: Mapping[str, str] | None = None,
        body: Body = None,
    ) -> dict[str, Any]:
        """As `change`, for an operation that the user chooses: the response stays as it is, a 404 too."""
        request = self._in_turn(operation, names or {}, (), body)
        request = replace(request, timeout=None, may_send=self.may_send, response_timeout=self.submission_timeout)
        return send_once(self.client, request, is_expected)

    def request(self, operation: Operation, names: Mapping[str, str], query: Query = (), body: Body = None) -> Request:
        """The request of an operation, with address, project and secrets. Looks the project up if necessary.

        The rate limit is the caller's: `read` and `change` wait for a turn. Raises an `ApiError` of the lookup.
        """
        started_at = time.monotonic()
        project_id = self.project.id(self.timeout, self.unwanted) if self.project else None
        path = operation.address(**names, **({"project_id": project_id} if project_id else {}))
        own = secrets_of(body)
        SUBMITTED.add(own)
        return Request(
            operation.method,
            f"{path}?{urlencode(query)}" if query else path,
            None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
            timeout=None if self.timeout is None else self.timeout - (time.monotonic() - started_at),
            project_id=project_id,
            secrets=(*own, *SUBMITTED.all()),
            unwanted=self.unwanted,
        )

    def _in_turn(self, operation: Operation, names: Mapping[str, str], query: Query, body: Body) -> Request:
        """The request of an operation, after the wait for the rate limit."""
        started_at = time.monotonic()
        request = self.request(operation, names, query, body)
        self._await_turn(operation, request, started_at)
        spent = time.monotonic() - started_at
        return request if self.timeout is None else replace(request, timeout=self.timeout - spent)

    def _await_turn(self, operation: Operation, request: Request, started_at: float) -> None:
        """Wait for the rate limit. Raises `NoAnswerError` with `sent` False if the time is too short."""
        latest = float("inf") if self.timeout is None else started_at + self.timeout
        while True:
            moment = self.pace.reserve(operation.name, operation.per_minute, time.monotonic())
            what = self.client.describe(request)
            if moment > latest:
                raise NoAnswerError.never_sent(what, "the rate limit leaves no request before the deadline")
            try:
                pause(moment - time.monotonic(), self.unwanted)
            except UnwantedError:
                raise NoAnswerError.never_sent(what, INTERRUPTED) from None
            if not self.pace.paused(operation.name, time.monotonic()):
                return

    @contextmanager
    def _heeding(self, operation: Operation) -> Iterator[None]:
        """Pause the operation if the response asks for a pause. Turn a 404 of a gateway into a `NoSuchApiError`."""
        try:
            yield
        except ApiError as error:
            if error.status == _TOO_MANY or error.retry_after is not None:
                seconds = THROTTLED_PAUSE if error.retry_after is None else min(error.retry_after, LONGEST_PAUSE)
                self.pace.pause(operation.name, time.monotonic() + seconds)
            if isinstance(error, NotFoundError | NoSuchApiError) and not says_not_found(error):
                raise error.recast(NoSuchApiError, next_step=error.hint or _NOT_THE_SERVICE) from None
            raise

    def _sanitized(self, document: dict[str, Any]) -> dict[str, Any]:
        return sanitized(document, (*self.client.credential.secrets, *SUBMITTED.all()))


def holds_list(*names: str) -> IsExpected:
    """Recognises a document with a list under one of the names."""
    return lambda document: any(isinstance(document.get(name), list) for name in names)


def holds_object(name: str) -> IsExpected:
    """Recognises a document with an object under the name."""
    return lambda document: isinstance(document.get(name), Mapping)


def has_no_error(*names: str) -> IsExpected:
    """Recognises a response to a change: an empty document, or a document with one of the names."""
    return lambda document: any(name in document for name in names) or error_body_of(document) == ErrorBody()
