"""The effect of a change of the inputs of `Servers`: replace the servers, change in place, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.lifecycle.input_checks import is_unknown
from pulumi_bms.operation import Effect

REPLACING = (
    *("flavor_id", "image_id", "availability_zone", "vpc_id", "nics", "key_pair", "admin_pass", "user_data"),
    *("security_groups", "eip_id", "iptype", "eip_charge_mode", "sharetype", "bandwidth_id", "bandwidth_size"),
    *("bandwidth_charge_mode", "system_disk_type", "system_disk_size", "system_disk_dss_pool_id"),
    *("system_disk_kms_key_id", "data_disks", "enterprise_project_id", "scheduler_hints", "metadata_options", "byol"),
    *("charging_mode", "period_unit", "period", "triggers"),
)
"""The inputs of an order. The marker of an order is made of these inputs. `changes` says which of them replace."""

LOGIN = ("key_pair", "admin_pass", "user_data")
"""The inputs for the login. An installed system takes the login of the installation."""

INSTALL_INPUTS = ("image_id", "reinstall_triggers")
"""The inputs of which a change installs the system anew, with `on_image_change="reinstall"`."""

PLACE = ("region", "project_id")
"""The location. A new region or project replaces, but naming the config's own region or project does not."""

IN_PLACE = (
    *("name", "tags", "metadata", "agency_name", "auto_renew", "count", "power", "reboot_triggers"),
    "reinstall_triggers",
)
"""The inputs that change existing servers in place."""

LOCAL = (
    *("unsubscribe_on_delete", "delete_eip_on_delete", "delete_data_volumes_on_delete", "user_id"),
    *("on_image_change", "max_unavailable"),
)
"""The inputs kept for a later delete or order. A change sends nothing."""

_DEFAULTS: Mapping[str, Any] = {
    "count": 1,
    "charging_mode": "postPaid",
    "auto_renew": False,
    "on_image_change": "replace",
    "unsubscribe_on_delete": False,
    "delete_eip_on_delete": False,
    "delete_data_volumes_on_delete": False,
}
"""The values of absent inputs."""


def _of_disks(disks: Any) -> Any:
    """Data disks, without `shareable=False`, the default."""
    if not isinstance(disks, Sequence):
        return disks
    return [{**disk, "shareable": disk.get("shareable") or None} for disk in disks if isinstance(disk, Mapping)]


def _of_groups(groups: Any) -> Any:
    """Security groups, in sorted order: the user's order has no meaning."""
    return sorted(groups) if isinstance(groups, Sequence) else groups


_MEANINGS: Mapping[str, Callable[[Any], Any]] = {"data_disks": _of_disks, "security_groups": _of_groups}


@dataclass(frozen=True, slots=True)
class Changes:
    """The changed properties, by effect."""

    replacing: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()
    local: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any change."""
        return bool(self.replacing or self.in_place or self.local)


def changes(olds: Mapping[str, Any], news: Mapping[str, Any], empty_slots: Sequence[int] = ()) -> Changes:
    """Compare the inputs of the last run and of this run.

    `empty_slots` are the slots without a server, to be filled in place. A value that is not known yet counts as
    changed.
    """
    moved = [name for name in PLACE if olds.get(name) and news.get(name) and differs(name, olds, news)]
    slots = [f"server_ids[{number}]" for number in empty_slots]
    softer = _in_place_of(olds, news)
    later = LOGIN if installs(news) else ()
    replacing = [name for name in REPLACING if name not in (*softer, *later)]
    return Changes(
        replacing=(*_changed(replacing, olds, news), *moved),
        in_place=(*_changed(softer, olds, news), *_changed(IN_PLACE, olds, news), *slots),
        local=(*_changed(later, olds, news), *_changed(LOCAL, olds, news)),
    )


def installs(inputs: Mapping[str, Any]) -> bool:
    """Whether another image is installed in place."""
    return inputs.get("on_image_change") == "reinstall"


def _in_place_of(olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs of an order that change in place here: groups, the NICs after the first, and perhaps the image."""
    softer = ["security_groups"]
    if _keeps_primary(_nics(olds), _nics(news)):
        softer.append("nics")
    if installs(news):
        softer.append("image_id")
    return tuple(softer)


def _keeps_primary(olds: Sequence[Any], news: Sequence[Any]) -> bool:
    """Whether the NICs after the first are all that differs, and can be added and removed.

    The request for a new NIC takes a subnet and an address. So a NIC with a port or with more addresses replaces.
    """
    if not olds or not news or is_unknown(news[0]) or olds[0] != news[0]:
        return False
    return len(news) == 1 or all(
        isinstance(nic, Mapping) and nic.keys() <= {"subnet_id", "ip_address"} for nic in (*olds[1:], *news[1:])
    )


def _nics(inputs: Mapping[str, Any]) -> Sequence[Any]:
    """The meanings of the NICs, or an empty list if the list is not known."""
    nics = inputs.get("nics")
    return _bare(nics) or [] if isinstance(nics, list | tuple) else []


def effects(change: Changes, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Effect]:
    """The effect of each changed property, for the host. A slot to be filled is an update."""
    names = [*change.replacing, *change.in_place, *change.local]
    return {name: _effect(name, olds, news, replaces=name in change.replacing) for name in names}


def _effect(name: str, olds: Mapping[str, Any], news: Mapping[str, Any], *, replaces: bool) -> Effect:
    if name not in olds and name not in news:
        return Effect.UPDATE
    return Effect.of(olds.get(name), news.get(name), replaces=replaces)


def _changed(names: Sequence[str], olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in names if differs(name, olds, news))


def differs(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether an input has changed its meaning. A value that is not known yet counts as changed."""
    return is_unknown(news.get(name)) or meaning(name, olds.get(name)) != meaning(name, news.get(name))


def meaning(name: str, value: Any) -> Any:
    """The meaning of an input's value: with defaults, and without None or empty parts."""
    bare = _bare(_MEANINGS.get(name, _bare)(value))
    return _DEFAULTS.get(name) if bare is None else bare


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: bare for key, inner in value.items() if (bare := _bare(inner)) is not None} or None
    if isinstance(value, list | tuple):
        return [_bare(inner) for inner in value] or None
    return value


def is_taken(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether the old servers have an address, a port or an EIP of the new servers: delete first, then order."""
    if meaning("eip_id", olds.get("eip_id")) and olds.get("eip_id") == news.get("eip_id"):
        return True
    return bool(_fixed(olds) & _fixed(news))


def _fixed(inputs: Mapping[str, Any]) -> set[tuple[str, str]]:
    nics = [nic for nic in inputs.get("nics") or [] if isinstance(nic, Mapping)] if _is_list(inputs) else []
    named = (("port_id", nic.get("port_id")) for nic in nics)
    addressed = ((str(nic.get("subnet_id")), nic.get("ip_address")) for nic in nics)
    return {(name, value) for name, value in (*named, *addressed) if isinstance(value, str) and value}


def _is_list(inputs: Mapping[str, Any]) -> bool:
    return isinstance(inputs.get("nics"), list | tuple)
