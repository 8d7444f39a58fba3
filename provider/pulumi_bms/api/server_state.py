"""The state of a server, derived from a response. Pure.

`status` alone is ambiguous. A server during deletion reads ACTIVE. A server during start or reinstallation and a frozen
server read SHUTOFF. The first matching rule counts:

1. gone: the status is DELETED, or the server is in the recycle bin.
2. busy: a task runs (`task_state`).
3. error: the status or `vm_state` is error, or a fault is given.
4. frozen: the metadata say so.
5. busy: status and `vm_state` fit neither a running nor a stopped server.
6. locked: the server takes no changes. Else ready (running) or off (stopped).

Source: the page "Querying Details About a BMS" of the Bare Metal Server API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from pulumi_bms.api.models.server import Server


class ServerState(StrEnum):
    """The state of a server."""

    READY = "ready"
    OFF = "off"
    BUSY = "busy"
    GONE = "gone"
    ERROR = "error"
    FROZEN = "frozen"
    LOCKED = "locked"

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way, and the server is usable."""
        return self in (ServerState.READY, ServerState.OFF, ServerState.LOCKED)


_AT_REST: Mapping[str, tuple[ServerState, frozenset[str]]] = MappingProxyType(
    {
        "ACTIVE": (ServerState.READY, frozenset({"", "active"})),
        # Guides and the API definition have different words.
        "SHUTOFF": (ServerState.OFF, frozenset({"", "stopped", "shutoff"})),
    }
)
"""By the status: the state, and every `vm_state` of an idle server with the status."""


def state_of(server: Server) -> ServerState:
    """The state of the server."""
    vm_state = (server.vm_state or "").lower()
    if server.status == "DELETED" or server.in_recycle_bin:
        return ServerState.GONE
    if server.task_state:
        return ServerState.BUSY
    if server.status == "ERROR" or vm_state == "error" or server.fault:
        return ServerState.ERROR
    if server.frozen:
        return ServerState.FROZEN
    state, vm_states = _AT_REST.get(server.status, (ServerState.BUSY, frozenset()))
    if vm_state not in vm_states:
        return ServerState.BUSY
    return ServerState.LOCKED if server.locked else state
