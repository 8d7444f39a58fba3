"""One HTTP exchange by `requests`: timeouts and bounds. The result is a whole response, or `NoResponseError`.

The transport knows addresses and bytes. The transport knows neither a cloud nor the meaning of a response.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from pulumi_bms.api.http.background import INTERRUPTED, NoThreadError, UnwantedError
from pulumi_bms.api.http.connection_errors import cause_of
from pulumi_bms.api.http.connections import is_loopback, new_session
from pulumi_bms.api.http.exchange import Exchange
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.response import Response

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
GRACE = 0.25
"""Seconds after the deadline in which the thread of an exchange may still report a more exact reason."""
_PIECE = 64 * 1024
_TRACE = logging.getLogger("pulumi_bms.http")


@dataclass(frozen=True)
class Partial:
    """The part of a response that arrived. `status` is None if the head did not arrive."""

    status: int | None = None
    request_id: str | None = None
    body: bytes = field(default=b"", repr=False)


class NoResponseError(Exception):
    """No whole response arrived. `sent` is whether the request began to leave."""

    def __init__(self, why: str, *, sent: bool, partial: Partial) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
        self.partial = partial


class Transport:
    """Sends requests to one endpoint. Safe to use from many threads."""

    def __init__(
        self, endpoint: str, *, ca_bundle: str | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._ca_bundle = ca_bundle
        self._monotonic = monotonic
        self._session = new_session()

    def describe(self, request: Request) -> str:
        """The method and the address of the request, without secrets."""
        return f"{request.method} {self.endpoint}{request.path}"

    def prepare(self, request: Request, auth: AuthBase) -> PreparedRequest:
        """The request with its headers, signed by `auth`. Raises `NoResponseError` for an unusable address."""
        # The gateway requires a content type even for a GET.
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if request.project_id:
            headers["X-Project-Id"] = request.project_id
        url = self.endpoint + request.path
        try:
            return self._session.prepare_request(
                requests.Request(request.method, url, headers=headers, data=request.body, auth=auth)
            )
        except (requests.RequestException, ValueError) as error:
            raise NoResponseError(cause_of(error, has_begun=False), sent=False, partial=Partial()) from None

    def deliver(self, prepared: PreparedRequest, request: Request) -> Response:
        """Read the whole response before the deadline of the exchange. Raises `NoResponseError` if that fails."""
        exchange, seconds = Exchange(), _at_most(request.timeout, _longest_exchange(request))
        ends_at = self._monotonic() + seconds
        try:
            response = exchange.run(
                partial(self._exchange, exchange, prepared, request, ends_at),
                seconds + GRACE,
                request.unwanted,
                repeatable=request.is_repeatable,
            )
        except TimeoutError:
            why = "no response in time" if exchange.has_begun else "no connection in time"
            raise self._failure(request, exchange, why) from None
        except UnwantedError:
            raise self._failure(request, exchange, "interrupted" if exchange.has_begun else INTERRUPTED) from None
        except NoThreadError as error:
            raise self._failure(request, exchange, str(error)) from None
        # Log neither headers nor bodies: headers hold tokens, and bodies hold passwords.
        what, size = self.describe(request), len(response.body)
        _TRACE.debug("%s: HTTP %d, %d bytes, request id %s", what, response.status, size, response.request_id)
        return response

    def _exchange(self, exchange: Exchange, prepared: PreparedRequest, request: Request, ends_at: float) -> Response:
        exchange.enter_thread()
        # A kept-alive connection may have died unnoticed. Then the outcome of the request would be unknown.
        # So a request that changes things gets a new connection.
        session = self._session if request.is_repeatable else new_session()
        try:
            with session.send(prepared, **self._options(session, prepared, request)) as reply:
                head = Response(reply.status_code, {key.lower(): each for key, each in reply.headers.items()}, b"")
                exchange.status, exchange.request_id = head.status, head.request_id
                for piece in self._pieces(reply, request, exchange, ends_at):
                    exchange.body += piece
                return replace(head, body=bytes(exchange.body))
        except (requests.RequestException, HTTPError, OSError) as error:
            # An incomplete response does not count as a response, whatever its status.
            why = cause_of(error, has_begun=exchange.has_begun)
            raise self._failure(request, exchange, why, has_status=False) from None
        finally:
            if session is not self._session:
                session.close()

    def _options(self, session: requests.Session, prepared: PreparedRequest, request: Request) -> dict[str, Any]:
        # Proxies and certificate bundles from the environment, as in requests.
        environment = session.merge_environment_settings(prepared.url, {}, True, self._ca_bundle, None)  # noqa: FBT003
        if is_loopback(self.endpoint):
            # A proxy would receive the credential unencrypted.
            environment["proxies"] = {}
        silence = request.response_timeout or READ_TIMEOUT
        timeout = (_at_most(request.timeout, CONNECT_TIMEOUT), _at_most(request.timeout, silence))
        return {**environment, "timeout": timeout, "allow_redirects": False}

    def _pieces(
        self, reply: requests.Response, request: Request, exchange: Exchange, ends_at: float
    ) -> Iterator[bytes]:
        size = 0
        while piece := reply.raw.read1(_PIECE, decode_content=True):
            size += len(piece)
            if size > LARGEST_BODY:
                limit = LARGEST_BODY // 2**20
                raise self._failure(request, exchange, f"the response is larger than {limit} MiB")
            if self._monotonic() > ends_at:
                raise self._failure(request, exchange, "the response arrived too slowly")
            yield piece

    def _failure(self, request: Request, exchange: Exchange, why: str, *, has_status: bool = True) -> NoResponseError:
        _TRACE.debug("%s: %s", self.describe(request), why)
        partial = Partial(exchange.status if has_status else None, exchange.request_id, bytes(exchange.body))
        return NoResponseError(why, sent=exchange.has_begun, partial=partial)


def _longest_exchange(request: Request) -> float:
    return EXCHANGE_TIMEOUT if request.response_timeout is None else request.response_timeout


def _at_most(timeout: float | None, usual: float) -> float:
    return usual if timeout is None else min(usual, max(timeout, SHORTEST_TIMEOUT))
