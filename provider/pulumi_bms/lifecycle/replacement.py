"""A changed submission in words: the new request, and the servers of the earlier request, still billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_bms.lifecycle import unresolved as words
from pulumi_bms.lifecycle.input_checks import is_unknown

_ORDERS = ("POST", "baremetalservers")
"""Method and path of an order of servers."""


def consequence(
    changed: Sequence[str], olds: Mapping[str, Any], old_inputs: Mapping[str, Any], news: Mapping[str, Any]
) -> str:
    """The effect of `pulumi up` for the changed inputs.

    `old_inputs` are empty on Pulumi's own host, and then the number of servers is unknown.
    """
    unknown = [name for name in changed if is_unknown(news.get(name))]
    if len(unknown) == len(changed):
        begin = f"{_listed(unknown)} will be known after other resources exist. If a value differs from the sent value,"
    else:
        begin = f"{_listed([name for name in changed if name not in unknown])} changed, so"
    sends = "a new order is placed" if _request(news) == _ORDERS else "a new request is sent"
    method, path = _request(news)
    return f"{begin} {sends} ({method} {path}), and {_what_stays(olds, old_inputs, news)}"


def _what_stays(olds: Mapping[str, Any], old_inputs: Mapping[str, Any], news: Mapping[str, Any]) -> str:
    if earlier := words.of_outputs(olds):
        return words.in_short(earlier)
    job = f"job {olds.get('job_id')}"
    if _request(old_inputs or news) != _ORDERS:
        return f"the effects of {job} stay"
    match servers_of(old_inputs):
        case 1:
            return f"the server of {job} stays and is billed"
        case int(count):
            return f"the {count} servers of {job} stay and are billed"
    return f"the servers of {job} stay and are billed"


def servers_of(inputs: Mapping[str, Any]) -> int | None:
    """The number of servers in an order, or None if unknown."""
    body = inputs.get("body")
    server = body.get("server") if isinstance(body, Mapping) else None
    count = server.get("count", 1) if isinstance(server, Mapping) else None
    return int(count) if isinstance(count, int | float) and not isinstance(count, bool) else None


def _request(inputs: Mapping[str, Any]) -> tuple[str, str]:
    method, path = inputs.get("method") or "POST", inputs.get("path")
    known = (value if isinstance(value, str) else "..." for value in (method, path))
    return next(known), next(known).rstrip("/")


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
