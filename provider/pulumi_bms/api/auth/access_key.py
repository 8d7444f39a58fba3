"""Access keys: every request is signed with SDK-HMAC-SHA256, again for every try.

Source: the API signing guide, "AK/SK Signing and Authentication Algorithm": the current form, without a derived key.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pulumi_bms.api.auth.credential import Unpicklable, check_secret, fingerprint_of
from pulumi_bms.api.auth.credential_name import CredentialKind, CredentialName
from pulumi_bms.api.http.background import Unwanted

if TYPE_CHECKING:
    from requests import PreparedRequest

ALGORITHM = "SDK-HMAC-SHA256"
_SIGNED = ("Content-Type", "Host", "X-Project-Id", "X-Sdk-Date", "X-Security-Token")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class AccessKeyCredential(Unpicklable):
    """An access key and its secret. A temporary key also has a security token. Only the owner can renew the key."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    source: str
    security_token: str | None = field(default=None, repr=False)
    is_in_stack: bool = field(default=False, repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False, compare=False)
    """POSIX seconds for the date in the signature."""

    def __post_init__(self) -> None:
        check_secret("access key", self.access_key, self.source)
        check_secret("secret key", self.secret_key, self.source)
        if self.security_token is not None:
            check_secret("security token", self.security_token, self.source)

    @property
    def name(self) -> CredentialName:
        """The kind and the source."""
        return CredentialName(CredentialKind.ACCESS_KEY, self.source, self.is_in_stack)

    @property
    def fingerprint(self) -> str:
        """A digest of all parts."""
        return fingerprint_of(self.name.kind.name, self.access_key, self.secret_key, self.security_token or "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """All parts: a response about a wrong signature repeats the signed text."""
        return tuple(filter(None, (self.access_key, self.secret_key, self.security_token)))

    def authenticate(
        self,
        request: PreparedRequest,
        timeout: float | None = None,  # noqa: ARG002
        unwanted: Unwanted = None,  # noqa: ARG002
    ) -> None:
        """Sign the request in its present form. No signed part may change afterwards."""
        headers = request.headers
        headers["Host"] = _host(request.url or "")
        headers["X-Sdk-Date"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.clock()))
        if self.security_token:
            headers["X-Security-Token"] = self.security_token
        signed = {name.lower(): str(headers[name]).strip() for name in _SIGNED if name in headers}
        canonical = canonical_request(request.method or "", request.path_url, signed, _bytes(request.body))
        headers["Authorization"] = (
            f"{ALGORITHM} Access={self.access_key}, SignedHeaders={';'.join(sorted(signed))}, "
            f"Signature={signature(self.secret_key, headers['X-Sdk-Date'], canonical)}"
        )

    def renew(self, rejected: PreparedRequest) -> bool:  # noqa: ARG002
        """False: a second bad signature brings the key closer to a lock."""
        return False


def canonical_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    """The text to sign. `target` is the sent path and query. The names of `headers` are lower case."""
    path, _, query = target.partition("?")
    path = _encoded(unquote(path), safe="/")
    names = sorted(headers)
    return "\n".join(
        (
            method.upper(),
            path if path.endswith("/") else path + "/",
            "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parse_qsl(query, True))),  # noqa: FBT003
            *(f"{name}:{headers[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )


def signature(secret_key: str, date: str, canonical: str) -> str:
    """The signature of a canonical request. `date` is the date of `X-Sdk-Date`."""
    text = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encoded(text: str, safe: str = "") -> str:
    return quote(text, safe=safe + "~")


def _host(url: str) -> str:
    """The `Host` header as the connection would write the header. A signed header must be written here."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    return host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _bytes(body: bytes | str | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
