"""Power of servers: one request for all servers that need the change, and only for those."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.power import PowerApi
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.lifecycle.job_resource import CHANGE, JobFailedError, Step
from pulumi_bms.operation import ExpectedError
from pulumi_bms.resources.servers_outputs import slots_of
from pulumi_bms.resources.servers_updating import Updating

STOPPED = "stopped_server_ids"
"""The output with the servers that were stopped for an installation, and not started since. Stored in users' stacks."""


def stopped_of(outputs: Mapping[str, Any]) -> list[str]:
    """The servers in slots that were stopped for an installation, and not started since."""
    noted = outputs.get(STOPPED) or []
    return [each for each in slots_of(outputs) if each in noted]


class Power(StrEnum):
    """The wanted power of servers. Without a wanted power the resource does not manage power."""

    ON = "on"
    OFF = "off"


_STATES = {Power.ON: ServerState.READY, Power.OFF: ServerState.OFF}
_LOCKED = "is locked: unlock the server first"
_FROZEN = "is frozen because of unpaid bills: settle the account first"


@dataclass(frozen=True)
class Powering:
    """Starts, stops and reboots servers of one resource. The states are read before each request."""

    step: Step
    updating: Updating

    def bring(self, server_ids: Sequence[str], power: Power, *, for_installation: bool = False) -> None:
        """Start or stop the servers with the other power. Raises `ExpectedError` for locked and frozen servers.

        Servers stopped for an installation are noted before the request: a later run starts the servers.
        """
        needed = [each for each in server_ids if self._state(each) is not _STATES[power]]
        if not needed:
            return
        if for_installation:
            self.step.kept.keep(**{STOPPED: [*stopped_of(self.step.kept.outputs), *needed]})
        if power is Power.ON:
            self._act(operations.START_SERVERS, needed, lambda channel: PowerApi(channel).start(needed))
        else:
            self._act(operations.STOP_SERVERS, needed, lambda channel: PowerApi(channel).stop(needed))
        late = [each for each in needed if self._state(each) is not _STATES[power]]
        if late:
            raise self.step.kept.failure(
                f"these servers are not {power.value}: {', '.join(late)}; run `pulumi up` again"
            )

    def reboot(self, server_ids: Sequence[str], **outputs: Any) -> None:
        """Reboot the servers that run. `outputs` are kept once the request is accepted: no run reboots twice."""
        running = [each for each in server_ids if self._state(each) is ServerState.READY]
        if running:
            self._act(operations.REBOOT_SERVERS, running, lambda channel: PowerApi(channel).reboot(running), **outputs)

    def _act(
        self, kind: Operation, server_ids: Sequence[str], change: Callable[[Channel], str], **outputs: Any
    ) -> None:
        with self.step.alone_on(server_ids):
            try:
                job_id = self.step.send_when_free(kind, change)
                self.step.wait(job_id, output=CHANGE, **outputs)
            except OutcomeUnknownError:
                # The states of the servers decide, now and in the next run.
                self.step.kept.keep(**outputs)
            except JobFailedError as error:
                raise ExpectedError(str(error)) from None
            except ApiError as error:
                if meaning_of(kind, error) is not Meaning.DONE:
                    raise
        self.step.kept.keep(**{CHANGE: None})

    def _state(self, server_id: str) -> ServerState:
        state = state_of(self.updating.ready(server_id))
        if state in (ServerState.LOCKED, ServerState.FROZEN):
            raise ExpectedError(f"server {server_id} {_LOCKED if state is ServerState.LOCKED else _FROZEN}")
        return state


def power_drift(stored: Mapping[str, Any], servers: Sequence[Server]) -> dict[str, str]:
    """The power of a server that differs from the stored power, as an input."""
    if stored.get("power") not in set(Power):
        return {}
    other = Power.OFF if stored["power"] == Power.ON else Power.ON
    return {"power": other.value} if any(state_of(server) is _STATES[other] for server in servers) else {}
