"""The things of the cloud, each at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from bms_simulator.http.json_values import mapping

if TYPE_CHECKING:
    from bms_simulator.http.responses import Json

ACTIVE = "ACTIVE"
BUILD = "BUILD"
DELETED = "DELETED"
ERROR = "ERROR"
REBOOT = "REBOOT"
SHUTOFF = "SHUTOFF"

AVAILABLE = "available"
ATTACHING = "attaching"
DETACHING = "detaching"
IN_USE = "in-use"

EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """A bare metal server. `order` is the object `server` of the create body.

    `task_state` is shown, `operation` is a job on volumes or ports that is not.
    """

    id: str
    name: str
    status: str
    task_state: str | None = None
    order: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    created: datetime | None = None
    nic_ids: tuple[str, ...] = ()
    operation: str | None = None
    image_id: str = ""
    tags: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    metadata: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    order_id: str | None = None
    launch_index: int = 0
    fault: str | None = None
    locked: bool = False
    frozen: bool = False
    in_recycle_bin: bool = False

    @property
    def volume_boot(self) -> bool:
        """Whether the system disk is a volume."""
        return "root_volume" in self.order

    @property
    def prepaid(self) -> bool:
        """Whether the server is paid by month or year."""
        return mapping(self.order.get("extendparam")).get("chargingMode") == "prePaid"

    @property
    def running(self) -> bool:
        """Whether the server does its work: ACTIVE, and no task under way."""
        return self.status == ACTIVE and self.task_state is None

    def with_nic(self, nic_id: str) -> Server:
        """Return the server with one more port."""
        return replace(self, nic_ids=(*self.nic_ids, nic_id))

    def without_nic(self, nic_id: str) -> Server:
        """Return the server without that port."""
        return replace(self, nic_ids=tuple(each for each in self.nic_ids if each != nic_id))


@dataclass(frozen=True, slots=True)
class Volume:
    """An EVS volume in GB. A volume without an availability zone fits servers of every zone.

    `bought_with` is the prepaid server that the volume was ordered with.
    """

    id: str
    status: str = AVAILABLE
    server_id: str | None = None
    device: str | None = None
    availability_zone: str = ""
    name: str = ""
    size: int = 100
    volume_type: str = "SSD"
    scsi: bool = True
    root: bool = False
    deleted_with_server: bool = False
    bought_with: str | None = None

    def freed(self) -> Volume:
        """Return the volume, attached to nothing."""
        return replace(self, status=AVAILABLE, server_id=None, device=None)


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the VPC service: a NIC of a server, or free. `deleted_with_nic` None is the default of the cloud."""

    id: str
    subnet_id: str
    ip_address: str
    mac_address: str
    security_groups: tuple[str, ...] = ()
    server_id: str | None = None
    deleted_with_nic: bool | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Eip:
    """An elastic IP address, bound to a port or free. Each is billed until released."""

    id: str
    address: str
    port_id: str | None = None
    prepaid: bool = False
