"""No part of an exchange outlasts its deadline, and it is known whether the request has left, over real sockets."""

from __future__ import annotations

import gc
import socket
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError, NoAnswerError, OutcomeUnknownError
from pulumi_bms.api.http.connections import is_loopback
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.identity.projects import GivenProject, NamedProject, Project
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import ProjectOfToken, UserCredential
from pulumi_bms.api.jobs import JobApi
from tests.unit.api.sending import Sender

if TYPE_CHECKING:
    from tests.unit.api.conftest import Act, Cloud

# Python leaves a TLS socket open whose other side has gone before the handshake began.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PATIENCE = 10.0
DEADLINE = 1.0
POLL = Request("GET", "/v1/p/jobs/j", response_timeout=DEADLINE)
SUBMIT = Request("POST", "/v1/p/baremetalservers", b'{"server":{}}', response_timeout=DEADLINE)
BOTH = pytest.mark.parametrize("request_", [POLL, SUBMIT], ids=["GET", "POST"])
TOKEN = TokenCredential("geheim-token", "HW_AUTH_TOKEN")
JOB = {"status": "RUNNING", "job_id": "j"}


@pytest.fixture(autouse=True, scope="module")
def _collected() -> Iterator[None]:
    """Collect such sockets here, and not in a test of another module."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def transport_to(endpoint: str) -> Sender:
    """Make a transport with a token, and with a memory of its own."""
    return Sender(endpoint, TOKEN, lockout_guard=LockoutGuard())


def no_news(transport: Client, request: Request) -> NoAnswerError:
    """Send a request that brings no response, and hand back the error."""
    with pytest.raises(NoAnswerError) as caught:
        transport.ask(request, lambda _: True)
    return caught.value


def exchanges() -> int:
    """How many threads are still at an exchange."""
    return sum(thread.name == "exchange" for thread in threading.enumerate())


def wait_until(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true in good time."""
    ends_at = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < ends_at:
        time.sleep(0.01)
    return condition()


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = CHUNKED + b"2\r\n{}\r\n0\r\n"

# What is sent at once, and what comes then, piece by piece without end.
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
    """Send the start at once, and then the pieces, always before anybody could call it silence."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(0.02)

    return send


def each_at_once(cases: Mapping[str, Act], attempt: Callable[[Act], NoAnswerError]) -> dict[str, NoAnswerError]:
    """The error of each case; they take as long together as one of them."""
    with ThreadPoolExecutor(len(cases)) as pool:
        return dict(zip(cases, pool.map(attempt, cases.values()), strict=True))


@BOTH
def test_a_response_that_trickles(cloud: Cloud, request_: Request) -> None:
    """Whatever part of a response never ends, the request is given up at its deadline, and its thread ends too."""

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
    """A head has 256 KiB at most, the interim responses before it included, however fast they come."""
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000

    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(interim)

    error = no_news(transport_to(cloud.responding(flood).endpoint), Request(request_.method, request_.path))
    assert (error.sent, error.detail) == (True, "the connection ended before the response was complete")


def test_what_is_known_of_a_response_that_trickles(cloud: Cloud) -> None:
    """Once the head of a response has come, its status and request id are told."""
    head = b"HTTP/1.1 202 Accepted\r\nX-Request-Id: r-1\r\nContent-Length: 99\r\n\r\n"
    error = no_news(transport_to(cloud.responding(trickle(head, b" ")).endpoint), SUBMIT)
    assert (error.status, error.request_id) == (202, "r-1")


class Listener:
    """Accepts connections and lets a function have each."""

    def __init__(self, serve: Act) -> None:
        self.received = b""
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._pool = ThreadPoolExecutor(8)
        self._pool.submit(self._accept)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._pool.shutdown()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE)
                self._connections.append(connection)
                self._pool.submit(self._take, connection)

    def _take(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self._serve(connection)
            while piece := connection.recv(65536):
                self.received += piece


@pytest.fixture
def listen() -> Iterator[Callable[[Act], Listener]]:
    opened: list[Listener] = []

    def start(serve: Act) -> Listener:
        opened.append(Listener(serve))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


Listen = Callable[["Act"], Listener]


def silent(connection: socket.socket) -> None:
    """Take what comes, and say nothing."""
    while connection.recv(65536):
        pass


def half_a_record(connection: socket.socket) -> None:
    """Answer a TLS hello with a record that never ends."""
    connection.recv(65536)
    connection.sendall(b"\x16\x03\x03\x40\x00\x02")
    while True:
        connection.sendall(b"\x00")
        time.sleep(0.02)


def no_tls(connection: socket.socket) -> None:
    """Answer a TLS hello as a server of plain HTTP does."""
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
    """Answer a CONNECT with a head that never ends."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.02)


def refusing_tunnel(connection: socket.socket) -> None:
    """Answer a CONNECT with a refusal."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


def tunnel_into_nothing(connection: socket.socket) -> None:
    """Open a tunnel, and end it before the handshake."""
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
    """A proxy that stalls, trickles or refuses has passed nothing on: the request was never sent."""
    proxy = listen(TUNNELS[case])
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
    error = no_news(transport_to("https://bms.invalid"), request_)
    assert error.sent is False
    assert wait_until(lambda: exchanges() == 0)


def test_a_request_that_was_given_up_never_leaves(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody waits for any more is not sent later, when the connection stands at last."""
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


def test_a_submission_says_nothing_of_an_effect_where_none_can_be(cloud: Cloud, listen: Listen) -> None:
    """A bundle that is gone, a port without TLS, a failed handshake: a submission was never sent."""
    gone = Client("https://127.0.0.1:9", TOKEN, ca_bundle="/nonexistent/bundle.pem", lockout_guard=LockoutGuard())
    plain = transport_to(cloud.responding(cloud.response(200, JOB)).endpoint.replace("http:", "https:"))
    ended = transport_to(f"https://{listen(hang_up).host}")
    for transport in (gone, plain, ended):
        with pytest.raises(NoAnswerError) as caught:
            JobApi(Channel(transport, GivenProject("p"))).submit("POST", "x", {})
        assert caught.value.sent is False


def test_a_submission_that_has_begun_to_leave_may_have_an_effect(cloud: Cloud) -> None:
    """A request that was handed to a connection counts as sent, whatever came of it."""
    for act in (cloud.reset, cloud.hang_up):
        with pytest.raises(OutcomeUnknownError):
            JobApi(Channel(transport_to(cloud.responding(act).endpoint), GivenProject("p"))).submit("POST", "x", {})


# A cancel


def user_at(endpoint: str) -> UserCredential:
    return UserCredential(
        user_name="deploy",
        password="Geheim-1!",
        domain_name="acme",
        source="HW_USER_NAME",
        iam_endpoint=endpoint,
        project_name="eu-de",
        tokens=Tokens(),
        lockout_guard=LockoutGuard(),
    )


def interrupted(call: Callable[[], object], cancelled: threading.Event, came: Callable[[], bool]) -> ApiError:
    """Cancel a call once its request has come, and hand back the error that it ends with, soon."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        assert wait_until(came)
        cancelled.set()
        error = future.exception(PATIENCE)
    assert isinstance(error, ApiError)
    return error


@pytest.mark.parametrize("call", ["poll", "submit"])
@pytest.mark.parametrize("where", ["sign-in", "project of the token", "project by name"])
def test_a_cancel_before_the_request(cloud: Cloud, where: str, call: str) -> None:
    """A cancel ends the wait for a silent identity service at once: nothing was sent."""
    identity, bms, cancelled = cloud.responding(cloud.be_silent), cloud.responding(), threading.Event()
    user = user_at(identity.endpoint)
    projects: dict[str, Project] = {
        "sign-in": GivenProject("p"),
        "project of the token": ProjectOfToken(user),
        "project by name": NamedProject(transport_to(identity.endpoint), "eu-de"),
    }
    api = JobApi(Channel(Client(bms.endpoint, user, lockout_guard=LockoutGuard()), projects[where]))
    calls: dict[str, Callable[[], object]] = {
        "poll": lambda: api.get_job("j", unwanted=cancelled.is_set),
        "submit": lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set),
    }
    error = interrupted(calls[call], cancelled, lambda: bool(identity.seen))
    assert isinstance(error, NoAnswerError)
    assert (error.sent, error.detail) == (False, "interrupted before the request was sent")
    assert bms.seen == []


def test_a_cancel_behind_the_first_use(cloud: Cloud) -> None:
    """A cancel ends the wait for the first use of a credential too."""
    cancelled, release = threading.Event(), threading.Event()

    def slow(connection: socket.socket) -> None:
        release.wait(2 * PATIENCE)
        connection.sendall(cloud.response(200, JOB))

    server = cloud.responding(slow)
    api = JobApi(
        Channel(Client(server.endpoint, TOKEN, lockout_guard=LockoutGuard(patience=1000.0)), GivenProject("p"))
    )
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api.get_job, "j")
        submit = lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set)  # noqa: E731
        error = interrupted(submit, cancelled, lambda: bool(server.seen))
        assert (getattr(error, "sent", None), error.detail) == (False, "interrupted before the request was sent")
        assert len(server.seen) == 1
        release.set()
        assert first.result(PATIENCE).job.status == "RUNNING"


def test_a_cancel_within_a_poll(cloud: Cloud) -> None:
    """A poll that is under way is left at once."""
    server, cancelled = cloud.responding(cloud.be_silent), threading.Event()
    api = JobApi(Channel(transport_to(server.endpoint), GivenProject("p")))
    error = interrupted(lambda: api.get_job("j", unwanted=cancelled.is_set), cancelled, lambda: bool(server.seen))
    assert error.detail == "interrupted"
    assert wait_until(lambda: exchanges() == 0)


def test_a_cancel_within_a_handshake(listen: Listen) -> None:
    """A submission whose connection does not stand yet is left at once, and never leaves."""
    came, cancelled = threading.Event(), threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.recv(65536)
        came.set()

    api = JobApi(Channel(transport_to(f"https://{listen(stall).host}"), GivenProject("p")))
    submit = lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set)  # noqa: E731
    error = interrupted(submit, cancelled, came.is_set)
    assert (getattr(error, "sent", None), error.detail) == (False, "interrupted before the request was sent")


def test_a_submission_on_its_way_is_waited_for(cloud: Cloud) -> None:
    """Once a submission has left, its response is worth more than the time it takes: a cancel does not end it."""
    came, cancelled, release = threading.Event(), threading.Event(), threading.Event()

    def slow(connection: socket.socket) -> None:
        came.set()
        release.wait(PATIENCE)
        connection.sendall(cloud.response(200, {"job_id": "j-1"}))

    api = JobApi(Channel(transport_to(cloud.responding(slow).endpoint), GivenProject("p")))
    with ThreadPoolExecutor(1) as pool:
        submitted = pool.submit(lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set))
        assert came.wait(PATIENCE)
        cancelled.set()
        # Time for the cancel to be seen, more than once.
        time.sleep(0.5)
        release.set()
        assert submitted.result(PATIENCE).job_id == "j-1"


# The first use


def test_a_trickle_does_not_hold_the_first_use(cloud: Cloud) -> None:
    """A first use that trickles is over at its deadline, and the next one goes."""
    server = cloud.responding(trickle(HEAD, b"x"), cloud.response(200, JOB))
    transport = Client(server.endpoint, TOKEN, lockout_guard=LockoutGuard(patience=1000.0))
    with pytest.raises(NoAnswerError):
        transport.ask(POLL, lambda _: True)
    assert transport.ask(POLL, lambda _: True)[1] == JOB


# Threads


@pytest.fixture
def no_threads() -> Iterator[Callable[[], object]]:
    """Return what makes the system refuse to start a thread, until the test is over or it is called again."""
    usual = threading.stack_size()
    refuses = [False]

    def switch() -> None:
        refuses[0] = not refuses[0]
        threading.stack_size(2**46 if refuses[0] else usual)

    yield switch
    threading.stack_size(usual)


@pytest.mark.parametrize("where", ["exchange", "sign-in", "project by name"])
def test_a_thread_that_can_not_be_started(cloud: Cloud, no_threads: Callable[[], object], where: str) -> None:
    """It is an error of that request alone, which was never sent; the next request is made as ever."""
    token = cloud.response(201, {"token": {"project": {"id": "p"}}}, X_Subject_Token="T-1")
    user = user_at(cloud.serve([token]).endpoint)
    listed = cloud.response(200, {"projects": [{"id": "p", "name": "eu-de"}]})
    bms = cloud.serve([cloud.response(200, JOB)])
    apis = {
        "exchange": JobApi(Channel(transport_to(bms.endpoint), GivenProject("p"))),
        "sign-in": JobApi(Channel(Client(bms.endpoint, user, lockout_guard=LockoutGuard()), GivenProject("p"))),
        "project by name": JobApi(
            Channel(transport_to(bms.endpoint), NamedProject(transport_to(cloud.serve([listed]).endpoint), "eu-de"))
        ),
    }
    # The threads of the servers have to be there already.
    api = apis[where]
    no_threads()
    with pytest.raises(NoAnswerError, match="this machine can't start another thread: raise its limit") as caught:
        api.get_job("j")
    assert caught.value.sent is False
    no_threads()
    assert api.get_job("j").job.status == "RUNNING"


# Proxies


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
@BOTH
def test_this_machine_is_reached_without_a_proxy(
    cloud: Cloud, request_: Request, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proxy gets in clear what is meant for this machine, whatever the environment says."""
    server, proxy = cloud.responding(cloud.response(200, JOB)), cloud.responding(cloud.response(200, JOB))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.endpoint)
    assert transport_to(server.endpoint.replace("127.0.0.1", host)).send(request_).status == 200
    assert (len(server.seen), proxy.connections) == (1, 0)


def test_a_password_for_this_machine_goes_to_no_proxy(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds where a user signs in."""
    token = cloud.response(201, {"token": {"project": {"id": "p"}}}, X_Subject_Token="T-1")
    identity, proxy = cloud.responding(token), cloud.responding(token)
    monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
    assert user_at(identity.endpoint).token().value == "T-1"
    assert (len(identity.seen), proxy.connections) == (1, 0)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("bms.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("[::2]", False),
        ("bms.example", False),
    ],
)
def test_addresses_of_this_machine(host: str, *, is_here: bool) -> None:
    """Names and addresses that are those of this machine."""
    assert [is_loopback(f"{scheme}://{host}{port}") for scheme in ("http", "https") for port in ("", ":8080")] == [
        is_here
    ] * 4
