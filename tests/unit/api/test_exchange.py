"""An exchange ends by the deadline, and the error says whether the request was sent, over real sockets."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.http.request import Request
from tests.unit.api.sending import PATIENCE, exchanges, no_news, transport_to, wait_until

if TYPE_CHECKING:
    from tests.unit.api.conftest import Act, Cloud, Listen

# Python leaves a TLS socket open if the server closes before the handshake begins.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

DEADLINE = 1.0
POLL = Request("GET", "/v1/p/jobs/j", response_timeout=DEADLINE)
SUBMIT = Request("POST", "/v1/p/baremetalservers", b'{"server":{}}', response_timeout=DEADLINE)
BOTH = pytest.mark.parametrize("request_", [POLL, SUBMIT], ids=["GET", "POST"])
TOKEN = TokenCredential("geheim-token", "HW_AUTH_TOKEN")
JOB = {"status": "RUNNING", "job_id": "j"}


@pytest.fixture(autouse=True, scope="module")
def _collected() -> Iterator[None]:
    """Collect open sockets in this module, and not in a test of a later module."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = CHUNKED + b"2\r\n{}\r\n0\r\n"

# The first bytes, and then a piece repeated without end.
TRICKLES = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "name of a header": (HEAD, b"x"),
    "value of a header": (HEAD + b"X: ", b"x"),
    "headers": (HEAD, b"X: y\r\n"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of a 100": (b"HTTP/1.1 100 Continue\r\n", b"X: y\r\n"),
    "chunk size": (CHUNKED, b"0"),
    "chunk extension": (CHUNKED + b"2;", b"x"),
    "chunk": (CHUNKED + b"ffff\r\n", b"x"),
    "chunks": (CHUNKED, b"1\r\nx\r\n"),
    "body": (HEAD + b"Content-Length: 9999\r\n\r\n", b"x"),
    "body without a length": (HEAD + b"\r\n", b"x"),
    "value of a trailer": (WHOLE + b"X: ", b"x"),
    "trailers": (WHOLE, b"X: y\r\n"),
}


def trickle(start: bytes, piece: bytes) -> Act:
    """Send the start at once, and then the pieces, always before the timeout for silence."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.02)

    return send


def each_at_once(cases: Mapping[str, Act], attempt: Callable[[Act], NoAnswerError]) -> dict[str, NoAnswerError]:
    """The error of each case. All cases together take the time of a single case."""
    with ThreadPoolExecutor(len(cases)) as pool:
        return dict(zip(cases, pool.map(attempt, cases.values()), strict=True))


@BOTH
def test_a_response_that_trickles(cloud: Cloud, request_: Request) -> None:
    """A response with any endless part is given up at the deadline, and the thread ends."""

    def attempt(act: Act) -> NoAnswerError:
        return no_news(transport_to(cloud.responding(act).endpoint), request_)

    began = time.monotonic()
    errors = each_at_once({part: trickle(*pieces) for part, pieces in TRICKLES.items()}, attempt)
    assert time.monotonic() - began < PATIENCE
    assert {part for part, error in errors.items() if not error.sent} == set()
    assert {error.detail for error in errors.values()} == {"no response in time", "the response arrived too slowly"}
    assert wait_until(lambda: exchanges() == 0)


@BOTH
def test_interim_responses_without_end(cloud: Cloud, request_: Request) -> None:
    """A response head of more than 256 KiB, with all interim responses, is given up at any speed."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000

    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(interim)

    error = no_news(transport_to(cloud.responding(flood).endpoint), Request(request_.method, request_.path))
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


def test_what_is_known_of_a_response_that_trickles(cloud: Cloud) -> None:
    """After the head of a response has arrived, the error has the status and the request id."""
    head = b"HTTP/1.1 202 Accepted\r\nX-Request-Id: r-1\r\nContent-Length: 99\r\n\r\n"
    error = no_news(transport_to(cloud.responding(trickle(head, b" ")).endpoint), SUBMIT)
    assert (error.status, error.request_id) == (202, "r-1")


def silent(connection: socket.socket) -> None:
    """Receive, and send nothing."""
    while connection.recv(65536):
        pass


def half_a_record(connection: socket.socket) -> None:
    """Respond to a TLS hello with an endless record."""
    connection.recv(65536)
    connection.sendall(b"\x16\x03\x03\x40\x00\x02")
    while True:
        connection.sendall(b"\x00")
        time.sleep(0.02)


def no_tls(connection: socket.socket) -> None:
    """Respond to a TLS hello with plain HTTP."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def hang_up(connection: socket.socket) -> None:
    """End the connection within the TLS handshake."""
    connection.recv(65536)
    connection.shutdown(socket.SHUT_RDWR)


HANDSHAKES: dict[str, tuple[Act, str]] = {
    "silent": (silent, "no connection in time"),
    "trickled": (half_a_record, "no connection in time"),
    "plain http": (no_tls, "[SSL"),
    "hung up": (hang_up, ""),
}


@BOTH
def test_a_handshake_that_fails(listen: Listen, request_: Request) -> None:
    """A TLS handshake that stalls, trickles or fails ends by the deadline, and the request was never sent."""
    acts = {case: act for case, (act, _) in HANDSHAKES.items()}
    errors = each_at_once(acts, lambda act: no_news(transport_to(f"https://{listen(act).host}"), request_))
    for case, error in errors.items():
        assert (case, error.sent) == (case, False)
        assert (error.detail or "").startswith(HANDSHAKES[case][1])


def tunnel_head(connection: socket.socket) -> None:
    """Respond to a CONNECT with an endless head."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.02)


def refusing_tunnel(connection: socket.socket) -> None:
    """Respond to a CONNECT with a refusal."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


def tunnel_into_nothing(connection: socket.socket) -> None:
    """Open a tunnel, and end the connection before the handshake."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


TUNNELS: dict[str, Act] = {
    "silent": silent,
    "trickled": tunnel_head,
    "refused": refusing_tunnel,
    "hung up": hang_up,
    "reset": tunnel_into_nothing,
}


@BOTH
@pytest.mark.parametrize("case", TUNNELS)
def test_a_proxy_that_opens_no_tunnel(
    listen: Listen, request_: Request, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a proxy that stalls, trickles or refuses, the request was never sent."""
    proxy = listen(TUNNELS[case])
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
    error = no_news(transport_to("https://bms.invalid"), request_)
    assert error.sent is False
    assert wait_until(lambda: exchanges() == 0)


def test_a_request_that_was_given_up_never_leaves(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request given up before the connection is open is never sent later."""
    released = threading.Event()

    def late(connection: socket.socket) -> None:
        connection.recv(65536)
        released.wait(PATIENCE)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    proxy = listen(late)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
    assert no_news(transport_to("https://bms.invalid"), SUBMIT).sent is False
    released.set()
    assert wait_until(lambda: exchanges() == 0)
    assert proxy.received == b""


def test_a_trickle_does_not_hold_the_first_use(cloud: Cloud) -> None:
    """A first use with an endless response ends at the deadline, and the next use starts."""
    server = cloud.responding(trickle(HEAD, b"x"), cloud.response(200, JOB))
    transport = Client(server.endpoint, TOKEN, lockout_guard=LockoutGuard(patience=1000.0))
    with pytest.raises(NoAnswerError):
        transport.ask(POLL, lambda _: True)
    assert transport.ask(POLL, lambda _: True)[1] == JOB
