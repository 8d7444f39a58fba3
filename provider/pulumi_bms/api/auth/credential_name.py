"""The name of a credential in messages: the kind and the source, and nothing secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class CredentialKind(Enum):
    """The kinds of credentials."""

    TOKEN = auto()
    ACCESS_KEY = auto()
    USER = auto()


_WORDS = {CredentialKind.TOKEN: "token", CredentialKind.ACCESS_KEY: "access key", CredentialKind.USER: "user"}


@dataclass(frozen=True, slots=True)
class CredentialName:
    """The kind of a credential, and the setting with the credential, for example `HW_AUTH_TOKEN`.

    `is_in_stack` is whether the setting is in the stack's config. The engine keeps the config of the last `pulumi up`.
    """

    kind: CredentialKind
    source: str
    is_in_stack: bool = False

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} from {self.source}"
