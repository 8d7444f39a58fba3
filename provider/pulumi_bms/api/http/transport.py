"""HTTP by `requests`: one session, timeouts, bounds. The result is a whole response or an error.

`ask` is the entry point. `ask` signs a request, sends the request and reads the response. If a fresh token may help,
`ask` renews the credential once. `ask` also records whether the API accepted the credential.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from pulumi_bms.api.auth import hints
from pulumi_bms.api.auth.credential import TOKEN_HEADER, Credential, described
from pulumi_bms.api.auth.lockout_guard import LOCKOUT_GUARD, LockoutGuard
from pulumi_bms.api.errors import ApiError, AuthenticationError, NoAnswerError
from pulumi_bms.api.http.background import (
    INTERRUPTED,
    NoThreadError,
    Unwanted,
    UnwantedError,
    pause,
)
from pulumi_bms.api.http.connection_errors import cause_of
from pulumi_bms.api.http.connections import is_loopback, new_session
from pulumi_bms.api.http.excerpt import excerpt_of
from pulumi_bms.api.http.exchange import Exchange
from pulumi_bms.api.http.redaction import redact
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.response import Response, read_object

if TYPE_CHECKING:
    from requests import PreparedRequest

CONNECT_TIMEOUT = 10.0
"""Timeout of the connection, in seconds."""
READ_TIMEOUT = 30.0
"""Seconds of silence before the request fails."""
EXCHANGE_TIMEOUT = 60.0
"""Timeout of the whole response, in seconds."""
LARGEST_BODY = 8 * 1024 * 1024
"""Limit of a response's body in bytes. A job of 1,000 sub-jobs has about half a megabyte."""
SHORTEST_TIMEOUT = 1.0
"""Shortest timeout of a request in seconds, even close to the deadline. A shorter timeout would only fail."""
SETTLING_TIME = 1.5
"""Seconds until every part of an API knows a fresh token."""
GRACE = 0.25
"""Seconds after the deadline in which the thread of an exchange may still report a more exact reason."""
_UNAUTHORIZED = 401
_SECRET_HEADERS = (TOKEN_HEADER, "X-Security-Token", "Authorization")
_PIECE = 64 * 1024
_TRACE = logging.getLogger("pulumi_bms.http")


IsExpected = Callable[[Mapping[str, Any]], bool]
"""Recognises the requested JSON object."""


class _Authentication(AuthBase):
    # As an auth object it also keeps requests from reading a password for this host out of ~/.netrc.
    def __init__(self, credential: Credential, timeout: float | None, unwanted: Unwanted) -> None:
        self._credential = credential
        self._timeout = timeout
        self._unwanted = unwanted

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._credential.authenticate(request, self._timeout, self._unwanted)
        return request


class Transport:
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
        self.endpoint = endpoint.rstrip("/")
        self.credential = credential
        self._ca_bundle = ca_bundle
        self._monotonic = monotonic
        self._clock = clock
        self._credential_state = lockout_guard.state_of(self.endpoint, credential)
        self._settling = settling
        self._session = new_session()

    def __repr__(self) -> str:
        return f"Transport({self.endpoint!r}, {self.credential!r})"

    def ask(self, request: Request, is_expected: IsExpected) -> tuple[Response, dict[str, Any]]:
        """Send one request. Returns the response and the requested object. Raises the `ApiError` of the response."""
        repeatable = request.method == "GET"
        first_use = self._credential_state.first_use(
            self.credential,
            self.describe(request),
            request.concerns,
            repeatable=repeatable,
            timeout=request.timeout,
            unwanted=request.unwanted,
        )
        with first_use:
            rejected, rest = self._prepared(request)
            try:
                return self._read(rejected, rest, is_expected)
            except AuthenticationError as error:
                if not self.credential.renew(rejected):
                    self._credential_state.reject(error, request.concerns)
                    raise
                # A service behind the gateway may have acted before the service rejected the token.
                if not repeatable and (error.status != _UNAUTHORIZED or _shows_effect(error, request)):
                    raise
            return self._try_again(rest, is_expected)

    def _try_again(self, request: Request, is_expected: IsExpected) -> tuple[Response, dict[str, Any]]:
        """Send the request with a fresh token, after the settling time of the token."""
        prepared, rest = self._prepared(request)
        has_settled, rest = self._settled(rest)
        try:
            return self._read(prepared, rest, is_expected)
        except AuthenticationError as error:
            if has_settled:
                self._credential_state.reject(error, request.concerns)
            raise

    def _settled(self, request: Request) -> tuple[bool, Request]:
        """Pause for a fresh token. Returns whether the pause was complete, and the request with the remaining time."""
        allowed = min(self._settling, max(0.0, _or_ever(request.timeout)))
        try:
            pause(allowed, request.unwanted)
        except UnwantedError:
            raise NoAnswerError.never_sent(self.describe(request), INTERRUPTED) from None
        return allowed >= self._settling, _after(request, allowed)

    def send(self, request: Request) -> Response:
        """Sign and send one request and read the whole response. Raises `NoAnswerError` if no response arrived."""
        return self._deliver(*self._prepared(request))

    def _prepared(self, request: Request) -> tuple[PreparedRequest, Request]:
        """The signed request, and the request with its remaining time. Signing in may have taken some time."""
        started_at = self._monotonic()
        # The gateway requires a content type even for a GET.
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if request.project_id:
            headers["X-Project-Id"] = request.project_id
        auth = _Authentication(self.credential, request.timeout, request.unwanted)
        url = self.endpoint + request.path
        try:
            prepared = self._session.prepare_request(
                requests.Request(request.method, url, headers=headers, data=request.body, auth=auth)
            )
        except (requests.RequestException, ValueError) as error:
            raise NoAnswerError.never_sent(self.describe(request), cause_of(error, has_begun=False)) from None
        if request.unwanted and request.unwanted():
            raise NoAnswerError.never_sent(self.describe(request), INTERRUPTED)
        if request.may_send and not request.may_send(self.describe(request)):
            raise NoAnswerError.never_sent(self.describe(request), INTERRUPTED)
        return prepared, _after(request, self._monotonic() - started_at)

    def _read(
        self, prepared: PreparedRequest, request: Request, is_expected: IsExpected
    ) -> tuple[Response, dict[str, Any]]:
        signed_at = self._clock()
        response = self._deliver(prepared, request)
        try:
            document = read_object(response, self.describe(request), is_expected)
        except ApiError as error:
            if hints.shows_acceptance(error):
                self._credential_state.accept(request.concerns)
            self._explain(error, prepared, request, hints.skew_of(response, signed_at))
            self._quote(error, response.body, prepared, request)
            raise
        self._credential_state.accept(request.concerns)
        return response, document

    def _explain(self, error: ApiError, prepared: PreparedRequest, request: Request, skew: timedelta | None) -> None:
        """Add the credential and the next step to the error. Mask secrets that the server repeats."""
        if hints.concerns_credential(error):
            error.credential = described(self.credential)
            error.next_step = hints.next_step_of(error, self.credential, skew, request)
        secrets = self._secrets(prepared, request)
        error.detail = redact(hints.without_canonical_request(error.detail), secrets)
        error.code, error.request_id = redact(error.code, secrets), redact(error.request_id, secrets)

    def _quote(self, error: ApiError, body: bytes, prepared: PreparedRequest, request: Request) -> None:
        """Add an excerpt of the response, even of a partial response: every id in a response to a submission counts."""
        if request.method != "GET" and body:
            error.excerpt = excerpt_of(body, self._secrets(prepared, request))

    def _secrets(self, prepared: PreparedRequest, request: Request) -> tuple[str, ...]:
        # Mask the sent values too: the credential may have a newer token now.
        sent = [prepared.headers[name] for name in _SECRET_HEADERS if name in prepared.headers]
        return (*map(str, sent), *self.credential.secrets, *request.secrets)

    def _deliver(self, prepared: PreparedRequest, request: Request) -> Response:
        """Read the whole response before the deadline of the exchange. Raises `NoAnswerError` if that fails."""
        exchange, seconds = Exchange(), _at_least(request.timeout, _longest_exchange(request))
        ends_at = self._monotonic() + seconds
        repeatable = request.method == "GET"
        try:
            response = exchange.run(
                lambda: self._whole(exchange, prepared, request, ends_at),
                seconds + GRACE,
                request.unwanted,
                repeatable=repeatable,
            )
        except TimeoutError:
            why = "no answer in time" if exchange.has_begun else "no connection in time"
            raise self._no_answer(prepared, request, exchange, why) from None
        except UnwantedError:
            raise self._no_answer(
                prepared, request, exchange, "interrupted" if exchange.has_begun else INTERRUPTED
            ) from None
        except NoThreadError as error:
            raise NoAnswerError.never_sent(self.describe(request), str(error)) from None
        # Log neither headers nor bodies: headers hold tokens, and bodies hold passwords.
        what, size = self.describe(request), len(response.body)
        _TRACE.debug("%s: HTTP %d, %d bytes, request id %s", what, response.status, size, response.request_id)
        return response

    def _whole(self, exchange: Exchange, prepared: PreparedRequest, request: Request, ends_at: float) -> Response:
        if request.method == "GET":
            return self._exchange(self._session, exchange, prepared, request, ends_at)
        # A kept-alive connection may have died unnoticed. Then the outcome of the request would be unknown.
        # So a request that changes things gets a new connection.
        with new_session() as session:
            return self._exchange(session, exchange, prepared, request, ends_at)

    def _exchange(
        self,
        session: requests.Session,
        exchange: Exchange,
        prepared: PreparedRequest,
        request: Request,
        ends_at: float,
    ) -> Response:
        try:
            with self._open(session, prepared, request) as reply:
                head = Response(reply.status_code, {key.lower(): each for key, each in reply.headers.items()}, b"")
                exchange.status, exchange.request_id = head.status, head.request_id
                for piece in self._pieces(reply, exchange, prepared, request, ends_at):
                    exchange.body += piece
                return replace(head, body=bytes(exchange.body))
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = self._no_answer(prepared, request, exchange, cause_of(error, has_begun=exchange.has_begun))
            # An incomplete response does not count as a response, whatever its status.
            failure.status = None
            raise failure from None

    def _open(self, session: requests.Session, prepared: PreparedRequest, request: Request) -> requests.Response:
        # Proxies and certificate bundles from the environment, as in requests.
        environment_settings = session.merge_environment_settings(prepared.url, {}, True, self._ca_bundle, None)  # noqa: FBT003
        if is_loopback(self.endpoint):
            # A proxy would receive the credential unencrypted.
            environment_settings["proxies"] = {}
        silence = request.response_timeout or READ_TIMEOUT
        return session.send(
            prepared,
            timeout=(_at_least(request.timeout, CONNECT_TIMEOUT), _at_least(request.timeout, silence)),
            allow_redirects=False,
            **environment_settings,
        )

    def _pieces(
        self, reply: requests.Response, exchange: Exchange, prepared: PreparedRequest, request: Request, ends_at: float
    ) -> Iterator[bytes]:
        size = 0
        while piece := reply.raw.read1(_PIECE, decode_content=True):
            size += len(piece)
            if size > LARGEST_BODY:
                raise self._no_answer(
                    prepared, request, exchange, f"the answer is larger than {LARGEST_BODY // 2**20} MiB"
                )
            if self._monotonic() > ends_at:
                raise self._no_answer(prepared, request, exchange, "the answer trickled in too slowly")
            yield piece

    def _no_answer(self, prepared: PreparedRequest, request: Request, exchange: Exchange, why: str) -> NoAnswerError:
        error = NoAnswerError(
            self.describe(request), status=exchange.status, detail=why, request_id=exchange.request_id
        )
        error.sent = exchange.has_begun
        self._quote(error, bytes(exchange.body), prepared, request)
        _TRACE.debug("%s: %s", error.what, why)
        return error

    def describe(self, request: Request) -> str:
        """The method and the address of the request, without secrets."""
        return f"{request.method} {self.endpoint}{request.path}"


def _longest_exchange(request: Request) -> float:
    return EXCHANGE_TIMEOUT if request.response_timeout is None else request.response_timeout


def _at_least(timeout: float | None, usual: float) -> float:
    return usual if timeout is None else min(usual, max(timeout, SHORTEST_TIMEOUT))


def _shows_effect(error: ApiError, request: Request) -> bool:
    """Whether an error response names an effect of the request."""
    return error.excerpt is not None and error.excerpt.id_of(*request.effects) is not None


def _or_ever(timeout: float | None) -> float:
    return float("inf") if timeout is None else timeout


def _after(request: Request, seconds: float) -> Request:
    """The request with its timeout reduced by `seconds`."""
    return request if request.timeout is None else replace(request, timeout=request.timeout - seconds)
