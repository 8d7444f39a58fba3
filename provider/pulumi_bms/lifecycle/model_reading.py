"""Read a resource's inputs into pydantic models, lenient to values that are not known yet.

Pulumi passes numbers as floats and leaves out None. A value that depends on a new resource is an `Unknown`, at any
depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar, get_args

from pulumi.output import Unknown
from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """The problem of one property, with the remedy. Never holds a secret's value."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path} {self.text}"


class _LetUnknown:
    """Marks a type that accepts an `Unknown`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (kind,) = (kind for kind in get_args(source) if kind is not Unknown)
        return core_schema.no_info_wrap_validator_function(_let_unknown, handler.generate_schema(kind))


def _let_unknown(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, Unknown) else validate(value)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


OrUnknown: TypeAlias = Annotated[T | Unknown, _LetUnknown()]
Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)]
"""A whole number. Pulumi passes a float."""


class Nested(BaseModel):
    """A nested argument. An unknown name is a mistake."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Inputs(BaseModel):
    """A resource's inputs. Names outside the model belong to other parts."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", arbitrary_types_allowed=True)


def known(value: T | Unknown | None) -> T | None:
    """The value if given and known, else None."""
    return None if isinstance(value, Unknown) else value


class Item(NamedTuple):
    """A known member of a list or a map, with its path."""

    path: str
    value: Any


def items(path: str, listed: object) -> list[Item]:
    """The known members of a list or a map, each with a path. Unknown and absent members are left out."""
    if isinstance(listed, Mapping):
        return [Item(shown((path, key)), value) for key, value in listed.items() if known(value) is not None]
    if isinstance(listed, Sequence):
        return [Item(shown((path, number)), value) for number, value in enumerate(listed) if known(value) is not None]
    return []


def shown(place: Place) -> str:
    """A property path as Pulumi writes it: `nics[0].ip_address`, `tags["a.b"]`."""
    return "".join(_part(number, part) for number, part in enumerate(place))


def _part(number: int, part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if not number:
        return part
    return f".{part}" if part.isidentifier() else '["{}"]'.format(part.replace('"', r"\""))


def read(model: type[M], inputs: Mapping[str, Any], next_step: Mapping[str, str]) -> tuple[M, list[Problem]]:
    """Read inputs into a model, and collect the type problems.

    A value of a wrong type then counts as unknown, so the other rules still find their problems. `next_step` has a
    remedy for each property path without indices. A path such as `tags.*` stands for all keys of a map.
    """
    values: Any = _without_none(inputs)
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
    mended = values
    for detail in details:
        mended = _mended(mended, detail["loc"], drop=detail["type"] == "extra_forbidden")
    return model.model_validate(mended), [_problem(detail, next_step) for detail in details]


def _without_none(document: Any) -> Any:
    """The document without dict members of None. The engine never passes None, but a test may."""
    if isinstance(document, Mapping):
        return {key: _without_none(value) for key, value in document.items() if value is not None}
    return [_without_none(member) for member in document] if isinstance(document, list | tuple) else document


def _mended(document: Any, place: Place, *, drop: bool) -> Any:
    """The document with an `Unknown` in one place, or without that place."""
    if not place:
        return Unknown()  # type: ignore[no-untyped-call]
    part, rest = place[0], place[1:]
    if isinstance(document, Mapping):
        if drop and not rest:
            return {key: value for key, value in document.items() if key != part}
        return {**document, part: _mended(document.get(part), rest, drop=drop)}
    members = list(document)
    members[int(part)] = _mended(members[int(part)], rest, drop=drop)
    return members


_TEXTS = {
    "missing": "is missing",
    "extra_forbidden": "is an unknown property: check the spelling",
    "string_type": "must be a string",
    "bool_type": "must be True or False",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "dict_type": "must be a dict",
    "model_type": "must be a dict",
}


def _problem(detail: ErrorDetails, next_step: Mapping[str, str]) -> Problem:
    text = _TEXTS.get(detail["type"], "is not valid")
    names = ".".join(part for part in detail["loc"] if isinstance(part, str))
    hint = next_step.get(names) or next_step.get(f"{names.rpartition('.')[0]}.*")
    return Problem(shown(detail["loc"]), f"{text}: {hint}" if hint else text)
