"""What tests do behind the API's back: make things, change them, take them away."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bms_simulator.cloud.building import new_port
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.clouds import Clouds
from bms_simulator.cloud.models import ACTIVE, IN_USE, Eip, Port, Server, Volume
from bms_simulator.cloud.operations.deletion import end_server
from bms_simulator.cloud.orders import sample_order
from bms_simulator.cloud.purchases import Purchase, new_order_id
from bms_simulator.cloud.world import WorldView
from bms_simulator.http.json_values import mapping, objects
from bms_simulator.http.responses import Json
from bms_simulator.ids import entity_id


class Setup:
    """The things of one project. Each method takes effect at once, and is safe to call from many threads."""

    def __init__(self, clouds: Clouds, project_id: str) -> None:
        """Act on the cloud of that project."""
        self._clouds = clouds
        self._project_id = project_id

    def add_server(
        self, name: str = "web", *, prepaid: bool = False, order: Mapping[str, Json] | None = None, **fields: Any
    ) -> Server:
        """Return a new running server, without any order.

        `order` has fields of the create body that differ from those of `sample_order`. `fields` are of `Server`.
        """
        body = {**mapping(sample_order(name, prepaid=prepaid)["server"]), **(order or {})}
        server_id = str(fields.pop("id", uuid.uuid4()))
        nics = objects(body["nics"])
        ports = [new_port(entity_id(server_id, "nic", number), nic, ()) for number, nic in enumerate(nics)]
        with self._clouds.lock:
            cloud, moment = self._clouds.of(self._project_id), self._clouds.time.now()
            order_id = new_order_id() if prepaid else None
            described: dict[str, Any] = {
                "status": ACTIVE,
                "order": body,
                "created": moment.wall,
                "nic_ids": tuple(port.id for port in ports),
                "image_id": body["imageRef"],
                "order_id": order_id,
                "metadata": {"op_svc_userid": "8ea65f4099ba412883e2a0da72b96873"},
                **fields,
            }
            server = Server(server_id, name, **described)
            cloud.world.servers.begin(moment.simulated, server)
            for port in ports:
                cloud.world.ports.begin(moment.simulated, replace(port, server_id=server_id))
            if order_id:
                cloud.purchases.add(Purchase(order_id, moment, (server_id,)))
        return server

    def add_volume(self, *, attached_to: str | None = None, **fields: Any) -> Volume:
        """Return a new volume, attached to a server or free. `fields` are of `Volume`."""
        volume = Volume(**{"id": str(uuid.uuid4()), **fields})
        if attached_to:
            volume = replace(volume, status=IN_USE, server_id=attached_to, device=volume.device or "/dev/sdb")
        self._begin(volume)
        return volume

    def add_port(self, subnet_id: str, ip_address: str = "", **fields: Any) -> Port:
        """Return a new free port. `fields` are of `Port`."""
        port = new_port(str(uuid.uuid4()), {"subnet_id": subnet_id, "ip_address": ip_address}, ())
        port = replace(port, **fields)
        self._begin(port)
        return port

    def add_eip(self, address: str = "203.0.113.7", **fields: Any) -> Eip:
        """Return a new elastic IP. `fields` are of `Eip`."""
        eip = Eip(str(uuid.uuid4()), address, **fields)
        self._begin(eip)
        return eip

    def change_server(self, server_id: str, **changes: Any) -> None:
        """Change fields of a server: its `status`, `tags`, `locked` and so on."""
        with self._clouds.lock:
            servers, now = self._cloud.world.servers, self._clouds.time.now().simulated
            servers.plan(server_id, now, lambda server: replace(server, **changes))

    def change_volume(self, volume_id: str, **changes: Any) -> None:
        """Change fields of a volume."""
        with self._clouds.lock:
            volumes, now = self._cloud.world.volumes, self._clouds.time.now().simulated
            volumes.plan(volume_id, now, lambda volume: replace(volume, **changes))

    def remove_server(self, server_id: str, *, shown_as_deleted: bool = True) -> None:
        """Delete a server with its ports. Volumes and elastic IPs stay."""
        with self._clouds.lock:
            cloud, now = self._cloud, self._clouds.time.now().simulated
            server = cloud.world.servers.at(server_id, now)
            if server is None:
                raise ValueError(f"server {server_id} does not exist")
            if shown_as_deleted:
                end_server(cloud, server, now, volumes=False, eips=False)
            else:
                cloud.world.servers.end(server_id, now)
                cloud.world.release(server_id, now, volumes=False, eips=False)

    def remove_volume(self, volume_id: str) -> None:
        """Take a volume away."""
        with self._clouds.lock:
            self._cloud.world.volumes.end(volume_id, self._clouds.time.now().simulated)

    def world(self) -> WorldView:
        """Return everything as it is now."""
        with self._clouds.lock:
            return self._cloud.world.view(self._clouds.time.now().simulated)

    def history(self) -> list[tuple[float, WorldView]]:
        """Return each simulated second of a change until now, with the world from then on."""
        with self._clouds.lock:
            return list(self._cloud.world.views(self._clouds.time.now().simulated))

    @property
    def _cloud(self) -> Cloud:
        return self._clouds.of(self._project_id)

    def _begin(self, thing: Volume | Port | Eip) -> None:
        with self._clouds.lock:
            world, now = self._cloud.world, self._clouds.time.now().simulated
            if isinstance(thing, Volume):
                world.volumes.begin(now, thing)
            elif isinstance(thing, Port):
                world.ports.begin(now, thing)
            else:
                world.eips.begin(now, thing)
