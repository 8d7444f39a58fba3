"""`Servers`: bare metal servers, ordered, owned and deleted as one resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import pulumi

from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection_args import ResourceArgs, connection_props
from pulumi_bms.lifecycle.orderer import ORDERED_BY, orderer
from pulumi_bms.lifecycle.resource import BmsResource, ProviderName
from pulumi_bms.resources.servers_args import (
    DataDisk,
    MetadataOptions,
    Nic,
    SchedulerHints,
    Server,
)

TYPE = "pulumi-python:dynamic/bms:Servers"
_OUTPUTS = ("server_ids", "surviving_server_ids", "servers", "job_id", "order_id")


class Servers(BmsResource, module="bms", name="Servers"):
    """Bare metal servers of one kind: ordered together, kept in slots, and deleted with the resource.

    A slot keeps its server for the whole life of the server. A higher `count` adds slots at the end. A lower `count`
    deletes the last servers. If a server is gone from the cloud, a new server is ordered into the slot. `name`, `tags`,
    `metadata`, `agency_name`, `auto_renew`, `count`, `power`, `security_groups` and NICs after the first change in
    place, and so does `image_id` with `on_image_change="reinstall"`. Any other change of a server replaces all servers.
    """

    server_ids: pulumi.Output[Sequence[str]]
    """The ids of the servers, by slot."""
    surviving_server_ids: pulumi.Output[Sequence[str]]
    """Servers of failed orders that no slot has. Such servers exist and may be billed. A delete removes them."""
    servers: pulumi.Output[Sequence[Server]]
    """The servers, by slot."""
    job_id: pulumi.Output[str | None]
    """The job of the last order."""
    order_id: pulumi.Output[str | None]
    """The last order, for yearly and monthly billing."""

    def __init__(
        self,
        resource_name: str,
        *,
        flavor_id: pulumi.Input[str],
        image_id: pulumi.Input[str],
        availability_zone: pulumi.Input[str],
        vpc_id: pulumi.Input[str],
        nics: pulumi.Input[Sequence[pulumi.Input[Nic]]],
        count: pulumi.Input[int] = 1,
        name: pulumi.Input[str] | None = None,
        key_pair: pulumi.Input[str] | None = None,
        admin_pass: pulumi.Input[str] | None = None,
        user_data: pulumi.Input[str] | None = None,
        user_id: pulumi.Input[str] | None = None,
        security_groups: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        eip_id: pulumi.Input[str] | None = None,
        iptype: pulumi.Input[str] | None = None,
        eip_charge_mode: pulumi.Input[str] | None = None,
        sharetype: pulumi.Input[str] | None = None,
        bandwidth_id: pulumi.Input[str] | None = None,
        bandwidth_size: pulumi.Input[int] | None = None,
        bandwidth_charge_mode: pulumi.Input[str] | None = None,
        system_disk_type: pulumi.Input[str] | None = None,
        system_disk_size: pulumi.Input[int] | None = None,
        system_disk_dss_pool_id: pulumi.Input[str] | None = None,
        system_disk_kms_key_id: pulumi.Input[str] | None = None,
        data_disks: pulumi.Input[Sequence[pulumi.Input[DataDisk]]] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        metadata: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        agency_name: pulumi.Input[str] | None = None,
        enterprise_project_id: pulumi.Input[str] | None = None,
        scheduler_hints: pulumi.Input[SchedulerHints] | None = None,
        metadata_options: pulumi.Input[MetadataOptions] | None = None,
        byol: pulumi.Input[bool] | None = None,
        charging_mode: pulumi.Input[str] | None = None,
        period_unit: pulumi.Input[str] | None = None,
        period: pulumi.Input[int] | None = None,
        auto_renew: pulumi.Input[bool] | None = None,
        unsubscribe_on_delete: pulumi.Input[bool] | None = None,
        delete_eip_on_delete: pulumi.Input[bool] | None = None,
        delete_data_volumes_on_delete: pulumi.Input[bool] | None = None,
        power: pulumi.Input[str] | None = None,
        reboot_triggers: Any = None,
        on_image_change: pulumi.Input[str] | None = None,
        reinstall_triggers: Any = None,
        max_unavailable: pulumi.Input[int] | None = None,
        triggers: Any = None,
        **args: Unpack[ResourceArgs],
    ) -> None:
        """Order servers.

        :param resource_name: the resource's name in the stack.
        :param flavor_id: the flavor, such as `physical.s3.large`.
        :param image_id: the image.
        :param availability_zone: the zone, such as `cn-north-4a`.
        :param vpc_id: the VPC of all NICs.
        :param nics: one or two NICs for each server, the primary first.
        :param count: the number of servers, 1 to 100.
        :param name: the servers' name in the cloud, by default the resource's. The cloud appends `-0001` and so on
            if `count` is above 1.
        :param key_pair: log in by this key pair.
        :param admin_pass: log in by this password.
        :param user_data: a script or cloud-config for the first boot, as plain text of at most 32 KB. Without
            `key_pair` the script must set a password.
        :param user_id: the IAM user of the order, by default the credential's. A change applies to the next order only.
        :param security_groups: the ids of the security groups of all NICs, by default the VPC's default group.
        :param eip_id: an existing, free EIP, for a single server only.
        :param iptype: the type of a new EIP for each server, such as `5_bgp`.
        :param eip_charge_mode: the billing of the new EIP, `prePaid` or `postPaid`.
        :param sharetype: `PER` for an own bandwidth, `WHOLE` for a shared bandwidth.
        :param bandwidth_id: the shared bandwidth.
        :param bandwidth_size: the size of an own bandwidth, in Mbit/s.
        :param bandwidth_charge_mode: `bandwidth`, the default, or `traffic`.
        :param system_disk_type: the type of the system disk, for flavors that boot from a volume.
        :param system_disk_size: the size of the system disk in GB, 40 to 1024.
        :param system_disk_dss_pool_id: the dedicated distributed storage pool of the system disk.
        :param system_disk_kms_key_id: the encryption key of the system disk.
        :param data_disks: the new disks of each server, all of one type.
        :param tags: the tags of each server, at most 8 in an order.
        :param metadata: the user's metadata of each server.
        :param agency_name: the IAM agency of each server.
        :param enterprise_project_id: the enterprise project, `0` for the default project.
        :param scheduler_hints: the placement of the servers.
        :param metadata_options: the servers' access to metadata.
        :param byol: whether the servers bring their own licence.
        :param charging_mode: `postPaid`, the default, or `prePaid` for yearly and monthly billing, paid at once.
        :param period_unit: `month` or `year`, for `prePaid`.
        :param period: the number of months or years: 1 to 9 months, or 1 year.
        :param auto_renew: whether a `prePaid` order is renewed automatically, by default False.
        :param unsubscribe_on_delete: whether deleting `prePaid` servers unsubscribes them, by default False. With
            False a delete is refused.
        :param delete_eip_on_delete: whether EIPs are deleted with their on-demand servers, by default False. With False
            the EIPs stay and are billed.
        :param delete_data_volumes_on_delete: whether data disks are deleted with their on-demand servers, by default
            False. With False the disks stay and are billed.
        :param power: `on` or `off`. By default the resource does not manage the power. A stop is always hard.
        :param reboot_triggers: any value. A change reboots the servers that run.
        :param on_image_change: `replace`, the default, or `reinstall`: another `image_id` is installed in place. An
            installation wipes the system disk. `key_pair`, `admin_pass` and `user_data` then count for the next
            installation.
        :param reinstall_triggers: any value. A change installs the system anew, with `on_image_change="reinstall"`.
        :param max_unavailable: the number of servers to install at a time, by default all.
        :param triggers: any value. A change replaces all servers.
        :param args: the API, and Pulumi's options: see `ResourceArgs`.
        """
        where = connection_props("Servers", args)
        warn_of_config()
        inputs: dict[str, Any] = {
            ORDERED_BY: orderer(TYPE, resource_name, args.get("opts")),
            "flavor_id": flavor_id,
            "image_id": image_id,
            "availability_zone": availability_zone,
            "vpc_id": vpc_id,
            "nics": nics,
            "count": count,
            "name": resource_name if name is None else name,
            "key_pair": key_pair,
            "admin_pass": _secret(admin_pass),
            "user_data": _secret(user_data),
            "user_id": user_id,
            "security_groups": security_groups,
            "eip_id": eip_id,
            "iptype": iptype,
            "eip_charge_mode": eip_charge_mode,
            "sharetype": sharetype,
            "bandwidth_id": bandwidth_id,
            "bandwidth_size": bandwidth_size,
            "bandwidth_charge_mode": bandwidth_charge_mode,
            "system_disk_type": system_disk_type,
            "system_disk_size": system_disk_size,
            "system_disk_dss_pool_id": system_disk_dss_pool_id,
            "system_disk_kms_key_id": system_disk_kms_key_id,
            "data_disks": data_disks,
            "tags": tags,
            "metadata": metadata,
            "agency_name": agency_name,
            "enterprise_project_id": enterprise_project_id,
            "scheduler_hints": scheduler_hints,
            "metadata_options": metadata_options,
            "byol": byol,
            "charging_mode": charging_mode,
            "period_unit": period_unit,
            "period": period,
            "auto_renew": auto_renew,
            "unsubscribe_on_delete": unsubscribe_on_delete,
            "delete_eip_on_delete": delete_eip_on_delete,
            "delete_data_volumes_on_delete": delete_data_volumes_on_delete,
            "power": power,
            "reboot_triggers": reboot_triggers,
            "on_image_change": on_image_change,
            "reinstall_triggers": reinstall_triggers,
            "max_unavailable": max_unavailable,
            "triggers": triggers,
            **where,
        }
        kept = pulumi.ResourceOptions(additional_secret_outputs=["admin_pass", "user_data"])
        opts = pulumi.ResourceOptions.merge(kept, args.get("opts"))
        super().__init__(ProviderName("Servers"), resource_name, _OUTPUTS, inputs, opts)


def _secret(value: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    return None if value is None else pulumi.Output.secret(value)
