"""The causes of a rejected credential, and the next steps."""

from __future__ import annotations

import string
from datetime import timedelta
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_bms.api import error_codes
from pulumi_bms.api.auth import hints
from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.credential import Credential, TokenCredential
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.http.request import SIGN_IN, Request
from pulumi_bms.api.http.response import Response
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import UserCredential

KEY = AccessKeyCredential("A", "S", "HW_ACCESS_KEY")
TOKEN = TokenCredential("t", "HW_AUTH_TOKEN")
USER = UserCredential("u", "p", "d", "HW_USER_NAME", "https://iam.example", "p", tokens=Tokens())
IAM = "Incorrect IAM authentication information: "
NOW = 1_800_000_000.0


POLL = Request("GET", "/v1/p/jobs/j", project_id="p")


def message(credential: Credential, detail: str, code: str = "APIGW.0301", minutes: float | None = 0.0) -> str | None:
    skew = None if minutes is None else timedelta(minutes=minutes)
    request = Request("POST", SIGN_IN) if code == "401" else POLL
    return hints.next_step_of(
        AuthenticationError("GET x", status=401, code=code, detail=detail), credential, skew, request
    )


@pytest.mark.parametrize(
    ("credential", "detail", "code", "says"),
    [
        (
            KEY,
            IAM + "verify aksk signature fail, canonicalRequest:GET|/v1/",
            "APIGW.0301",
            "secret key and access key do not belong",
        ),
        (KEY, IAM + "AK access failed to reach the limit,forbidden.", "APIGW.0301", "lock an access key for five min"),
        (KEY, IAM + "Get secretKey failed,ak:A,err:ak not exist", "APIGW.0301", "does not know the access key"),
        (KEY, IAM + "calc aksk signature fail:signature expired", "APIGW.0301", "check the clock of this machine"),
        (KEY, IAM + "calc aksk signature fail:signature expired", "APIG.0301", "security token"),
        (KEY, IAM + "the account is frozen", "APIGW.0301", "the account is frozen. Pay"),
        (
            TOKEN,
            IAM + "decrypt token fail",
            "APIGW.0301",
            "the token has expired, was revoked, or belongs to another region",
        ),
        (TOKEN, IAM + "token expires, expires_at: 2026", "APIGW.0301", "Get a new token in the endpoint's region"),
        (TOKEN, "The token must be updated.", "APIGW.0307", "the token has expired, was revoked"),
        (TOKEN, "words nobody knows", "APIGW.0307", "the token has expired, was revoked"),
        (USER, "The token must be updated.", "APIGW.0307", "the API rejected a new token too"),
        (USER, "The username or password is wrong.", "401", "check user name, password and account"),
        (USER, "The account is locked.", "401", "wrong passwords lock a user"),
        (USER, "", "Common.0013", "the API rejected a new token too"),
        (
            KEY,
            "Source address blocked by ACL; verify signature",
            "APIGW.0301",
            "secret key and access key do not belong",
        ),
    ],
)
def test_each_cause_has_a_cure(credential: Credential, detail: str, code: str, says: str) -> None:
    """The hint depends on the server's words and the kind of the credential, not only on the code."""
    assert says in (message(credential, detail, code) or "")


def test_words_that_nobody_knows() -> None:
    """Without a known cause the hint is the hint of the code."""
    error = AuthenticationError("GET x", status=401, code="APIGW.0301", detail="no")
    assert hints.next_step_of(error, KEY, None, POLL) is None
    assert error.hint == error_codes.CODES["APIGW.0301"].hint


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (16.2, "this machine's clock is 16 minutes ahead of the API's clock, and 15 are allowed. Set the clock"),
        (-600.0, "this machine's clock is 600 minutes behind the API's clock, and 15 are allowed. Set the clock"),
    ],
)
def test_a_clock_that_is_wrong(minutes: float, says: str) -> None:
    """A wrong clock is reported before all other causes of a rejected signature, with the difference in minutes."""
    for detail in (IAM + "verify aksk signature fail", IAM + "signature expired", ""):
        assert message(KEY, detail, minutes=minutes) == says
    assert message(TOKEN, IAM + "decrypt token fail", minutes=minutes) != says


def test_a_clock_that_is_right_enough() -> None:
    """With a difference up to 15 minutes, or without a date of the API, the hint does not name the clock."""
    for minutes in (14.9, -14.9, None):
        assert message(KEY, IAM + "verify aksk signature fail", minutes=minutes) == message(
            KEY, IAM + "verify aksk signature"
        )


def test_the_skew_of_an_response() -> None:
    """The skew is the local time minus the response's date."""
    response = Response(401, {"date": formatdate(NOW, usegmt=True)}, b"")
    assert hints.skew_of(response, NOW + 90) == timedelta(seconds=90)
    assert hints.skew_of(Response(401, {}, b""), NOW) is None
    assert hints.skew_of(Response(401, {"date": "tomorrow"}, b""), NOW) is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RefusedError("x", status=403, detail="no"), "a right is missing"),
        (RefusedError("x", status=403, code="Ecs.0001", detail="an HTML tag"), "a right is missing"),
        (RefusedError("x", status=403, detail="The account is suspended"), "the account is frozen"),
        (RefusedError("x", status=400, code="Common.0018"), "the project p does not belong to the credential"),
        (RefusedError("x", status=403, code="BMS.0033"), None),
        (RefusedError("x", status=400, code="BMS.0054"), None),
        (RefusedError("x", status=403, is_page=True), None),
        (RefusedError("x", status=403, detail="The password has expired and must be changed."), "has expired. Sign in"),
        (RefusedError("x", status=403, detail="The user is locked."), "wrong passwords lock a user"),
    ],
)
def test_what_a_good_credential_may_not_do(error: ApiError, says: str | None) -> None:
    """The hint names a missing right, a frozen account or a foreign project. Known codes keep the table's hint."""
    result = hints.next_step_of(error, USER, None, POLL)
    assert (result is None) if says is None else (says in (result or ""))


@pytest.mark.parametrize(
    ("error", "concerns"),
    [
        (AuthenticationError("x"), True),
        (RefusedError("x", status=403), True),
        (RefusedError("x", status=400, code="Common.0018"), True),
        (RefusedError("x", status=400, code="BMS.0054"), False),
        (RefusedError("x", status=400), False),
    ],
)
def test_when_the_credential_is_named(error: ApiError, concerns: bool) -> None:  # noqa: FBT001
    """Errors of authentication, rights and projects name the credential. All other errors don't."""
    assert hints.concerns_credential(error) is concerns


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("verify aksk signature fail, canonicalRequest:GET|/v1/|x-security-token:geheim", "verify aksk signature fail"),
        ("verify signature fail canonicalRequest:PUT", "verify signature fail"),
        ("decrypt token fail", "decrypt token fail"),
        (None, None),
    ],
)
def test_what_was_signed_is_not_repeated(words: str | None, left: str | None) -> None:
    """The signed text in a gateway's message is left out: a security token may be in the text."""
    assert hints.without_canonical_request(words) == left


@pytest.mark.parametrize(
    ("error", "shows"),
    [
        (RefusedError("x", status=403, code="BMS.0033"), True),
        (NotFoundError("x", status=400, code="Common.0011"), True),
        (RefusedError("x", status=403, code="403"), True),
        (RefusedError("x", status=403), False),
        (RefusedError("x", status=302), False),
        (NotFoundError("x", status=404), False),
        (NotFoundError("x", status=404, code="APIGW.0101"), False),
        (RefusedError("x", status=403, code="APIG.0302"), False),
        (NoAnswerError("x", status=503, code="BMS.0212"), False),
        (AuthenticationError("x", status=401, code="BMS.0032"), False),
    ],
)
def test_what_shows_that_a_credential_is_good(error: ApiError, shows: bool) -> None:  # noqa: FBT001
    """Only a response of the service proves a credential, because a proxy or gateway may respond before any check."""
    assert hints.shows_acceptance(error) is shows


@given(st.text(string.printable, max_size=60), st.sampled_from(["APIGW.0301", "APIGW.0307", "401", ""]))
@settings(max_examples=200, deadline=None, database=None)
def test_any_words(detail: str, code: str) -> None:
    """The hints accept any words of the API without an error."""
    for credential in (KEY, TOKEN, USER):
        assert message(credential, detail, code) is None or message(credential, detail, code)
