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


@dataclass(frozen=True, slots=True)
class _Port:
    subnet_id: str
    addresses: frozenset[str]


def _matched(nics: Sequence[NicKey], ports: Mapping[str, _Port]) -> dict[int, str]:
    """The port of each NIC, by the number of the NIC. A NIC with an address chooses before a NIC without."""
    result: dict[int, str] = {}
    for number, nic in sorted(enumerate(nics), key=lambda numbered: not numbered[1].ip_address):
        for port_id, port in ports.items():
            fits = port.subnet_id == nic.subnet_id and (not nic.ip_address or nic.ip_address in port.addresses)
            if fits and port_id not in result.values():
                result[number] = port_id
                break
    return result


@dataclass(frozen=True)
class Wiring:
    """Changes the NICs of servers of one resource."""

    step: Step
    inputs: Mapping[str, Any]

    def add(self, server_ids: Sequence[str]) -> None:
        """Add the missing NICs to each server. A NIC of an interrupted run is there already."""
        groups = tuple(str(group) for group in self.inputs.get("security_groups") or ())
        for server_id in server_ids:
            missing, _ = self._compare(server_id)
            if missing:
                self._change(server_id, [NewNic(nic.subnet_id, nic.ip_address or None, groups) for nic in missing], ())

    def remove(self, server_ids: Sequence[str], nics: Sequence[NicKey]) -> None:
        """Remove NICs from each server: never the primary NIC, and no NIC of the program."""
        for server_id in server_ids:
            _, surplus = self._compare(server_id)
            ports = list(_matched(nics, surplus).values())
            if ports:
                self._change(server_id, (), ports)
            if left := [port_id for port_id in surplus if port_id not in ports]:
                tell(self.step.operation, f"server {server_id} has NICs outside the program: {', '.join(left)} stay")

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

    def _compare(self, server_id: str) -> tuple[list[NicKey], dict[str, _Port]]:
        """The NICs of the program that the server lacks, and the ports of the server beside the program's NICs."""
        server, api = self._server(server_id), self.step.connection.ports()
        ports = {
            port_id: _Port(
                str(api.get(port_id).subnet_id),
                frozenset(str(each.ip) for each in server.addresses_of(port_id) if each.kind != "floating"),
            )
            for port_id in reversed(server.port_ids[1:])
        }
        expected = keys_of(self.inputs.get("nics"))
        matched = _matched(expected, ports)
        missing = [nic for number, nic in enumerate(expected) if number not in matched]
        return missing, {port_id: port for port_id, port in ports.items() if port_id not in matched.values()}

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
                # The error of an unfinished job has outputs of its own, with the job.
                self.step.kept.outputs[CHANGE] = None
