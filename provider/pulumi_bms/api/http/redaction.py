"""A server's words without the secrets that it may repeat. Pure functions.

A secret is masked wherever it stands, within a longer word too. A secret of fewer than `SHORTEST_PART` characters is
masked only where it stands alone, with no letter, digit or underscore beside it: it would else be found in most words,
and the masks would tell which letters it has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

SHORTEST_PART = 6
"""Characters of a secret that is masked within a longer word too."""
_MASK = "[secret]"
_SENSITIVE = ("pass", "pwd", "secret", "user_data", "token", "private", "personality")


def cleaned(text: str) -> str:
    """A server's words on one line, without control characters: those could rewrite what a terminal shows."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


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
    """Patterns of a secret as it stands, as JSON and as an address writes it; blanks of any kind."""
    as_json = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    for text in (secret, *as_json, as_json[0].replace("/", r"\/"), quote(secret, safe=""), quote_plus(secret)):
        words = cleaned(text).split()
        if words:
            pattern = r"\s+".join(map(re.escape, words))
            yield pattern if len(secret) >= SHORTEST_PART else rf"(?<!\w){pattern}(?!\w)"


def _secrets(value: object, *, sensitive: bool) -> Iterator[str]:
    if isinstance(value, str | int | float) and not isinstance(value, bool) and sensitive:
        yield str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(inner, sensitive=sensitive or any(word in str(key).lower() for word in _SENSITIVE))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner, sensitive=sensitive)
