"""Requests with one credential: guarded against lockout, signed, and explained if the API refuses.

`ask` is the entry point. `ask` signs a request, sends the request and reads the response. If a fresh token may help,
`ask` renews the credential once. `ask` also records whether the API accepted the credential.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from requests.auth import AuthBase

from pulumi_bms.api.auth import hints
from pulumi_bms.api.auth.credential import TOKEN_HEADER, Credential
from pulumi_bms.api.auth.lockout_guard import LOCKOUT_GUARD, LockoutGuard
from pulumi_bms.api.classification import IsExpected, read_object
from pulumi_bms.api.errors import ApiError, AuthenticationError, NoAnswerError
from pulumi_bms.api.http.background import INTERRUPTED, Unwanted, UnwantedError, pause
from pulumi_bms.api.http.excerpt import Excerpt, excerpt_of
from pulumi_bms.api.http.redaction import redact
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.response import Response
from pulumi_bms.api.http.transport import NoResponseError, Transport

if TYPE_CHECKING:
    from requests import PreparedRequest

SETTLING_TIME = 1.5
"""Seconds until every part of an API knows a fresh token."""
_UNAUTHORIZED = 401
_SECRET_HEADERS = (TOKEN_HEADER, "X-Security-Token", "Authorization")


class _Authentication(AuthBase):
    # As an auth object it also keeps requests from reading a password for this host out of ~/.netrc.
    def __init__(self, credential: Credential, timeout: float | None, unwanted: Unwanted) -> None:
        self._credential = credential
        self._timeout = timeout
        self._unwanted = unwanted

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._credential.authenticate(request, self._timeout, self._unwanted)
        return request


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A signed request, and the request with its remaining time."""

    signed: PreparedRequest
    rest: Request


class Client:
    """Sends requests to one endpoint with one credential. Safe to use from many threads."""

    def __init__(
        self,
        endpoint: str,
        credential: Credential,
        *,
        ca_bundle: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
        lockout_guard: LockoutGuard = LOCKOUT_GUARD,
        settling: float = SETTLING_TIME,
    ) -> None:
        self.credential = credential
        self._transport = Transport(endpoint, ca_bundle=ca_bundle, monotonic=monotonic)
        self._monotonic = monotonic
        self._clock = clock
        self._settling = settling
        self._state = lockout_guard.state_of(self.endpoint, credential)

    @property
    def endpoint(self) -> str:
        """The address of the API, without a slash at the end."""
        return self._transport.endpoint

    def __repr__(self) -> str:
        return f"Client({self.endpoint!r}, {self.credential!r})"

    def describe(self, request: Request) -> str:
        """The method and the address of the request, without secrets."""
        return self._transport.describe(request)

    def ask(self, request: Request, is_expected: IsExpected) -> tuple[Response, dict[str, Any]]:
        """Send one request. Returns the response and the requested object. Raises the `ApiError` of the response."""
        what = self.describe(request)
        with self._state.first_use(self.credential, what, request):
            attempt = self._prepared(request)
            try:
                return self._exchange(attempt, is_expected)
            except AuthenticationError as error:
                if not self.credential.renew(attempt.signed):
                    self._state.reject(error, request.concerns)
                    raise
                # A service behind the gateway may have acted before the service rejected the token.
                if not request.is_repeatable and (error.status != _UNAUTHORIZED or _shows_effect(error, request)):
                    raise
            return self._try_again(attempt.rest, is_expected)

    def _try_again(self, request: Request, is_expected: IsExpected) -> tuple[Response, dict[str, Any]]:
        """Send the request with a fresh token, after the settling time of the token."""
        attempt = self._prepared(request)
        allowed = min(self._settling, max(0.0, _or_ever(request.timeout)))
        try:
            pause(allowed, request.unwanted)
        except UnwantedError:
            raise NoAnswerError.never_sent(self.describe(request), INTERRUPTED) from None
        try:
            return self._exchange(replace(attempt, rest=_after(attempt.rest, allowed)), is_expected)
        except AuthenticationError as error:
            if allowed >= self._settling:
                self._state.reject(error, request.concerns)
            raise

    def _prepared(self, request: Request) -> _Attempt:
        """The signed request, and the request with its remaining time. Signing in may have taken some time."""
        started_at = self._monotonic()
        try:
            signed = self._transport.prepare(
                request, _Authentication(self.credential, request.timeout, request.unwanted)
            )
        except NoResponseError as error:
            raise NoAnswerError.never_sent(self.describe(request), error.why) from None
        if request.unwanted and request.unwanted():
            raise NoAnswerError.never_sent(self.describe(request), INTERRUPTED)
        if request.may_send and not request.may_send(self.describe(request)):
            raise NoAnswerError.never_sent(self.describe(request), INTERRUPTED)
        return _Attempt(signed, _after(request, self._monotonic() - started_at))

    def _exchange(self, attempt: _Attempt, is_expected: IsExpected) -> tuple[Response, dict[str, Any]]:
        signed_at, request = self._clock(), attempt.rest
        try:
            response = self._transport.deliver(attempt.signed, request)
        except NoResponseError as error:
            raise self._no_answer(error, attempt) from None
        try:
            document = read_object(response, self.describe(request), is_expected)
        except ApiError as error:
            if hints.shows_acceptance(error):
                self._state.accept(request.concerns)
            raise self._explained(error, response, attempt, signed_at) from None
        self._state.accept(request.concerns)
        return response, document

    def _no_answer(self, error: NoResponseError, attempt: _Attempt) -> NoAnswerError:
        return NoAnswerError(
            self.describe(attempt.rest),
            status=error.partial.status,
            detail=error.why,
            request_id=error.partial.request_id,
            sent=error.sent,
            excerpt=self._excerpt(error.partial.body, attempt),
        )

    def _explained(self, error: ApiError, response: Response, attempt: _Attempt, signed_at: float) -> ApiError:
        """The error with the credential and the next step, and without the secrets that the server repeats."""
        request, secrets = attempt.rest, self._secrets(attempt)
        next_step = error.next_step
        concerns_credential = hints.concerns_credential(error)
        if concerns_credential:
            next_step = hints.next_step_of(error, self.credential, hints.skew_of(response, signed_at), request)
        return error.replaced(
            credential=self.credential.name if concerns_credential else None,
            next_step=next_step,
            detail=redact(hints.without_canonical_request(error.detail), secrets),
            code=redact(error.code, secrets),
            request_id=redact(error.request_id, secrets),
            excerpt=self._excerpt(response.body, attempt),
        )

    def _excerpt(self, body: bytes, attempt: _Attempt) -> Excerpt | None:
        """An excerpt of a response, even of a partial response: every id in a response to a submission counts."""
        return None if attempt.rest.is_repeatable or not body else excerpt_of(body, self._secrets(attempt))

    def _secrets(self, attempt: _Attempt) -> tuple[str, ...]:
        # Mask the sent values too: the credential may have a newer token now.
        headers = attempt.signed.headers
        sent = [str(headers[name]) for name in _SECRET_HEADERS if name in headers]
        return (*sent, *self.credential.secrets, *attempt.rest.secrets)


def _shows_effect(error: ApiError, request: Request) -> bool:
    """Whether an error response names an effect of the request."""
    return error.excerpt is not None and error.excerpt.id_of(*request.effects) is not None


def _or_ever(timeout: float | None) -> float:
    return float("inf") if timeout is None else timeout


def _after(request: Request, seconds: float) -> Request:
    """The request with its timeout reduced by `seconds`."""
    return request if request.timeout is None else replace(request, timeout=request.timeout - seconds)
