"""Server documents made safe to show and to store.

Control characters could rewrite the terminal. A failure text may repeat a sent password. Both are removed here from
keys and values at any depth, before other code reads a job document.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from itertools import compress
from operator import not_
from typing import Any, TypeVar

from pulumi_bms.api.http.redaction import redact

Document = TypeVar("Document", bound=Mapping[str, Any])

SHORTEST_SECRET = 6
"""Shortest submitted secret to mask in documents. Passwords of the API have 8 characters at least."""
LONG_SECRET = 16
"""Shortest secret to mask in texts that programs read. A shorter secret may be part of an id."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, line separators, and characters that change the direction of writing."""
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
# Not by name: the compiler would need `unicodedata`, a module that a file of the program may replace.
_MARK = "\ufffd"
_BETWEEN = "\0"
"""Never part of a text without control characters."""


class KnownSecrets:
    """Secrets of this process outside credentials, for example passwords in submissions. Safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, None] = {}

    def add(self, values: Iterable[str]) -> None:
        """Add secrets. Values shorter than any password are ignored: ordinary words would be masked."""
        with self._lock:
            self._values.update((value, None) for value in values if len(value) >= SHORTEST_SECRET)

    def all(self) -> tuple[str, ...]:
        """All added secrets."""
        with self._lock:
            return tuple(self._values)


SUBMITTED = KnownSecrets()
"""The secrets in the bodies of submissions."""


def without_control_characters(text: str, instead: str = "") -> str:
    """The text with `instead` for every control character. Line breaks and tabs become blanks."""
    return _CONTROL.sub(lambda texts: " " if texts[0].isspace() else instead, text)


def sanitized(document: Document, secrets: Iterable[str] = ()) -> Document:
    """The document without control characters, and with every secret masked.

    In ids, field names, statuses, codes and times only long secrets are masked. A short password must not change the id
    of a server or the end of a job.
    """
    texts = list(dict.fromkeys(_texts(document)))
    changes = {old: new for old, new in zip(texts, _safe(texts, tuple(secrets)), strict=True) if old[0] != new}
    return _replaced(document, lambda text: changes.get(text, text[0])) if changes else document


class _Kind(Enum):
    """The use of a text."""

    WORDS = auto()
    """People read the text."""
    NAME = auto()
    """The name of a field that programs don't read.

    Without marks for control characters the name could match a known name.
    """
    EXACT = auto()
    """Programs decide on the text."""


_Text = tuple[str, _Kind]


def _texts(document: Mapping[str, Any]) -> Iterator[_Text]:
    # No recursion: the nesting of a server document has no bound.
    todo: list[tuple[Any, _Kind]] = [(document, _Kind.WORDS)]
    while todo:
        value, kind = todo.pop()
        if isinstance(value, str):
            yield value, kind
        elif isinstance(value, Mapping):
            yield from ((name, _kind_of_name(name)) for name in value)
            todo += [(inner, _kind_of_value(name)) for name, inner in value.items()]
        elif isinstance(value, list | tuple):
            todo += [(inner, kind) for inner in value]


def _kind_of_value(name: str) -> _Kind:
    return _Kind.EXACT if name in _EXACT_NAMES or _ID_NAME.search(name) else _Kind.WORDS


def _kind_of_name(name: str) -> _Kind:
    return _Kind.EXACT if name in _FIELDS or _ID_NAME.search(name) else _Kind.NAME


def _safe(texts: Sequence[_Text], secrets: Sequence[str]) -> list[str]:
    """The texts in their order, safe to show."""
    # A text that only resembles SUCCESS, or an id, must not become equal.
    cleaned = [without_control_characters(text, "" if kind is _Kind.WORDS else _MARK) for text, kind in texts]
    is_exact = [kind is _Kind.EXACT for _, kind in texts]
    long = [secret for secret in secrets if len(secret) >= LONG_SECRET]
    exact = iter(_masked(compress(cleaned, is_exact), long))
    others = iter(_masked(compress(cleaned, map(not_, is_exact)), secrets))
    return [next(exact if here else others) for here in is_exact]


def _masked(texts: Iterable[str], secrets: Sequence[str]) -> list[str]:
    """The texts with the secrets masked, in one pass over all texts."""
    return (redact(_BETWEEN.join(texts), secrets) or "").split(_BETWEEN)


def _replaced(document: Document, change: Callable[[_Text], str]) -> Document:
    """A copy of the document with every text replaced by the result of `change`."""
    root: list[Any] = [document]
    todo: list[tuple[Any, Any, _Kind]] = [(root, 0, _Kind.WORDS)]
    while todo:
        holder, place, kind = todo.pop()
        value = holder[place]
        if isinstance(value, str):
            holder[place] = change((value, kind))
        elif isinstance(value, Mapping):
            names = {name: change((name, _kind_of_name(name))) for name in value}
            holder[place] = copy = {names[name]: inner for name, inner in value.items()}
            todo += [(copy, new, _kind_of_value(name)) for name, new in names.items()]
        elif isinstance(value, list | tuple):
            holder[place] = items = list(value)
            todo += [(items, number, kind) for number in range(len(items))]
    copied: Document = root[0]
    return copied
