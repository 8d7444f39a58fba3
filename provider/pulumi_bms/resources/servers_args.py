"""The nested arguments and outputs of `Servers`, in the style of Pulumi's own SDKs.

Each argument is a class `XArgs` and a `TypedDict` `XArgsDict`, and a program may use either. Outputs are dicts with
attributes, so a program can pass an output to a resource unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypeAlias, TypedDict

import pulumi


class AllowedAddressPairArgsDict(TypedDict):
    """An additional address of a NIC."""

    ip_address: pulumi.Input[str]
    """An IP address or a CIDR block. 0.0.0.0/0 is refused, and 1.1.1.1/0 turns the source check off."""
    mac_address: NotRequired[pulumi.Input[str]]
    """The MAC address, by default the NIC's own."""


@pulumi.input_type
class AllowedAddressPairArgs:
    """An additional address of a NIC."""

    ip_address: pulumi.Input[str]
    mac_address: pulumi.Input[str] | None

    def __init__(self, *, ip_address: pulumi.Input[str], mac_address: pulumi.Input[str] | None = None) -> None:
        """Take an address.

        :param ip_address: an IP address or a CIDR block. 0.0.0.0/0 is refused, and 1.1.1.1/0 turns the source check
            off.
        :param mac_address: the MAC address, by default the NIC's own.
        """
        _keep(self, ip_address=ip_address, mac_address=mac_address)


AllowedAddressPair: TypeAlias = AllowedAddressPairArgs | AllowedAddressPairArgsDict


class NicArgsDict(TypedDict):
    """A network interface. The first NIC of a server is the primary NIC."""

    subnet_id: pulumi.Input[str]
    """The network id of the subnet."""
    ip_address: NotRequired[pulumi.Input[str]]
    """A fixed IPv4 address, for a single server only. By default the cloud chooses."""
    port_id: NotRequired[pulumi.Input[str]]
    """An existing port with status DOWN, for a single server only, in place of a new port."""
    allowed_address_pairs: NotRequired[pulumi.Input[Sequence[pulumi.Input[AllowedAddressPair]]]]
    """Additional addresses of the NIC."""


@pulumi.input_type
class NicArgs:
    """A network interface. The first NIC of a server is the primary NIC."""

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
        :param ip_address: a fixed IPv4 address, for a single server only. By default the cloud chooses.
        :param port_id: an existing port with status DOWN, for a single server only, in place of a new port.
        :param allowed_address_pairs: additional addresses of the NIC.
        """
        _keep(
            self,
            subnet_id=subnet_id,
            ip_address=ip_address,
            port_id=port_id,
            allowed_address_pairs=allowed_address_pairs,
        )


class DataDiskArgsDict(TypedDict):
    """A new data disk of each server."""

    type: pulumi.Input[str]
    """The disk type, such as SSD, GPSSD or SAS. All data disks must have the same type."""
    size: pulumi.Input[int]
    """The size in GB, 10 to 32768."""
    shareable: NotRequired[pulumi.Input[bool]]
    """Whether several servers may attach the disk, by default False."""
    dss_pool_id: NotRequired[pulumi.Input[str]]
    """The dedicated distributed storage pool of the disk."""
    kms_key_id: NotRequired[pulumi.Input[str]]
    """The encryption key of the disk."""


@pulumi.input_type
class DataDiskArgs:
    """A new data disk of each server."""

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

        :param type: the disk type, such as SSD, GPSSD or SAS. All data disks must have the same type.
        :param size: the size in GB, 10 to 32768.
        :param shareable: whether several servers may attach the disk, by default False.
        :param dss_pool_id: the dedicated distributed storage pool of the disk.
        :param kms_key_id: the encryption key of the disk.
        """
        _keep(self, type=type, size=size, shareable=shareable, dss_pool_id=dss_pool_id, kms_key_id=kms_key_id)


class SchedulerHintsArgsDict(TypedDict):
    """The placement of the servers."""

    dec_baremetal: pulumi.Input[str]
    """`share`, or `dedicate` for servers in a dedicated cloud."""


@pulumi.input_type
class SchedulerHintsArgs:
    """The placement of the servers."""

    dec_baremetal: pulumi.Input[str]

    def __init__(self, *, dec_baremetal: pulumi.Input[str]) -> None:
        """Take the hints.

        :param dec_baremetal: `share`, or `dedicate` for servers in a dedicated cloud.
        """
        _keep(self, dec_baremetal=dec_baremetal)


class MetadataOptionsArgsDict(TypedDict):
    """The servers' access to metadata. Only few regions support these options."""

    http_endpoint: NotRequired[pulumi.Input[str]]
    """`enabled` or `disabled`."""
    http_tokens: NotRequired[pulumi.Input[str]]
    """`optional` or `required`."""


@pulumi.input_type
class MetadataOptionsArgs:
    """The servers' access to metadata. Only few regions support these options."""

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
    """An address of a server. A NIC with a public IP has two addresses on the same port: fixed and floating."""

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
    """The name in the cloud. The operating system's name may differ."""
    boot_index: int | None
    """0 for the boot disk, -1 for other disks."""
    delete_on_termination: bool | None


@pulumi.output_type
class Server(dict[str, Any]):
    """A server as last described by the cloud."""

    id: str
    name: str
    status: str
    flavor_id: str | None
    image_id: str | None
    availability_zone: str | None
    created: str | None
    """The creation time, such as 2026-01-31T12:00:00Z."""
    addresses: Sequence[Address]
    volumes: Sequence[AttachedVolume]
