"""HTTP over real sockets: reads requests, sends responses, and breaks connections where a response says so."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import struct
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from bms_simulator.clock import SimulatedTime
from bms_simulator.http.masking import masked_body, masked_headers
from bms_simulator.http.recording import RecordedRequest, Recorder
from bms_simulator.http.request import Request
from bms_simulator.http.responses import REQUEST_ID_HEADER, HugeBody, Response, gateway_error

MOST_BODY_BYTES = 12 * 1024 * 1024
TRICKLE_SECONDS = 40.0  # real ones
TRICKLE_PIECES = 80
READ_BYTES = 1 << 16
MOST_DISCARDED_READS = 1024
DISCARD_SECONDS = 2.0  # real ones
LINGER_FORMAT = "hh" if os.name == "nt" else "ii"


class Listener(ThreadingHTTPServer):
    """Accepts connections, knows all open ones, and can drop them."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(
        self,
        address: tuple[str, int],
        response: Callable[[Request], Response],
        recorder: Recorder,
        time: SimulatedTime,
        log: Callable[[RecordedRequest], None],
    ) -> None:
        """Take the port without listening on it yet."""
        super().__init__(address, Exchange, bind_and_activate=False)
        self.response = response
        self.recorder = recorder
        self.time = time
        self.log = log
        self.stopping = threading.Event()
        self._paused = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise

    def server_bind(self) -> None:
        """Bind without the lookup of the host's name that the base class makes."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def pause(self, *, paused: bool) -> None:
        """Begin or end to drop every connection, the open ones among them."""
        with self._lock:
            self._paused = paused
            if paused:
                self._drop_open()

    def stop(self) -> None:
        """End everything. The listener cannot be used again."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            self._drop_open()

    def _drop_open(self) -> None:
        for connection in self._open:
            with contextlib.suppress(OSError):
                reset_on_close(connection)
                connection.shutdown(socket.SHUT_RDWR)

    # The types of the base class allow a datagram server too.
    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own. While paused, reset the connection."""
        with self._lock:
            dropped = self._paused or self.stopping.is_set()
            if not dropped:
                self._open.add(request)
        if dropped:
            reset_on_close(request)
            self.close_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, without the orderly end if it is to be reset."""
        with self._lock:
            self._open.discard(request)
        if resets_on_close(request):
            self.close_request(request)
        else:
            super().shutdown_request(request)


def reset_on_close(connection: socket.socket) -> None:
    """Let the other side see a reset when the connection is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER_FORMAT, 1, 0))


def resets_on_close(connection: socket.socket) -> bool:
    """Return whether the other side will see a reset."""
    size = struct.calcsize(LINGER_FORMAT)
    switched_on, _seconds = struct.unpack(
        LINGER_FORMAT, connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, size)
    )
    return bool(switched_on)


class Exchange(BaseHTTPRequestHandler):
    """The requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "bms-simulator"
    sys_version = ""
    disable_nagle_algorithm = True

    @property
    def listener(self) -> Listener:
        """The listener that accepted the connection."""
        return cast("Listener", self.server)

    def handle(self) -> None:
        """Serve until the connection ends, however it ends."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: each request is logged once, when it is answered."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the date of a response, by the clock of the simulation unless another time is given."""
        return super().date_time_string(self.listener.time.wall().timestamp() if timestamp is None else timestamp)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not HTTP, in the shape of the gateway."""
        self.close_connection = True
        self._deliver(gateway_error(int(code), "APIGW.0201", explain or message or "Bad request."))

    def _serve(self) -> None:
        body = self._read_body()
        refused = isinstance(body, Response)
        if refused:
            self.close_connection = True
        self._deliver(self._recorded(body))
        if refused:
            self._discard_the_rest()

    def _discard_the_rest(self) -> None:
        # Closing with unread bytes resets the connection, and the client might never see the refusal.
        self.connection.settimeout(DISCARD_SECONDS)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            for _ in range(MOST_DISCARDED_READS):
                if not self.connection.recv(READ_BYTES):
                    return

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - called by name

    def _read_body(self) -> bytes | Response:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            return gateway_error(411, "APIGW.0201", "A Content-Length is needed.")
        if not length.isascii() or not length.isdigit():
            return gateway_error(400, "APIGW.0201", "The Content-Length is not a number.")
        # Compared as text first, because int() refuses thousands of digits.
        if len(length) > len(str(MOST_BODY_BYTES)) or int(length) > MOST_BODY_BYTES:
            return gateway_error(413, "APIGW.0201", f"The body is larger than {MOST_BODY_BYTES} bytes.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError
        return body

    def _recorded(self, body: bytes | Response) -> Response:
        path, _, query = self.path.partition("?")
        sent = body if isinstance(body, bytes) else b""
        at = self.listener.time.now().real
        hidden = masked_headers(dict(self.headers.items()))
        arrived = RecordedRequest(self.command, self.path, None, at, hidden, masked_body(path, sent))
        number = self.listener.recorder.arrived(arrived)
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = body if isinstance(body, Response) else None
        response = response or self.listener.response(Request(self.command, path, query, headers, sent))
        self.listener.log(self.listener.recorder.has_response(number, response.sent_status))
        return response

    def _deliver(self, response: Response) -> None:
        if response.delivery == "reset":
            self._break_off()
        elif response.delivery == "hang":
            self._wait_for_the_end()
        else:
            self._send(response)

    def _break_off(self) -> None:
        reset_on_close(self.connection)
        self.close_connection = True

    def _wait_for_the_end(self) -> None:
        # Reading costs nothing while the client waits, and returns when either side gives the connection up.
        while self.connection.recv(READ_BYTES):
            pass
        self.close_connection = True

    def _send(self, response: Response) -> None:
        payload = response.payload()
        self._send_headers(response, len(payload))
        if self.command == "HEAD":
            return
        if isinstance(payload, HugeBody):
            for piece in payload.pieces():
                self.wfile.write(piece)
        elif response.delivery == "cut":
            self.wfile.write(payload[: len(payload) // 2])
            self.close_connection = True
        elif response.delivery == "trickle":
            self._trickle(payload)
        else:
            self.wfile.write(payload)

    def _send_headers(self, response: Response, length: int) -> None:
        headers = {
            REQUEST_ID_HEADER: uuid.uuid4().hex,
            "Content-Type": response.content_type(),
            **response.headers,
            "Content-Length": str(length),
        }
        self.send_response(response.status)
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _trickle(self, payload: bytes) -> None:
        size = max(1, len(payload) // TRICKLE_PIECES)
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        for piece in pieces:
            if self.listener.stopping.wait(TRICKLE_SECONDS / len(pieces)):
                self.close_connection = True
                return
            self.wfile.write(piece)
