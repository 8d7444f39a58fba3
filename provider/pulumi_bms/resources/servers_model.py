"""The inputs of `Servers` as a model: shapes and types only."""

from __future__ import annotations

from typing import Any

from pulumi_bms.lifecycle.model_reading import (
    Inputs,
    Nested,
    OrUnknown,
    Whole,
)


class AllowedAddressPairInput(Nested):
    """An additional address of a NIC."""

    ip_address: OrUnknown[str]
    mac_address: OrUnknown[str] | None = None


class NicInput(Nested):
    """A NIC."""

    subnet_id: OrUnknown[str]
    ip_address: OrUnknown[str] | None = None
    port_id: OrUnknown[str] | None = None
    allowed_address_pairs: OrUnknown[list[OrUnknown[AllowedAddressPairInput]]] | None = None


class DataDiskInput(Nested):
    """A data disk."""

    type: OrUnknown[str]
    size: OrUnknown[Whole]
    shareable: OrUnknown[bool] | None = None
    dss_pool_id: OrUnknown[str] | None = None
    kms_key_id: OrUnknown[str] | None = None


class SchedulerHintsInput(Nested):
    """The placement of the servers."""

    dec_baremetal: OrUnknown[str]


class MetadataOptionsInput(Nested):
    """How the servers reach their metadata."""

    http_endpoint: OrUnknown[str] | None = None
    http_tokens: OrUnknown[str] | None = None


class ServersInputs(Inputs):
    """The inputs, without the connection inputs."""

    flavor_id: OrUnknown[str]
    image_id: OrUnknown[str]
    availability_zone: OrUnknown[str]
    vpc_id: OrUnknown[str]
    nics: OrUnknown[list[OrUnknown[NicInput]]]
    name: OrUnknown[str]
    count: OrUnknown[Whole] = 1
    key_pair: OrUnknown[str] | None = None
    admin_pass: OrUnknown[str] | None = None
    user_data: OrUnknown[str] | None = None
    user_id: OrUnknown[str] | None = None
    security_groups: OrUnknown[list[OrUnknown[str]]] | None = None
    eip_id: OrUnknown[str] | None = None
    iptype: OrUnknown[str] | None = None
    eip_charge_mode: OrUnknown[str] | None = None
    sharetype: OrUnknown[str] | None = None
    bandwidth_id: OrUnknown[str] | None = None
    bandwidth_size: OrUnknown[Whole] | None = None
    bandwidth_charge_mode: OrUnknown[str] | None = None
    system_disk_type: OrUnknown[str] | None = None
    system_disk_size: OrUnknown[Whole] | None = None
    system_disk_dss_pool_id: OrUnknown[str] | None = None
    system_disk_kms_key_id: OrUnknown[str] | None = None
    data_disks: OrUnknown[list[OrUnknown[DataDiskInput]]] | None = None
    tags: OrUnknown[dict[str, OrUnknown[str]]] | None = None
    metadata: OrUnknown[dict[str, OrUnknown[str]]] | None = None
    agency_name: OrUnknown[str] | None = None
    enterprise_project_id: OrUnknown[str] | None = None
    scheduler_hints: OrUnknown[SchedulerHintsInput] | None = None
    metadata_options: OrUnknown[MetadataOptionsInput] | None = None
    byol: OrUnknown[bool] | None = None
    charging_mode: OrUnknown[str] | None = None
    period_unit: OrUnknown[str] | None = None
    period: OrUnknown[Whole] | None = None
    auto_renew: OrUnknown[bool] | None = None
    power: OrUnknown[str] | None = None
    on_image_change: OrUnknown[str] | None = None
    reinstall_triggers: Any = None
    max_unavailable: OrUnknown[Whole] | None = None
    unsubscribe_on_delete: OrUnknown[bool] | None = None
    delete_eip_on_delete: OrUnknown[bool] | None = None
    delete_data_volumes_on_delete: OrUnknown[bool] | None = None
