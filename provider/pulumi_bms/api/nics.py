"""NICs of servers: add and remove. The primary NIC can't be removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.submission import job_id_of, names_job


@dataclass(frozen=True, slots=True)
class NewNic:
    """A NIC to be added. Without an address the cloud takes the next address of the subnet."""

    subnet_id: str
    ip_address: str | None = None
    security_groups: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """The object of the request."""
        groups = [{"id": group} for group in self.security_groups]
        named = {"subnet_id": self.subnet_id, "ip_address": self.ip_address, "security_groups": groups}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class NicApi:
    """NICs of servers of one project. Every call returns the id of the job, and raises the errors of `send_once`."""

    channel: Channel

    def add(self, server_id: str, nics: Sequence[NewNic]) -> str:
        """POST /v1/{project_id}/baremetalservers/{server_id}/nics (500 a minute, page "Attaching NICs to a BMS")."""
        return self._change(operations.ADD_NICS, server_id, [nic.body() for nic in nics])

    def remove(self, server_id: str, port_ids: Sequence[str]) -> str:
        """POST /v1/{project_id}/baremetalservers/{server_id}/nics/delete (500 a minute).

        Page "Detaching NICs from a BMS".
        """
        return self._change(operations.REMOVE_NICS, server_id, [{"id": port_id} for port_id in port_ids])

    def _change(self, operation: operations.Operation, server_id: str, nics: list[dict[str, Any]]) -> str:
        names, body = {"server_id": server_id}, {"nics": nics}
        return job_id_of(self.channel.change(operation, names_job, names=names, body=body)) or ""
