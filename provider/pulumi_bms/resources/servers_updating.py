"""Changes of existing servers in place, without a job: name, tags, metadata, agency, renewal, and the own tag."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.orders import OrderApi
from pulumi_bms.api.server_properties import ServerPropertyApi
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.lifecycle.job_resource import Step
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.resources.servers_body import OUR_TAG
from pulumi_bms.resources.servers_marker import ORDER_KEY, order_digest, owned
from pulumi_bms.resources.servers_outputs import (
    UNFINISHED,
    documents,
    name_of_slot,
    slots_of,
    unfinished_of,
    user_tags,
)
from pulumi_bms.resources.servers_reading import Reading
from pulumi_bms.resources.servers_times import TIMES, Times


@dataclass(frozen=True)
class Updating:
    """Brings existing servers to the inputs. Every change is repeatable, so an interrupted run starts again."""

    step: Step
    inputs: Mapping[str, Any]
    times: Times = TIMES

    def complete_order(self, marker: str) -> None:
        """Finish new servers: wait until ready, write what no order takes, and mark the servers as owned.

        The cloud numbers the servers of each order anew, so a new server gets the name of its slot here. The mark is
        the last change. The servers of one order get a common value before, so that a run cut off between the marks
        finds the whole order again.
        """
        slots = slots_of(self.step.kept.outputs)
        servers = [self.ready(server_id) for server_id in unfinished_of(self.step.kept.outputs)]
        known = next((written for server in servers if (written := server.metadata.get(ORDER_KEY))), None)
        order = {ORDER_KEY: known or order_digest(server.id for server in servers)} if len(servers) > 1 else {}
        for server in servers:
            self._rename(server, name_of_slot(str(self.inputs["name"]), slots.index(server.id), len(slots)))
            self._remember(server, {**self._metadata(), **order})
        for server in servers:
            self._mark(server, marker)
            rest = [each for each in unfinished_of(self.step.kept.outputs) if each != server.id]
            self.step.kept.keep(**{UNFINISHED: rest})

    def rename(self, server_ids: Mapping[int, str], count: int) -> None:
        """Give every server the name of its slot."""
        for slot, server_id in server_ids.items():
            self._rename(self.ready(server_id), name_of_slot(str(self.inputs["name"]), slot, count))

    def retag(self, server_ids: Sequence[str]) -> None:
        """Give every server the user's tags. The own tag and the tags of the system stay."""
        for server_id in server_ids:
            self._retag(server_id, dict(self.inputs.get("tags") or {}))

    def remember(self, server_ids: Sequence[str], olds: Mapping[str, Any]) -> None:
        """Give every server the user's metadata and agency. The API removes no key, so a removed key stays."""
        values = self._metadata()
        if agency := self.inputs.get("agency_name"):
            values["agency_name"] = str(agency)
        before = [*(olds.get("metadata") or {}), *(["agency_name"] if olds.get("agency_name") else [])]
        if removed := sorted(key for key in before if key not in values):
            tell(self.step.operation, f"the API can't remove metadata: {', '.join(removed)} stay on the servers")
        for server_id in server_ids if values else ():
            self._remember(self.ready(server_id), values)

    def renew(self, server_ids: Sequence[str]) -> None:
        """Start or stop the automatic renewal of yearly servers."""
        is_on = bool(self.inputs.get("auto_renew"))
        kind = operations.START_RENEWING if is_on else operations.STOP_RENEWING
        billing = self.step.connection.orders().channel
        for server_id in server_ids:

            def change(channel: Channel, server_id: str = server_id) -> None:
                api = OrderApi(channel)
                (api.start_renewing if is_on else api.stop_renewing)(server_id)

            self.step.repeat(kind, change, billing)

    def ready(self, server_id: str) -> Server:
        """The server once no task runs. A new server may appear in the API some time after the end of its job.

        Raises `PartialStateError` for a server in error, or a server that is gone.
        """
        reading = Reading(self.step)
        is_new = server_id in unfinished_of(self.step.kept.outputs)
        visible_until = time.monotonic() + (self.times.visibility if is_new else 0.0)

        def at_rest() -> tuple[Server | None] | None:
            server = reading.now(server_id)
            is_late = server is None and time.monotonic() < visible_until
            is_busy = server is not None and state_of(server) is ServerState.BUSY
            self.step.operation.report(f"waiting for server {server_id}" if is_busy or is_late else "")
            return None if is_busy or is_late else (server,)

        settled = self.step.until(at_rest)
        if settled is None:
            raise self.step.kept.failure(f"server {server_id} was busy until the timeout: run `pulumi up` to go on")
        (server,) = settled
        if server is None:
            raise self.step.kept.failure(f"server {server_id} is gone: run `pulumi refresh`, then `pulumi up`")
        if state_of(server) is ServerState.ERROR:
            reason = server.fault.message if server.fault else None
            raise self.step.kept.failure(f"server {server_id} is in error: {reason or 'no reason was given'}")
        return server

    def read_back(self) -> dict[str, Any]:
        """The documents of all servers, by slot. Raises `PartialStateError` for a server that is gone."""
        slots = slots_of(self.step.kept.outputs)
        servers = [Reading(self.step).server(each) for each in slots]
        if gone := [each for each, server in zip(slots, servers, strict=True) if server is None]:
            self.step.kept.keep(**documents(servers))
            raise self.step.kept.failure(
                f"servers are gone from the cloud: {', '.join(gone)}. Run `pulumi up` to order the servers again"
            )
        return documents(servers)

    def _metadata(self) -> dict[str, str]:
        return {key: str(value) for key, value in (self.inputs.get("metadata") or {}).items()}

    def _rename(self, server: Server, name: str) -> None:
        if server.name != name:
            self._change(server.id, operations.RENAME_SERVER, lambda api, id_: api.rename(id_, name))

    def _retag(self, server_id: str, target: Mapping[str, str]) -> None:
        actual = user_tags(self.ready(server_id))
        removed = [key for key in actual if key not in target]
        changed = {key: value for key, value in target.items() if actual.get(key) != value}
        # Removed first: a server has a limited number of tags.
        if removed:
            self._change(server_id, operations.CHANGE_TAGS, lambda api, id_: api.delete_tags(id_, removed))
        if changed:
            self._change(server_id, operations.CHANGE_TAGS, lambda api, id_: api.set_tags(id_, changed))

    def _remember(self, server: Server, metadata: Mapping[str, str]) -> None:
        """Write the metadata that differ."""
        changed = {key: value for key, value in metadata.items() if server.metadata.get(key) != value}
        if changed:
            self._change(server.id, operations.UPDATE_METADATA, lambda api, id_: api.update_metadata(id_, changed))

    def _mark(self, server: Server, marker: str) -> None:
        """Mark a complete server as owned. An order takes no more than some tags, so the others are written here."""
        tags = {**(self.inputs.get("tags") or {}), OUR_TAG: owned(marker)}
        changed = {key: value for key, value in tags.items() if server.tags.get(key) != value}
        if changed:
            self._change(server.id, operations.CHANGE_TAGS, lambda api, id_: api.set_tags(id_, changed))

    def _change(self, server_id: str, kind: Operation, change: Callable[[ServerPropertyApi, str], None]) -> None:
        """Send a repeatable change of one server. Raises `PartialStateError` for a server that is gone."""
        with self.step.alone_on([server_id]):
            try:
                self.step.repeat(kind, lambda channel: change(ServerPropertyApi(channel), server_id))
            except ApiError as error:
                if meaning_of(kind, error) is not Meaning.GONE:
                    raise
                text = f"server {server_id} is gone: run `pulumi refresh`, then `pulumi up`"
                raise self.step.kept.failure(text) from None
