"""Delete servers: on-demand servers by the delete job, yearly and monthly servers by unsubscribing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.operation_codes import Meaning, meaning_of, meaning_of_code
from pulumi_bms.api.orders import MOST_UNSUBSCRIBED
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.lifecycle.job_resource import JobFailedError, Step
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.server_locks import LOCKS
from pulumi_bms.operation import ExpectedError
from pulumi_bms.resources.servers_ordering import was_adopted
from pulumi_bms.resources.servers_updating import Updating

GONE_TIMEOUT = 900.0
"""Seconds until deleted servers must be gone. The billing service passes ids on later."""

GONE_TIMEOUT_AFTER_FAILURE = 30.0
"""Seconds until the servers of a failed delete job must be gone."""


@dataclass(frozen=True)
class Deleting:
    """Deletes servers of one resource. `inputs` are the stored inputs: how to delete, and what to keep."""

    step: Step
    inputs: Mapping[str, Any]

    def delete(self, server_ids: Sequence[str]) -> None:
        """Delete the servers, and wait until the servers are gone.

        A server that is gone already is done. Raises `ExpectedError` for yearly servers without
        `unsubscribe_on_delete`, before anything is deleted.
        """
        kept = [server_id for server_id in server_ids if was_adopted(server_id)]
        if kept:
            tell(self.step.operation, f"not deleted, because this run has adopted the servers: {', '.join(kept)}")
        servers = self._existing([server_id for server_id in server_ids if server_id not in kept])
        yearly = [server for server in servers if self._is_yearly(server)]
        if yearly and not self.inputs.get("unsubscribe_on_delete"):
            named = ", ".join(server.id for server in yearly)
            raise ExpectedError(
                f"these servers are paid by month or year: {named}\n"
                "Nothing was deleted. To unsubscribe from the servers, set unsubscribe_on_delete=True, and run "
                "`pulumi up`. Then delete again. A fee may be due"
            )
        on_demand = [server.id for server in servers if server not in yearly]
        with LOCKS.hold([server.id for server in servers], self.step.operation):
            self._tell_of_leftovers([server for server in servers if server not in yearly])
            failure = self._delete_on_demand(on_demand) if on_demand else ""
            for first in range(0, len(yearly), MOST_UNSUBSCRIBED):
                self._unsubscribe([server.id for server in yearly[first : first + MOST_UNSUBSCRIBED]])
            self._await_gone([server.id for server in servers], failure)

    def _is_yearly(self, server: Server) -> bool:
        return self.inputs.get("charging_mode") == "prePaid" if server.prepaid is None else server.prepaid

    def _existing(self, server_ids: Sequence[str]) -> list[Server]:
        updating = Updating(self.step, self.inputs)
        return [server for server_id in server_ids if (server := updating.server(server_id)) is not None]

    def _tell_of_leftovers(self, servers: Sequence[Server]) -> None:
        """Name the public IPs and disks that stay and are billed."""
        ips = [each.ip for server in servers for each in server.addresses if each.kind == "floating" and each.ip]
        disks = [
            each.id
            for server in servers
            for each in server.volumes
            if each.id and not each.is_root and not each.deleted_with_server
        ]
        left = [
            *([f"public IPs {', '.join(ips)}"] if ips and not self.inputs.get("delete_eip_on_delete") else []),
            *([f"disks {', '.join(disks)}"] if disks and not self.inputs.get("delete_data_volumes_on_delete") else []),
        ]
        if left:
            tell(self.step.operation, f"the servers are deleted, and these stay and are billed: {' and '.join(left)}")

    def _delete_on_demand(self, server_ids: Sequence[str]) -> str:
        """Delete the servers by one job. Returns the report of a failed job, else ""."""
        failure = ""
        eips, disks = (bool(self.inputs.get(f"delete_{name}_on_delete")) for name in ("eip", "data_volumes"))
        try:
            job_id = self.step.send_when_free(
                operations.DELETE_SERVERS,
                lambda channel: ServerApi(channel).delete(server_ids, eips=eips, data_volumes=disks),
            )
            self.step.wait(job_id)
        except JobFailedError as error:
            # The job may have deleted some servers: the poll of the servers decides.
            failure = str(error)
        except OutcomeUnknownError:
            # Deleting twice does no harm: the poll of the servers decides.
            pass
        except ApiError as error:
            if meaning_of(operations.DELETE_SERVERS, error) is not Meaning.GONE:
                raise ExpectedError(f"the servers {', '.join(server_ids)} were not deleted\n{error}") from None
        self.step.kept.outputs["pending_job"] = None
        return failure

    def _unsubscribe(self, server_ids: Sequence[str]) -> None:
        orders = self.step.connection.orders()
        try:
            result = self.step.send_when_free(operations.UNSUBSCRIBE, lambda _: orders.unsubscribe(server_ids))
        except OutcomeUnknownError:
            return
        except ApiError as error:
            if meaning_of(operations.UNSUBSCRIBE, error) not in (Meaning.GONE, Meaning.CONFIRM):
                raise ExpectedError(f"the servers {', '.join(server_ids)} were not unsubscribed\n{error}") from None
            return
        refused = [
            each for each in result.failed if meaning_of_code(operations.UNSUBSCRIBE, each.code) is not Meaning.GONE
        ]
        if refused:
            lines = [f"server {each.resource_id}: {each.code or ''} {each.message or ''}" for each in refused]
            raise ExpectedError("\n".join(["these servers were not unsubscribed, and are billed:", *lines]))

    def _await_gone(self, server_ids: Sequence[str], failure: str) -> None:
        """Wait until the servers are gone: after a failed job only for a short time."""
        api, left = ServerApi(self.step.channel), list(server_ids)

        def gone() -> bool | None:
            nonlocal left
            existing = [each for each in server_ids if api.get(each) is not None]
            in_bin = api.in_recycle_bin() if existing else frozenset()
            left = [each for each in existing if each not in in_bin]
            self.step.operation.report(f"{len(server_ids) - len(left)}/{len(server_ids)} servers are gone")
            return None if left else True

        if self.step.until(gone, GONE_TIMEOUT_AFTER_FAILURE if failure else GONE_TIMEOUT) is None:
            text = f"these servers still exist, and are billed: {', '.join(left)}\nRun the command again"
            raise ExpectedError(f"{failure}\n{text}" if failure else text)
