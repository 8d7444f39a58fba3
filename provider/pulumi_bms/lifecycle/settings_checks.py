"""Offline checks of settings: only errors that can never work. Missing settings are reported at the first request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pulumi.output import Unknown

from pulumi_bms import settings
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.settings import Lookup

_ORDERS = "baremetalservers"
"""The path of an order of servers."""
_ENTERPRISE_PROJECT = "enterprise_project_id"


def connection_problems(
    inputs: Mapping[str, Any], config: Lookup, environ: Mapping[str, str] | None = None
) -> list[str]:
    """The problems of the connection inputs, and of the settings behind the inputs."""
    problems = input_checks.connection_problems(inputs)
    decided = not problems and not any(isinstance(inputs.get(name), Unknown) for name in input_checks.CONNECTION)
    if not decided and inputs.get("profile") is not None:
        # Only the profile in the config would count, but the inputs do not name the profile.
        return problems
    return [*problems, *settings.problems(inputs if decided else None, config, _variables(environ))]


def enterprise_project_problem(
    inputs: Mapping[str, Any], config: Lookup, environ: Mapping[str, str] | None = None
) -> str | None:
    """The problem if a variable names an enterprise project, but an order's body does not."""
    body = inputs.get("body")
    orders = inputs.get("path") == _ORDERS and inputs.get("method") in (None, "POST")
    if not orders or not isinstance(body, Mapping) or _holds(body, _ENTERPRISE_PROJECT):
        return None
    name = settings.enterprise_project(inputs, config, _variables(environ))
    return name and (
        f"{name} is set, and the body names no enterprise project, so the servers would be in the default "
        f'project: write body["server"]["extendparam"]["{_ENTERPRISE_PROJECT}"] ("0" is the default project), '
        f"or unset {name}"
    )


def _holds(value: object, name: str) -> bool:
    """Whether the name occurs anywhere in a JSON value, or in an unknown part."""
    if isinstance(value, Mapping):
        return name in value or any(_holds(inner, name) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(inner, name) for inner in value)
    return isinstance(value, Unknown)


def _variables(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environ is None else environ
