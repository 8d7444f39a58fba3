"""The wire: a server, read tolerantly.

Source: the pages "Querying Details About a BMS" and "Querying Details About BMSs" of the Bare Metal Server API
reference. Ambiguous responses are refused: a server must have an id and a status, a task state must be a text (else
no task would seem to run), and tags, addresses and volumes must be lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, field_validator, model_validator

from pulumi_bms.api.models.job import Text, Unreadable
from pulumi_bms.api.models.values import (
    Flag,
    Number,
    Wire,
    Words,
    mapping,
    objects,
)

SYSTEM_TAGS = ("__type_baremetal", "_sys_")
"""Prefixes of system tags. A server without its system tags vanishes from the console."""
PREPAID = "1"
ON_DEMAND = "0"
_NOT_FROZEN = ("", "normal")
_UUID = re.compile(r"[0-9a-zA-Z][\w-]*", re.ASCII)


def is_system_tag(key: str) -> bool:
    """Whether a tag belongs to the system, so that no tool may touch the tag."""
    return key.startswith(SYSTEM_TAGS)


class Address(Wire):
    """One address of a NIC. A NIC with an elastic IP has two addresses with the same `port_id`."""

    network: str = ""
    """The id of the VPC."""
    ip: Text = Field(None, alias="addr")
    kind: Text = Field(None, alias="OS-EXT-IPS:type")
    """`fixed` or `floating`."""
    mac_address: Text = Field(None, alias="OS-EXT-IPS-MAC:mac_addr")
    port_id: Text = Field(None, alias="OS-EXT-IPS:port_id")
    version: Text = None


class AttachedVolume(Wire):
    """One volume of a server, from the server's details."""

    id: Text = None
    device: Text = None
    boot_index: Number = Field(None, alias="bootIndex")
    deleted_with_server: Flag = Field(None, alias="delete_on_termination")

    @property
    def is_root(self) -> bool:
        """Whether the server starts from the volume."""
        return self.boot_index == 0


class Fault(Wire):
    """The reason of a server's error."""

    message: Text = None
    code: Text = None
    details: Text = None


class SecurityGroup(Wire):
    """One security group of a server."""

    id: Text = None
    name: Text = None


def _tags(value: object) -> dict[str, str]:
    """The tags of details (`key=value`), of the call for tags (objects), or of a map."""
    if value is None or value == "":
        return {}
    if isinstance(value, Mapping):
        return dict(_tag(key, inner) for key, inner in value.items())
    if not isinstance(value, list):
        raise Unreadable("tags must be a list")
    return dict(_listed_tag(each) for each in value)


def _listed_tag(tag: object) -> tuple[str, str]:
    if isinstance(tag, str):
        key, _, value = tag.partition("=")
        return key, value
    if isinstance(tag, Mapping):
        return _tag(tag.get("key"), tag.get("value"))
    raise Unreadable("tags must be a list of strings or objects")


def _tag(key: object, value: object) -> tuple[str, str]:
    if not isinstance(key, str) or not isinstance(value, str | None):
        raise Unreadable("a tag must be a pair of strings")
    return key, value or ""


def _addresses(value: object) -> list[dict[str, Any]]:
    if value is None or value in ("", {}, []):
        return []
    if not isinstance(value, Mapping):
        raise Unreadable("addresses must be an object of lists")
    return [{**each, "network": network} for network, listed in value.items() for each in objects(listed, "addresses")]


def _task(value: object) -> str | None:
    if not isinstance(value, str | None):
        raise Unreadable("task_state must be a string")
    return (value or "").strip() or None


def _or_nothing(value: object) -> object:
    return value if isinstance(value, Mapping) and value else None


class Server(Wire):
    """One server. `tags` excludes system tags. Times are ISO 8601 texts."""

    id: str
    name: str = ""
    status: str
    task_state: Annotated[str | None, BeforeValidator(_task)] = Field(
        None, validation_alias=AliasChoices("OS-EXT-STS:task_state", "task_state")
    )
    vm_state: Text = Field(None, validation_alias=AliasChoices("OS-EXT-STS:vm_state", "vm_state"))
    power_state: Number = Field(None, validation_alias=AliasChoices("OS-EXT-STS:power_state", "power_state"))
    availability_zone: Text = Field(
        None, validation_alias=AliasChoices("OS-EXT-AZ:availability_zone", "availability_zone")
    )
    addresses: Annotated[tuple[Address, ...], BeforeValidator(_addresses)] = ()
    flavor_id: Text = None
    image_id: Text = None
    key_name: Text = None
    description: Text = None
    created: Text = None
    security_groups: tuple[SecurityGroup, ...] = ()
    volumes: tuple[AttachedVolume, ...] = ()
    tags: Annotated[dict[str, str], BeforeValidator(_tags)] = Field(default_factory=dict)
    metadata: Words = Field(default_factory=dict)
    fault: Annotated[Fault | None, BeforeValidator(_or_nothing)] = None
    enterprise_project_id: Text = None
    locked: Flag = None
    in_recycle_bin: Flag = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, wire: Any) -> Any:
        """Bring flavor, image and volumes to their places, and refuse a server without an id."""
        if not isinstance(wire, Mapping):
            return wire
        return {
            **wire,
            "flavor_id": mapping(wire.get("flavor")).get("id"),
            "image_id": mapping(wire.get("image")).get("id"),
            "security_groups": objects(wire.get("security_groups"), "security_groups"),
            "volumes": objects(wire.get("os-extended-volumes:volumes_attached"), "volumes_attached"),
            "name": wire.get("name") or "",
        }

    @field_validator("id")
    @classmethod
    def _id(cls, value: str) -> str:
        if not _UUID.fullmatch(value.strip()):
            raise ValueError("must be the id of a server")
        return value.strip()

    @field_validator("status")
    @classmethod
    def _status(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        return value.strip().upper()

    @field_validator("tags")
    @classmethod
    def _without_system_tags(cls, value: dict[str, str]) -> dict[str, str]:
        return {key: inner for key, inner in value.items() if not is_system_tag(key)}

    @property
    def prepaid(self) -> bool | None:
        """Whether the server is paid by month or year. None if the response does not say."""
        mode = self.metadata.get("chargingMode", "")
        if mode in (PREPAID, ON_DEMAND):
            return mode == PREPAID
        return True if self.order_id else None

    @property
    def order_id(self) -> str | None:
        """The order that bought the server."""
        return self.metadata.get("metering.order_id") or None

    @property
    def frozen(self) -> bool:
        """Whether the cloud has frozen the server because of unpaid bills."""
        return self.metadata.get("EcmResStatus", "").strip().lower() not in _NOT_FROZEN

    @property
    def port_ids(self) -> tuple[str, ...]:
        """The NICs in the order of creation, the primary NIC first.

        Without a list of NICs, the order of the addresses.
        """
        listed = re.findall(r"[\w-]+", self.metadata.get("baremetalPortIDList", ""), re.ASCII)
        return tuple(dict.fromkeys([*listed, *(each.port_id for each in self.addresses if each.port_id)]))

    def addresses_of(self, port_id: str) -> Iterator[Address]:
        """The addresses of one NIC."""
        return (each for each in self.addresses if each.port_id == port_id)


class ServerTags(Wire):
    """The tags of one server, without system tags."""

    tags: Annotated[dict[str, str], BeforeValidator(_tags)] = Field(default_factory=dict)

    @field_validator("tags")
    @classmethod
    def _without_system_tags(cls, value: dict[str, str]) -> dict[str, str]:
        return {key: inner for key, inner in value.items() if not is_system_tag(key)}
