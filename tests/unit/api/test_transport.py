"""HTTP, over real sockets.

- Every way in which no response comes is `NoAnswerError`, and `sent` is False only where the request can't have left.
- A response is read whole or not at all, within bounds of time and size.
- The credential goes to the endpoint and nowhere else, and shows in no text.
- Proxies and certificates of the environment are honoured; cookies, ~/.netrc and redirects are not.
"""

from __future__ import annotations

import gzip
import itertools
import pickle
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_bms._version import __version__
from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.transport import EXCHANGE_TIMEOUT, LARGEST_BODY
from tests.unit.api.sending import Sender

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud

TOKEN = "geheim-token"
POLL = Request("GET", "/v1/p/jobs/j")
SUBMIT = Request("POST", "/v1/p/baremetalservers", b'{"server":{}}')
BOTH = pytest.mark.parametrize("request_", [POLL, SUBMIT], ids=["GET", "POST"])
JOB = {"status": "RUNNING"}


def transport_to(endpoint: str, monotonic: Callable[[], float] = time.monotonic) -> Sender:
    """Make a transport with a token, and with a memory of its own."""
    return Sender(endpoint, TokenCredential(TOKEN, "HW_AUTH_TOKEN"), monotonic=monotonic, lockout_guard=LockoutGuard())


def no_news(transport: Client, request: Request) -> NoAnswerError:
    """Send a request that brings no response, and hand back the error."""
    with pytest.raises(NoAnswerError) as caught:
        transport.ask(request, lambda _: True)
    assert TOKEN not in f"{caught.value} {caught.value!r} {pickle.dumps(caught.value)!r}"
    return caught.value


# No response


@BOTH
def test_connection_refused(cloud: Cloud, request_: Request) -> None:
    """Where nobody listens the request was not sent."""
    endpoint = cloud.refusing()
    error = no_news(transport_to(endpoint), request_)
    assert error.sent is False
    assert str(error) == f"{request_.method} {endpoint}{request_.path}: Connection refused"


@BOTH
def test_unknown_host(request_: Request) -> None:
    """A host that has no address gets no request."""
    error = no_news(transport_to("http://bms.invalid"), request_)
    assert (error.sent, error.status) == (False, None)
    assert error.detail


@BOTH
def test_reset_before_the_response(cloud: Cloud, request_: Request) -> None:
    """A connection that is reset after the request may have brought it to its aim."""
    server = cloud.responding(cloud.reset)
    error = no_news(transport_to(server.endpoint), request_)
    assert (error.sent, error.detail) == (True, "Connection reset by peer")
    assert len(server.seen) == 1


@BOTH
def test_hung_up_before_the_response(cloud: Cloud, request_: Request) -> None:
    """A connection that is ended after the request, likewise; the request is not repeated."""
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
    """A response that breaks the rules of HTTP is no news."""
    error = no_news(transport_to(cloud.responding(message).endpoint), request_)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"], ids=["head", "body"])
def test_a_silent_server(cloud: Cloud, start: bytes) -> None:
    """Silence ends with what remains of the deadline, before the response begins and within it."""

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
    """A connection that does not stand in time was not used."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # The queue of a listener that never accepts takes a few, and then nobody gets a response any more.
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


# A response is whole


def test_a_response(cloud: Cloud) -> None:
    """Status, headers (their names in lower case) and body arrive as they were sent."""
    server = cloud.responding(cloud.response(202, b"\x00\xff body", X_Request_Id="r-1", Retry_After="7"))
    response = transport_to(server.endpoint).send(POLL)
    assert (response.status, response.body) == (202, b"\x00\xff body")
    assert (response.headers["x-request-id"], response.request_id, response.retry_after) == ("r-1", "r-1", 7.0)


@pytest.mark.parametrize("status", [204, 304, 400, 401, 404, 429, 500, 503])
def test_any_status_is_an_response(cloud: Cloud, status: int) -> None:
    """An error status is a response too: what it means is not decided here."""
    response = transport_to(cloud.responding(cloud.response(status)).endpoint).send(POLL)
    assert (response.status, response.body) == (status, b"")


def test_an_interim_response(cloud: Cloud) -> None:
    """A 100 before the response is passed over."""
    server = cloud.responding(b"HTTP/1.1 100 Continue\r\n\r\n" + cloud.response(200, JOB))
    assert transport_to(server.endpoint).send(POLL).body == b'{"status": "RUNNING"}'


@BOTH
def test_cut_off_before_the_announced_length(cloud: Cloud, request_: Request) -> None:
    """A body that is shorter than announced is no response, even where it is complete JSON."""
    server = cloud.responding(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"status": "SUCCESS"}')
    error = no_news(transport_to(server.endpoint), request_)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_chunks(cloud: Cloud) -> None:
    """A body in chunks is put together, with a trailer passed over."""
    server = cloud.responding(CHUNKED + b'9\r\n{"status"\r\n1;ext=1\r\n:\r\n6\r\n"INIT"\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n')
    assert transport_to(server.endpoint).send(POLL).body == b'{"status":"INIT"}'


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"9",
        b'9\r\n{"sta',
        b'9\r\n{"status"\r\n',
        b"2\r\n{}\r\n",
        b"zz\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["at once", "in a size", "in a chunk", "after a chunk", "before the last", "no size", "negative size"],
)
def test_chunks_cut_off(cloud: Cloud, rest: bytes) -> None:
    """Without its last chunk a body is not whole, even where it is complete JSON."""
    error = no_news(transport_to(cloud.responding(CHUNKED + rest).endpoint), POLL)
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


def test_a_body_that_ends_with_the_connection(cloud: Cloud) -> None:
    """Without a length the body ends with the connection, as in HTTP/1.0."""
    server = cloud.responding(b'HTTP/1.0 200 OK\r\n\r\n{"status": "RUNNING"}')
    assert transport_to(server.endpoint).send(POLL).body == b'{"status": "RUNNING"}'


# Bounds


def endless(connection: socket.socket, piece: bytes = b"x" * 65536, pause: float = 0.0) -> None:
    """Send without end, until the other side has had enough."""
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
    """More than 8 MiB are not read, announced or not, whatever the status."""

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
    """The bound holds for what a body unpacks to."""
    packed = gzip.compress(b"x" * (LARGEST_BODY + 1))
    server = cloud.responding(cloud.response(200, packed, Content_Encoding="gzip"))
    assert no_news(transport_to(server.endpoint), POLL).detail == "the response is larger than 8 MiB"


def ticking(step: float) -> Callable[[], float]:
    """Return a clock on which `step` seconds pass between any two polls."""
    ticks = itertools.count(1000.0, step)
    return lambda: next(ticks)


@pytest.mark.parametrize(("timeout", "polls"), [(None, EXCHANGE_TIMEOUT), (600.0, EXCHANGE_TIMEOUT), (30.0, 25.0)])
def test_a_trickle(cloud: Cloud, timeout: float | None, polls: float) -> None:
    """A response that trickles in is given up after a minute, or when the deadline comes."""
    sent = []

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Request-Id: r-1\r\nContent-Length: 9999\r\n\r\n")
        while True:
            connection.sendall(b"x")
            sent.append(1)
            time.sleep(0.005)

    server = cloud.responding(trickle)
    clock = ticking(5.0)
    error = no_news(transport_to(server.endpoint, clock), Request("GET", "/v1/p/jobs/j", timeout=timeout))
    assert (error.detail, error.status, error.request_id) == ("the response arrived too slowly", 200, "r-1")
    # The clock is looked at before, between and after, too.
    assert polls < clock() - 1000.0 <= polls + 20.0
    assert len(sent) < 100


def test_a_slow_but_whole_response(cloud: Cloud) -> None:
    """Pieces that come in time are put together."""

    def slowly(connection: socket.socket) -> None:
        for byte in cloud.response(200, JOB):
            connection.sendall(bytes([byte]))

    assert transport_to(cloud.responding(slowly).endpoint).send(POLL).body == b'{"status": "RUNNING"}'


# Compression


def test_compression_is_not_asked_for(cloud: Cloud) -> None:
    """No compression is asked for, and it is understood where it comes anyway."""
    packed = gzip.compress(b'{"status": "RUNNING"}')
    server = cloud.responding(cloud.response(200, packed, Content_Encoding="gzip"))
    assert transport_to(server.endpoint).send(POLL).body == b'{"status": "RUNNING"}'
    assert server.seen[0].all("accept-encoding") == ["identity"]


def test_a_broken_compression(cloud: Cloud) -> None:
    """What can't be unpacked is no news."""
    server = cloud.responding(cloud.response(200, b"no gzip at all", Content_Encoding="gzip"))
    assert no_news(transport_to(server.endpoint), POLL).sent is True


# Where the credential goes


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@BOTH
def test_redirects_are_not_followed(cloud: Cloud, request_: Request, status: int) -> None:
    """A redirect is a response: no other host hears of it, and the credential least."""
    elsewhere = cloud.responding(cloud.response(200, JOB))
    server = cloud.responding(cloud.response(status, b"moved", Location=f"{elsewhere.endpoint}/v1/p/jobs/j"))
    response = transport_to(server.endpoint).send(request_)
    assert (response.status, response.body) == (status, b"moved")
    assert (server.connections, elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("location", ["\xff\xfe", "http://[", "", "//", "http://a b/", "x" * 60_000])
def test_where_a_redirect_leads_does_not_matter(cloud: Cloud, location: str) -> None:
    """The address of a redirect is not even read."""
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
    """A password for the same host in ~/.netrc stays there."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password geheim\ndefault login me password geheim\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = cloud.responding(cloud.response(200, JOB))
    transport_to(server.endpoint).send(request_)
    assert server.seen[0].all("authorization") == []
    assert server.seen[0].all("x-auth-token") == [TOKEN]


def test_the_headers_of_a_request(cloud: Cloud) -> None:
    """Each request says who sends it and what it holds, and carries its token exactly once."""
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
    """A DELETE or POST without a body says that it has none."""
    server = cloud.responding(*[cloud.response(200, JOB)] * 2)
    for method in ("DELETE", "POST"):
        transport_to(server.endpoint).send(Request(method, "/v1/p/x"))
    assert [seen.all("content-length") for seen in server.seen] == [["0"], ["0"]]


# Connections


def test_polls_share_a_connection(cloud: Cloud) -> None:
    """Looks follow each other on one connection; a request that changes things gets one of its own."""
    reply = cloud.response(200, JOB)
    server = cloud.serve([reply, reply, reply], [reply], [reply])
    transport = transport_to(server.endpoint)
    for request in (POLL, SUBMIT, POLL, Request("DELETE", "/v1/p/x"), POLL):
        transport.send(request)
    assert [seen.connection for seen in server.seen] == [0, 1, 0, 2, 0]


def test_a_poll_after_the_connection_ended(cloud: Cloud) -> None:
    """A shared connection that the server has ended without a word is replaced."""

    def respond_and_go(connection: socket.socket) -> None:
        connection.sendall(cloud.response(200, JOB))

    server = cloud.responding(respond_and_go, respond_and_go)
    transport = transport_to(server.endpoint)
    transport.send(POLL)
    time.sleep(0.05)
    transport.send(POLL)
    assert [seen.connection for seen in server.seen] == [0, 1]


def test_a_poll_after_no_news(cloud: Cloud) -> None:
    """A failed look does not spoil the next one."""
    server = cloud.responding(cloud.reset, CHUNKED + b"9\r\n{", cloud.response(200, JOB))
    transport = transport_to(server.endpoint)
    assert [no_news(transport, POLL).sent for _ in range(2)] == [True, True]
    assert transport.send(POLL).status == 200


def test_many_threads(cloud: Cloud) -> None:
    """Many threads look at once through one transport, and each gets the response to its own request."""

    def echo(connection: socket.socket) -> None:
        connection.sendall(cloud.response(200, server.seen[-1].line.encode()))

    server = cloud.serve(*[[echo] * 20 for _ in range(20)])
    transport = transport_to(server.endpoint)
    with ThreadPoolExecutor(4) as threads:
        responses = list(threads.map(lambda n: transport.send(Request("GET", f"/{n}")).status, range(20)))
    assert responses == [200] * 20
    assert sorted(seen.line for seen in server.seen) == sorted(f"GET /{n} HTTP/1.1" for n in range(20))


# The environment


def test_a_proxy_of_the_environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment names a proxy, requests go through it."""
    proxy = cloud.responding(cloud.response(200, JOB))
    monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
    assert transport_to("http://bms.invalid").send(POLL).status == 200
    assert proxy.seen[0].line == "GET http://bms.invalid/v1/p/jobs/j HTTP/1.1"


def test_hosts_without_a_proxy(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment excepts a host, requests go there directly."""
    server = cloud.responding(cloud.response(200, JOB))
    monkeypatch.setenv("HTTP_PROXY", cloud.refusing())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert transport_to(server.endpoint).send(POLL).status == 200


@pytest.mark.parametrize("endpoint", ["http://bms.invalid", "https://bms.invalid"])
@BOTH
def test_a_proxy_that_is_not_there(
    cloud: Cloud, request_: Request, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that can't be reached has passed nothing on."""
    monkeypatch.setenv("ALL_PROXY", cloud.refusing())
    error = no_news(transport_to(endpoint), request_)
    assert (error.sent, error.detail) == (False, "Connection refused")


@BOTH
def test_a_proxy_that_refuses_to_connect(cloud: Cloud, request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that opens no tunnel has passed nothing on, and has not seen the credential."""
    proxy = cloud.responding(cloud.response(403, b"geschlossen"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.endpoint)
    error = no_news(transport_to("https://bms.invalid"), request_)
    assert error.sent is False
    assert proxy.seen[0].line.startswith("CONNECT bms.invalid:443 ")
    assert proxy.seen[0].all("x-auth-token") == []


@pytest.mark.parametrize("proxy", ["http://", "http://me:geheim@[bad", "ftp-odd://me:geheim@127.0.0.1:1"])
@BOTH
def test_a_proxy_that_can_not_be_used(request_: Request, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy with an odd address gets nothing, and its password is not repeated."""
    monkeypatch.setenv("HTTP_PROXY", proxy)
    error = no_news(transport_to("http://bms.invalid"), request_)
    assert error.sent is False
    assert (error.detail or "").startswith("the address of the endpoint, or of a proxy")
    assert "geheim" not in f"{error} {error!r}"


@BOTH
def test_an_endpoint_that_is_no_address(request_: Request) -> None:
    """An endpoint that can't be used gets nothing."""
    for endpoint in ("http://[bad", "gopher://bms.invalid", "bms.invalid"):
        error = no_news(transport_to(endpoint), request_)
        assert error.sent is False
        assert (error.detail or "").startswith("the address of the endpoint, or of a proxy")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a self-signed certificate for 127.0.0.1; the file holds its key too."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = folder / "both.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    made.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return made


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@BOTH
def test_a_certificate_that_nobody_vouches_for(cloud: Cloud, request_: Request, tls: ssl.SSLContext) -> None:
    """A server that can't prove who it is gets no request, and no credential."""
    server = cloud.serve([cloud.response(200, JOB)], tls=tls)
    error = no_news(transport_to(server.endpoint), request_)
    assert error.sent is False
    assert error.detail is not None
    assert "certificate verify failed" in error.detail
    assert server.seen == []


@BOTH
def test_a_certificate_of_the_environment(
    cloud: Cloud, request_: Request, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment vouches for a certificate, TLS works."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = cloud.serve([cloud.response(200, JOB)], tls=tls)
    assert transport_to(server.endpoint).send(request_).status == 200
    assert server.seen[0].all("x-auth-token") == [TOKEN]


@pytest.mark.parametrize("environment", [None, "/nonexistent/bundle.pem"])
def test_a_bundle_of_the_config(
    cloud: Cloud,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: str | None,
) -> None:
    """The config's bundle vouches for a certificate, whatever the environment says."""
    if environment:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", environment)
    server = cloud.serve([cloud.response(200, JOB)], tls=tls)
    credential = TokenCredential(TOKEN, "HW_AUTH_TOKEN")
    client = Client(server.endpoint, credential, ca_bundle=str(certificate), lockout_guard=LockoutGuard())
    assert client.ask(POLL, lambda _: True)[0].status == 200


def test_a_certificate_of_another_host(
    cloud: Cloud, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate for another name proves nothing."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = cloud.serve([cloud.response(200, JOB)], tls=tls)
    error = no_news(transport_to(server.endpoint.replace("127.0.0.1", "localhost")), SUBMIT)
    assert error.sent is False
    assert server.seen == []


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file of certificates is missing, the text names it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    error = no_news(transport_to("https://127.0.0.1:9"), POLL)
    assert error.detail is not None
    assert "/nonexistent/bundle.pem" in error.detail


def test_https_at_a_port_of_http(cloud: Cloud) -> None:
    """A server that speaks no TLS gets no credential."""
    server = cloud.responding(cloud.response(200, JOB))
    error = no_news(transport_to(server.endpoint.replace("http:", "https:")), POLL)
    assert error.detail
    assert TOKEN.encode() not in server.seen[0].body


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
