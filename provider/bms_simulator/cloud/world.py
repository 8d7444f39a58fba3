"""The world of one project: servers, volumes, ports and elastic IPs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from bms_simulator.cloud.history import History
from bms_simulator.cloud.models import ATTACHING, Eip, Port, Server, Volume

# SCSI data volumes of 100 GB that are there from the beginning.
VOLUME_IDS = tuple(f"5e7cf1b0-0000-4000-8000-{number:012d}" for number in range(1, 13))


@dataclass(frozen=True)
class WorldView:
    """Everything at one moment."""

    servers: tuple[Server, ...]
    volumes: tuple[Volume, ...]
    ports: tuple[Port, ...] = ()
    eips: tuple[Eip, ...] = ()

    @cached_property
    def ports_by_id(self) -> dict[str, Port]:
        """The ports by id."""
        return {port.id: port for port in self.ports}

    @cached_property
    def floating(self) -> dict[str | None, str]:
        """The address of the elastic IP of each port that has one."""
        return {eip.port_id: eip.address for eip in self.eips}

    @cached_property
    def _attached(self) -> dict[str | None, list[Volume]]:
        attached: defaultdict[str | None, list[Volume]] = defaultdict(list)
        for volume in self.volumes:
            if volume.status != ATTACHING:
                attached[volume.server_id].append(volume)
        return attached

    def attached_to(self, server_id: str) -> Sequence[Volume]:
        """Return the volumes of a server, those being detached among them."""
        return self._attached.get(server_id, ())

    def server(self, server_id: str) -> Server:
        """Return the server with that id. An unknown id raises KeyError."""
        return {each.id: each for each in self.servers}[server_id]

    def volume(self, volume_id: str) -> Volume:
        """Return the volume with that id. An unknown id raises KeyError."""
        return {each.id: each for each in self.volumes}[volume_id]


class World:
    """The histories of all things."""

    def __init__(self) -> None:
        """Begin with volumes and nothing else."""
        self.servers: History[Server] = History()
        self.volumes: History[Volume] = History()
        self.ports: History[Port] = History()
        self.eips: History[Eip] = History()
        for volume_id in VOLUME_IDS:
            self.volumes.begin(0.0, Volume(volume_id))

    def view(self, now: float) -> WorldView:
        """Return the world at that second."""
        return WorldView(
            self.servers.all_at(now), self.volumes.all_at(now), self.ports.all_at(now), self.eips.all_at(now)
        )

    def views(self, now: float) -> Iterator[tuple[float, WorldView]]:
        """Return each second until now at which anything changed, and the world from then on."""
        seconds = self.servers.seconds(now) | self.volumes.seconds(now) | self.ports.seconds(now)
        for second in sorted(seconds | self.eips.seconds(now)):
            yield second, self.view(second)

    def attached(self, server_id: str, now: float) -> tuple[Volume, ...]:
        """Return the volumes of a server, those being detached among them."""
        volumes = self.volumes.all_at(now)
        return tuple(volume for volume in volumes if volume.server_id == server_id and volume.status != ATTACHING)

    def release(self, server_id: str, now: float, *, volumes: bool, eips: bool) -> None:
        """Free the volumes, ports and elastic IPs of a server at that second, or end them as the flags say."""
        for volume in self.volumes.all_at(now):
            if volume.server_id == server_id:
                if volumes or volume.root or volume.deleted_with_server:
                    self.volumes.end(volume.id, now)
                else:
                    self.volumes.plan(volume.id, now, Volume.freed)
        for port in self.ports.all_at(now):
            if port.server_id == server_id:
                self._release_eip(port.id, now, ended=eips)
                self.ports.plan(port.id, now, _released)

    def _release_eip(self, port_id: str, now: float, *, ended: bool) -> None:
        for eip in self.eips.all_at(now):
            if eip.port_id == port_id:
                if ended:
                    self.eips.end(eip.id, now)
                else:
                    self.eips.plan(eip.id, now, lambda each: replace(each, port_id=None))


def _released(port: Port) -> Port | None:
    return replace(port, server_id=None) if port.deleted_with_nic is False else None
