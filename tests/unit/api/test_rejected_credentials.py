"""A rejected credential is renewed once if possible, and then never sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.errors import AuthenticationError, OutcomeUnknownError
from tests.unit.api.calling import JOB, POLL, REJECTION, SUBMIT, Call, RenewableCredential, api_of, failure

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud

BOTH = pytest.mark.parametrize("call", [POLL, SUBMIT], ids=["poll", "submit"])


@BOTH
def test_a_rejected_token(cloud: Cloud, call: Call) -> None:
    """After a 401 the token is never sent again. The error names the token's source."""
    server = cloud.responding(cloud.response(401, REJECTION, X_Request_Id="r-1"), cloud.response(200, JOB))
    lockout_guard = LockoutGuard()
    first = failure(call, api_of(server, lockout_guard=lockout_guard))
    assert type(first) is AuthenticationError
    message = "HTTP 401 APIGW.0301 Incorrect IAM authentication information (request id r-1)"
    assert first.what.startswith(("GET http://", "POST http://"))
    assert (str(first.credential), first.reason) == ("token from HW_AUTH_TOKEN", message)
    assert first.hint

    for again in (POLL, SUBMIT):
        error = failure(again, api_of(server, lockout_guard=lockout_guard))
        assert type(error) is AuthenticationError
        assert "not sent" in error.what
        assert (str(error.credential), error.reason, error.hint) == (str(first.credential), message, first.hint)
    assert (server.connections, len(server.seen)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b""),
        (200, REJECTION),
        (400, {"error_code": "APIG.0307", "error_msg": "The token must be updated"}),
    ],
)
@BOTH
def test_every_way_to_reject(cloud: Cloud, call: Call, status: int, body: object) -> None:
    """A token rejected by any status or code is not sent again."""
    server = cloud.responding(cloud.response(status, body))
    lockout_guard = LockoutGuard()
    for _ in range(3):
        assert type(failure(call, api_of(server, lockout_guard=lockout_guard))) is AuthenticationError
    assert len(server.seen) == 1


@BOTH
def test_a_renewed_credential(cloud: Cloud, call: Call) -> None:
    """A renewable credential is renewed once, and the request is sent again with the new secret."""
    server = cloud.responding(cloud.response(401, REJECTION), cloud.response(200, {**JOB}))
    credential = RenewableCredential()
    call(api_of(server, credential))
    assert [seen.all("x-auth-token") for seen in server.seen] == [["secret-0"], ["secret-1"]]
    assert len({(seen.line, seen.body) for seen in server.seen}) == 1
    assert credential.rejected == ["secret-0"]


@BOTH
def test_a_renewal_that_does_not_help(cloud: Cloud, call: Call) -> None:
    """After one renewal there is no third request, and no later request."""
    server = cloud.responding(*[cloud.response(401, REJECTION)] * 5)
    credential = RenewableCredential()
    api = api_of(server, credential)
    error = failure(call, api)
    assert type(error) is AuthenticationError
    assert str(error.credential) == "user from a test"
    assert (len(server.seen), credential.secret) == (2, 1)
    assert "not sent" in failure(call, api).what
    assert (len(server.seen), credential.secret) == (2, 1)


def test_a_submission_reset_after_a_renewal(cloud: Cloud) -> None:
    """A submission reset after a renewal has an unknown outcome."""
    server = cloud.responding(cloud.response(401), cloud.reset, cloud.response(200, JOB))
    assert type(failure(SUBMIT, api_of(server, RenewableCredential()))) is OutcomeUnknownError
    assert server.connections == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(202, "BMS.3011"), (400, "BMS.3011"), (200, "APIGW.0301"), (404, "BMS.0032"), (400, "Common.0013")],
)
def test_a_submission_that_a_service_behind_the_gateway_rejects(cloud: Cloud, status: int, code: str) -> None:
    """Only a 401 shows that nothing was done: after any other rejection a submission is not sent again."""
    rejection = cloud.response(status, {"error": {"code": code, "message": "m"}})
    server = cloud.responding(rejection, rejection, *[cloud.response(200, {"job_id": "j", **JOB})] * 2)
    credential = RenewableCredential()
    api = api_of(server, credential)
    assert type(failure(SUBMIT, api)) is AuthenticationError
    assert (len(server.seen), credential.secret) == (1, 1)
    # A poll is harmless, and is sent again.
    assert api.get_job("j").job.status == "RUNNING"
    assert len(server.seen) == 3
