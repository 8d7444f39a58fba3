"""Mask secrets in a server's words. Pure functions.

A secret is masked everywhere, also within a longer word. A secret shorter than `SHORTEST_PART` characters is masked
only with no letter, digit or underscore beside the secret. Otherwise the masks in ordinary words would show the
letters of the secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from pulumi_bms.secret_names import is_secret_name

SHORTEST_PART = 6
"""Shortest secret that is masked within a longer word too."""
_MASK = "[secret]"


def cleaned(text: str) -> str:
    """The text on one line, without control characters: control characters could rewrite the terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def redact(text: str | None, secrets: Iterable[str]) -> str | None:
    """The text with every secret masked, in every spelling."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
    if not text or not spellings:
        return text
    # The longest first: a secret may be the beginning of a longer secret.
    return re.sub("|".join(sorted(spellings, key=len, reverse=True)), _MASK, text)


def secrets_of(body: object) -> tuple[str, ...]:
    """The values with secret names in a request's body."""
    return tuple(_secrets(body, sensitive=False))


def _spellings(secret: str) -> Iterator[str]:
    """Patterns of a secret: plain, as JSON and as part of an address, with blanks of any kind."""
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
            yield from _secrets(inner, sensitive=sensitive or is_secret_name(str(key)))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner, sensitive=sensitive)
