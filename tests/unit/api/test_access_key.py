"""Signatures: known responses, and what is signed is what is sent."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
import requests

from pulumi_bms.api.auth.access_key import AccessKeyCredential, canonical_request
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud

PROJECT = "bbf1946d374b44a0a2a95533562ba954"
HOST = "https://bms.cn-north-4.myhuaweicloud.com"
MOMENT = 1556222674.0
"""2019-04-25T20:04:34Z."""
START = json.dumps({"os-start": {"servers": [{"id": "616fb98f-46ca-475e-917e-2563e5a8cd19"}]}}, separators=(",", ":"))


def signed(
    method: str, path: str, body: str | None = None, security_token: str | None = None, **headers: str
) -> requests.PreparedRequest:
    known = {"Content-Type": "application/json", "X-Project-Id": PROJECT}
    request = requests.Request(method, HOST + path, headers={**known, **headers}, data=body).prepare()
    credential = AccessKeyCredential("AKEXAMPLE", "SKEXAMPLE", "a test", security_token, clock=lambda: MOMENT)
    credential.authenticate(request)
    return request


@pytest.mark.parametrize(
    ("method", "path", "body", "security_token", "signature"),
    [
        (
            "GET",
            f"/v1/{PROJECT}/jobs/2c9eb2c5544cbf6101544f0602af2b4f",
            None,
            None,
            "9c520ce992df5ecd1e613c4fa8c7d5c1b22eb41f39b0917e53cfc1ef26cb2903",
        ),
        (
            "GET",
            f"/v1/{PROJECT}/baremetalservers/detail?limit=25&name=a%20b%2Fc~d&enterprise_project_id=all_granted_eps",
            None,
            None,
            "6a59b56e493ab4df5c765552cdc779e5cc258deefff0670a5d87c5cc922a4130",
        ),
        (
            "POST",
            f"/v1/{PROJECT}/baremetalservers/action",
            START,
            "TOK",
            "509596e22302b3b2a2970e3eff138c36f12533910193903861a8bf921e439239",
        ),
    ],
    ids=["poll", "query", "temporary key"],
)
def test_known_responses(method: str, path: str, body: str | None, security_token: str | None, signature: str) -> None:
    """Signatures that another implementation made of the same requests come out the same."""
    headers = signed(method, path, body, security_token).headers
    names = "content-type;host;x-project-id;x-sdk-date" + (";x-security-token" if security_token else "")
    assert headers["X-Sdk-Date"] == "20190425T200434Z"
    assert headers["Host"] == "bms.cn-north-4.myhuaweicloud.com"
    assert headers.get("X-Security-Token") == security_token
    assert headers["Authorization"] == (
        f"SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders={names}, Signature={signature}"
    )


def test_a_canonical_request() -> None:
    """The text that is signed has a slash at the end of its path, and a blank line after its headers."""
    request = signed("GET", f"/v1/{PROJECT}/jobs/2c9eb2c5544cbf6101544f0602af2b4f")
    names = ("Content-Type", "Host", "X-Project-Id", "X-Sdk-Date")
    text = canonical_request("GET", request.path_url, {name.lower(): request.headers[name] for name in names}, b"")
    assert text.splitlines()[1:3] == [f"/v1/{PROJECT}/jobs/2c9eb2c5544cbf6101544f0602af2b4f/", ""]
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "9c9774dad602365292bb3b6d9ba8b3ec3bb90e0503aaeefdf1227fbcd6bde8d4"
    )


@pytest.mark.parametrize(
    ("path", "signed_path"),
    [("/v1", "/v1/"), ("/v1/", "/v1/"), ("/v1/%2F", "/v1//"), ("/v1/a%20b%7Ec", "/v1/a%20b~c/"), ("/v1//", "/v1//")],
)
def test_the_path_that_is_signed(path: str, signed_path: str) -> None:
    """A path is signed in one spelling, with one slash at its end at least."""
    assert canonical_request("GET", path, {}, b"").splitlines()[1] == signed_path


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://bms.example/v1", "bms.example"),
        ("https://bms.example:443/v1", "bms.example"),
        ("http://bms.example:80/v1", "bms.example"),
        ("https://bms.example:8443/v1", "bms.example:8443"),
        ("http://127.0.0.1:8080/v1", "127.0.0.1:8080"),
        ("http://[::1]:8080/v1", "[::1]:8080"),
        ("https://BMS.Example/v1", "bms.example"),
    ],
)
def test_the_host_that_is_signed(url: str, host: str) -> None:
    """The host is signed as it is sent: without a port that goes without saying."""
    request = requests.Request("GET", url).prepare()
    AccessKeyCredential("A", "S", "a test").authenticate(request)
    assert request.headers["Host"] == host


def test_each_try_has_its_own_date(cloud: Cloud) -> None:
    """A signature holds for 15 minutes: each request is signed as it leaves, and sends exactly what it signed."""
    moments = iter([MOMENT, MOMENT + 61])
    credential = AccessKeyCredential("A", "S", "a test", "T", clock=lambda: next(moments))
    server = cloud.responding(cloud.response(503), cloud.response(503))
    api = JobApi(Channel(Client(server.endpoint, credential, lockout_guard=LockoutGuard()), GivenProject("p")))
    for _ in range(2):
        with pytest.raises(NoAnswerError):
            api.get_job("j")
    first, second = server.seen
    assert [seen.all("x-sdk-date") for seen in server.seen] == [["20190425T200434Z"], ["20190425T200535Z"]]
    assert first.all("authorization") != second.all("authorization")
    assert first.all("host") == [server.host]
    assert first.all("x-project-id") == ["p"]
    assert first.all("x-security-token") == ["T"]
