"""The text of every error of a request, with every hint, and every vendor code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pulumi_bms.api import error_codes
from pulumi_bms.api.auth import hints
from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.credential import Credential, TokenCredential
from pulumi_bms.api.auth.lockout_guard import CredentialState
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.http.request import SIGN_IN, Request
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import UserCredential
from tests.unit.messages.golden.samples import URL

KEY = AccessKeyCredential("A", "S", "HW_ACCESS_KEY")
TOKEN = TokenCredential("t", "HW_AUTH_TOKEN")
USER = UserCredential("u", "p", "d", "HW_USER_NAME", "https://iam.example.com", "p", tokens=Tokens())
IAM = "Incorrect IAM authentication information: "
POLL = Request("GET", "/v1/p/jobs/j", project_id="p")
LOGIN = Request("POST", SIGN_IN)

REJECTIONS: dict[str, tuple[Credential, str, str]] = {
    "a wrong secret key": (KEY, "APIGW.0301", IAM + "verify aksk signature fail"),
    "a locked access key": (KEY, "APIGW.0301", IAM + "AK access failed to reach the limit,forbidden."),
    "an unknown access key": (KEY, "APIGW.0301", IAM + "Get secretKey failed,ak:A,err:ak not exist"),
    "an old signature": (KEY, "APIGW.0301", IAM + "calc aksk signature fail:signature expired"),
    "an expired access key": (KEY, "APIGW.0301", IAM + "the key has expired"),
    "a wrong security token": (KEY, "APIGW.0301", IAM + "decrypt token fail"),
    "a frozen account": (KEY, "APIGW.0301", IAM + "the account is frozen"),
    "an old token": (TOKEN, "APIGW.0307", "The token must be updated."),
    "a token with another text": (TOKEN, "APIGW.0301", "no"),
    "a new token of a user": (USER, "APIGW.0307", "The token must be updated."),
    "a wrong password": (USER, "401", "The username or password is wrong."),
    "a locked user": (USER, "401", "The account is locked."),
    "an expired password": (USER, "401", "The password is expired: password has expired"),
    "an access key with another text": (KEY, "APIGW.0301", "no"),
}


def _explained(error: ApiError, credential: Credential, request: Request, skew: timedelta | None = None) -> str:
    next_step = hints.next_step_of(error, credential, skew, request)
    return str(error.replaced(credential=credential.name, next_step=next_step))


def rejections() -> Iterator[tuple[str, str]]:
    """Rejected credentials, by cause."""
    for title, (credential, code, detail) in REJECTIONS.items():
        error = AuthenticationError(URL, status=401, code=code, detail=detail, request_id="req-1")
        yield f"rejected: {title}", _explained(error, credential, LOGIN if code == "401" else POLL)
    late = AuthenticationError(URL, status=401, code="APIGW.0301", detail=IAM + "verify aksk signature fail")
    yield "rejected: a clock ahead", _explained(late, KEY, POLL, timedelta(minutes=16))
    yield "rejected: a clock behind", _explained(late, KEY, POLL, timedelta(minutes=-600))
    yield "rejected: not sent again", _not_sent(late)


def _not_sent(rejection: AuthenticationError) -> str:
    state = CredentialState()
    state.reject(rejection)
    try:
        with state.first_use(TOKEN, URL, Request("GET", "/v1/p/jobs/j")):
            raise AssertionError("sent")
    except AuthenticationError as error:
        return str(error)


def kinds() -> Iterator[tuple[str, str]]:
    """Each kind of error, with and without the fields."""
    full = {"status": 400, "code": "BMS.3037", "detail": "sold out.", "request_id": "req-1"}
    errors: dict[str, ApiError] = {
        "only the request": ApiError(URL),
        "a known code without a text": ApiError(URL, status=400, code="BMS.3037", request_id="req-1"),
        "an unknown code": ApiError(URL, status=400, code="Any.1", detail="oh"),
        **{kind.__name__: kind(URL, **full) for kind in (NoAnswerError, RefusedError, OutcomeUnknownError)},  # type: ignore[arg-type]
        "NotFoundError": NotFoundError(URL, status=404, code="Common.0011", request_id="req-1"),
        "NoSuchApiError": NoSuchApiError(URL, status=404, code="APIGW.0101", detail="The API does not exist"),
        "never sent": NoAnswerError.never_sent(URL, "no connection in time"),
    }
    for title, error in errors.items():
        yield f"error: {title}", str(error)
    refusals: dict[str, ApiError] = {
        "no right": RefusedError(URL, status=403, detail="no"),
        "a frozen account": RefusedError(URL, status=403, detail="The account is suspended"),
        "a foreign project": RefusedError(URL, status=400, code="Common.0018"),
        "a page": RefusedError(URL, status=403, detail="the response is a page", is_page=True),
    }
    for title, error in refusals.items():
        yield f"refused: {title}", _explained(error, KEY, POLL)


def codes() -> Iterator[tuple[str, str]]:
    """The table of vendor codes."""
    lines = [f"{name} {code.meaning}: {code.hint}" for name, code in error_codes.CODES.items()]
    yield "all codes: meaning and hint", "\n".join(lines)


def cases() -> Iterator[tuple[str, str]]:
    """All cases of the room."""
    for group in (rejections, kinds, codes):
        yield from group()
