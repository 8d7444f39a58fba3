"""Credentials: values that authenticate one request. This file has what they share, and the ready token.

Source: the page "Authentication" of the Bare Metal Server API reference. The access key is in `signing`, the user who
signs in with a password in `iam`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Protocol

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.http.background import Unwanted

if TYPE_CHECKING:
    from requests import PreparedRequest

TOKEN_HEADER = "X-Auth-Token"  # noqa: S105  (the header's name)
_FINGERPRINT_KEY = os.urandom(32)


class Credential(Protocol):
    """What authenticates one request. It shows where it was found, and never the secret."""

    @property
    def kind(self) -> str:
        """What it is, in a word or two, for messages."""
        ...

    @property
    def source(self) -> str:
        """Where it was found, such as `HW_AUTH_TOKEN`."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest by which it is told from others; the secret can't be read from it."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may repeat."""
        ...

    def authenticate(self, request: PreparedRequest, timeout: float | None = None, unwanted: Unwanted = None) -> None:
        """Add to a prepared request what makes the API accept it; `timeout` is what remains, in seconds.

        Raises an `ApiError` where that takes a request of its own and fails, or once `unwanted` is true.
        """
        ...

    def renew(self, rejected: PreparedRequest) -> bool:
        """Have something fresh for another try after that request was rejected; False where that is not possible."""
        ...


def described(credential: Credential) -> str:
    """The credential in words: `token from HW_AUTH_TOKEN`."""
    return f"{credential.kind} from {credential.source}"


def fingerprint_of(*parts: str) -> str:
    """A digest that is of no use outside this process: a short password can't be guessed from it."""
    digest = hashlib.blake2b(key=_FINGERPRINT_KEY)
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode(errors="surrogatepass"))
    return digest.hexdigest()


def check_secret(what: str, text: str, source: str) -> None:
    """Refuse what can't be sent in a header: a line break would end it and begin another one."""
    if not text or not text.isascii() or not text.isprintable() or set(text) & set(" \"'"):
        raise SettingsError(
            f"the {what} from {source} is empty or holds blanks, line breaks or other characters that no {what} has; "
            "set it again, without quotes and without a line break at its end"
        )


class Unpicklable:
    """What holds a secret: a pickle or a copy of it would carry the secret away."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        """Refuse."""
        raise TypeError("what holds a secret can't be pickled")


@dataclass(frozen=True, slots=True)
class TokenCredential(Unpicklable):
    """A ready project token, sent as `X-Auth-Token`. It can't be renewed."""

    token: str = field(repr=False)
    source: str

    def __post_init__(self) -> None:
        check_secret("token", self.token, self.source)

    @property
    def kind(self) -> str:
        """What it is."""
        return "token"

    @property
    def fingerprint(self) -> str:
        """A digest of the token."""
        return fingerprint_of(self.kind, self.token)

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
        """Never: whoever made the token must make a new one."""
        return False
