"""Checks of a resource's inputs: pure, offline, and lenient to values that are not known yet.

A problem is a text with the property's name and the remedy. The problem is reported without Pulumi's property field,
because Pulumi prints the value of a named property, even of a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pulumi import Archive, Asset, Resource
from pulumi.dynamic import CheckFailure, CheckResult
from pulumi.output import Unknown

from pulumi_bms.settings import endpoint_problem, name_problem, region_problem

LONGEST_JOB_ID = 128
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SEGMENT = re.compile(r"[A-Za-z0-9._~:@-]+")
_METHODS = ("POST", "PUT", "DELETE")
_FIRST_INEXACT = 2**53


def is_unknown(value: object) -> bool:
    """Whether a value, or anything inside, is only known after another resource exists."""
    if isinstance(value, Mapping):
        return any(is_unknown(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(is_unknown(inner) for inner in value)
    return isinstance(value, Unknown)


def result(inputs: dict[str, Any], problems: Iterable[str | None]) -> CheckResult:
    """The result of a provider's `check`: the unchanged inputs, and the problems."""
    return CheckResult(inputs, [CheckFailure("", problem) for problem in problems if problem])


def job_id_problem(value: object) -> str | None:
    """The problem of a job id, or None."""
    if isinstance(value, Unknown):
        return None
    next_step = "write the id from the API's response, such as 2c9eb2c5544cbf6101544f0602af2b4f"
    if value is None or (isinstance(value, str) and not value.strip()):
        return f"job_id is empty: {next_step}"
    if not isinstance(value, str):
        return f"job_id must be a string: {next_step}"
    if len(value) > LONGEST_JOB_ID:
        return f"job_id has {len(value)} characters, more than {LONGEST_JOB_ID}: {next_step}"
    if not _JOB_ID.fullmatch(value) or ".." in value:
        return f"job_id {value!r} contains characters outside an id: {next_step}"
    return None


def job_ids_problems(value: object) -> list[str | None]:
    """The problems of a map of job ids, key by key."""
    if isinstance(value, Unknown):
        return []
    if not isinstance(value, Mapping) or not value:
        return ['job_ids must be a dict with at least one job: write {"web": "2c9eb2c5544cbf6101544f0602af2b4f"}']
    problems = {key: job_id_problem(job_id) for key, job_id in value.items()}
    return [f"job_ids[{key!r}]: {problem}" for key, problem in problems.items() if problem]


def expected_servers_problem(value: object) -> str | None:
    """The problem of the expected number of servers, or None."""
    if value is None or isinstance(value, Unknown):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 or value < 1:
        shown = f", not {value!r}" if isinstance(value, str | int | float) else ""
        return f"expected_servers must be a whole number of at least 1, or absent{shown}"
    return None


CONNECTION: Mapping[str, Callable[[str], str | None]] = {
    "endpoint": endpoint_problem,
    "region": partial(region_problem, what="region"),
    "project_id": partial(name_problem, "project_id"),
    "profile": partial(name_problem, "profile"),
}
"""The connection inputs, with the check of each."""


def connection_problems(inputs: Mapping[str, Any]) -> list[str | None]:
    """The problems of the connection inputs."""
    values = {name: inputs[name] for name in CONNECTION if inputs.get(name) is not None}
    problems = [_connection_problem(name, value) for name, value in values.items() if not isinstance(value, Unknown)]
    others = " and ".join(name for name in values if name != "profile")
    if "profile" in values and others:
        problems.append(f"profile and {others} can't be set together: write {others} in the profile")
    return problems


def _connection_problem(name: str, value: object) -> str | None:
    return CONNECTION[name](value) if isinstance(value, str) else f"{name} must be a string"


def timeout_problem(value: object) -> str | None:
    """The problem of `create_timeout_seconds`, or None."""
    if value is None or isinstance(value, Unknown):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return "create_timeout_seconds must be a number above zero: set custom_timeouts.create instead"
    return None


def path_problem(value: object) -> str | None:
    """The problem of a submission's path, or None."""
    if isinstance(value, Unknown):
        return None
    next_step = (
        "write a path relative to /v1/{project_id}/, such as baremetalservers or baremetalservers/ID/attachvolume"
    )
    if value is None or (isinstance(value, str) and not value.strip()):
        return f"path is empty: {next_step}"
    if not isinstance(value, str):
        return f"path must be a string: {next_step}"
    if value.startswith("/") or "://" in value:
        return f"path is absolute: {next_step}"
    segments = value.split("/")
    if any(segment in (".", "..") for segment in segments):
        return f"path must not contain `.` or `..`: {next_step}"
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        return f"path contains an empty part, a query, a fragment or other characters outside a path: {next_step}"
    return None


def method_problem(value: object) -> str | None:
    """The problem of a submission's method, or None."""
    if value is None or isinstance(value, Unknown) or value in _METHODS:
        return None
    return f"method must be one of {', '.join(_METHODS)}"


def json_problems(name: str, value: object) -> list[str]:
    """The problems of values outside JSON, by path, such as `body.server.image`. No value is repeated."""
    if isinstance(value, Mapping):
        return [problem for key, inner in value.items() for problem in json_problems(f"{name}.{key}", inner)]
    if isinstance(value, list | tuple):
        return [values for number, inner in enumerate(value) for values in json_problems(f"{name}[{number}]", inner)]
    if value is None or isinstance(value, str | bool | int | Unknown):
        return []
    if isinstance(value, float):
        return [] if math.isfinite(value) else [f"{name} must be a finite number"]
    return [f"{name} {_rule_of(value)}"]


def _rule_of(value: object) -> str:
    if isinstance(value, Asset):
        return "is an asset, not JSON: write the content as a string"
    if isinstance(value, Archive):
        return "is an archive, not JSON: write strings, numbers, lists and dicts"
    if isinstance(value, Resource):
        return "is a resource, not JSON: write an output of the resource, such as `id`"
    return f"is of type {type(value).__name__}, not JSON: write strings, numbers, lists and dicts"


def body_problem(value: object) -> str | None:
    """The problem of a submission's body, or None. Never repeats a value, because the body may hold passwords."""
    if isinstance(value, str | int | float | list | tuple):
        return 'body must be a JSON object: write a dict, such as {"server": {...}}'
    if _holds_inexact(value):
        return "body contains a number of 2**53 or more, and Pulumi rounds such numbers: write the number as a string"
    return None


def _holds_inexact(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_inexact(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_inexact(inner) for inner in value)
    # Numbers arrive as floats: 2**53 + 1 as 2**53. Infinity and NaN are a separate problem.
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) >= _FIRST_INEXACT
