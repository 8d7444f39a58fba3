"""The check for inputs of any shape: strings, numbers, lists and dicts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pulumi import Archive, Asset, Resource
from pulumi.output import Unknown

from pulumi_bms.lifecycle.model_reading import Place, Problem, shown

_NO_JSON = "not JSON: write strings, numbers, lists and dicts"


def json_problems(place: Place, value: object) -> Iterator[Problem]:
    """The problems of values outside JSON, by path, such as `body.server.image`."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from json_problems((*place, key), inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from json_problems((*place, number), inner)
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(shown(place), "must be a finite number")
    elif value is not None and not isinstance(value, str | int | float | Unknown):
        yield Problem(shown(place), _no_json(value))


def _no_json(value: object) -> str:
    if isinstance(value, Asset):
        return "is an asset, not JSON: write the content as a string"
    if isinstance(value, Archive):
        return f"is an archive, {_NO_JSON}"
    if isinstance(value, Resource):
        return "is a resource, not JSON: write an output of the resource, such as `id`"
    return f"is of type {type(value).__name__}, {_NO_JSON}"
