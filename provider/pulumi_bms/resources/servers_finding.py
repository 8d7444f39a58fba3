"""Find the servers of an order in the cloud, by the marker in the tag. Sends nothing that changes the cloud."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.models.order import Order, OrderStatus
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.lifecycle.job_resource import Step
from pulumi_bms.resources.servers_body import OUR_TAG
from pulumi_bms.resources.servers_marker import ORDER_KEY, ordered, owned
from pulumi_bms.resources.servers_outputs import slots_of, survivors_of
from pulumi_bms.resources.servers_times import Times

ENDED_ORDERS = (OrderStatus.DONE, OrderStatus.CANCELLED, OrderStatus.TO_BE_REFUNDED)
"""The statuses of an order without further effects."""
_PREPAID = "prePaid"
_SKEW = timedelta(minutes=1)
"""The difference between the clocks of this machine and of the billing service."""


@dataclass(frozen=True)
class Finding:
    """Finds the servers of one marker that are in no slot of the step's partial result."""

    step: Step
    inputs: Mapping[str, Any]
    marker: str
    times: Times
    takes_owned: bool = False
    """Whether an owned server in no slot counts as unfinished. No two existing resources have the same marker.

    A run may have been killed between the last change of a new server and the save of the state.
    """

    def unfinished(self, expected: int = 1) -> list[Server]:
        """The servers of an unfinished order, oldest first.

        A run may have ended while the servers became owned one by one. So an owned server of the same order counts.
        """
        servers = self._marked(ordered(self.marker), expected)
        orders = {server.metadata[ORDER_KEY] for server in servers if ORDER_KEY in server.metadata}
        if orders or self.takes_owned:
            owned_ones = self.owned()
            servers += [each for each in owned_ones if self.takes_owned or each.metadata.get(ORDER_KEY) in orders]
        return sorted(servers, key=lambda server: (server.created or "", server.name, server.id))

    def owned(self) -> list[Server]:
        """The servers of finished resources with the same marker."""
        return self._marked(owned(self.marker), 1)

    def appears(self, since: str) -> bool:
        """Search for servers for some minutes. `since` is the time of the lost order, in UTC.

        A yearly order may wait for a payment or a review. So the search goes on while an order since then is not ended.
        """
        ends_at = time.monotonic() + self.times.search

        def is_there() -> bool | None:
            if self.unfinished():
                return True
            self.step.operation.report("the servers of an order without a response are searched for")
            return False if time.monotonic() > ends_at and not self._is_processed(since) else None

        return bool(self.step.until(is_there))

    def open_orders(self, since: str) -> list[Order]:
        """The yearly orders since the time that are not ended. None for on-demand servers.

        Raises `SettingsError` without an address of the billing service.
        """
        if self.inputs.get("charging_mode") != _PREPAID or not since:
            return []
        begin = datetime.fromisoformat(since) - _SKEW
        listed = self.step.connection.orders().between(begin, datetime.now(UTC) + _SKEW)
        return [order for order in listed if order.status not in ENDED_ORDERS]

    def gathered(self, count: int) -> list[Server]:
        """The servers of an unfinished order, once there are `count` servers and no server is busy.

        After the time for an adoption without a change, the result has the servers found so far. Raises
        `PartialStateError` at the deadline.
        """
        watch = _Watch(time.monotonic(), ())

        def complete() -> list[Server] | None:
            nonlocal watch
            servers = self.unfinished(count)
            watch = watch.seen(servers)
            ready = sum(state_of(server).is_settled for server in servers)
            self.step.operation.report(f"{ready}/{count} servers of an earlier order are ready")
            is_complete = len(servers) >= count and ready == len(servers)
            return servers if is_complete or watch.unchanged_for > self.times.adoption else None

        servers = self.step.until(complete)
        if servers is None:
            raise self.step.kept.failure("the servers of an earlier order are not ready: run `pulumi up` to go on")
        return servers

    def survivors(self, server_ids: Sequence[str]) -> list[Server]:
        """The servers of a failed order that stay after the rollback. `server_ids` are the servers named by the job."""
        api, watch = ServerApi(self.step.channel), _Watch(time.monotonic(), ())

        def present() -> list[Server]:
            marked = self.unfinished()
            others = [each for each in server_ids if each not in {server.id for server in marked}]
            return [*_existing(api, others), *marked]

        def settled() -> list[Server] | None:
            nonlocal watch
            servers = present()
            if not servers and not server_ids:
                return servers
            watch = watch.seen(servers)
            is_at_rest = all(state_of(server) is not ServerState.BUSY for server in servers)
            self.step.operation.report(f"the order failed, {len(servers)} servers are left so far")
            return servers if is_at_rest and watch.unchanged_for > self.times.settling else None

        servers = self.step.until(settled, self.times.adoption)
        return present() if servers is None else servers

    def _is_processed(self, since: str) -> bool:
        try:
            return any(order.status != OrderStatus.UNPAID for order in self.open_orders(since))
        except SettingsError:
            return False

    def _marked(self, value: str, expected: int) -> list[Server]:
        """The servers with this value of the tag. No page documents the filters: without them, all are compared."""
        api = ServerApi(self.step.channel)
        servers = self._others(api.tagged(OUR_TAG, [value], str(self.inputs["name"])), value)
        return servers if len(servers) >= expected else self._others(api.list(), value)

    def _others(self, listed: Iterable[Server], value: str) -> list[Server]:
        known = {*slots_of(self.step.kept.outputs), *survivors_of(self.step.kept.outputs)}
        return [
            server
            for server in listed
            if server.tags.get(OUR_TAG) == value and server.id not in known and state_of(server) is not ServerState.GONE
        ]


def _existing(api: ServerApi, server_ids: Iterable[str]) -> list[Server]:
    return [server for server_id in server_ids if (server := api.get(server_id))]


@dataclass(frozen=True, slots=True)
class _Watch:
    """The servers and their states since a time of the monotonic clock."""

    since: float
    states: tuple[tuple[str, ServerState], ...]

    def seen(self, servers: Sequence[Server]) -> _Watch:
        """The watch after a poll: the time starts again with each change."""
        states = tuple(sorted((server.id, state_of(server)) for server in servers))
        return self if states == self.states else _Watch(time.monotonic(), states)

    @property
    def unchanged_for(self) -> float:
        """Seconds without a change."""
        return time.monotonic() - self.since
