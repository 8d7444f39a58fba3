"""Changes of existing servers in place, without a job: name, tags, metadata, agency, renewal, and the own tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import OutcomeUnknownError
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.server_properties import ServerPropertyApi
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.lifecycle.job_resource import Step
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.server_locks import LOCKS
from pulumi_bms.resources.servers_body import MOST_TAGS_OF_USER, OUR_TAG
from pulumi_bms.resources.servers_marker import owned
from pulumi_bms.resources.servers_outputs import (
    EMPTY,
    UNFINISHED,
    documents,
    name_of_slot,
    slots_of,
    unfinished_of,
    user_tags,
)


@dataclass(frozen=True)
class Updating:
    """Brings existing servers to the inputs. Every change is repeatable, so an interrupted run starts again."""

    step: Step
    inputs: Mapping[str, Any]

    def complete_order(self, marker: str) -> None:
        """Finish new servers: wait until ready, write what no order takes, and mark the servers as owned."""
        for server_id in unfinished_of(self.step.kept.outputs):
            self._complete(server_id, marker)
            rest = [each for each in unfinished_of(self.step.kept.outputs) if each != server_id]
            self.step.kept.keep(**{UNFINISHED: rest})

    def rename(self, server_ids: Mapping[int, str], count: int) -> None:
        """Give every server the name of its slot."""
        for slot, server_id in server_ids.items():
            self._rename(server_id, name_of_slot(str(self.inputs["name"]), slot, count))

    def retag(self, server_ids: Sequence[str]) -> None:
        """Give every server the user's tags. The own tag and the tags of the system stay."""
        for server_id in server_ids:
            self._retag(server_id, dict(self.inputs.get("tags") or {}))

    def remember(self, server_ids: Sequence[str], olds: Mapping[str, Any]) -> None:
        """Give every server the user's metadata and agency. The API removes no key, so a removed key stays."""
        values = {key: str(value) for key, value in (self.inputs.get("metadata") or {}).items()}
        if agency := self.inputs.get("agency_name"):
            values["agency_name"] = str(agency)
        removed = sorted(key for key in olds.get("metadata") or {} if key not in values)
        if removed:
            tell(self.step.operation, f"the API can't remove metadata: {', '.join(removed)} stay on the servers")
        for server_id in server_ids if values else ():
            self._remember(server_id, values)

    def renew(self, server_ids: Sequence[str]) -> None:
        """Start or stop the automatic renewal of yearly servers."""
        orders = self.step.connection.orders()
        change = orders.start_renewing if self.inputs.get("auto_renew") else orders.stop_renewing
        for server_id in server_ids:
            change(server_id)

    def ready(self, server_id: str) -> Server:
        """The server once no task runs. Raises `ExpectedError` for a server in error, or a server that is gone."""

        def at_rest() -> tuple[Server | None] | None:
            server = ServerApi(self.step.channel).get(server_id)
            is_busy = server is not None and state_of(server) is ServerState.BUSY
            self.step.operation.report(f"waiting for server {server_id}" if is_busy else "")
            return None if is_busy else (server,)

        found = self.step.until(at_rest)
        if found is None:
            raise self.step.kept.failure(f"server {server_id} was busy until the timeout: run `pulumi up` to go on")
        (server,) = found
        if server is None:
            raise self.step.kept.failure(f"server {server_id} is gone: run `pulumi refresh`, then `pulumi up`")
        if state_of(server) is ServerState.ERROR:
            reason = server.fault.message if server.fault else None
            raise self.step.kept.failure(f"server {server_id} is in error: {reason or 'no reason was given'}")
        return server

    def read_back(self) -> dict[str, Any]:
        """The documents of all servers, by slot."""
        return documents([self.server(each) for each in slots_of(self.step.kept.outputs)])

    def server(self, server_id: str) -> Server | None:
        """The server, or None for an empty slot and a server that is gone."""
        if server_id == EMPTY:
            return None
        found = self.step.until(lambda: (ServerApi(self.step.channel).get(server_id),))
        if found is None:
            raise self.step.kept.failure(f"server {server_id} could not be read in time: run the command again")
        return found[0]

    def _complete(self, server_id: str, marker: str) -> None:
        server = self.ready(server_id)
        extra = dict(sorted((self.inputs.get("tags") or {}).items())[MOST_TAGS_OF_USER:])
        metadata = {key: str(value) for key, value in (self.inputs.get("metadata") or {}).items()}
        if metadata:
            self._remember(server_id, metadata)
        if server.tags.get(OUR_TAG) != owned(marker):
            # The last change: a server marked as owned is complete.
            self._tag(server_id, {**extra, OUR_TAG: owned(marker)})

    def _rename(self, server_id: str, name: str) -> None:
        with LOCKS.hold([server_id], self.step.operation):
            self._repeatable(
                operations.RENAME_SERVER, lambda channel: ServerPropertyApi(channel).rename(server_id, name)
            )

    def _retag(self, server_id: str, wanted: Mapping[str, str]) -> None:
        actual = user_tags(self.ready(server_id))
        removed = [key for key in actual if key not in wanted]
        changed = {key: value for key, value in wanted.items() if actual.get(key) != value}
        if removed:
            with LOCKS.hold([server_id], self.step.operation):
                self._repeatable(
                    operations.CHANGE_TAGS,
                    lambda channel: ServerPropertyApi(channel).delete_tags(server_id, removed),
                )
        if changed:
            self._tag(server_id, changed)

    def _tag(self, server_id: str, tags: Mapping[str, str]) -> None:
        with LOCKS.hold([server_id], self.step.operation):
            self._repeatable(
                operations.CHANGE_TAGS, lambda channel: ServerPropertyApi(channel).set_tags(server_id, tags)
            )

    def _remember(self, server_id: str, metadata: Mapping[str, str]) -> None:
        with LOCKS.hold([server_id], self.step.operation):
            self._repeatable(
                operations.UPDATE_METADATA,
                lambda channel: ServerPropertyApi(channel).update_metadata(server_id, metadata),
            )

    def _repeatable(self, kind: Operation, change: Callable[[Channel], None]) -> None:
        """Send a change that does no harm when sent twice: once more after a lost response."""
        try:
            self.step.send_when_free(kind, change)
        except OutcomeUnknownError:
            self.step.send_when_free(kind, change)
