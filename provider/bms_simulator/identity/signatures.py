"""Signatures of requests, SDK-HMAC-SHA256: pure functions of a request as it came over the wire and of a secret."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote_from_bytes, unquote_to_bytes

from bms_simulator.http.request import Request

ALGORITHM = "SDK-HMAC-SHA256"
DATE_HEADER = "x-sdk-date"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
PAYLOAD_HEADER = "x-sdk-content-sha256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
NEEDED_HEADERS = frozenset({"host", DATE_HEADER})

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Access=(?P<access>[^,\s]+), *SignedHeaders=(?P<headers>[^,\s]+), *Signature=(?P<value>[^,\s]+)"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parts of a signature: the key, the names of the signed headers in order, and the value."""

    access: str
    headers: tuple[str, ...]
    value: str


def read_authorization(header: str) -> Signature | None:
    """Return the signature of an Authorization header, None for a header of another form."""
    match = _AUTHORIZATION.fullmatch(header.strip())
    if match is None:
        return None
    names = {name.lower() for name in match["headers"].split(";") if name}
    return Signature(match["access"], tuple(sorted(names)), match["value"])


def signed_at(request: Request) -> datetime | None:
    """Return the time of a request's signature, None without such a header."""
    try:
        return datetime.strptime(request.headers.get(DATE_HEADER, ""), DATE_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def is_right(request: Request, signature: Signature, secret: str) -> bool:
    """Return whether the holder of the secret signed this very request."""
    key = secret.encode()
    right = hmac.new(key, _string_to_sign(request, signature), hashlib.sha256).hexdigest()
    return hmac.compare_digest(right.encode(), signature.value.encode())


def _string_to_sign(request: Request, signature: Signature) -> bytes:
    date = request.headers.get(DATE_HEADER, "")
    digest = hashlib.sha256(canonical_request(request, signature.headers)).hexdigest()
    return f"{ALGORITHM}\n{date}\n{digest}".encode()


def canonical_request(request: Request, signed: tuple[str, ...]) -> bytes:
    """Return the canonical form of a request."""
    parts = (
        request.method.encode(),
        _canonical_path(request.path),
        _canonical_query(request.query),
        b"".join(_canonical_headers(request, signed)),
        ";".join(signed).encode(),
        _payload_hash(request).encode(),
    )
    return b"\n".join(parts)


def _canonical_path(path: str) -> bytes:
    encoded = "/".join(_encoded(_decoded(segment)) for segment in path.split("/"))
    return (encoded if encoded.endswith("/") else f"{encoded}/").encode()


def _canonical_query(query: str) -> bytes:
    # A plus is a plus here: the form of signing knows no other way to write a blank than %20.
    pairs = (item.partition("=") for item in query.split("&") if item)
    decoded = sorted((_decoded(name), _decoded(value)) for name, _, value in pairs)
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in decoded).encode()


def _canonical_headers(request: Request, signed: tuple[str, ...]) -> Iterator[bytes]:
    for name in signed:
        yield f"{name}:".encode() + request.headers.get(name, "").strip().encode("latin-1") + b"\n"


def _payload_hash(request: Request) -> str:
    if request.headers.get(PAYLOAD_HEADER) == UNSIGNED_PAYLOAD:
        return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()


def _decoded(text: str) -> bytes:
    # What is not ASCII came over the wire as single bytes.
    return unquote_to_bytes(text.encode("latin-1"))


def _encoded(value: bytes) -> str:
    return quote_from_bytes(value, safe="")
