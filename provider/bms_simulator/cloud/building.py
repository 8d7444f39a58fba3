"""What becomes of the servers of an order, with their ports, volumes and elastic IPs, as the job goes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from string import ascii_lowercase

from bms_simulator.clock import Moment
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import ACTIVE, BUILD, ERROR, IN_USE, Eip, Port, Server, Volume
from bms_simulator.cloud.orders import CreateOrder
from bms_simulator.http.json_values import objects, text
from bms_simulator.http.responses import Json
from bms_simulator.ids import entity_id
from bms_simulator.scenarios.timeline import FAIL, Step


@dataclass(frozen=True, slots=True)
class Building:
    """One order with its plan."""

    cloud: Cloud
    order: CreateOrder
    plan: Step
    moment: Moment
    order_id: str | None

    def plan_server(self, step: Step, name: str, number: int) -> None:
        """Plan the life of one server: BUILD, then ready or failed, then perhaps a rollback."""
        placed = self.moment.simulated
        appears = placed + step.starts + self.cloud.behaviour.listing_lag_seconds
        server = self._server(step.target, name, number)
        self.cloud.world.servers.begin(appears, server)
        if step.starts == math.inf:
            return
        self._begin_ports(server, appears)
        if step.succeeds:
            self._plan_success(server, placed + step.ends)
        elif step.ends < math.inf:
            self._plan_failure(server, step, placed + step.ends)

    def _server(self, server_id: str, name: str, number: int) -> Server:
        order = self.order.server
        return Server(
            server_id,
            name,
            BUILD,
            "scheduling",
            order,
            self.moment.wall,
            tuple(port.id for port in self._ports(server_id)),
            image_id=text(order, "imageRef"),
            tags={text(tag, "key"): text(tag, "value") for tag in self.order.body.tags},
            metadata={key: value for key, value in self.order.body.metadata.items() if isinstance(value, str)},
            order_id=self.order_id,
            launch_index=number,
        )

    def _plan_success(self, server: Server, ends: float) -> None:
        servers = self.cloud.world.servers
        servers.plan(server.id, ends, lambda one: replace(one, status=ACTIVE, task_state=None))
        self._begin_volumes(server, ends, attached=True)
        self._begin_eip(server, ends, bound=True)
        if self.plan.phases[-1].status == FAIL and self.cloud.behaviour.siblings == "vanish":
            since = self.moment.simulated + self.plan.ends
            servers.plan(server.id, since, lambda one: replace(one, task_state="deleting"))
            self._vanish(server, since + self.cloud.behaviour.rollback_seconds)

    def _plan_failure(self, server: Server, step: Step, ends: float) -> None:
        fault = step.failure.reason if step.failure else "No valid host was found."
        servers = self.cloud.world.servers
        servers.plan(server.id, ends, lambda one: replace(one, status=ERROR, task_state=None, fault=fault))
        if self.cloud.behaviour.rollback_keeps_volumes:
            self._begin_volumes(server, ends, attached=False)
            self._begin_eip(server, ends, bound=False)
        self._vanish(server, ends + self.cloud.behaviour.rollback_seconds)

    def _vanish(self, server: Server, since: float) -> None:
        kept = self.cloud.behaviour.rollback_keeps_volumes
        self.cloud.world.servers.end(server.id, since)
        self.cloud.world.release(server.id, since, volumes=not kept, eips=not kept)

    def _ports(self, server_id: str) -> Iterator[Port]:
        for number, nic in enumerate(self.order.body.nics):
            port = self.cloud.world.ports.at(text(nic, "port_id"), self.moment.simulated)
            yield port or new_port(entity_id(server_id, "nic", number), nic, _group_ids(self.order.server))

    def _begin_ports(self, server: Server, since: float) -> None:
        ports = self.cloud.world.ports
        for port in self._ports(server.id):
            if ports.at(port.id, self.moment.simulated) is None:
                ports.begin(since, replace(port, server_id=server.id))
            else:
                ports.plan(port.id, since, lambda one: replace(one, server_id=server.id))

    def _begin_volumes(self, server: Server, since: float, *, attached: bool) -> None:
        for volume in self._volumes(server):
            if attached:
                self.cloud.world.volumes.begin(since, volume)
            elif not volume.root:
                self.cloud.world.volumes.begin(since, volume.freed())

    def _volumes(self, server: Server) -> Iterator[Volume]:
        root = [self.order.body.root_volume] if self.order.body.has("root_volume") else []
        letters = ascii_lowercase if root else ascii_lowercase[1:]
        for number, body in enumerate([*root, *self.order.body.data_volumes]):
            is_root = bool(root) and number == 0
            yield Volume(
                entity_id(server.id, "volume", number),
                IN_USE,
                server.id,
                _device(letters, number),
                self.order.body.text("availability_zone"),
                f"{server.name}-volume-{number:04d}",
                _size(body),
                text(body, "volumetype"),
                root=is_root,
                deleted_with_server=is_root,
                bought_with=server.id if server.prepaid else None,
            )

    def _begin_eip(self, server: Server, since: float, *, bound: bool) -> None:
        eips, port_id = self.cloud.world.eips, server.nic_ids[0] if bound else None
        if self.order.body.eip:
            eip_id = entity_id(server.id, "eip", 0)
            prepaid = self.order.body.eip_terms.get("chargingMode") == "prePaid"
            eips.begin(since, Eip(eip_id, f"203.0.{int(eip_id[:2], 16)}.{int(eip_id[2:4], 16)}", port_id, prepaid))
        elif existing_id := text(self.order.body.public_ip, "id"):
            eips.plan(existing_id, since, lambda one: replace(one, port_id=port_id))


def _size(body: Mapping[str, Json]) -> int:
    size = body.get("size")
    return size if isinstance(size, int) else 0


def _device(letters: str, number: int) -> str:
    first, last = divmod(number, len(letters))
    return f"/dev/sd{'a' if first else ''}{letters[last]}"


def _group_ids(server: Mapping[str, Json]) -> tuple[str, ...]:
    return tuple(text(group, "id") for group in objects(server.get("security_groups")))


def new_port(port_id: str, nic: Mapping[str, Json], groups: tuple[str, ...]) -> Port:
    """Return a free port for a NIC. Without an address in the NIC, the address follows from the id."""
    pairs = [port_id[at : at + 2] for at in (0, 2, 4)]
    address = text(nic, "ip_address") or f"192.168.{int(pairs[0], 16)}.{int(pairs[1], 16)}"
    own = tuple(text(group, "id") for group in objects(nic.get("security_groups")))
    return Port(port_id, text(nic, "subnet_id"), address, f"fa:16:3e:{':'.join(pairs)}", own or groups)
