"""Simulators whose time only moves when a test moves it, and ways to ask them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any, TypeAlias

import pytest
import requests

from bms_simulator import AccessKey, Account, Accounts, ManualClock, Project, Simulator, User

Headers: TypeAlias = Mapping[str, str]
Sign: TypeAlias = Callable[..., dict[str, str]]
Call: TypeAlias = Callable[..., tuple[int, Any, Headers]]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """Return a started simulator with a clock that stands still."""
    with Simulator(clock=ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def session(sim: Simulator) -> Iterator[requests.Session]:
    """Return a session with the right token."""
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = sim.token
        yield session


@pytest.fixture
def accounts() -> Accounts:
    """Return two accounts in good standing and a frozen one, with credentials of all kinds."""
    projects = (
        Project("north", "cn-north-4"),
        Project("north-too", "cn-north-4"),
        Project("lab", "lab"),
        Project("south", "cn-south-1", region="cn-south-1"),
    )
    users = (User("deploy", "right horse"), User("guest", "guest", denied=True))
    keys = (
        AccessKey("AK", "SK"),
        AccessKey("AKT", "SKT", security_token="temporary"),
        AccessKey("AKX", "SKX", security_token="over", expired=True),
        AccessKey("AKD", "SKD", denied=True),
    )
    acme = Account("acme", projects, users, keys, {"ready": "north", "far": "south"})
    other = Account("other", (Project("theirs", "cn-north-4"),))
    ice = Account("ice", (Project("cold", "cold"),), users, (AccessKey("AKF", "SKF"),), {"ice": "cold"}, frozen=True)
    return Accounts((acme, other, ice))


@pytest.fixture
def bank(accounts: Accounts) -> Iterator[Simulator]:
    """Return a started simulator with those accounts, a clock that stands still, and tokens of an hour."""
    with Simulator(accounts=accounts, token_seconds=3600.0, clock=ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def call() -> Call:
    """Return a function that sends a request and gives the status, the JSON body and the headers."""

    def send(
        sim: Simulator, method: str, path: str, headers: Headers | None = None, body: object = None
    ) -> tuple[int, Any, Headers]:
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = HTTPConnection("127.0.0.1", sim.port, timeout=5)
        connection.request(method, path, sent, dict(headers or {}))
        answer = connection.getresponse()
        received = json.loads(answer.read())
        connection.close()
        return answer.status, received, dict(answer.getheaders())

    return send


@pytest.fixture
def sign() -> Sign:
    """Return a function that gives the headers of a signed request; paths and queries are plain and sorted."""

    def headers_of(
        sim: Simulator,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        key: tuple[str, str] = ("AK", "SK"),
        age: float = 0.0,
        unsigned: tuple[str, ...] = (),
        **more: str,
    ) -> dict[str, str]:
        date = (datetime.now(UTC) - timedelta(seconds=age)).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": f"127.0.0.1:{sim.port}", "x-sdk-date": date}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        names = sorted(headers.keys() - set(unsigned))
        route, _, query = path.partition("?")
        lines = "".join(f"{name}:{headers[name]}\n" for name in names)
        signed = ";".join(names)
        payload = hashlib.sha256(body).hexdigest()
        canonical = hashlib.sha256(f"{method}\n{route}/\n{query}\n{lines}\n{signed}\n{payload}".encode()).hexdigest()
        value = hmac.digest(key[1].encode(), f"SDK-HMAC-SHA256\n{date}\n{canonical}".encode(), "sha256").hex()
        headers["authorization"] = f"SDK-HMAC-SHA256 Access={key[0]}, SignedHeaders={signed}, Signature={value}"
        return headers

    return headers_of
