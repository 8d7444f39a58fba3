"""A server's words without the secrets that it may repeat. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

_MASK = "[secret]"
_SENSITIVE = ("pass", "pwd", "secret", "user_data", "token", "private", "personality")


def redact(text: str | None, secrets: Iterable[str]) -> str | None:
    """The text with each secret masked, however it is spelt."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    if not text or not spellings:
        return text
    # The longest first: one may be the beginning of another.
    return re.sub("|".join(sorted(spellings, key=len, reverse=True)), _MASK, text)


def secrets_of(body: object) -> tuple[str, ...]:
    """The values in a request's body that are secret by their names."""
    return tuple(_secrets(body, sensitive=False))


def _spellings(secret: str) -> Iterator[str]:
    """Patterns of a secret as it stands and as JSON writes it; blanks of any kind, for an error's text has but one."""
    for text in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        if text.strip():
            yield r"\s+".join(map(re.escape, text.split()))


def _secrets(value: object, *, sensitive: bool) -> Iterator[str]:
    if isinstance(value, str | int | float) and not isinstance(value, bool) and sensitive:
        yield str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(inner, sensitive=sensitive or any(word in str(key).lower() for word in _SENSITIVE))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner, sensitive=sensitive)
