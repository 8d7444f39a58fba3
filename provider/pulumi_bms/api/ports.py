"""Ports: the NICs of servers in the VPC service, with their security groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel, holds_object
from pulumi_bms.api.models.port import Port


@dataclass(frozen=True, slots=True)
class PortApi:
    """Ports of one project. The channel leads to the VPC service's endpoint."""

    channel: Channel

    def get(self, port_id: str) -> Port:
        """GET /v1/{project_id}/ports/{port_id} (no limit documented, page "Querying a Port" of the VPC service).

        Raises an `ApiError`.
        """
        read = lambda document: Port.read(document["port"])  # noqa: E731
        return self.channel.read(operations.GET_PORT, holds_object("port"), read, names={"port_id": port_id})

    def set_security_groups(self, port_id: str, security_group_ids: Sequence[str]) -> None:
        """PUT /v1/{project_id}/ports/{port_id} (no limit documented, page "Updating a Port" of the VPC service).

        Raises the errors of `send_once`.
        """
        body = {"port": {"security_groups": list(security_group_ids)}}
        self.channel.change(operations.UPDATE_PORT, holds_object("port"), names={"port_id": port_id}, body=body)
