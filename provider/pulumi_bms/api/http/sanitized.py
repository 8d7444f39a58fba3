"""What strangers wrote into a document, made safe to show and to store.

Control characters could rewrite what a terminal shows, and a failure text may repeat a password that was sent. Both
leave a job document here, in keys and values at any depth, before anything else reads it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pulumi_bms.api.http.redaction import redact

Document = TypeVar("Document", bound=Mapping[str, Any])

SHORTEST_SECRET = 6
"""Characters from which a submitted secret is looked for in documents; the API's passwords have 8 at least."""
LONG_SECRET = 16
"""Characters from which a secret is masked even where programs decide on the text: shorter ones may stand in an id."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, those that change the direction of writing, and line separators."""
_ID_NAME = re.compile(r"(?:^|_)ids?$|Ids?$")
_EXACT_NAMES = frozenset({"status", "job_type", "error_code", "begin_time", "end_time"})
_FIELDS = _EXACT_NAMES | {
    "entities",
    "sub_jobs",
    "sub_jobs_total",
    "fail_reason",
    "message",
    "code",
    "errorcode_message",
}
_MARK = "\N{REPLACEMENT CHARACTER}"
_BETWEEN = "\0"
"""Stands in no text without control characters."""


class KnownSecrets:
    """Secrets of this process that no credential holds, such as passwords in submissions. Safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, None] = {}

    def add(self, values: Iterable[str]) -> None:
        """Remember more; what is shorter than any password stands in ordinary words, and would mask them."""
        with self._lock:
            self._values.update((value, None) for value in values if len(value) >= SHORTEST_SECRET)

    def all(self) -> tuple[str, ...]:
        """All that were added."""
        with self._lock:
            return tuple(self._values)


SUBMITTED = KnownSecrets()
"""The secrets in the bodies of submissions."""


def without_control_characters(text: str, instead: str = "") -> str:
    """The text with `instead` for each control character; line breaks and tabs become blanks."""
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else instead, text)


def sanitized(document: Document, secrets: Iterable[str] = ()) -> Document:
    """The document without control characters, and with each secret masked.

    Ids, names of fields, statuses, codes and times keep their text unless a long secret stands in them: a password of
    a few letters must not change which server is meant, or whether a job has ended.
    """
    found = list(dict.fromkeys(_texts(document)))
    changes = {old: new for old, new in zip(found, _safe(found, tuple(secrets)), strict=True) if old[0] != new}
    return _replaced(document, lambda text: changes.get(text, text[0])) if changes else document


_Text = tuple[str, bool]
"""A text, and whether programs decide on it."""


def _texts(document: Mapping[str, Any]) -> Iterator[_Text]:
    # Not by recursion: nobody bounds how deep strangers nest.
    todo: list[tuple[Any, bool]] = [(document, False)]
    while todo:
        value, exact = todo.pop()
        if isinstance(value, str):
            yield value, exact
        elif isinstance(value, Mapping):
            yield from ((key, _is_field(key)) for key in value)
            todo += [(inner, _is_exact(key)) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            todo += [(inner, exact) for inner in value]


def _is_exact(name: str) -> bool:
    """Whether programs decide on the value of the field."""
    return name in _EXACT_NAMES or _ID_NAME.search(name) is not None


def _is_field(name: str) -> bool:
    """Whether programs look for a field of this name, or would without the control characters in it."""
    return name in _FIELDS or any(pattern.search(name) for pattern in (_ID_NAME, _CONTROL))


def _safe(texts: Sequence[_Text], secrets: Sequence[str]) -> list[str]:
    """The texts in their order, each as it may be shown."""
    # Where programs decide, a mark stays: what only looks like SUCCESS, or like another id, must not become that.
    cleaned = [without_control_characters(text, _MARK if exact else "") for text, exact in texts]
    long = [secret for secret in secrets if len(secret) >= LONG_SECRET]
    masked = {exact: iter(_masked_at(exact, texts, cleaned, long if exact else secrets)) for exact in (True, False)}
    return [next(masked[exact]) for _, exact in texts]


def _masked_at(exact: bool, texts: Sequence[_Text], cleaned: Sequence[str], secrets: Sequence[str]) -> list[str]:  # noqa: FBT001
    """Those of the texts that are exact, or those that are not, with the secrets masked in one pass over all."""
    chosen = [text for text, (_, is_exact) in zip(cleaned, texts, strict=True) if is_exact is exact]
    return (redact(_BETWEEN.join(chosen), secrets) or "").split(_BETWEEN)


def _replaced(document: Document, change: Callable[[_Text], str]) -> Document:
    """A copy of the document, each text replaced by what `change` makes of it."""
    root: list[Any] = [document]
    todo: list[tuple[Any, Any, bool]] = [(root, 0, False)]
    while todo:
        holder, place, exact = todo.pop()
        value = holder[place]
        if isinstance(value, str):
            holder[place] = change((value, exact))
        elif isinstance(value, Mapping):
            names = {key: change((key, _is_field(key))) for key in value}
            holder[place] = copy = {names[key]: inner for key, inner in value.items()}
            todo += [(copy, name, _is_exact(key)) for key, name in names.items()]
        elif isinstance(value, list | tuple):
            holder[place] = items = list(value)
            todo += [(items, number, exact) for number in range(len(items))]
    copied: Document = root[0]
    return copied
