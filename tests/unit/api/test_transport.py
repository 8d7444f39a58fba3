"""HTTP, over real sockets.

- Every missing response is `NoAnswerError`, and `sent` is False only if the request can't have left.
- A response is read whole or not at all, within limits of time and size.
- The credential goes only to the endpoint, and is in no text.
- Cookies, ~/.netrc and redirects are not used.
"""

from __future__ import annotations

import gzip
import pickle
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_bms._version import __version__
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.transport import LARGEST_BODY
from tests.unit.api.sending import TOKEN, no_news, transport_to

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud

POLL = Request("GET", "/v1/p/jobs/j")
SUBMIT = Request("POST", "/v1/p/baremetalservers", b'{"server":{}}')
BOTH = pytest.mark.parametrize("request_", [POLL, SUBMIT], ids=["GET", "POST"])
JOB = {"status": "RUNNING"}


# No response


@BOTH
def test_connection_refused(cloud: Cloud, request_: Request) -> None:
    """After a refused connection the request was not sent."""
    endpoint = cloud.refusing()
    error = no_news(transport_to(endpoint), request_)
    assert error.sent is False
    assert str(error) == f"{request_.method} {endpoint}{request_.path}: Connection refused"


@BOTH
def test_unknown_host(request_: Request) -> None:
    """An unknown host gets no request."""
    error = no_news(transport_to("http://bms.invalid"), request_)
    assert (error.sent, error.status) == (False, None)
    assert error.detail


@BOTH
def test_reset_before_the_response(cloud: Cloud, request_: Request) -> None:
    """A request on a connection with a reset may have arrived."""
    server = cloud.responding(cloud.reset)
    error = no_news(transport_to(server.endpoint), request_)
    assert (error.sent, error.detail) == (True, "Connection reset by peer")
    assert len(server.seen) == 1


@BOTH
def test_hung_up_before_the_response(cloud: Cloud, request_: Request) -> None:
    """A request on a connection closed without a response may have arrived. The request is not repeated."""
    server = cloud.responding(cloud.hang_up, cloud.response(200, JOB))
    error = no_news(transport_to(server.endpoint), request_)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")
    assert server.connections == 1


@BOTH
@pytest.mark.parametrize(
    "message",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 2",
        b"HTTP/1.1 abc Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
    ids=["ssh", "cut status", "odd status", "many headers", "long header"],
)
def test_what_is_no_http(cloud: Cloud, request_: Request, message: bytes) -> None:
    """A response against the rules of HTTP counts as no response."""
    error = no_news(transport_to(cloud.responding(message).endpoint), request_)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"], ids=["head", "body"])
def test_a_silent_server(cloud: Cloud, start: bytes) -> None:
    """Silence before or within the response ends at the deadline."""

    def start_and_stop(connection: socket.socket) -> None:
        connection.sendall(start)
        cloud.be_silent(connection)

    began = time.monotonic()
    error = no_news(
        transport_to(cloud.responding(start_and_stop).endpoint), Request("GET", "/v1/p/jobs/j", timeout=0.01)
    )
    assert (error.sent, error.detail) == (True, "no response in time")
    assert 0.9 < time.monotonic() - began < 5.0


def test_no_connection_in_time() -> None:
    """Without a connection in time the request was not sent."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # The queue of a listener without an accept takes a few connections, and no further connection.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003  (its own signature)
            each.connect_ex(address)
        try:
            request = Request("POST", "/v1/p/x", b"{}", timeout=0.01)
            error = no_news(transport_to(f"http://127.0.0.1:{address[1]}"), request)
        finally:
            for each in waiting:
                each.close()
    if error.detail == "no response in time":
        pytest.skip("the listeners of this system take every connection")
    assert (error.sent, error.detail) == (False, "no connection in time")


# Whole responses


def test_a_response(cloud: Cloud) -> None:
    """Status, headers (names in lower case) and body arrive unchanged."""
    server = cloud.responding(cloud.response(202, b"\x00\xff body", X_Request_Id="r-1", Retry_After="7"))
    response = transport_to(server.endpoint).send(POLL)
    assert (response.status, response.body) == (202, b"\x00\xff body")
    assert (response.headers["x-request-id"], response.request_id, response.retry_after) == ("r-1", "r-1", 7.0)


@pytest.mark.parametrize("status", [204, 304, 400, 401, 404, 429, 500, 503])
def test_any_status_is_an_response(cloud: Cloud, status: int) -> None:
    """A response with an error status is returned like any response."""
    response = transport_to(cloud.responding(cloud.response(status)).endpoint).send(POLL)
    assert (response.status, response.body) == (status, b"")


@BOTH
def test_cut_off_before_the_announced_length(cloud: Cloud, request_: Request) -> None:
    """A body shorter than announced is no response, even as complete JSON."""
    server = cloud.responding(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"status": "SUCCESS"}')
    error = no_news(transport_to(server.endpoint), request_)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_chunks(cloud: Cloud) -> None:
    """A body in chunks is joined, and a trailer is skipped."""
    server = cloud.responding(CHUNKED + b'9\r\n{"status"\r\n1;ext=1\r\n:\r\n6\r\n"INIT"\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n')
    assert transport_to(server.endpoint).send(POLL).body == b'{"status":"INIT"}'


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b'9\r\n{"sta',
        b'9\r\n{"status"\r\n',
        b"2\r\n{}\r\n",
        b"zz\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["at once", "in a chunk", "after a chunk", "before the last", "no size"],
)
def test_chunks_cut_off(cloud: Cloud, rest: bytes) -> None:
    """A body without the last chunk is no response, even as complete JSON."""
    error = no_news(transport_to(cloud.responding(CHUNKED + rest).endpoint), POLL)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


def test_a_body_that_ends_with_the_connection(cloud: Cloud) -> None:
    """Without a length the body ends with the connection, as in HTTP/1.0."""
    server = cloud.responding(b'HTTP/1.0 200 OK\r\n\r\n{"status": "RUNNING"}')
    assert transport_to(server.endpoint).send(POLL).body == b'{"status": "RUNNING"}'


# Bounds


def endless(connection: socket.socket, piece: bytes = b"x" * 65536, pause: float = 0.0) -> None:
    """Send without end, until the client closes."""
    while True:
        connection.sendall(piece)
        time.sleep(pause)


ENDLESS_HEADS = {
    "declared": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    "undeclared": b"HTTP/1.1 200 OK\r\n\r\n",
    "error": b"HTTP/1.1 500 Oh\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n",
}


@pytest.mark.parametrize("head", ENDLESS_HEADS)
def test_a_body_without_end(cloud: Cloud, head: str) -> None:
    """More than 8 MiB are not read, with or without an announced length, with any status."""

    def send(connection: socket.socket) -> None:
        connection.sendall(ENDLESS_HEADS[head])
        endless(connection)

    error = no_news(transport_to(cloud.responding(send).endpoint), POLL)
    assert (error.detail, error.status) == ("the response is larger than 8 MiB", int(ENDLESS_HEADS[head][9:12]))
    assert error.sent is True


def test_the_largest_body(cloud: Cloud) -> None:
    """Exactly 8 MiB are read."""
    body = b"x" * LARGEST_BODY
    assert transport_to(cloud.responding(cloud.response(200, body)).endpoint).send(POLL).body == body


def test_a_compressed_body_without_end(cloud: Cloud) -> None:
    """The limit of 8 MiB holds for the unpacked body."""
    packed = gzip.compress(b"x" * (LARGEST_BODY + 1))
    server = cloud.responding(cloud.response(200, packed, Content_Encoding="gzip"))
    assert no_news(transport_to(server.endpoint), POLL).detail == "the response is larger than 8 MiB"


def test_a_slow_but_whole_response(cloud: Cloud) -> None:
    """The pieces of a slow response are joined."""

    def slowly(connection: socket.socket) -> None:
        for byte in cloud.response(200, JOB):
            connection.sendall(bytes([byte]))

    assert transport_to(cloud.responding(slowly).endpoint).send(POLL).body == b'{"status": "RUNNING"}'


# Compression


def test_compression_is_not_asked_for(cloud: Cloud) -> None:
    """A request asks for no compression, and a compressed response is read."""
    packed = gzip.compress(b'{"status": "RUNNING"}')
    server = cloud.responding(cloud.response(200, packed, Content_Encoding="gzip"))
    assert transport_to(server.endpoint).send(POLL).body == b'{"status": "RUNNING"}'
    assert server.seen[0].all("accept-encoding") == ["identity"]


def test_a_broken_compression(cloud: Cloud) -> None:
    """A body with a broken compression counts as no response."""
    server = cloud.responding(cloud.response(200, b"no gzip at all", Content_Encoding="gzip"))
    assert no_news(transport_to(server.endpoint), POLL).sent is True


# The receiver of the credential


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@BOTH
def test_redirects_are_not_followed(cloud: Cloud, request_: Request, status: int) -> None:
    """A redirect is not followed: the redirect's host gets neither a request nor the credential."""
    elsewhere = cloud.responding(cloud.response(200, JOB))
    server = cloud.responding(cloud.response(status, b"moved", Location=f"{elsewhere.endpoint}/v1/p/jobs/j"))
    response = transport_to(server.endpoint).send(request_)
    assert (response.status, response.body) == (status, b"moved")
    assert (server.connections, elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("location", ["\xff\xfe", "http://[", "", "x" * 60_000])
def test_where_a_redirect_leads_does_not_matter(cloud: Cloud, location: str) -> None:
    """The address of a redirect is not read."""
    server = cloud.responding(cloud.response(302, b"moved", Location=location))
    assert transport_to(server.endpoint).send(POLL).body == b"moved"


def test_cookies_are_not_kept(cloud: Cloud) -> None:
    """A cookie is not sent back."""
    cookie = cloud.response(200, JOB, Set_Cookie="session=1; Path=/")
    server = cloud.serve([cookie, cookie], [cookie])
    transport = transport_to(server.endpoint)
    for request in (POLL, POLL, SUBMIT):
        transport.send(request)
    assert [seen.all("cookie") for seen in server.seen] == [[], [], []]


@BOTH
def test_netrc_is_not_read(cloud: Cloud, request_: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in ~/.netrc for the same host is not sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password geheim\ndefault login me password geheim\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = cloud.responding(cloud.response(200, JOB))
    transport_to(server.endpoint).send(request_)
    assert server.seen[0].all("authorization") == []
    assert server.seen[0].all("x-auth-token") == [TOKEN]


def test_the_headers_of_a_request(cloud: Cloud) -> None:
    """Each request has the user agent, the content types, and the token exactly once."""
    server = cloud.serve([cloud.response(200, JOB)] * 2, [cloud.response(200, JOB)])
    transport = transport_to(server.endpoint + "/")
    for request in (POLL, POLL, SUBMIT):
        transport.send(request)
    for seen in server.seen:
        assert seen.all("x-auth-token") == [TOKEN]
        assert seen.all("user-agent") == [f"pulumi-bms/{__version__}"]
        assert seen.all("content-type") == seen.all("accept") == ["application/json"]
        assert seen.all("host") == [server.host]
    assert [seen.line for seen in server.seen] == [
        *["GET /v1/p/jobs/j HTTP/1.1"] * 2,
        "POST /v1/p/baremetalservers HTTP/1.1",
    ]
    assert [seen.body for seen in server.seen] == [b"", b"", b'{"server":{}}']
    assert [seen.all("content-length") for seen in server.seen] == [[], [], ["13"]]


def test_a_request_without_a_body(cloud: Cloud) -> None:
    """A DELETE or POST without a body has the content length 0."""
    server = cloud.responding(*[cloud.response(200, JOB)] * 2)
    for method in ("DELETE", "POST"):
        transport_to(server.endpoint).send(Request(method, "/v1/p/x"))
    assert [seen.all("content-length") for seen in server.seen] == [["0"], ["0"]]


# Connections


def test_polls_share_a_connection(cloud: Cloud) -> None:
    """Polls share a connection, and each change has a separate connection."""
    reply = cloud.response(200, JOB)
    server = cloud.serve([reply, reply, reply], [reply], [reply])
    transport = transport_to(server.endpoint)
    for request in (POLL, SUBMIT, POLL, Request("DELETE", "/v1/p/x"), POLL):
        transport.send(request)
    assert [seen.connection for seen in server.seen] == [0, 1, 0, 2, 0]


def test_a_poll_after_the_connection_ended(cloud: Cloud) -> None:
    """A shared connection closed by the server is replaced."""

    def respond_and_go(connection: socket.socket) -> None:
        connection.sendall(cloud.response(200, JOB))

    server = cloud.responding(respond_and_go, respond_and_go)
    transport = transport_to(server.endpoint)
    transport.send(POLL)
    time.sleep(0.05)
    transport.send(POLL)
    assert [seen.connection for seen in server.seen] == [0, 1]


def test_many_threads(cloud: Cloud) -> None:
    """Threads that poll through a shared transport get the responses to the threads' own requests."""

    def echo(connection: socket.socket) -> None:
        connection.sendall(cloud.response(200, server.seen[-1].line.encode()))

    server = cloud.serve(*[[echo] * 20 for _ in range(20)])
    transport = transport_to(server.endpoint)
    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(lambda n: transport.send(Request("GET", f"/{n}")).status, range(20)))
    assert responses == [200] * 20
    assert sorted(seen.line for seen in server.seen) == sorted(f"GET /{n} HTTP/1.1" for n in range(20))


def test_nothing_secret_shows() -> None:
    """No text of a transport or a request holds the token or the body, and a transport can't be pickled."""
    transport = transport_to("https://bms.example/")
    request = Request("POST", "/v1/p/x", b"geheim")
    assert repr(transport) == "Client('https://bms.example', TokenCredential(source='HW_AUTH_TOKEN'))"
    assert str(transport) == repr(transport)
    assert repr(request) == "Request(method='POST', path='/v1/p/x', timeout=None, project_id=None)"
    assert str(request) == "POST /v1/p/x"
    assert transport.describe(request) == "POST https://bms.example/v1/p/x"
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(transport)
