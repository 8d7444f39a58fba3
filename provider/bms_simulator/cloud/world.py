"""The servers and disks of the simulated cloud: what each is at a moment follows from what is planned for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from bms_simulator.http.responses import Json

ACTIVE = "ACTIVE"
BUILD = "BUILD"
SHUTOFF = "SHUTOFF"
DELETED = "DELETED"
AVAILABLE = "available"
ATTACHING = "attaching"
DETACHING = "detaching"
IN_USE = "in-use"

# SCSI data disks of 100 GB that are there from the beginning.
VOLUME_IDS = tuple(f"5e7cf1b0-0000-4000-8000-{number:012d}" for number in range(1, 13))


@dataclass(frozen=True, slots=True)
class Server:
    """A bare metal server at one moment; `volume_boot` means that its system disk is a volume."""

    id: str
    name: str
    status: str
    task_state: str | None = None
    order: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    created: datetime | None = None
    nic_ids: tuple[str, ...] = ()

    @property
    def volume_boot(self) -> bool:
        """Whether its system disk is a volume."""
        return "root_volume" in self.order

    @property
    def prepaid(self) -> bool:
        """Whether it is paid by month or year."""
        terms = self.order.get("extendparam")
        return isinstance(terms, Mapping) and terms.get("chargingMode") == "prePaid"

    def with_nic(self, nic_id: str) -> Server:
        """Return the server with one more port."""
        return replace(self, nic_ids=(*self.nic_ids, nic_id))

    def without_nic(self, nic_id: str) -> Server:
        """Return the server without that port."""
        return replace(self, nic_ids=tuple(each for each in self.nic_ids if each != nic_id))


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk at one moment."""

    id: str
    status: str = AVAILABLE
    server_id: str | None = None
    device: str | None = None


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)


class History(Generic[T]):
    """What becomes of each thing: the second at which it appears, and the changes that are planned for later."""

    def __init__(self) -> None:
        """Begin empty."""
        self._appearing: dict[str, tuple[float, T]] = {}
        self._changes: dict[str, list[tuple[float, Callable[[T], T | None]]]] = {}

    def begin(self, since: float, thing: T) -> None:
        """Let a thing appear at that second."""
        self._appearing[thing.id] = (since, thing)
        self._changes[thing.id] = []

    def plan(self, thing_id: str, since: float, change: Callable[[T], T | None]) -> None:
        """Let a change happen at that second; None is what a thing changes into that goes away."""
        if since < math.inf:
            changes = self._changes[thing_id]
            changes.append((since, change))
            changes.sort(key=lambda planned: planned[0])

    def at(self, thing_id: str, now: float) -> T | None:
        """Return the thing as it is at that second, None if it is not there."""
        since, state = self._appearing.get(thing_id, (math.inf, None))
        if state is None or since > now:
            return None
        for when, change in self._changes[thing_id]:
            if when <= now and state is not None:
                state = change(state)
        return state

    def all_at(self, now: float) -> tuple[T, ...]:
        """Return everything that is there at that second, in the order in which it was planned."""
        states = (self.at(thing_id, now) for thing_id in self._appearing)
        return tuple(state for state in states if state is not None)


@dataclass(frozen=True, slots=True)
class WorldView:
    """The servers and disks at one moment."""

    servers: tuple[Server, ...]
    volumes: tuple[Volume, ...]


class World:
    """Everything that jobs make and change."""

    def __init__(self) -> None:
        """Begin with disks and without servers."""
        self.servers: History[Server] = History()
        self.volumes: History[Volume] = History()
        for volume_id in VOLUME_IDS:
            self.volumes.begin(0.0, Volume(volume_id))

    def view(self, now: float) -> WorldView:
        """Return what is there at that second."""
        return WorldView(self.servers.all_at(now), self.volumes.all_at(now))

    def attached(self, server_id: str, now: float) -> tuple[Volume, ...]:
        """Return the disks of a server, those being detached among them."""
        volumes = self.volumes.all_at(now)
        return tuple(volume for volume in volumes if volume.server_id == server_id and volume.status != ATTACHING)

    def release(self, server_id: str, now: float) -> None:
        """Give the disks of a server back at that second."""
        for volume in self.volumes.all_at(now):
            if volume.server_id == server_id:
                self.volumes.plan(volume.id, now, freed)


def freed(volume: Volume) -> Volume:
    """Return the disk, attached to nothing."""
    return Volume(volume.id)
