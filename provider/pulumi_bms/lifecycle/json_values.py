"""JSON values as Pulumi hands them on, and as the API needs them. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def exact(value: Any) -> Any:
    """Whole numbers as int: Pulumi passes every number as a float, but the API needs 3, not 3.0."""
    if isinstance(value, Mapping):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [exact(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def canonical(value: Any) -> str:
    """The same text for the same value, in any order of keys."""
    return json.dumps(exact(value), sort_keys=True, separators=(",", ":"), default=str)
