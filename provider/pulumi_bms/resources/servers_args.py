"""The nested arguments and outputs of `Servers`, as Pulumi's own SDKs have them.

Each argument is a class `XArgs` and a `TypedDict` `XArgsDict`: a program writes either one. Outputs are dicts with
attributes, so a program hands them on to another resource as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypeAlias, TypedDict

import pulumi


class AllowedAddressPairArgsDict(TypedDict):
    """An address that a NIC may use beside its own."""

    ip_address: pulumi.Input[str]
    """An IP address or a CIDR block; 0.0.0.0/0 is refused, and 1.1.1.1/0 turns the source check off."""
    mac_address: NotRequired[pulumi.Input[str]]
    """The MAC address, by default the NIC's own."""


@pulumi.input_type
class AllowedAddressPairArgs:
    """An address that a NIC may use beside its own."""

    ip_address: pulumi.Input[str]
    mac_address: pulumi.Input[str] | None

    def __init__(self, *, ip_address: pulumi.Input[str], mac_address: pulumi.Input[str] | None = None) -> None:
        """Take an address.

        :param ip_address: an IP address or a CIDR block; 0.0.0.0/0 is refused, and 1.1.1.1/0 turns the source check
            off.
        :param mac_address: the MAC address, by default the NIC's own.
        """
        _keep(self, ip_address=ip_address, mac_address=mac_address)


AllowedAddressPair: TypeAlias = AllowedAddressPairArgs | AllowedAddressPairArgsDict


class NicArgsDict(TypedDict):
    """A network interface; the first one of a server is its primary NIC."""

    subnet_id: pulumi.Input[str]
    """The network id of the subnet."""
    ip_address: NotRequired[pulumi.Input[str]]
    """A fixed IPv4 address, for one server only; by default the cloud chooses."""
    port_id: NotRequired[pulumi.Input[str]]
    """A port that exists and is DOWN, for one server only, in place of a new one."""
    allowed_address_pairs: NotRequired[pulumi.Input[Sequence[pulumi.Input[AllowedAddressPair]]]]
    """Addresses that the NIC may use beside its own."""


@pulumi.input_type
class NicArgs:
    """A network interface; the first one of a server is its primary NIC."""

    subnet_id: pulumi.Input[str]
    ip_address: pulumi.Input[str] | None
    port_id: pulumi.Input[str] | None
    allowed_address_pairs: pulumi.Input[Sequence[pulumi.Input[AllowedAddressPair]]] | None

    def __init__(
        self,
        *,
        subnet_id: pulumi.Input[str],
        ip_address: pulumi.Input[str] | None = None,
        port_id: pulumi.Input[str] | None = None,
        allowed_address_pairs: pulumi.Input[Sequence[pulumi.Input[AllowedAddressPair]]] | None = None,
    ) -> None:
        """Take a NIC.

        :param subnet_id: the network id of the subnet.
        :param ip_address: a fixed IPv4 address, for one server only; by default the cloud chooses.
        :param port_id: a port that exists and is DOWN, for one server only, in place of a new one.
        :param allowed_address_pairs: addresses that the NIC may use beside its own.
        """
        _keep(
            self,
            subnet_id=subnet_id,
            ip_address=ip_address,
            port_id=port_id,
            allowed_address_pairs=allowed_address_pairs,
        )


class DataDiskArgsDict(TypedDict):
    """A data disk that is made with each server."""

    type: pulumi.Input[str]
    """The disk type, such as SSD, GPSSD or SAS; all data disks have the same."""
    size: pulumi.Input[int]
    """The size in GB, 10 to 32768."""
    shareable: NotRequired[pulumi.Input[bool]]
    """Whether several servers may attach the disk, by default False."""
    dss_pool_id: NotRequired[pulumi.Input[str]]
    """The pool of the dedicated distributed storage that the disk lies in."""
    kms_key_id: NotRequired[pulumi.Input[str]]
    """The key that encrypts the disk."""


@pulumi.input_type
class DataDiskArgs:
    """A data disk that is made with each server."""

    type: pulumi.Input[str]
    size: pulumi.Input[int]
    shareable: pulumi.Input[bool] | None
    dss_pool_id: pulumi.Input[str] | None
    kms_key_id: pulumi.Input[str] | None

    def __init__(
        self,
        *,
        type: pulumi.Input[str],  # noqa: A002 - the vendor's Terraform provider calls it so
        size: pulumi.Input[int],
        shareable: pulumi.Input[bool] | None = None,
        dss_pool_id: pulumi.Input[str] | None = None,
        kms_key_id: pulumi.Input[str] | None = None,
    ) -> None:
        """Take a data disk.

        :param type: the disk type, such as SSD, GPSSD or SAS; all data disks have the same.
        :param size: the size in GB, 10 to 32768.
        :param shareable: whether several servers may attach the disk, by default False.
        :param dss_pool_id: the pool of the dedicated distributed storage that the disk lies in.
        :param kms_key_id: the key that encrypts the disk.
        """
        _keep(self, type=type, size=size, shareable=shareable, dss_pool_id=dss_pool_id, kms_key_id=kms_key_id)


class SchedulerHintsArgsDict(TypedDict):
    """Where the cloud places the servers."""

    dec_baremetal: pulumi.Input[str]
    """`share`, or `dedicate` for servers in a dedicated cloud."""


@pulumi.input_type
class SchedulerHintsArgs:
    """Where the cloud places the servers."""

    dec_baremetal: pulumi.Input[str]

    def __init__(self, *, dec_baremetal: pulumi.Input[str]) -> None:
        """Take the hints.

        :param dec_baremetal: `share`, or `dedicate` for servers in a dedicated cloud.
        """
        _keep(self, dec_baremetal=dec_baremetal)


class MetadataOptionsArgsDict(TypedDict):
    """How the servers reach their metadata; few regions know these options."""

    http_endpoint: NotRequired[pulumi.Input[str]]
    """`enabled` or `disabled`."""
    http_tokens: NotRequired[pulumi.Input[str]]
    """`optional` or `required`."""


@pulumi.input_type
class MetadataOptionsArgs:
    """How the servers reach their metadata; few regions know these options."""

    http_endpoint: pulumi.Input[str] | None
    http_tokens: pulumi.Input[str] | None

    def __init__(
        self, *, http_endpoint: pulumi.Input[str] | None = None, http_tokens: pulumi.Input[str] | None = None
    ) -> None:
        """Take the options.

        :param http_endpoint: `enabled` or `disabled`.
        :param http_tokens: `optional` or `required`.
        """
        _keep(self, http_endpoint=http_endpoint, http_tokens=http_tokens)


Nic: TypeAlias = NicArgs | NicArgsDict
DataDisk: TypeAlias = DataDiskArgs | DataDiskArgsDict
SchedulerHints: TypeAlias = SchedulerHintsArgs | SchedulerHintsArgsDict
MetadataOptions: TypeAlias = MetadataOptionsArgs | MetadataOptionsArgsDict


def _keep(args: object, **values: Any) -> None:
    for name, value in values.items():
        if value is not None:
            pulumi.set(args, name, value)


@pulumi.output_type
class Address(dict[str, Any]):
    """An address of a server: a NIC with a public IP has two, a fixed and a floating one, on the same port."""

    ip_address: str
    type: str
    """`fixed`, or `floating` for a public IP."""
    mac_address: str | None
    port_id: str | None
    vpc_id: str | None


@pulumi.output_type
class AttachedVolume(dict[str, Any]):
    """A disk of a server."""

    volume_id: str
    device: str | None
    """The name that the cloud shows; the operating system's may differ."""
    boot_index: int | None
    """0 for the disk that the server boots from, -1 for others."""
    delete_on_termination: bool | None


@pulumi.output_type
class Server(dict[str, Any]):
    """A server as the cloud described it last."""

    id: str
    name: str
    status: str
    flavor_id: str | None
    image_id: str | None
    availability_zone: str | None
    created: str | None
    """When the server was made, such as 2026-01-31T12:00:00Z."""
    addresses: Sequence[Address]
    volumes: Sequence[AttachedVolume]
