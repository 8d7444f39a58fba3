"""The effect of a change of `Servers` in words, for previews: what is ordered, deleted, wiped and charged. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_bms.resources.servers_changes import Changes
from pulumi_bms.resources.servers_outputs import EMPTY, count_of, slots_of

_PREPAID = "prePaid"


def consequences(change: Changes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """The lines about a change. A change of names, tags and metadata has no lines."""
    if change.replacing:
        return [_replacement(change, olds, news), *_money(olds, news), *_refusal(olds)]
    before, after = len(slots_of(olds)), count_of(news)
    lines = []
    if after < before:
        lines += [_shrink(olds, before, after), *_refusal(olds), *_left(olds)]
    empty = sum(each == EMPTY for each in slots_of(olds)[:after])
    ordered = max(0, after - before) + empty
    if ordered:
        lines += [f"orders {_servers(ordered)}{_terms(news)}"]
    return lines


def _replacement(change: Changes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> str:
    deleted = [each for each in slots_of(olds) if each != EMPTY]
    return (
        f"a change of {', '.join(change.replacing)} replaces the servers: orders {_servers(count_of(news))}"
        f"{_terms(news)}, and deletes {_servers(len(deleted))} with the system disks: {', '.join(deleted)}"
    )


def _money(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    lines = []
    if olds.get("charging_mode") == _PREPAID:
        lines.append("the old servers are paid by month or year: unsubscribing may cost a fee")
    if news.get("charging_mode") == _PREPAID:
        lines.append("the new servers are paid at once")
    return [*lines, *_left(olds)]


def _left(olds: Mapping[str, Any]) -> list[str]:
    lines = []
    if olds.get("data_disks") and not olds.get("delete_data_volumes_on_delete"):
        lines.append("the data disks of the deleted servers stay and are billed: see delete_data_volumes_on_delete")
    if olds.get("iptype") and not olds.get("delete_eip_on_delete"):
        lines.append("the public IPs of the deleted servers stay and are billed: see delete_eip_on_delete")
    return lines


def _refusal(olds: Mapping[str, Any]) -> list[str]:
    if olds.get("charging_mode") != _PREPAID or olds.get("unsubscribe_on_delete"):
        return []
    return ["`pulumi up` will refuse to delete the yearly or monthly servers: set unsubscribe_on_delete=True before"]


def _shrink(olds: Mapping[str, Any], before: int, after: int) -> str:
    deleted = [each for each in slots_of(olds)[after:] if each != EMPTY]
    return (
        f"a count of {after} instead of {before} deletes {_servers(len(deleted))} with the system disks: "
        f"{', '.join(deleted)}"
    )


def _terms(inputs: Mapping[str, Any]) -> str:
    if inputs.get("charging_mode") != _PREPAID:
        return ""
    period = inputs.get("period")
    number = f"{period:g} " if isinstance(period, int | float) else ""
    return f" for {number}{inputs.get('period_unit')}(s)"


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"
