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
_LOGIN_OVER = "the password has expired: sign in at the console once, and set a new one"
_FROZEN = "the account is frozen: settle its bills, or ask the cloud's support to restore it"
_RIGHT = "the credential is good, but a right is missing: ask the account's administrator for it"
_OVER = "it has expired, was revoked, or belongs to another region: get a new one in the endpoint's region"
_USER_OVER = "not even a new token is accepted: check that IAM endpoint and endpoint are of one region"
_KEY_LOCKED = "five wrong signatures lock an access key for five minutes: correct the secret key, wait, and run again"
_USER_LOCKED = "wrong passwords lock a user for 15 minutes: correct the password, wait, and run again"
_TEMPORARY = "a temporary key that has expired is replaced whole: access key, secret key and security token"
_OTHER_TOKEN = f"the security token is not that of the access key; {_TEMPORARY}"
_UNKNOWN_KEY = "this cloud knows no such access key: check it; a temporary one needs its security token too"
_OTHER_KEY = "the secret key is not that of the access key: set both again, without blanks"
_WRONG_LOGIN = (
    "check user name, password and account (domain) name; a HUAWEI ID can't sign in like this: create an IAM user"
)

# Text of the cloud, kind of credential (None for any), and the next step. The first match counts.
_TEXTS: tuple[tuple[str, CredentialKind | None, str], ...] = (
    (r"frozen|arrears|suspended", None, _FROZEN),
    (r"reach the limit|\blocked", CredentialKind.ACCESS_KEY, _KEY_LOCKED),
    (r"reach the limit|\blocked", CredentialKind.USER, _USER_LOCKED),
    (r"password.{0,20} expired|must be changed", CredentialKind.USER, _LOGIN_OVER),
    (r"signature expired", CredentialKind.ACCESS_KEY, f"check the clock of this machine; {_TEMPORARY}"),
    (r"expired", CredentialKind.ACCESS_KEY, _TEMPORARY),
    (r"ak not exist|get secretkey failed", CredentialKind.ACCESS_KEY, _UNKNOWN_KEY),
    (
        r"security.?token|decrypt token",
        CredentialKind.ACCESS_KEY,
        f"the security token is not that of the access key; {_TEMPORARY}",
    ),
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
        return f"project {request.project_id or 'in the path'} is none of this credential's: set the id of its own"
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
    return f"this machine's clock is {minutes} minutes {side} the API's, and {allowed} are allowed: set the clock"


def _of_words(message: str, credential: Credential) -> str | None:
    for pattern, kind, text in _TEXTS:
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
