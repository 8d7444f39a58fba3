"""Reading of a JSON file: each value knows its place in the file. An error names the place but never a value."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A value, with its file and its place in the file."""

    file: Path
    name: str
    value: object = field(repr=False)

    def wrong(self, what: str) -> NoReturn:
        """Say what is wrong here."""
        raise ValueError(f"{self.file}: {self.name or 'the document'} {what}")

    def object_of(self, *known: str) -> dict[str, object]:
        """Return the value as an object with no other keys."""
        if not isinstance(self.value, dict):
            self.wrong("must be an object")
        if not self.value.keys() <= set(known):
            # The key is not named: in a file of a wrong shape a key may be a secret.
            self.wrong(f"has a key that is none of {', '.join(known)}")
        return self.value

    def at(self, key: str) -> Place:
        """Return the place under a key of the object, with None for a missing key."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Place(self.file, f"{self.name}.{key}" if self.name else key, value)

    def text(self, key: str) -> str:
        """Return the string under a key."""
        place = self.at(key)
        if not isinstance(place.value, str) or not place.value:
            place.wrong("must be a string that is not empty")
        return place.value

    def text_or_none(self, key: str) -> str | None:
        """Return the string under a key, None for null or a missing key."""
        return None if self.at(key).value is None else self.text(key)

    def flag(self, key: str) -> bool:
        """Return the boolean under a key, false for a missing key."""
        place = self.at(key)
        if not isinstance(place.value, bool | None):
            place.wrong("must be true or false")
        return bool(place.value)

    def items(self, key: str, read: Callable[[Place], T]) -> tuple[T, ...]:
        """Return the items of the list under a key, each as `read` returns it. A key without a value has none."""
        place = self.at(key)
        if not isinstance(place.value, list | None):
            place.wrong("must be a list")
        listed = place.value or []
        return tuple(read(Place(self.file, f"{place.name}[{number}]", item)) for number, item in enumerate(listed))


def read_json(file: Path) -> Place:
    """Return the whole document of a file."""
    try:
        return Place(file, "", json.loads(file.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise ValueError(f"{file}: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):
        raise ValueError(f"{file}: this is not JSON in UTF-8") from None
