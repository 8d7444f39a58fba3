"""Hiding of credentials from the record of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bms_simulator.http.request import parsed
from bms_simulator.http.responses import Json

CREDENTIAL_HEADERS = frozenset({"x-auth-token", "authorization", "x-security-token", "x-subject-token"})
JOB_API_PATHS = "/v1/"
SECRET_WORDS = ("pass", "secret", "token")
MASK = "***"


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with every credential hidden."""
    return {name: MASK if name.lower() in CREDENTIAL_HEADERS else value for name, value in headers.items()}


def masked_body(path: str, body: bytes) -> Json:
    """Return the JSON value of a body, None if it has none. Orders are shown whole, others without secrets."""
    try:
        value = parsed(body) if body else None
        return value if path.startswith(JOB_API_PATHS) else _masked(value)
    except (ValueError, RecursionError):
        return None


def _masked(value: Json, *, secret: bool = False) -> Json:
    if isinstance(value, Mapping):
        return {key: _masked(each, secret=secret or _names_secret(key, each)) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_masked(each, secret=secret) for each in value]
    return MASK if secret else value


def _names_secret(key: str, value: Json) -> bool:
    # The object under "password" names the user too, which is no secret.
    is_login = key == "password" and isinstance(value, Mapping)
    return not is_login and any(word in key.lower() for word in SECRET_WORDS)
