"""The result of a resource's `check`, and the connection inputs that all resources share.

A failure begins with the property's path, such as `body.server.image`. Pulumi's own field for the property stays empty:
the engine prints the value of a named property, even of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pulumi.dynamic import CheckFailure, CheckResult
from pulumi.output import Unknown

from pulumi_bms.lifecycle.model_reading import Inputs, OrUnknown, Problem, known, read
from pulumi_bms.settings import endpoint_problem, name_problem, region_problem

_SERVER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


class ConnectionInputs(Inputs):
    """The inputs that name the API."""

    endpoint: OrUnknown[str] | None = None
    region: OrUnknown[str] | None = None
    project_id: OrUnknown[str] | None = None
    profile: OrUnknown[str] | None = None


CONNECTION: Mapping[str, Callable[[str], str | None]] = {
    "endpoint": endpoint_problem,
    "region": partial(region_problem, what="region"),
    "project_id": partial(name_problem, "project_id"),
    "profile": partial(name_problem, "profile"),
}
"""The connection inputs, with the rule of each."""


def is_unknown(value: object) -> bool:
    """Whether a value, or anything inside, is only known after another resource exists."""
    if isinstance(value, Mapping):
        return any(is_unknown(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(is_unknown(inner) for inner in value)
    return isinstance(value, Unknown)


def result(inputs: dict[str, Any], problems: Iterable[Problem | str | None]) -> CheckResult:
    """The result of a provider's `check`: the unchanged inputs, and the problems."""
    return CheckResult(inputs, [CheckFailure("", str(problem)) for problem in problems if problem])


def server_id_problem(value: object) -> str | None:
    """The problem of a server's id, or None."""
    if isinstance(value, Unknown):
        return None
    next_step = "write the server's id, such as bae51750-0089-41a1-9b18-5c777978ff6d"
    if not isinstance(value, str):
        return f"server_id must be a string: {next_step}"
    if not value.strip():
        return f"server_id is empty: {next_step}"
    return (
        None if _SERVER_ID.fullmatch(value) else f"server_id {value!r} contains characters outside an id: {next_step}"
    )


def connection_problems(inputs: Mapping[str, Any]) -> list[str]:
    """The problems of the connection inputs."""
    model, wrong = read(ConnectionInputs, inputs, {})
    values = {name: known(getattr(model, name)) for name in CONNECTION}
    problems = [CONNECTION[name](value) for name, value in values.items() if value is not None]
    others = " and ".join(name for name in CONNECTION if name != "profile" and inputs.get(name) is not None)
    if inputs.get("profile") is not None and others:
        problems.append(f"profile and {others} can't be set together: write {others} in the profile")
    return [*map(str, wrong), *filter(None, problems)]
