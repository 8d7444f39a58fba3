"""Signatures: known results, and the signed request is the sent request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import requests

from pulumi_bms.api.auth.access_key import AccessKeyCredential
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
    """The signed host is the sent host: without a default port."""
    request = requests.Request("GET", url).prepare()
    AccessKeyCredential("A", "S", "a test").authenticate(request)
    assert request.headers["Host"] == host


def test_each_try_has_its_own_date(cloud: Cloud) -> None:
    """Each request is signed at the time of sending, because a signature is valid for 15 minutes."""
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
