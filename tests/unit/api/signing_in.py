"""A user of a scripted identity service, and the Job API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
)
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import UserCredential
from pulumi_bms.api.jobs import JobApi

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud, Reply

PASSWORD = "Geheim-1!"
JOB = {"status": "RUNNING", "job_id": "j"}
EXPIRED = {"error_code": "APIGW.0307", "error_msg": "The token must be updated."}
WRONG = {"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}}
HOUR = 3600.0
PATIENCE = 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Setting:
    """A user of a scripted identity service, and the Job API."""

    def __init__(self, cloud: Cloud, identity: Sequence[Reply], jobs: Sequence[Reply], **user: Any) -> None:
        self.clock = Clock()
        self.iam = cloud.responding(*identity)
        self.bms = cloud.responding(*jobs)
        self.lockout_guard = LockoutGuard()
        self.user = self.sign_in(**user)
        self.api = self.api_of(self.user)

    def sign_in(self, **changes: Any) -> UserCredential:
        known = {"user_name": "deploy", "password": PASSWORD, "domain_name": "acme", "source": "HW_USER_NAME"}
        tokens = {"tokens": Tokens(monotonic=self.clock), "lockout_guard": self.lockout_guard}
        return UserCredential(
            **{**known, "iam_endpoint": self.iam.endpoint, "project_name": "eu-de", **tokens, **changes}
        )

    def api_of(self, user: UserCredential, settling: float = 0.0) -> JobApi:
        return JobApi(
            Channel(
                Client(self.bms.endpoint, user, lockout_guard=self.lockout_guard, settling=settling), GivenProject("p")
            )
        )

    def error(self) -> ApiError:
        with pytest.raises(ApiError) as caught:
            self.api.get_job("j")
        return caught.value

    def tokens_sent(self) -> list[str]:
        return [token for seen in self.bms.seen for token in seen.all("x-auth-token")]


def token(cloud: Cloud, value: str, life: float = 24 * HOUR, **body: object) -> bytes:
    ends = f"2026-01-02T{int(life // HOUR) % 24:02d}:{int(life // 60) % 60:02d}:{int(life) % 60:02d}.000000Z"
    begins = "2026-01-01T00:00:00.000000Z" if life >= 24 * HOUR else "2026-01-02T00:00:00.000000Z"
    messages = {"issued_at": begins, "expires_at": ends, "project": {"id": "project-of-token"}, **body}
    return cloud.response(201, {"token": messages}, X_Subject_Token=value)


def polls(cloud: Cloud, number: int) -> list[Reply]:
    return [cloud.response(200, JOB)] * number
