"""Simulators with a manual clock, and helpers for requests to the simulators."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any, TypeAlias

import pytest
import requests

from bms_simulator import AccessKey, Account, Accounts, ManualClock, Project, Simulator, User, sample_order

Headers: TypeAlias = Mapping[str, str]
Sign: TypeAlias = Callable[..., dict[str, str]]
Call: TypeAlias = Callable[..., tuple[int, Any, Headers]]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """Return a started simulator with a stopped clock."""
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
    """Return two accounts in good standing and a frozen account, with credentials of all kinds."""
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
    """Return a started simulator with the accounts, a stopped clock, and tokens of an hour."""
    with Simulator(accounts=accounts, token_seconds=3600.0, clock=ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def call() -> Call:
    """Return a function that sends a request and returns the status, the JSON body and the headers."""

    def send(
        sim: Simulator, method: str, path: str, headers: Headers | None = None, body: object = None
    ) -> tuple[int, Any, Headers]:
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = HTTPConnection("127.0.0.1", sim.port, timeout=5)
        connection.request(method, path, sent, dict(headers or {}))
        response = connection.getresponse()
        received = json.loads(response.read())
        connection.close()
        return response.status, received, dict(response.getheaders())

    return send


@pytest.fixture
def sign() -> Sign:
    """Return a function that returns the headers of a signed request. Paths and queries are plain and sorted."""

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


class Bench:
    """A simulator with a stopped clock, and a client of the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.sim = simulator
        self.session = requests.Session()
        self.session.headers["X-Auth-Token"] = simulator.token

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request. A path with a leading slash is outside the project."""
        url = f"{self.sim.endpoint}{path}" if path.startswith("/") else f"{self.sim.url}/{path}"
        response = self.session.request(method, url, json=body, timeout=5)
        return response.status_code, response.json() if response.content else None

    def code(self, method: str, path: str, body: object = None) -> str:
        """Return the error code of a request, "" for a success."""
        _status, response = self.ask(method, path, body)
        error = response.get("error", response) if isinstance(response, dict) else {}
        return str(error.get("code") or error.get("error_code") or "")

    def order(self, name: str = "web", count: int = 1, *, prepaid: bool = False, **fields: object) -> dict[str, str]:
        """Order servers and return the response."""
        server = sample_order(name, count, prepaid=prepaid)["server"]
        assert isinstance(server, Mapping)
        status, response = self.ask("POST", "baremetalservers", {"server": {**server, **fields}})
        assert status == 200, response
        ordered: dict[str, str] = response
        return ordered

    def server_id(self, name: str = "web", **fields: Any) -> str:
        """Order a server, wait for the server, and return the id."""
        job_id = self.order(name, **fields)["job_id"]
        self.sim.advance(240.0)
        job = self.ask("GET", f"jobs/{job_id}")[1]
        server_id: str = job["entities"]["sub_jobs"][0]["entities"]["server_id"]
        return server_id

    def attach(self, server_id: str, volume_id: str, device: str = "") -> str:
        """Attach a volume and return the code of the refusal, if refused."""
        attachment = {"volumeId": volume_id, "device": device}
        return self.code("POST", f"baremetalservers/{server_id}/attachvolume", {"volumeAttachment": attachment})

    def power(self, verb: str, *server_ids: str) -> tuple[int, Any]:
        """Start, stop or reboot servers."""
        servers = {"servers": [{"id": each} for each in server_ids], "type": "HARD"}
        return self.ask("POST", "baremetalservers/action", {verb: servers})

    def delete(self, *server_ids: str, volumes: bool = False, eips: bool = False) -> str:
        """Delete servers and return the code of the refusal, if refused."""
        servers = [{"id": each} for each in server_ids]
        body = {"servers": servers, "delete_publicip": eips, "delete_volume": volumes}
        return self.code("POST", "baremetalservers/delete", body)


@pytest.fixture
def start() -> Iterator[Callable[..., Bench]]:
    """Return a function that starts a simulator with the options and returns a bench."""
    with ExitStack() as stack:

        def started(**options: Any) -> Bench:
            bench = Bench(stack.enter_context(Simulator(clock=ManualClock(), **options)))
            stack.callback(bench.session.close)
            return bench

        yield started


@pytest.fixture
def bench(start: Callable[..., Bench]) -> Bench:
    """Return an ordinary simulator with a client."""
    return start()
