"""Proxies and certificates, over real sockets: a wrong server gets neither a request nor a credential."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.client import Client
from pulumi_bms.api.http.connections import is_loopback
from pulumi_bms.api.http.request import Request
from tests.unit.api.sending import TOKEN, no_news, transport_to, user_at

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud

POLL = Request("GET", "/v1/p/jobs/j")
SUBMIT = Request("POST", "/v1/p/baremetalservers", b'{"server":{}}')
BOTH = pytest.mark.parametrize("request_", [POLL, SUBMIT], ids=["GET", "POST"])
JOB = {"status": "RUNNING"}


def test_a_proxy_of_the_environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go through the proxy of the environment."""
    proxy = cloud.responding(cloud.response(200, JOB))
    monkeypatch.setenv("HTTP_PROXY", proxy.endpoint)
    assert transport_to("http://bms.invalid").send(POLL).status == 200
    assert proxy.seen[0].line == "GET http://bms.invalid/v1/p/jobs/j HTTP/1.1"


def test_hosts_without_a_proxy(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to a host in NO_PROXY go directly to the host."""
    server = cloud.responding(cloud.response(200, JOB))
    monkeypatch.setenv("HTTP_PROXY", cloud.refusing())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert transport_to(server.endpoint).send(POLL).status == 200


@pytest.mark.parametrize("endpoint", ["http://bms.invalid", "https://bms.invalid"])
@BOTH
def test_a_proxy_that_is_not_there(
    cloud: Cloud, request_: Request, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a refused connection to the proxy, the request was not sent."""
    monkeypatch.setenv("ALL_PROXY", cloud.refusing())
    error = no_news(transport_to(endpoint), request_)
    assert (error.sent, error.detail) == (False, "Connection refused")


@BOTH
def test_a_proxy_that_refuses_to_connect(cloud: Cloud, request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that opens no tunnel gets no request and no credential."""
    proxy = cloud.responding(cloud.response(403, b"geschlossen"))
    monkeypatch.setenv("HTTPS_PROXY", proxy.endpoint)
    error = no_news(transport_to("https://bms.invalid"), request_)
    assert error.sent is False
    assert proxy.seen[0].line.startswith("CONNECT bms.invalid:443 ")
    assert proxy.seen[0].all("x-auth-token") == []


@pytest.mark.parametrize("proxy", ["http://", "http://me:geheim@[bad", "ftp-odd://me:geheim@127.0.0.1:1"])
@BOTH
def test_a_proxy_that_can_not_be_used(request_: Request, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy with an invalid address gets nothing, and the error does not repeat the proxy's password."""
    monkeypatch.setenv("HTTP_PROXY", proxy)
    error = no_news(transport_to("http://bms.invalid"), request_)
    assert error.sent is False
    assert "proxy" in (error.detail or "")
    assert "geheim" not in f"{error} {error!r}"


@BOTH
def test_an_endpoint_that_is_no_address(request_: Request) -> None:
    """A request to an invalid endpoint is not sent."""
    for endpoint in ("http://[bad", "gopher://bms.invalid", "bms.invalid"):
        error = no_news(transport_to(endpoint), request_)
        assert error.sent is False
        assert "proxy" in (error.detail or "")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a self-signed certificate for 127.0.0.1. The file holds the key too."""
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
    """A server with an unknown certificate gets no request and no credential."""
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
    """A certificate in the environment's bundle is accepted."""
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
    """A certificate in the config's bundle is accepted, with any bundle in the environment."""
    if environment:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", environment)
    server = cloud.serve([cloud.response(200, JOB)], tls=tls)
    credential = TokenCredential(TOKEN, "HW_AUTH_TOKEN")
    client = Client(server.endpoint, credential, ca_bundle=str(certificate), lockout_guard=LockoutGuard())
    assert client.ask(POLL, lambda _: True)[0].status == 200


def test_a_certificate_of_another_host(
    cloud: Cloud, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with a certificate for a different name gets no request."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = cloud.serve([cloud.response(200, JOB)], tls=tls)
    error = no_news(transport_to(server.endpoint.replace("127.0.0.1", "localhost")), SUBMIT)
    assert error.sent is False
    assert server.seen == []


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for a missing bundle names the file."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/bundle.pem")
    error = no_news(transport_to("https://127.0.0.1:9"), POLL)
    assert error.detail is not None
    assert "/nonexistent/bundle.pem" in error.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
@BOTH
def test_this_machine_is_reached_without_a_proxy(
    cloud: Cloud, request_: Request, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request to the local machine uses no proxy, in every environment."""
    server, proxy = cloud.responding(cloud.response(200, JOB)), cloud.responding(cloud.response(200, JOB))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.endpoint)
    assert transport_to(server.endpoint.replace("127.0.0.1", host)).send(request_).status == 200
    assert (len(server.seen), proxy.connections) == (1, 0)


def test_a_password_for_this_machine_goes_to_no_proxy(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in to the local machine uses no proxy."""
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
    """Loopback names and addresses are recognised, with every scheme and port."""
    assert [is_loopback(f"{scheme}://{host}{port}") for scheme in ("http", "https") for port in ("", ":8080")] == [
        is_here
    ] * 4
