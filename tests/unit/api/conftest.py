"""A server with scripted bytes and a memory of the requests, and the payloads of tests/data."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "data"
PATIENCE = 10.0

Act = Callable[[socket.socket], None]
Reply = bytes | Act
"""The reaction to a request: bytes to send, or a function of the socket."""


@dataclass(frozen=True)
class Seen:
    """A request as received. Header names are lower case. A repeated header is kept twice."""

    connection: int
    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class RawServer:
    """Serves scripted connections on 127.0.0.1: the n-th connection responds with the n-th script.

    A connection ends with the script, as the last response says. A connection without a script ends at once.
    """

    def __init__(self, scripts: Sequence[Sequence[Reply]], tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self._scripts = list(scripts)
        self._tls = tls
        self._open: list[socket.socket] = []
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def host(self) -> str:
        return "127.0.0.1:" + str(self._listener.getsockname()[1])

    @property
    def endpoint(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def close(self) -> None:
        self._closing = True
        # A connection wakes up the accepting thread, on every system.
        socket.create_connection(self._listener.getsockname()).close()
        self._threads[0].join(PATIENCE)
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing:
                connection.close()
                return
            number = self.connections
            self.connections += 1
            connection.settimeout(PATIENCE)
            self._open.append(connection)
            script = self._scripts[number] if number < len(self._scripts) else ()
            thread = threading.Thread(target=self._serve, args=(connection, number, script))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket, number: int, script: Sequence[Reply]) -> None:
        connection = plain
        try:
            if self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
            for left, reply in zip(range(len(script) - 1, -1, -1), script, strict=True):
                request = self._read(connection, number)
                if request is None:
                    break
                self.seen.append(request)
                if isinstance(reply, bytes):
                    connection.sendall(reply if left else self._last(reply))
                else:
                    reply(connection)
        except OSError:
            pass
        finally:
            connection.close()
            plain.close()

    @staticmethod
    def _last(reply: bytes) -> bytes:
        line, end, rest = reply.partition(b"\r\n")
        return line + end + b"Connection: close\r\n" + rest if end and line.startswith(b"HTTP/1.1 ") else reply

    @staticmethod
    def _read(connection: socket.socket, number: int) -> Seen | None:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return None
            received += piece
            if not received[:1].isalpha():
                return Seen(number, "no HTTP", [], received)
        head, _, body = received.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (text.partition(":") for text in lines)]
        length = int(dict(headers).get("content-length", "0"))
        while len(body) < length:
            body += connection.recv(65536)
        return Seen(number, line, headers, body)


class Cloud:
    """Starts servers, and builds responses."""

    def __init__(self) -> None:
        self._servers: list[RawServer] = []

    def serve(self, *scripts: Sequence[Reply], tls: ssl.SSLContext | None = None) -> RawServer:
        """Start a server. Each argument is the script of one connection."""
        server = RawServer(scripts, tls)
        self._servers.append(server)
        return server

    def responding(self, *replies: Reply) -> RawServer:
        """Start a server with one response on each connection."""
        return self.serve(*[[reply] for reply in replies])

    def close(self) -> None:
        for server in self._servers:
            server.close()

    @staticmethod
    def response(status: int = 200, body: Any = None, **headers: str) -> bytes:
        """A whole response. `body` is bytes, or sent as JSON. `x_request_id` names a header `x-request-id`."""
        payload = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        known = {int(each): each.phrase for each in HTTPStatus}
        lines = [f"HTTP/1.1 {status} {known.get(status, 'Odd')}", f"Content-Length: {len(payload)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + payload

    @staticmethod
    def reset(connection: socket.socket) -> None:
        """End the connection with a reset."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    @staticmethod
    def hang_up(connection: socket.socket) -> None:
        """End the connection without a response."""
        connection.close()

    @staticmethod
    def be_silent(connection: socket.socket) -> None:
        """Send nothing until the client goes."""
        connection.recv(1)

    @staticmethod
    def refusing() -> str:
        """Return an endpoint without a server."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return f"http://127.0.0.1:{listener.getsockname()[1]}"


class Listener:
    """Accepts connections and calls a function with each connection."""

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


Listen = Callable[[Act], Listener]


@pytest.fixture
def listen() -> Iterator[Callable[[Act], Listener]]:
    opened: list[Listener] = []

    def start(serve: Act) -> Listener:
        opened.append(Listener(serve))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    servers = Cloud()
    yield servers
    servers.close()


@pytest.fixture
def payload() -> Callable[[str], bytes]:
    """Return a reader of the files in tests/data: the bytes of NAME.json."""

    def read(name: str) -> bytes:
        return (DATA / f"{name}.json").read_bytes()

    return read


@pytest.fixture
def wire(payload: Callable[[str], bytes]) -> Callable[[str], dict[str, Any]]:
    """Return a reader of the files in tests/data: the JSON object of NAME.json."""

    def read(name: str) -> dict[str, Any]:
        document = json.loads(payload(name))
        assert isinstance(document, dict)
        return document

    return read


@pytest.fixture(autouse=True)
def _no_proxies_or_trust_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NETRC", "/nonexistent")
