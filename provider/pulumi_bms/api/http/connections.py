"""Connections of urllib3 that report to their exchange, and a session of `requests` with these connections."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from io import BufferedReader
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection

from pulumi_bms._version import __version__
from pulumi_bms.api.http.exchange import Exchange, current

if TYPE_CHECKING:
    from requests import Response

POOLED_CONNECTIONS = 64
"""Kept-alive connections: more than the simultaneous polls at the full rate limit."""
LARGEST_HEAD = 256 * 1024
"""Limit of a head in bytes: status line, headers and all interim responses before."""


class _Head:
    """The lines of a response's head, up to `LARGEST_HEAD` bytes."""

    def __init__(self, stream: BufferedReader) -> None:
        self.stream = stream
        self._left = LARGEST_HEAD

    def readline(self, limit: int = -1) -> bytes:
        line = self.stream.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise http.client.HTTPException("the head of the response is too large")
        return line

    def flush(self) -> None:
        self.stream.flush()

    def close(self) -> None:
        self.stream.close()


class _Response(http.client.HTTPResponse):
    # http.client bounds every head, but not the number of interim responses.
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = cast("BufferedReader", _Head(self.fp))

    def begin(self) -> None:
        super().begin()
        if isinstance(self.fp, _Head):
            self.fp = self.fp.stream


class _Watched(HTTPConnection):
    """A connection that checks the exchange of its thread before every byte leaves."""

    response_class = _Response
    _exchange: Exchange | None = None
    _connects = False

    def connect(self) -> None:
        self._go_on()
        self._connects = True
        try:
            super().connect()
        finally:
            self._connects = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            # http.client would connect within its own `send`. Then the request would count as sent too early.
            self.connect()
        self._go_on()
        # Bytes sent during the connect go to the proxy, which opens a tunnel.
        if not self._connects:
            current().begin()
        super().send(data)

    def _tunnel(self) -> None:
        super()._tunnel()
        # A cut connection resembles the end of the proxy's head.
        self._go_on()

    def cut(self, exchange: Exchange) -> None:
        sock = self.sock if self._exchange is exchange else None
        # TLS within the TLS of a proxy is an object around a socket.
        inner = getattr(sock, "socket", sock)
        if isinstance(inner, socket.socket):
            with suppress(OSError):
                # Not `SSLSocket.shutdown`, which would drop the encryption first.
                socket.socket.shutdown(inner, socket.SHUT_RDWR)

    def _go_on(self) -> None:
        self._exchange = current()
        self._exchange.go_on(self)


def _watched(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    if issubclass(pool.ConnectionCls, _Watched):
        return pool
    connection = type("Watched", (_Watched, pool.ConnectionCls), {})
    return cast("type[HTTPConnectionPool]", type("WatchedPool", (pool,), {"ConnectionCls": connection}))


def _watch(manager: PoolManager) -> None:
    pools = cast("dict[str, type[HTTPConnectionPool]]", manager.pool_classes_by_scheme)
    manager.pool_classes_by_scheme = {scheme: _watched(pool) for scheme, pool in pools.items()}


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        _watch(manager)
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002
        """None: requests would read the address and the endless body even of a redirect that must not be followed."""
        return None


def new_session() -> requests.Session:
    """A session without redirects, cookies and compression."""
    session = _Session()
    session.headers["User-Agent"] = f"pulumi-bms/{__version__}"
    # With compression a small response could grow without bound.
    session.headers["Accept-Encoding"] = "identity"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=POOLED_CONNECTIONS))
    return session


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
