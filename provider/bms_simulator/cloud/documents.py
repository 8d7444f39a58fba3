"""Servers and volumes as the API writes them down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import ACTIVE, BUILD, DELETED, ERROR, IN_USE, REBOOT, SHUTOFF, Port, Server, Volume
from bms_simulator.cloud.world import WorldView
from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import Json, JsonObject
from bms_simulator.ids import entity_id, identity_id

VM_STATES = {
    ACTIVE: "active",
    BUILD: "building",
    DELETED: "deleted",
    ERROR: "error",
    REBOOT: "active",
    SHUTOFF: "stopped",
}
POWER_STATES = {ACTIVE: 1, SHUTOFF: 4, REBOOT: 1}
SYSTEM_TAG = "__type_baremetal"
DEFAULT_GROUP: JsonObject = {"id": "9c5f1b0e-0000-4000-8000-000000000001", "name": "default"}
FROZEN = "FREEZE"


def server(cloud: Cloud, one: Server, view: WorldView) -> JsonObject:
    """Return the details of a server."""
    ports = [view.ports_by_id[port_id] for port_id in one.nic_ids if port_id in view.ports_by_id]
    addresses = list(_addresses(view, ports))
    return {
        **_basics(cloud, one),
        **_states(cloud, one),
        "OS-EXT-AZ:availability_zone": text(one.order, "availability_zone"),
        "OS-EXT-SRV-ATTR:reservation_id": reservation_id(one),
        "OS-EXT-SRV-ATTR:launch_index": one.launch_index,
        "OS-EXT-SRV-ATTR:hostname": one.name.lower(),
        "OS-EXT-SRV-ATTR:root_device_name": "/dev/sda",
        "OS-DCF:diskConfig": "MANUAL",
        "OS-SRV-USG:launched_at": one.created.strftime("%Y-%m-%dT%H:%M:%S.000000") if one.created else None,
        "OS-SRV-USG:terminated_at": None,
        "hostId": "",
        "host_status": "UP",
        "accessIPv4": "",
        "accessIPv6": "",
        "config_drive": "True",
        "progress": 100 if one.status == ACTIVE else 0,
        "addresses": {text(one.order, "vpcid"): addresses if cloud.behaviour.addresses_in_order else addresses[::-1]},
        "flavor": _flavor(cloud, one),
        "image": {"id": one.image_id},
        "key_name": one.order.get("key_name"),
        "description": text(one.order, "name"),
        "security_groups": _groups(one),
        "os-extended-volumes:volumes_attached": [_attached(volume) for volume in view.attached_to(one.id)],
        "os:scheduler_hints": {},
        "tags": [*tags(one), SYSTEM_TAG],
        "sys_tags": [{"key": "_sys_enterprise_project_id", "value": enterprise_project(one)}],
        "metadata": _metadata(one),
        "enterprise_project_id": enterprise_project(one),
        "locked": one.locked,
    }


def brief_server(cloud: Cloud, one: Server) -> JsonObject:
    """Return a server as the list of version 1.1 has it."""
    flavor = cloud.catalogue.flavor(text(one.order, "flavorRef"))
    return {
        **_basics(cloud, one),
        "task_state": one.task_state,
        "vm_state": _vm_state(cloud, one),
        "availability_zone": text(one.order, "availability_zone"),
        "flavor": {"id": flavor.id, "name": flavor.id, "disk": flavor.disk, "vcpus": flavor.vcpus, "ram": flavor.ram},
        "in_recycle_bin": one.in_recycle_bin,
    }


def _basics(cloud: Cloud, one: Server) -> JsonObject:
    return {
        "id": one.id,
        "name": one.name,
        "status": SHUTOFF if one.frozen else one.status,
        "user_id": text(mapping(one.order.get("metadata")), "op_svc_userid"),
        "tenant_id": cloud.project_id,
        "created": written(one.created),
        "updated": written(one.created),
        "fault": _fault(one),
    }


def written(time: datetime | None) -> str | None:
    """Return a time as the API writes it, without milliseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def _fault(one: Server) -> JsonObject | None:
    if one.fault is None:
        return None
    return {"message": one.fault, "code": 500, "details": "", "created": written(one.created)}


def _vm_state(cloud: Cloud, one: Server) -> str:
    state = VM_STATES[SHUTOFF if one.frozen else one.status]
    return cloud.behaviour.vm_state_off if state == "stopped" else state


def _states(cloud: Cloud, one: Server) -> JsonObject:
    return {
        "OS-EXT-STS:task_state": one.task_state,
        "OS-EXT-STS:vm_state": _vm_state(cloud, one),
        "OS-EXT-STS:power_state": POWER_STATES.get(one.status, 0),
    }


def _flavor(cloud: Cloud, one: Server) -> JsonObject:
    flavor = cloud.catalogue.flavor(text(one.order, "flavorRef"))
    figures = {"disk": str(flavor.disk), "vcpus": str(flavor.vcpus), "ram": str(flavor.ram)}
    return {"id": flavor.id, "name": flavor.id, **figures, "gpus": [], "asic_accelerators": []}


def _addresses(view: WorldView, ports: Sequence[Port]) -> Iterator[JsonObject]:
    for port in ports:
        yield _address(port, port.ip_address, "fixed")
        if port.id in view.floating:
            yield _address(port, view.floating[port.id], "floating")


def _address(port: Port, address: str, kind: str) -> JsonObject:
    return {
        "version": "4",
        "addr": address,
        "OS-EXT-IPS:type": kind,
        "OS-EXT-IPS-MAC:mac_addr": port.mac_address,
        "OS-EXT-IPS:port_id": port.id,
    }


def _groups(one: Server) -> list[Json]:
    groups = objects(one.order.get("security_groups"))
    return [{"id": text(group, "id"), "name": text(group, "id")} for group in groups] or [DEFAULT_GROUP]


def _attached(volume: Volume) -> JsonObject:
    return {
        "id": volume.id,
        "device": volume.device,
        "bootIndex": "0" if volume.root else "-1",
        "delete_on_termination": "true" if volume.deleted_with_server else "false",
    }


def tags(one: Server) -> list[str]:
    """Return the tags as strings, without that of the system."""
    return [f"{key}={value}" for key, value in one.tags.items()]


def enterprise_project(one: Server) -> str:
    """Return the enterprise project of a server."""
    return text(mapping(one.order.get("extendparam")), "enterprise_project_id") or "0"


def reservation_id(one: Server) -> str:
    """Return the reservation of a server, which no other server shares."""
    return f"r-{entity_id(one.id, 'reservation', 0)[:8]}"


def _metadata(one: Server) -> JsonObject:
    # The name of the agency is changed as metadata and shown as such.
    return {
        "chargingMode": "1" if one.prepaid else "0",
        "metering.order_id": one.order_id or "",
        "metering.image_id": one.image_id,
        "metering.imagetype": "gold",
        "metering.resourcespeccode": text(one.order, "flavorRef"),
        "metering.resourcetype": "__physical",
        "vpc_id": text(one.order, "vpcid"),
        "os_type": "Linux",
        "os_bit": "64",
        "image_name": one.image_id,
        "baremetalPortIDList": f"[{', '.join(one.nic_ids)}]",
        "EcmResStatus": FROZEN if one.frozen else "",
        **{key: value for key, value in one.metadata.items() if key != "admin_pass"},
    }


def attachments(volumes: Sequence[Volume]) -> list[Json]:
    """Return the volumes of a server."""
    return [
        {"id": volume.id, "device": volume.device, "serverId": volume.server_id, "volumeId": volume.id}
        for volume in volumes
    ]


def volume(one: Volume) -> Mapping[str, Json]:
    """Return a volume as EVS shows it."""
    attached = one.server_id is not None and one.status == IN_USE
    attachment = {"server_id": one.server_id, "attachment_id": identity_id(one.id), "volume_id": one.id, "id": one.id}
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "availability_zone": one.availability_zone,
        "size": one.size,
        "volume_type": one.volume_type,
        "bootable": "true" if one.root else "false",
        "multiattach": False,
        "attachments": [{**attachment, "device": one.device}] if attached else [],
        "metadata": {"hw:passthrough": "true"} if one.scsi else {},
    }
