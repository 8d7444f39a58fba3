"""Calls of the Job API against a scripted server."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

from pulumi_bms.api.auth.credential import Credential, TokenCredential
from pulumi_bms.api.auth.credential_name import CredentialKind, CredentialName
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi

if TYPE_CHECKING:
    from tests.unit.api.conftest import RawServer

TOKEN = "geheim-token"
JOB = {"status": "RUNNING", "job_id": "j"}
REJECTION = {"error": {"code": "APIGW.0301", "message": "Incorrect IAM authentication information"}}
BODY: dict[str, Any] = {"server": {"name": "web", "adminPass": "Geheim-1!"}}
NEITHER = "the response is JSON, but neither a job nor an error"


class RenewableCredential:
    """A credential that gets a new secret on every request for a renewal."""

    name = CredentialName(CredentialKind.USER, "a test")
    fingerprint = "fingerprint"
    secrets = ()

    def __init__(self) -> None:
        self.secret = 0
        self.rejected: list[str | None] = []

    def authenticate(
        self, request: requests.PreparedRequest, timeout: float | None = None, unwanted: Unwanted = None
    ) -> None:
        del timeout, unwanted
        request.headers["X-Auth-Token"] = f"secret-{self.secret}"

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        self.rejected.append(rejected.headers.get("X-Auth-Token"))
        self.secret += 1
        return True


def api_of(
    server: RawServer, credential: Credential | None = None, lockout_guard: LockoutGuard | None = None
) -> JobApi:
    """Make an API of the project p at the server."""
    credential = credential or TokenCredential(TOKEN, "HW_AUTH_TOKEN")
    return JobApi(
        Channel(
            Client(server.endpoint, credential, lockout_guard=lockout_guard or LockoutGuard(), settling=0.0),
            GivenProject("p"),
        ),
    )


Call = Callable[[JobApi], object]
POLL: Call = lambda api: api.get_job("j")  # noqa: E731
SUBMIT: Call = lambda api: api.submit("POST", "baremetalservers", BODY)  # noqa: E731


def failure(call: Call, api: JobApi) -> ApiError:
    """Make a failing call, and return the error. The error must not show a secret."""
    with pytest.raises(ApiError) as caught:
        call(api)
    error = caught.value
    assert TOKEN not in f"{error} {error!r} {pickle.dumps(error)!r}"
    return error
