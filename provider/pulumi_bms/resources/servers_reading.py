"""Read the servers of a resource: for outputs, for a refresh, and for an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api.models.server import Server
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.lifecycle.job_resource import Step
from pulumi_bms.resources.servers_changes import meaning
from pulumi_bms.resources.servers_outputs import EMPTY

_BILLING = {True: "prePaid", False: "postPaid"}


@dataclass(frozen=True)
class Reading:
    """Reads servers. A server in the recycle bin is gone."""

    step: Step

    def now(self, server_id: str) -> Server | None:
        """The server, or None for a server that is gone. Sends one request, and another for a stopped server."""
        api = ServerApi(self.step.channel)
        server = api.get(server_id)
        # In the recycle bin a server reads SHUTOFF, and only the other list shows the recycle bin.
        if server is not None and state_of(server) is ServerState.OFF and server_id in api.in_recycle_bin():
            return None
        return server

    def server(self, server_id: str) -> Server | None:
        """The server, or None for an empty slot and a server that is gone. Tolerates an outage of the API."""
        if server_id == EMPTY:
            return None
        reading = self.step.until(lambda: (self.now(server_id),))
        if reading is None:
            raise self.step.kept.failure(f"server {server_id} could not be read in time: run the command again")
        return reading[0]

    def await_visible(self, server_ids: Sequence[str], timeout: float) -> None:
        """Wait until new servers show in the API. After `timeout` seconds an unknown server counts as gone."""
        api = ServerApi(self.step.channel)
        self.step.until(lambda: all(api.get(server_id) for server_id in server_ids) or None, timeout)

    def left(self, server_ids: Iterable[str]) -> list[str]:
        """The ids of the servers that exist, without servers in the recycle bin. One list for all stopped servers."""
        api = ServerApi(self.step.channel)
        servers = [server for server_id in server_ids if (server := api.get(server_id)) is not None]
        stopped = any(state_of(server) is ServerState.OFF for server in servers)
        in_bin = api.in_recycle_bin() if stopped else frozenset()
        return [server.id for server in servers if server.id not in in_bin]

    def existing(self, server_ids: Iterable[str]) -> list[Server]:
        """The servers that exist."""
        return [server for server_id in dict.fromkeys(server_ids) if (server := self.server(server_id))]


def differences(inputs: Mapping[str, Any], servers: Sequence[Server]) -> list[str]:
    """The inputs of an import that differ from the servers, and would replace the servers. One line each."""
    lines = []
    for server in servers:
        for name, actual in _replacing(server).items():
            if actual and meaning(name, inputs.get(name)) != actual:
                lines.append(f"server {server.id}: {name} is {actual!r}, and the program has {inputs.get(name)!r}")
    return lines


def remarks(inputs: Mapping[str, Any], actual: Mapping[str, Any], servers: Sequence[Server]) -> list[str]:
    """What the program lacks, compared with the imported servers. `actual` are the inputs that differ in the cloud."""
    lines = [
        f"the servers have {name} {actual[name]!r}, and the program has {inputs.get(name) or {}!r}: "
        "the next `pulumi up` changes the servers, unless the program has the same"
        for name in ("tags", "metadata")
        if name in actual
    ]
    if "name" in actual:
        named = ", ".join(server.name for server in servers)
        lines.append(f"the servers keep the names {named} until `name` is changed")
    return lines


def _replacing(server: Server) -> dict[str, str | None]:
    networks = {each.network for each in server.addresses if each.network}
    return {
        "flavor_id": server.flavor_id,
        "image_id": server.image_id,
        "availability_zone": server.availability_zone,
        "vpc_id": networks.pop() if len(networks) == 1 else None,
        "charging_mode": None if server.prepaid is None else _BILLING[server.prepaid],
    }
