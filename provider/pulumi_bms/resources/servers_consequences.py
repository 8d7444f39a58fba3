"""The effect of a change of `Servers` in words, for previews: what is ordered, deleted, wiped and charged. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_bms.lifecycle.input_checks import is_unknown
from pulumi_bms.resources.servers_changes import LOCAL, LOGIN, Changes, installs, is_taken
from pulumi_bms.resources.servers_installing import outdated
from pulumi_bms.resources.servers_nics import difference
from pulumi_bms.resources.servers_outputs import EMPTY, count_of, slots_of
from pulumi_bms.resources.servers_power import stopped_of

_PREPAID = "prePaid"


def consequences(change: Changes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """The lines about a change. A change of names, tags and metadata has no lines."""
    if change.replacing:
        return [_replacement(change, olds, news), *_money(olds, news), *_left(olds), *_refusal(olds)]
    before, after = len(slots_of(olds)), count_of(news)
    if is_unknown(news.get("count")):
        return ["the number of servers is not known yet: servers may be ordered or deleted"]
    lines = []
    if after < before:
        stored = {**olds, **{name: news.get(name) for name in LOCAL}}
        lines += [_shrink(olds, before, after), *_refund(olds), *_left(stored), *_refusal(stored)]
    ordered = max(0, after - before) + sum(each == EMPTY for each in slots_of(olds)[:after])
    if ordered:
        lines += [f"orders {_servers(ordered)}{_terms(news)}"]
    return [*_in_place(change, olds, news), *lines]


def _in_place(change: Changes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """The steps for existing servers that stop, wipe or rewire the servers, in their order."""
    kept = [each for each in slots_of(olds)[: count_of(news)] if each != EMPTY]
    if not kept:
        return []
    added, removed = difference(olds.get("nics"), news.get("nics")) if "nics" in change.in_place else ([], [])
    wiped = outdated(olds, news, kept) if installs(news) else []
    lines = [f"adds {len(added)} NIC(s) to each of {_servers(len(kept))}"] if added else []
    if wiped:
        lines.append(_installation(wiped, news))
    if removed:
        lines.append(f"removes {len(removed)} NIC(s) from each of {_servers(len(kept))}")
    stopped = [each for each in stopped_of(olds) if each in kept and each not in wiped]
    if stopped and news.get("power") != "off":
        lines.append(f"starts {_servers(len(stopped))} that an installation has left stopped: {', '.join(stopped)}")
    login = [name for name in LOGIN if name in change.local]
    if login and not wiped:
        lines.append(f"{', '.join(login)} will take effect at the next installation: nothing is changed now")
    if "power" in change.in_place and news.get("power") in ("on", "off"):
        lines.append(
            f"{'starts' if news['power'] == 'on' else 'stops, hard,'} the servers that are not {news['power']}"
        )
    if "reboot_triggers" in change.in_place and not wiped:
        lines.append("reboots the servers that run, hard")
    return lines


def _installation(wiped: Sequence[str], news: Mapping[str, Any]) -> str:
    most = news.get("max_unavailable")
    pace = f", {most:g} at a time" if isinstance(most, int | float) else ""
    return (
        f"stops {_servers(len(wiped))}, wipes the system disk of {_servers(len(wiped))}, and installs the system"
        f"{pace}: {', '.join(wiped)}"
    )


def of_new(inputs: Mapping[str, Any]) -> list[str]:
    """The lines about a first order. On-demand servers have no lines."""
    if inputs.get("charging_mode") != _PREPAID:
        return []
    number = "servers" if is_unknown(inputs.get("count")) else _servers(count_of(inputs))
    lines = [f"orders {number}{_terms(inputs)}"]
    if not inputs.get("unsubscribe_on_delete"):
        lines.append("`pulumi destroy` will refuse to delete the servers, unless unsubscribe_on_delete=True is set")
    return lines


def _replacement(change: Changes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> str:
    deleted = [each for each in slots_of(olds) if each != EMPTY]
    number = "servers" if is_unknown(news.get("count")) else _servers(count_of(news))
    return (
        f"a change of {', '.join(change.replacing)} replaces the servers: orders {number}{_terms(news)}, and deletes "
        f"{_servers(len(deleted))} with all system and local disks: {', '.join(deleted)}"
        f"{'. The old servers are deleted first' if is_taken(olds, news) else ''}"
    )


def _money(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    paid = ["the new servers are paid at once"] if news.get("charging_mode") == _PREPAID else []
    return [*_refund(olds), *paid]


def _refund(olds: Mapping[str, Any]) -> list[str]:
    is_yearly = olds.get("charging_mode") == _PREPAID
    return ["the old servers are paid by month or year: unsubscribing may cost a fee"] if is_yearly else []


def _left(olds: Mapping[str, Any]) -> list[str]:
    """What stays. Disks bought with a yearly server end with the server, and an EIP never does."""
    is_yearly = olds.get("charging_mode") == _PREPAID
    lines = []
    if olds.get("data_disks") and not olds.get("delete_data_volumes_on_delete") and not is_yearly:
        lines.append("the data disks of the deleted servers stay and are billed: see delete_data_volumes_on_delete")
    elif olds.get("data_disks"):
        lines.append("the data disks of the deleted servers are deleted, with all data")
    if olds.get("delete_data_volumes_on_delete") and not is_yearly:
        lines.append(
            "disks attached later, such as by a VolumeAttachment, must be detached first: else nothing is deleted"
        )
    if olds.get("iptype") and (is_yearly or not olds.get("delete_eip_on_delete")):
        see = "" if is_yearly else ": see delete_eip_on_delete"
        lines.append(f"the public IPs of the deleted servers stay and are billed{see}")
    return lines


def _refusal(olds: Mapping[str, Any]) -> list[str]:
    if olds.get("charging_mode") != _PREPAID or olds.get("unsubscribe_on_delete"):
        return []
    text = "`pulumi up` will refuse to delete the yearly or monthly servers: set unsubscribe_on_delete=True, and run "
    return [f"{text}`pulumi up`, before this change"]


def _shrink(olds: Mapping[str, Any], before: int, after: int) -> str:
    deleted = [each for each in slots_of(olds)[after:] if each != EMPTY]
    return (
        f"a count of {after} instead of {before} deletes {_servers(len(deleted))} with all system and local disks: "
        f"{', '.join(deleted)}"
    )


def _terms(inputs: Mapping[str, Any]) -> str:
    if inputs.get("charging_mode") != _PREPAID:
        return ""
    period = inputs.get("period")
    number = f"{period:g} " if isinstance(period, int | float) else ""
    unit = inputs.get("period_unit")
    return f" for {number}{unit if isinstance(unit, str) else 'period'}(s), paid at once"


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count} servers"
