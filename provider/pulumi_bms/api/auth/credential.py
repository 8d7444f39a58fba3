"""Credentials: values that authenticate one request. This file has the common parts and the ready token.

Source: the page "Authentication" of the Bare Metal Server API reference. The access key is in `access_key`, the user
with a password in `identity.user`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Protocol

from pulumi_bms.api.auth.credential_name import CredentialKind, CredentialName
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.http.background import Unwanted

if TYPE_CHECKING:
    from requests import PreparedRequest

TOKEN_HEADER = "X-Auth-Token"  # noqa: S105  (the header's name)
_FINGERPRINT_KEY = os.urandom(32)


class Credential(Protocol):
    """Authenticates one request. Shows its source, and never the secret."""

    @property
    def name(self) -> CredentialName:
        """The kind and the source, for decisions and for messages."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest that identifies the credential. The secret can't be read from the digest."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that messages must mask."""
        ...

    def authenticate(self, request: PreparedRequest, timeout: float | None = None, unwanted: Unwanted = None) -> None:
        """Add the authentication to a prepared request. `timeout` is the remaining time in seconds.

        Raises an `ApiError` if a request of its own fails, or when `unwanted` is true.
        """
        ...

    def renew(self, rejected: PreparedRequest) -> bool:
        """Prepare a fresh token for the next try after a rejected request. False if the credential can't be renewed."""
        ...


def fingerprint_of(*parts: str) -> str:
    """A digest with a key of this process. So a short password can't be guessed from the digest."""
    digest = hashlib.blake2b(key=_FINGERPRINT_KEY)
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode(errors="surrogatepass"))
    return digest.hexdigest()


def check_secret(what: str, text: str, source: str) -> None:
    """Refuse text that can't be sent in a header. A line break would end the header and start a new header."""
    if not text or not text.isascii() or not text.isprintable() or set(text) & set(" \"'"):
        raise SettingsError(
            f"the {what} from {source} is empty, or contains blanks, line breaks or other invalid characters. "
            f"Set the {what} again, without quotes and without a line break at the end"
        )


class Unpicklable:
    """Holds a secret, so must not be pickled or copied: the pickle or the copy would carry the secret away."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        """Refuse."""
        raise TypeError("an object with a secret can't be pickled")


@dataclass(frozen=True, slots=True)
class TokenCredential(Unpicklable):
    """A ready project token, sent as `X-Auth-Token`. The token can't be renewed."""

    token: str = field(repr=False)
    source: str
    is_in_stack: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        check_secret("token", self.token, self.source)

    @property
    def name(self) -> CredentialName:
        """The kind and the source."""
        return CredentialName(CredentialKind.TOKEN, self.source, self.is_in_stack)

    @property
    def fingerprint(self) -> str:
        """A digest of the token."""
        return fingerprint_of(self.name.kind.name, self.token)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self.token,)

    def authenticate(
        self,
        request: PreparedRequest,
        timeout: float | None = None,  # noqa: ARG002
        unwanted: Unwanted = None,  # noqa: ARG002
    ) -> None:
        """Add the token's header."""
        request.headers[TOKEN_HEADER] = self.token

    def renew(self, rejected: PreparedRequest) -> bool:  # noqa: ARG002
        """False: only the issuer of the token can make a new token."""
        return False
