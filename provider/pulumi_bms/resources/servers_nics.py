"""NICs after the first, and security groups, in place: added before removed, compared as a multiset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.errors import OutcomeUnknownError
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.nics import NewNic, NicApi
from pulumi_bms.lifecycle.job_resource import CHANGE, JobFailedError, Step
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.resources.servers_updating import Updating


@dataclass(frozen=True, slots=True, order=True)
class NicKey:
    """A NIC as the user writes the NIC. "" is any address."""

    subnet_id: str
    ip_address: str = ""


def keys_of(nics: object) -> list[NicKey]:
    """The NICs after the first, of inputs."""
    listed = nics[1:] if isinstance(nics, list | tuple) else []
    return [NicKey(str(nic["subnet_id"]), str(nic.get("ip_address") or "")) for nic in listed]


def difference(olds: object, news: object) -> tuple[list[NicKey], list[NicKey]]:
    """The NICs to add and the NICs to remove."""
    before, after = Counter(keys_of(olds)), Counter(keys_of(news))
    return sorted((after - before).elements()), sorted((before - after).elements())


@dataclass(frozen=True)
class Wiring:
    """Changes the NICs of servers of one resource."""

    step: Step
    inputs: Mapping[str, Any]

    def add(self, server_ids: Sequence[str], nics: Sequence[NicKey], number: int) -> None:
        """Add NICs to each server, up to `number` NICs. A server of an interrupted run that has all NICs is done."""
        groups = tuple(str(group) for group in self.inputs.get("security_groups") or ())
        for server_id in server_ids:
            missing = number - len(self._server(server_id).port_ids)
            new = [NewNic(nic.subnet_id, nic.ip_address or None, groups) for nic in nics[: max(0, missing)]]
            if new:
                self._change(server_id, new, ())

    def remove(self, server_ids: Sequence[str], nics: Sequence[NicKey], number: int) -> None:
        """Remove NICs from each server, down to `number` NICs, and never the primary NIC."""
        for server_id in server_ids:
            server = self._server(server_id)
            surplus = len(server.port_ids) - number
            ports = self._ports(server, nics)[: max(0, surplus)]
            if ports:
                self._change(server_id, (), ports)

    def guard(self, server_ids: Sequence[str]) -> None:
        """Give every NIC of each server the security groups. Without groups in the program, all groups stay."""
        groups = [str(group) for group in self.inputs.get("security_groups") or ()]
        if not groups:
            tell(self.step.operation, "security_groups was removed: the security groups of the servers stay")
            return
        api = self.step.connection.ports()
        for server_id in server_ids:
            for port_id in self._server(server_id).port_ids:
                if sorted(api.get(port_id).security_groups) != sorted(groups):
                    api.set_security_groups(port_id, groups)

    def _server(self, server_id: str) -> Server:
        return Updating(self.step, self.inputs).ready(server_id)

    def _ports(self, server: Server, nics: Sequence[NicKey]) -> list[str]:
        """The ports of the NICs to remove, each port once: the newest port of the subnet if the NIC has no address."""
        api, result = self.step.connection.ports(), list[str]()
        later = {port_id: api.get(port_id).subnet_id for port_id in reversed(server.port_ids[1:])}
        kept = {nic.ip_address for nic in keys_of(self.inputs.get("nics")) if nic.ip_address}
        # NICs with an address first: a NIC without an address may have any other port.
        for nic in sorted(nics, key=lambda nic: not nic.ip_address):
            for port_id, subnet_id in later.items():
                addresses = {each.ip for each in server.addresses_of(port_id) if each.kind != "floating"}
                fits = nic.ip_address in addresses if nic.ip_address else not kept & addresses
                if subnet_id == nic.subnet_id and fits and port_id not in result:
                    result.append(port_id)
                    break
        return result

    def _change(self, server_id: str, new: Sequence[NewNic], ports: Sequence[str]) -> None:
        kind = operations.ADD_NICS if new else operations.REMOVE_NICS
        with self.step.alone_on([server_id]):
            try:
                job_id = self.step.send_when_free(
                    kind,
                    lambda channel: (
                        NicApi(channel).add(server_id, new) if new else NicApi(channel).remove(server_id, ports)
                    ),
                )
                self.step.wait(job_id, output=CHANGE)
            except OutcomeUnknownError as error:
                raise self.step.kept.failure(f"{error}\nThe next `pulumi up` reads the NICs first") from None
            except JobFailedError as error:
                raise self.step.kept.failure(f"the NICs of server {server_id} were not changed\n{error}") from None
            finally:
                self.step.kept.outputs[CHANGE] = None
