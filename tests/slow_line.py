"""A slow line to the simulator: each order is delayed on the way to the API, and the response on the way back."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from bms_simulator import Simulator


class SlowLine(ThreadingHTTPServer):
    """Forwards requests to a simulator: orders `there` seconds late, the responses to orders `back` seconds late.

    Like a gateway, the line forwards an arrived order even if the client no longer waits.
    """

    daemon_threads = True

    def __init__(self, simulator: Simulator, *, there: float, back: float) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.target = urlsplit(simulator.endpoint).netloc
        self.there = there
        self.back = back
        self.connected = threading.Event()
        """Set when the first order begins to arrive."""
        self._orders = 0
        self._changed = threading.Condition()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def settle(self) -> None:
        """Return when every arrived order is at the API."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._orders, 30.0)

    @contextmanager
    def order(self) -> Iterator[None]:
        """An order on the way to the API."""
        with self._changed:
            self._orders += 1
        self.connected.set()
        try:
            yield
        finally:
            with self._changed:
                self._orders -= 1
                self._changed.notify_all()


class _Exchange(BaseHTTPRequestHandler):
    server: SlowLine

    def do_GET(self) -> None:
        self._response(*self._handed_on(b""), 0.0)

    def do_POST(self) -> None:
        with self.server.order():
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(self.server.there)
            status, payload = self._handed_on(body)
        self._response(status, payload, self.server.back)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _handed_on(self, body: bytes) -> tuple[int, bytes]:
        upstream = http.client.HTTPConnection(self.server.target, timeout=30.0)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            response = upstream.getresponse()
            return response.status, response.read()
        finally:
            upstream.close()

    def _response(self, status: int, payload: bytes, after: float) -> None:
        time.sleep(after)
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)


@contextmanager
def slow_line(simulator: Simulator, *, there: float, back: float) -> Iterator[SlowLine]:
    """A serving slow line, closed at the end."""
    with SlowLine(simulator, there=there, back=back) as line:
        thread = threading.Thread(target=line.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield line
        finally:
            line.shutdown()
            thread.join()
