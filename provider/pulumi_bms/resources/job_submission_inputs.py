"""The inputs of `JobSubmission` as typed values, and all their problems: offline, in the plugin process only.

No problem repeats a value, because the values may hold passwords.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_bms.lifecycle.json_problems import json_problems
from pulumi_bms.lifecycle.model_reading import Inputs, OrUnknown, Problem, known, read

REMEDIES = {
    "path": "write the path after /v1/{project_id}/, such as baremetalservers or baremetalservers/ID/attachvolume",
    "method": "write POST, PUT or DELETE",
    "body": 'write a dict, such as {"server": {...}}',
}
_SEGMENT = re.compile(r"[A-Za-z0-9._~:@-]+")
_METHODS = ("POST", "PUT", "DELETE")
_FIRST_INEXACT = 2**53


class SubmissionInputs(Inputs):
    """The inputs, without the connection inputs. The JSON values may hold anything that Pulumi hands on."""

    path: OrUnknown[str]
    method: OrUnknown[str] | None = None
    body: Any = None
    triggers: Any = None


def problems(inputs: Mapping[str, Any]) -> list[Problem]:
    """All problems known offline. Unknown values cause no problem."""
    model, wrong = read(SubmissionInputs, inputs, REMEDIES)
    rules = (*_path(known(model.path)), *_method(known(model.method)), *_body(model.body))
    return [*wrong, *rules, *json_problems(("body",), model.body), *json_problems(("triggers",), model.triggers)]


def _path(path: str | None) -> Iterator[Problem]:
    if path is None:
        return
    segments = path.split("/")
    if not path.strip():
        text = "is empty"
    elif path.startswith("/") or "://" in path:
        text = "must be relative"
    elif any(segment in (".", "..") for segment in segments):
        text = "must not hold `.` or `..`"
    elif not all(_SEGMENT.fullmatch(segment) for segment in segments):
        text = "must not hold an empty part, a query, a fragment or other characters that no path has"
    else:
        return
    yield Problem("path", f"{text}: {REMEDIES['path']}")


def _method(method: str | None) -> Iterator[Problem]:
    if method is not None and method not in _METHODS:
        yield Problem("method", f"must be one of {', '.join(_METHODS)}")


def _body(body: object) -> Iterator[Problem]:
    if isinstance(body, str | int | float | list | tuple):
        yield Problem("body", f"must be a JSON object: {REMEDIES['body']}")
    elif _holds_inexact(body):
        yield Problem("body", "must hold only numbers below 2**53, which Pulumi hands on exactly: write it as text")


def _holds_inexact(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_inexact(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_inexact(inner) for inner in value)
    # Numbers arrive as floats: 2**53 + 1 as 2**53. Infinity and NaN are a separate problem.
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) >= _FIRST_INEXACT
