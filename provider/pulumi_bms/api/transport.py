"""HTTP by `requests`: a session, timeouts, bounds. An answer comes back whole, or an error does."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

from pulumi_bms._version import __version__
from pulumi_bms.api.answers import Answer
from pulumi_bms.api.auth import REJECTIONS, Credential, Rejections
from pulumi_bms.api.errors import AuthenticationError, NoNewsError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

CONNECT_TIMEOUT = 10.0
"""Seconds until a connection must stand."""
READ_TIMEOUT = 30.0
"""Seconds of silence after which an answer is given up."""
EXCHANGE_TIMEOUT = 60.0
"""Seconds after which an answer that still trickles in is given up."""
LARGEST_BODY = 8 * 1024 * 1024
"""Bytes of an answer that are read; a job of 1,000 sub-jobs has about half a megabyte."""
SHORTEST_TIMEOUT = 1.0
"""Seconds that a request gets however near the deadline is: less would only fail."""
POOLED_CONNECTIONS = 64
"""Connections that are kept alive: more than the looks of a full request budget that are under way at once."""
_PIECE = 64 * 1024
_TRACE = logging.getLogger("pulumi_bms.http")
_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_NEVER_SENT = (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, *_NO_ADDRESS)
_NO_CONNECTION = (NewConnectionError, ssl.SSLCertVerificationError)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `path` begins with a slash and is quoted already; `timeout` is what remains, in seconds."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    timeout: float | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class _Session(requests.Session):
    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002
        """Nowhere: even of a redirect that it must not follow, requests reads the address, and the body without end."""
        return None


class _Authentication(AuthBase):
    # As an auth object it also keeps requests from reading a password for this host out of ~/.netrc.
    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._credential.authenticate(request)
        return request


class Transport:
    """Sends requests to one endpoint with one credential. Safe to use from many threads."""

    def __init__(
        self,
        endpoint: str,
        credential: Credential,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        rejections: Rejections = REJECTIONS,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.credential = credential
        self._monotonic = monotonic
        self._rejections = rejections
        self._session = _new_session()

    def __repr__(self) -> str:
        return f"Transport({self.endpoint!r}, {self.credential!r})"

    def send(self, request: Request) -> Answer:
        """Send one request and read its answer whole; raises `NoNewsError` where none came."""
        self._rejections.raise_if_rejected(self.endpoint, self.credential)
        if request.method == "GET":
            return self._exchange(self._session, request)
        # A connection kept alive may have died unseen, and then nobody knows whether the request arrived. A request
        # that changes things gets a connection of its own.
        with _new_session() as session:
            return self._exchange(session, request)

    def _exchange(self, session: requests.Session, request: Request) -> Answer:
        ends_at = self._monotonic() + min(EXCHANGE_TIMEOUT, _at_least(request.timeout, EXCHANGE_TIMEOUT))
        try:
            with self._open(session, request) as response:
                body = b"".join(self._pieces(response, request, ends_at))
                headers = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(response.status_code, headers, body)
        except (requests.RequestException, HTTPError, OSError) as error:
            news = self._no_news(request, error)
            _TRACE.debug("%s: %s", news.what, news.detail)
            raise news from None
        # Neither headers nor bodies: there are tokens in the one, and passwords in the other.
        _TRACE.debug(
            "%s: HTTP %d, %d bytes, request id %s", self.describe(request), answer.status, len(body), answer.request_id
        )
        return answer

    def _open(self, session: requests.Session, request: Request) -> Response:
        return session.request(
            request.method,
            self.endpoint + request.path,
            data=request.body,
            # The gateway wants a content type even of a GET.
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            auth=_Authentication(self.credential),
            timeout=(_at_least(request.timeout, CONNECT_TIMEOUT), _at_least(request.timeout, READ_TIMEOUT)),
            allow_redirects=False,
            stream=True,
        )

    def _pieces(self, response: Response, request: Request, ends_at: float) -> Iterator[bytes]:
        size = 0
        while piece := response.raw.read1(_PIECE, decode_content=True):
            size += len(piece)
            if size > LARGEST_BODY:
                raise self._bounded(request, response, f"the answer is larger than {LARGEST_BODY // 2**20} MiB")
            if self._monotonic() > ends_at:
                raise self._bounded(request, response, "the answer trickled in too slowly")
            yield piece

    def _bounded(self, request: Request, response: Response, why: str) -> NoNewsError:
        return NoNewsError(
            self.describe(request),
            status=response.status_code,
            detail=why,
            request_id=response.headers.get("X-Request-Id"),
        )

    def _no_news(self, request: Request, error: Exception) -> NoNewsError:
        news = NoNewsError(self.describe(request), detail=_cause(error))
        news.sent = not _never_sent(error)
        return news

    def rejected(self, error: AuthenticationError) -> AuthenticationError:
        """Remember that the API rejected the credential; the error, saying which credential it was."""
        self._rejections.remember(self.endpoint, self.credential, error)
        error.what = f"{error.what} (credential from {self.credential.source})"
        return error

    def describe(self, request: Request) -> str:
        """The request in words: method and address, nothing secret."""
        return f"{request.method} {self.endpoint}{request.path}"


def _new_session() -> requests.Session:
    session = _Session()
    session.headers["User-Agent"] = f"pulumi-bms/{__version__}"
    # Compression would let a small answer grow without bound.
    session.headers["Accept-Encoding"] = "identity"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=POOLED_CONNECTIONS))
    return session


def _at_least(timeout: float | None, usual: float) -> float:
    return usual if timeout is None else min(usual, max(timeout, SHORTEST_TIMEOUT))


def _never_sent(error: Exception) -> bool:
    return isinstance(error, _NEVER_SENT) or any(isinstance(cause, _NO_CONNECTION) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        item = queue.pop()
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            queue += [*item.args, item.__cause__, getattr(item, "reason", None)]


def _cause(error: Exception) -> str:
    """The innermost reason in plain words: requests wraps one error in another, with object addresses."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.ReadTimeout | ReadTimeoutError):
        return "no answer in time"
    systems = [c for c in _causes(error) if isinstance(c, OSError) and c.strerror and not isinstance(c, HTTPError)]
    if systems:
        return str(systems[-1].strerror)
    if isinstance(error, requests.exceptions.SSLError):
        return f"TLS: {list(_causes(error))[-1]}"
    if isinstance(error, _NO_ADDRESS):
        # Without its text, which may repeat the password of a proxy.
        return "the address of the endpoint, or of a proxy that the environment names, can't be used"
    if not isinstance(error, requests.RequestException | HTTPError):
        return str(error)
    return "the connection ended before the answer was whole"
