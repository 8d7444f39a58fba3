"""One HTTP request, apart from its connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from bms_simulator.http.responses import Json


@dataclass(frozen=True, slots=True)
class Request:
    """One request from the wire. Header names are in lower case, the path has no query."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes = field(default=b"", repr=False)


def parsed(body: bytes) -> Json:
    """Return the value of a JSON document. Other bytes raise ValueError."""
    try:
        return cast("Json", json.loads(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None
