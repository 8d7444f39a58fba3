"""Credentials: values that authenticate one request, and the memory of those that the API has rejected.

Source: the page "Authentication" of the Bare Metal Server API reference.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pulumi_bms.api.errors import AuthenticationError, SettingsError

if TYPE_CHECKING:
    from requests import PreparedRequest


class Credential(Protocol):
    """What authenticates one request. `source` says where it was found, for messages; it is never the secret."""

    @property
    def source(self) -> str:
        """Where the credential was found, such as `HW_AUTH_TOKEN`."""
        ...

    @property
    def fingerprint(self) -> str:
        """A digest by which rejected credentials are remembered; the secret can't be read from it."""
        ...

    def authenticate(self, request: PreparedRequest) -> None:
        """Add to a prepared request what makes the API accept it."""
        ...

    def renew(self) -> bool:
        """Get a fresh secret after a rejection; False where that is not possible."""
        ...


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A ready project token, sent as `X-Auth-Token`. It can't be renewed."""

    token: str = field(repr=False)
    source: str

    def __post_init__(self) -> None:
        # A line break would end the header and begin another one.
        if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise SettingsError(
                f"the token from {self.source} is empty or holds blanks, line breaks or other characters "
                "that no token has; set it again, without quotes and without a line break at its end"
            )

    @property
    def fingerprint(self) -> str:
        """A digest of the token."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def authenticate(self, request: PreparedRequest) -> None:
        """Add the token's header."""
        request.headers["X-Auth-Token"] = self.token

    def renew(self) -> bool:
        """Never: whoever made the token must make a new one."""
        return False

    def __reduce__(self) -> str | tuple[object, ...]:
        """Refuse to be pickled: a pickle would carry the secret."""
        raise TypeError("a credential can't be pickled")


class Rejections:
    """Which credentials an API has rejected: none of them is tried a second time.

    Five bad signatures in a row lock an access key, so the first rejection is the last request.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: dict[tuple[str, str], AuthenticationError] = {}

    def remember(self, endpoint: str, credential: Credential, error: AuthenticationError) -> None:
        """Note that the API at `endpoint` rejected the credential."""
        with self._lock:
            self._errors.setdefault((endpoint, credential.fingerprint), error)

    def raise_if_rejected(self, endpoint: str, credential: Credential) -> None:
        """Raise the rejection of this credential again, if there was one."""
        with self._lock:
            error = self._errors.get((endpoint, credential.fingerprint))
        if error:
            raise AuthenticationError(
                f"{error.what} (not sent again: the credential from {credential.source} was rejected before)",
                status=error.status,
                code=error.code,
                detail=error.detail,
                request_id=error.request_id,
            )


REJECTIONS = Rejections()
"""The memory of this process."""
