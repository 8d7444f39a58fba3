"""Keys of the stack config that nothing reads, and the known key that each is most like."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from pulumi_bms.settings.sources import KEYS, NAMESPACE

_CUTOFF = 0.6


def unknown_keys(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Of all keys of a config, those of this namespace that are not read, each with the nearest known one or ""."""
    known = (*KEYS, "profiles")
    parts = (key.partition(":") for key in sorted(keys))
    unknown = [name for namespace, _, name in parts if namespace == NAMESPACE and name not in known]
    return [(f"{NAMESPACE}:{name}", _full(nearest(name, known))) for name in unknown]


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that is most like another one, in whatever case and with whatever separators, or ""."""
    plain = {_plain(each): each for each in known}
    found = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CUTOFF)
    return plain[found[0]] if found else ""


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _full(name: str) -> str:
    return f"{NAMESPACE}:{name}" if name else ""
