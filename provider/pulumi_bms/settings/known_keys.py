"""Unknown keys of the stack config, and the most similar known key."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from pulumi_bms.settings.sources import KEYS, NAMESPACE

_CUTOFF = 0.6


def unknown_keys(keys: Iterable[str]) -> list[tuple[str, str]]:
    """The unknown keys of this namespace in a config, with the most similar known key or ""."""
    known = (*KEYS, "profiles")
    parts = (key.partition(":") for key in sorted(keys))
    unknown = [name for namespace, _, name in parts if namespace == NAMESPACE and name not in known]
    return [(f"{NAMESPACE}:{name}", _full(nearest(name, known))) for name in unknown]


def nearest(name: str, known: Collection[str]) -> str:
    """The most similar known name, or "". Case and separators are ignored."""
    plain = {_plain(each): each for each in known}
    matches = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CUTOFF)
    return plain[matches[0]] if matches else ""


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _full(name: str) -> str:
    return f"{NAMESPACE}:{name}" if name else ""
