"""Why an API rejects a credential, and the next step, read from the response. Pure functions.

Sources: the page "Common Errors Related to IAM Authentication Information" of the API signing guide, whose texts share
one code, and the page "Authentication" of the Bare Metal Server API reference.
"""

from __future__ import annotations

import re
from datetime import timedelta

from pulumi_bms.api import error_codes
from pulumi_bms.api.auth.credential import Credential
from pulumi_bms.api.auth.credential_name import CredentialKind
from pulumi_bms.api.errors import ApiError, AuthenticationError, NoAnswerError
from pulumi_bms.api.http.request import SIGN_IN, Request
from pulumi_bms.api.http.response import Response

LARGEST_SKEW = timedelta(minutes=15)
"""Largest difference between the date of a signature and the API's clock."""

_FORBIDDEN = 403
_CANONICAL_REQUEST = re.compile(r",?\s*canonicalRequest:.*", re.IGNORECASE)
_LOGIN_OVER = "the password has expired. Sign in at the console, and set a new password"
_FROZEN = "the account is frozen. Pay the bills of the account, or ask the cloud's support"
_RIGHT = "the credential is valid, but a right is missing. Ask the account's administrator for the right"
_OVER = "the token has expired, was revoked, or belongs to another region. Get a new token in the endpoint's region"
_USER_OVER = "the API rejected a new token too. Check that IAM endpoint and endpoint are of one region"
_KEY_LOCKED = "five wrong signatures lock an access key for five minutes. Correct the secret key, wait, and run again"
_USER_LOCKED = "wrong passwords lock a user for 15 minutes. Correct the password, wait, and run again"
_ALL_PARTS = "set all parts of a new temporary key: access key, secret key and security token"
_TEMPORARY = f"the access key has expired. If the key is temporary, {_ALL_PARTS}"
_CLOCK = f"check the clock of this machine. If the key is temporary and has expired, {_ALL_PARTS}"
_OTHER_TOKEN = f"security token and access key do not belong together. To correct the key, {_ALL_PARTS}"
_UNKNOWN_KEY = "the cloud does not know the access key. Check the key. A temporary key also needs its security token"
_OTHER_KEY = "secret key and access key do not belong together. Set both again, without blanks"
_WRONG_LOGIN = (
    "check user name, password and account (domain) name. A HUAWEI ID can't sign in by password: create an IAM user"
)

# Text of the cloud, kind of credential (None for any), and the next step. The first match counts.
_VENDOR_TEXTS: tuple[tuple[str, CredentialKind | None, str], ...] = (
    (r"frozen|arrears|suspended", None, _FROZEN),
    (r"reach the limit|\blocked", CredentialKind.ACCESS_KEY, _KEY_LOCKED),
    (r"reach the limit|\blocked", CredentialKind.USER, _USER_LOCKED),
    (r"password.{0,20} expired|must be changed", CredentialKind.USER, _LOGIN_OVER),
    (r"signature expired", CredentialKind.ACCESS_KEY, _CLOCK),
    (r"expired", CredentialKind.ACCESS_KEY, _TEMPORARY),
    (r"ak not exist|get secretkey failed", CredentialKind.ACCESS_KEY, _UNKNOWN_KEY),
    (r"security.?token|decrypt token", CredentialKind.ACCESS_KEY, _OTHER_TOKEN),
    (r"signature", CredentialKind.ACCESS_KEY, _OTHER_KEY),
    (r"decrypt token|token expire|must be updated|renew", CredentialKind.TOKEN, _OVER),
    (r"decrypt token|token expire|must be updated|renew", CredentialKind.USER, _USER_OVER),
)


def skew_of(response: Response, signed_at: float) -> timedelta | None:
    """How far this machine's clock is ahead of the API's clock, by the response's `Date`.

    `signed_at` is POSIX seconds.
    """
    date = response.date
    return timedelta(seconds=signed_at - date.timestamp()) if date else None


def next_step_of(error: ApiError, credential: Credential, skew: timedelta | None, request: Request) -> str | None:
    """The next step for an error, if more is known than the table of codes says."""
    message = f"{error.code} {error.detail}"
    if isinstance(error, AuthenticationError):
        return _of_clock(credential, skew) or _of_words(message, credential) or _of_kind(error, credential, request)
    if error_codes.normalise(error.code) == "Common.0018":
        project = request.project_id or "in the path"
        return f"the project {project} does not belong to the credential. Set the project id of the credential"
    if error.status == _FORBIDDEN and not error_codes.lookup(error.code):
        return _of_words(message, credential) or (None if error.is_page else _RIGHT)
    return None


def shows_acceptance(error: ApiError) -> bool:
    """Whether the error comes from the service behind the gateway. Then the gateway has accepted the credential."""
    code = error_codes.normalise(error.code)
    return (
        bool(code)
        and not code.upper().startswith("APIG")
        and not isinstance(error, NoAnswerError | AuthenticationError)
    )


def without_canonical_request(words: str | None) -> str | None:
    """The gateway's message about a wrong signature, without the signed text that the gateway repeats."""
    return _CANONICAL_REQUEST.sub("", words) if words else words


def concerns_credential(error: ApiError) -> bool:
    """Whether the error is about the sender, so that the message must name the credential."""
    known = error_codes.lookup(error.code)
    about_rights = error.status == _FORBIDDEN or (known is not None and known.kind is error_codes.Kind.AUTH)
    return about_rights or isinstance(error, AuthenticationError)


def _of_clock(credential: Credential, skew: timedelta | None) -> str | None:
    if not skew or abs(skew) <= LARGEST_SKEW or credential.name.kind is not CredentialKind.ACCESS_KEY:
        return None
    minute = timedelta(minutes=1)
    allowed = LARGEST_SKEW // minute
    # Rounded, but never down to the allowed difference.
    minutes = max(allowed + 1, round(abs(skew) / minute))
    side = "ahead of" if skew > timedelta() else "behind"
    return f"this machine's clock is {minutes} minutes {side} the API's clock, and {allowed} are allowed. Set the clock"


def _of_words(message: str, credential: Credential) -> str | None:
    for pattern, kind, text in _VENDOR_TEXTS:
        if kind in (None, credential.name.kind) and re.search(pattern, message, re.IGNORECASE):
            return text
    return None


def _of_kind(error: ApiError, credential: Credential, request: Request) -> str | None:
    if credential.name.kind is CredentialKind.USER:
        return _WRONG_LOGIN if request.path.startswith(SIGN_IN) else _USER_OVER
    return (
        _OVER
        if credential.name.kind is CredentialKind.TOKEN and error_codes.normalise(error.code) == "APIGW.0307"
        else None
    )
