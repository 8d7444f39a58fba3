"""Values of a request's body in a program: secrets marked, resources refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from pulumi_bms.secret_names import is_secret_name


def without_resources(name: str, value: Any) -> Any:
    """The value. Raises `TypeError` for a resource: a provider would get the text of an id or a URN."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: without_resources(name, known))
    if isinstance(value, pulumi.Resource):
        raise TypeError(f"{name} is a resource, not JSON: write an output of the resource, such as `id`")
    if isinstance(value, Mapping):
        return {key: without_resources(f"{name}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_resources(f"{name}[{number}]", inner) for number, inner in enumerate(value)]
    return value


def mark_secrets(body: Any) -> Any:
    """The body with the values of secret names marked as secrets for the engine."""
    if isinstance(body, pulumi.Output):
        return body.apply(mark_secrets)
    if isinstance(body, Mapping):
        return {key: _marked(key, value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [mark_secrets(item) for item in body]
    return body


def _marked(key: object, value: Any) -> Any:
    named = isinstance(key, str) and is_secret_name(key)
    return pulumi.Output.secret(value) if named and value is not None else mark_secrets(value)
