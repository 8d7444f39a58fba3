"""How a server stands, derived from what a response says. Pure.

`status` alone is ambiguous: a server that is being deleted reads ACTIVE, and a server that is being started, a server
that is being reinstalled and a frozen server read SHUTOFF. The rules, of which the first that fits counts:

1. gone: the status is DELETED, or the server is in the recycle bin.
2. busy: a task runs (`task_state`).
3. error: the status or `vm_state` is error, or a fault is given.
4. frozen: the metadata say so.
5. busy: status and `vm_state` are neither those of a running nor those of a stopped server.
6. locked: the server takes no changes. Else ready (running) or off (stopped).

Source: the page "Querying Details About a BMS" of the Bare Metal Server API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from pulumi_bms.api.models.server import Server


class ServerState(StrEnum):
    """How a server stands."""

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
"""By the status: the state, and each `vm_state` that goes with the status while nothing is under way."""


def state_of(server: Server) -> ServerState:
    """How the server stands."""
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
