"""The excerpt of an unexpected response: the start of the text, and the ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_bms.api.http.redaction import cleaned, redact

LONGEST_TEXT = 300
"""Characters of a response in an excerpt."""
MOST_IDS = 20
"""Ids in an excerpt."""
_LONGEST_READ = 64 * 1024
_DEEPEST = 16
_NAME = re.compile(r"(?:.*[_-])?[iI][dD]s?|.*[a-z0-9]I[dD]s?", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9][\w.:-]{0,127}", re.ASCII)
_PAIR = re.compile(r'"([\w.-]{1,64})"\s*:\s*(?:"([^"\\]{1,128})"|([0-9]{1,40})(?=[\s,}\]]))', re.ASCII)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The start of a response's text on a line, and the ids by name, for example `order_id` or `job.id`."""

    text: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)

    def id_of(self, *names: str) -> str | None:
        """The first id with a name of `names`, at any depth of the response."""
        return next((value for path, value in self.ids.items() if path.rpartition(".")[2] in names), None)


def excerpt_of(body: bytes, secrets: Iterable[str] = ()) -> Excerpt:
    """The excerpt of a body, whole or cut off. `secrets` are masked in the text, and never among the ids."""
    hidden = tuple(secrets)
    text = body[:_LONGEST_READ].decode("utf-8", errors="replace")
    shown = redact(cleaned(text), hidden) or ""
    pairs = ((name, value) for name, value in _pairs(body, text) if redact(value, hidden) == value)
    ids: dict[str, str] = {}
    for name, value in pairs:
        if len(ids) < MOST_IDS:
            ids.setdefault(name, value)
    return Excerpt(shown[:LONGEST_TEXT], ids)


def _pairs(body: bytes, text: str) -> Iterator[tuple[str, str]]:
    try:
        yield from _walk("", json.loads(body), named=False, depth=0)
    except (ValueError, RecursionError):
        # In a cut-off document only complete values count.
        for name, quoted, number in _PAIR.findall(text):
            value = quoted or number
            if _NAME.fullmatch(name) and _VALUE.fullmatch(value):
                yield name, value


def _walk(path: str, value: object, *, named: bool, depth: int) -> Iterator[tuple[str, str]]:
    """The ids in a document. `named` says whether the name of the value is the name of an id."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            under = f"{path}.{cleaned(str(key))[:64]}".lstrip(".")
            yield from _walk(under, inner, named=_NAME.fullmatch(str(key)) is not None, depth=depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value[:MOST_IDS]):
            yield from _walk(f"{path}[{number}]", inner, named=named, depth=depth + 1)
    elif named and isinstance(value, str | int) and not isinstance(value, bool) and _VALUE.fullmatch(str(value)):
        yield path, str(value)
