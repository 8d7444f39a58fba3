"""Hiding of credentials from the record of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bms_simulator.answers import Json
from bms_simulator.request import parsed

CREDENTIAL_HEADERS = frozenset({"x-auth-token", "authorization", "x-security-token", "x-subject-token"})
IDENTITY_PATHS = "/v3"
SECRET_KEYS = frozenset({"password", "passcode", "secret"})
TOKEN_KEY = "token"  # noqa: S105 - the name of a field, not a token
MASK = "***"


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with every credential hidden."""
    return {name: MASK if name.lower() in CREDENTIAL_HEADERS else value for name, value in headers.items()}


def masked_body(path: str, body: bytes) -> Json:
    """Return the JSON value of a body, None if it has none; passwords and tokens of IAM requests are hidden."""
    try:
        value = parsed(body) if body else None
        return _masked(value) if path.startswith(IDENTITY_PATHS) else value
    except (ValueError, RecursionError):
        return None


def _masked(value: Json, *, secret: bool = False) -> Json:
    if isinstance(value, str):
        return MASK if secret else value
    if isinstance(value, Mapping):
        return {key: _masked(each, secret=_is_secret(key, each, secret=secret)) for key, each in value.items()}
    return [_masked(each, secret=secret) for each in value] if isinstance(value, Sequence) else value


def _is_secret(key: str, value: Json, *, secret: bool) -> bool:
    # The object under "password" names a user too, which is no secret; everything under "token" is one.
    return secret or key == TOKEN_KEY or (key in SECRET_KEYS and not isinstance(value, Mapping))
