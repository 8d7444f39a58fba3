"""Values of responses, read tolerantly: missing, null and "" are None. Numbers and flags may be strings.

Only ambiguous values are refused (`Unreadable`): a list must be a list of objects, and an item must have an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from pulumi_bms.api.models.job import Unreadable

_LARGEST = 2**53


class Wire(BaseModel):
    """An object from a response. Undocumented fields are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    @classmethod
    def read(cls, wire: Mapping[str, Any]) -> Self:
        """Read one object of a response. Raises `Unreadable` for an ambiguous object."""
        try:
            return cls.model_validate(wire)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise Unreadable(f"{'.'.join(map(str, first['loc'])) or cls.__name__}: {first['msg']}") from None

    @classmethod
    def read_all(cls, document: Mapping[str, Any], *names: str) -> tuple[Self, ...]:
        """Read the list of objects under one of the names."""
        number = next((document[name] for name in names if document.get(name) is not None), None)
        return tuple(cls.read(each) for each in objects(number, names[0]))


def objects(value: object, name: str) -> list[Mapping[str, Any]]:
    """A list of objects. Missing, null and "" are an empty list."""
    if value is None or value == "":
        return []
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Unreadable(f"{name} must be a list of objects")
    return value


def mapping(value: object) -> Mapping[str, Any]:
    """An object. Any other value is an empty object."""
    return value if isinstance(value, Mapping) else {}


def words(value: object) -> dict[str, str]:
    """An object of strings. Values that are neither strings nor numbers are left out."""
    return {key: text for key, inner in mapping(value).items() if (text := _word(inner)) is not None}


def number(value: object) -> int | None:
    """A whole number, also from text. None for any other value."""
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return int(number) if number is not None and abs(number) <= _LARGEST and number == int(number) else None


def flag(value: object) -> bool | None:
    """True or false, also from text or from 1 and 0. None for any other value."""
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())


def _word(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


Number = Annotated[int | None, BeforeValidator(number)]
Flag = Annotated[bool | None, BeforeValidator(flag)]
Words = Annotated[dict[str, str], BeforeValidator(words)]
