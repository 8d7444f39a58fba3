"""Reading of JSON values of unknown types: a value of another type reads as empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bms_simulator.http.responses import Json


def mapping(value: Json) -> Mapping[str, Json]:
    """Return the value if the value is an object, otherwise an empty object."""
    return value if isinstance(value, Mapping) else {}


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Return the items of a list of objects, an empty list for any other value."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    items = [item for item in value if isinstance(item, Mapping)]
    return items if len(items) == len(value) else []


def text(value: Mapping[str, Json], key: str) -> str:
    """Return the string under a key, an empty one if there is none."""
    item = value.get(key)
    return item if isinstance(item, str) else ""
