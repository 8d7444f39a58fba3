"""Delete servers: on-demand servers by the delete job, yearly and monthly servers by unsubscribing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.models.order import Unsubscription
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.operation_codes import Meaning, meaning_of, meaning_of_code
from pulumi_bms.api.orders import MOST_UNSUBSCRIBED, OrderApi
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.lifecycle.job_resource import JobFailedError, Step
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.operation import ExpectedError
from pulumi_bms.resources.servers_outputs import unfinished_of
from pulumi_bms.resources.servers_reading import Reading
from pulumi_bms.resources.servers_times import TIMES, Times

_TRIES = 3
"""How often a delete is sent at most, while responses are lost or some of the servers are gone already."""
_ATTACHED = (
    "Nothing was deleted, because delete_data_volumes_on_delete=True deletes attached disks too.\n"
    "Detach the disks first: remove each VolumeAttachment, run `pulumi up`, and then lower count or destroy. If "
    "the servers are not replaced, delete_data_volumes_on_delete=False and `pulumi up` keep all disks instead"
)


@dataclass(frozen=True)
class Deleting:
    """Deletes servers of one resource. `inputs` are the stored inputs: how to delete, and what to keep."""

    step: Step
    inputs: Mapping[str, Any]
    times: Times = TIMES

    def delete(self, server_ids: Sequence[str]) -> None:
        """Delete the servers, and wait until the servers are gone.

        A server that is gone already is done. Raises `ExpectedError` for yearly servers without
        `unsubscribe_on_delete`, and for attached disks that would be deleted, before anything is deleted.
        """
        new = [each for each in server_ids if each in unfinished_of(self.step.kept.outputs)]
        Reading(self.step).await_visible(new, self.times.visibility)
        servers = Reading(self.step).existing(server_ids)
        yearly = [server for server in servers if self._is_yearly(server)]
        if yearly and not self.inputs.get("unsubscribe_on_delete"):
            raise ExpectedError(_refusal(yearly))
        yearly_ids = [server.id for server in yearly]
        on_demand_ids = [server.id for server in servers if server.id not in yearly_ids]
        with self.step.alone_on([server.id for server in servers]):
            if self.inputs.get("delete_data_volumes_on_delete"):
                self._refuse_attached(on_demand_ids)
            self._tell_of_leftovers(servers, yearly_ids)
            failure = self._delete_on_demand(on_demand_ids) if on_demand_ids else ""
            for first in range(0, len(yearly_ids), MOST_UNSUBSCRIBED):
                self._unsubscribe(yearly_ids[first : first + MOST_UNSUBSCRIBED])
            self._await_gone([server.id for server in servers], failure)

    def _is_yearly(self, server: Server) -> bool:
        return self.inputs.get("charging_mode") == "prePaid" if server.prepaid is None else server.prepaid

    def _refuse_attached(self, server_ids: Sequence[str]) -> None:
        """Raise `ExpectedError` for servers with more disks than ordered, because the delete takes all disks.

        The number decides: a refresh stores attached disks among the outputs too. The servers are read anew, because a
        `VolumeAttachment` may have held the lock.
        """
        own, lines = len(self.inputs.get("data_disks") or []), []
        for server in Reading(self.step).existing(server_ids):
            disks = [each.id for each in server.volumes if each.id and not each.is_root]
            if len(disks) > own:
                lines.append(f"server {server.id} has more disks than the {own} of data_disks: {', '.join(disks)}")
        if lines:
            raise ExpectedError("\n".join([*lines, _ATTACHED]))

    def _tell_of_leftovers(self, servers: Sequence[Server], yearly_ids: Sequence[str]) -> None:
        """Name the public IPs and disks that stay and are billed. Disks bought with a yearly server go with it."""
        keeps_ips, keeps_disks = (not self.inputs.get(f"delete_{name}_on_delete") for name in ("eip", "data_volumes"))
        ips = [
            each.ip
            for server in servers
            for each in server.addresses
            if each.kind == "floating" and each.ip and (keeps_ips or server.id in yearly_ids)
        ]
        disks = [
            each.id
            for server in servers
            for each in server.volumes
            if keeps_disks
            and server.id not in yearly_ids
            and each.id
            and not each.is_root
            and not each.deleted_with_server
        ]
        left = [*([f"public IPs {', '.join(ips)}"] if ips else []), *([f"disks {', '.join(disks)}"] if disks else [])]
        if left:
            tell(self.step.operation, f"the servers are deleted, and these stay and are billed: {' and '.join(left)}")

    def _delete_on_demand(self, server_ids: Sequence[str]) -> str:
        """Send the delete job until the job has ended, or no server exists. Deleting twice does no harm.

        Returns the report of a failed job, else "".
        """
        for attempt in range(_TRIES):
            ids = list(server_ids) if not attempt else [each.id for each in Reading(self.step).existing(server_ids)]
            try:
                if not ids or self._is_deleted(ids):
                    return ""
            except JobFailedError as error:
                # The job may have deleted some servers: the poll of the servers decides.
                return str(error)
        return ""

    def _is_deleted(self, server_ids: Sequence[str]) -> bool:
        """Whether a delete job has ended. False after a lost response, and if a server was gone already.

        Raises `JobFailedError`.
        """
        eips, disks = (bool(self.inputs.get(f"delete_{name}_on_delete")) for name in ("eip", "data_volumes"))

        def delete(channel: Any) -> str:
            return ServerApi(channel).delete(server_ids, eips=eips, data_volumes=disks)

        try:
            self.step.wait(self.step.send_when_free(operations.DELETE_SERVERS, delete), is_resumed=False)
        except OutcomeUnknownError:
            return False
        except ApiError as error:
            if meaning_of(operations.DELETE_SERVERS, error) in (Meaning.GONE, Meaning.CONFIRM):
                return False
            raise ExpectedError(f"the servers {', '.join(server_ids)} were not deleted\n{error}") from None
        return True

    def _unsubscribe(self, server_ids: Sequence[str]) -> None:
        billing = self.step.connection.orders().channel
        try:
            result = self.step.repeat(
                operations.UNSUBSCRIBE, lambda channel: OrderApi(channel).unsubscribe(server_ids), billing
            )
        except OutcomeUnknownError:
            return
        except ApiError as error:
            if meaning_of(operations.UNSUBSCRIBE, error) not in (Meaning.GONE, Meaning.CONFIRM):
                raise ExpectedError(f"the servers {', '.join(server_ids)} were not unsubscribed\n{error}") from None
            # A call with one ended server is refused as a whole.
            for server_id in server_ids if len(server_ids) > 1 else ():
                self._unsubscribe([server_id])
            return
        _check(result)

    def _await_gone(self, server_ids: Sequence[str], failure: str) -> None:
        """Wait until the servers are gone: after a failed job for a short time only."""

        def gone() -> bool | None:
            left = Reading(self.step).left(server_ids)
            self.step.operation.report(f"{len(server_ids) - len(left)}/{len(server_ids)} servers are gone")
            return None if left else True

        if self.step.until(gone, self.times.gone_after_failure if failure else self.times.gone) is None:
            left = [each.id for each in Reading(self.step).existing(server_ids)]
            text = f"the servers {', '.join(left)} are not gone yet: run the command again"
            raise ExpectedError(f"{failure}\n{text}" if failure else text)


def _refusal(servers: Sequence[Server]) -> str:
    return (
        f"these servers are paid by month or year: {', '.join(server.id for server in servers)}\n"
        "Nothing was deleted. To unsubscribe from the servers, set unsubscribe_on_delete=True, and run `pulumi up`. "
        "Then delete again. A fee may be due"
    )


def _check(result: Unsubscription) -> None:
    """Raise `ExpectedError` for servers that were not unsubscribed."""
    refused = [
        each
        for each in result.failed
        if meaning_of_code(operations.UNSUBSCRIBE, each.code) not in (Meaning.GONE, Meaning.CONFIRM)
    ]
    if refused:
        lines = [f"server {each.resource_id}: {each.code or ''} {each.message or ''}" for each in refused]
        raise ExpectedError("\n".join(["these servers were not unsubscribed, and are billed:", *lines]))
