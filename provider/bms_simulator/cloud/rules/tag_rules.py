"""The rules of tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bms_simulator.http.json_values import text
from bms_simulator.http.responses import Json

LONGEST_KEY = 36
LONGEST_VALUE = 43
FORBIDDEN = frozenset("=*<>\\,|/")


def are_good_tags(tags: Sequence[Mapping[str, Json]]) -> bool:
    """Return whether every tag is a good one and no key is there twice."""
    keys = [text(tag, "key") for tag in tags]
    return len(set(keys)) == len(keys) and all(_is_good(tag) for tag in tags)


def _is_good(tag: Mapping[str, Json]) -> bool:
    key, value = tag.get("key"), tag.get("value", "")
    if not isinstance(key, str) or not isinstance(value, str):
        return False
    return 1 <= len(key) <= LONGEST_KEY and len(value) <= LONGEST_VALUE and _is_plain(key) and _is_plain(value)


def _is_plain(word: str) -> bool:
    return not FORBIDDEN & set(word) and not any(ord(letter) < ord(" ") for letter in word)
