"""Fill slots with servers: find what is ordered already, order once, wait, and take the servers over.

An order is sent at most once. An earlier run's order is found by the record of this machine, or by the marker in the
cloud. A failed order is rolled back by the cloud for a while: no server of the order counts until the server has stayed
in one state for the settling time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.http.excerpt import Excerpt
from pulumi_bms.api.models.order import OrderStatus
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.api.servers import Ordered, ServerApi
from pulumi_bms.lifecycle.job_resource import JobFailedError, Step, pending_job_of
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.record import Order as RecordedOrder
from pulumi_bms.lifecycle.record import Pending, Record, RecordError, Records
from pulumi_bms.operation import ExpectedError
from pulumi_bms.resources.servers_body import OUR_TAG, Order, create_body
from pulumi_bms.resources.servers_marker import ordered, owned
from pulumi_bms.resources.servers_outputs import EMPTY, UNFINISHED, slots_of, survivors_of, unfinished_of

PENDING_ORDER = "pending_order_id"
"""The output with an order without a job, while the order is not finished."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times in seconds.

    `search` is the time to look for the servers of an order without a response. `settling` is the time without a
    change after which a server of a failed order counts as a survivor. `adoption` is the time without a new server
    after which an adopted order counts as complete.
    """

    search: float = 300.0
    settling: float = 120.0
    adoption: float = 900.0


TIMES = Times()
PREPAID_MODE = "prePaid"
_NO_RESPONSE = "the run ended before a response arrived"
_ADOPTED: set[str] = set()
"""The servers adopted by this process. No delete of the same run removes such a server."""


def was_adopted(server_id: str) -> bool:
    """Whether a create of this run has adopted the server."""
    return server_id in _ADOPTED


@dataclass(frozen=True)
class Ordering:
    """Fills the empty slots of one resource. The slots are the output `server_ids` of the step's partial result."""

    step: Step
    inputs: Mapping[str, Any]
    marker: str
    records: Records
    recorded: RecordedOrder
    times: Times = TIMES

    def fill(self, *, is_first: bool) -> None:
        """Fill all empty slots. `is_first` is whether the resource has never had a server.

        Raises `PartialStateError` for an order that did not end well, and `ExpectedError` if nothing was ordered.
        """
        self.resume()
        empty = [slot for slot, server_id in enumerate(self._slots) if server_id == EMPTY]
        if not empty:
            return
        found = self._found(is_first=is_first)
        record = self._earlier()
        if found:
            self._adopt(len(empty))
            self._forget(record)
        elif record is not None:
            self._go_on(record, len(empty))
        else:
            self._order(len(empty))

    @property
    def _slots(self) -> list[str]:
        return slots_of(self.step.kept.outputs)

    def resume(self) -> None:
        """Wait for the unfinished job or order of an earlier run, and take its servers."""
        if job_id := pending_job_of(self.step.kept.outputs):
            self._wait(job_id, None)
        elif order_id := self.step.kept.outputs.get(PENDING_ORDER):
            self._wait_for_order(str(order_id))

    def _earlier(self) -> Record | None:
        try:
            return self.records.find(self.recorded).same
        except RecordError as error:
            raise ExpectedError(str(error)) from None

    def _go_on(self, record: Record, count: int) -> None:
        """Go on with the order of a run that did not end well. A second search without servers orders anew."""
        tell(self.step.operation, f"an earlier run sent {record.request} at {record.sent_at}: nothing is ordered yet")
        if record.job_id:
            self._wait(record.job_id, count, record.order_id)
        elif record.order_id:
            self._wait_for_order(record.order_id)
        elif self._search(count):
            self._forget(record)
        elif not record.answered:
            self._complete(Pending(record), error=_NO_RESPONSE)
            raise self.step.kept.failure(self._lost(record))
        else:
            self._refuse_beside_other_orders(record)
            self._forget(record)
            self._order(count)

    def _order(self, count: int) -> None:
        """Order servers for `count` slots, once."""
        user_id = str(self.inputs.get("user_id") or self.step.connection.user_id(self.step.operation.cancelled.is_set))
        body = create_body(self.inputs, Order(count, user_id, ordered(self.marker)))["server"]
        try:
            pending = self.records.pending(self.recorded)
            response = self._sent(pending, body)
        except RecordError as error:
            raise ExpectedError(str(error)) from None
        self._complete(pending, job_id=response.job_id, order_id=response.order_id)
        if response.job_id:
            self._wait(response.job_id, count, response.order_id)
        elif response.order_id:
            self._wait_for_order(response.order_id)
        elif self._search(count):
            self._forget(pending.record)
        else:
            raise self.step.kept.failure(self._lost(pending.record))

    def _sent(self, pending: Pending, body: Mapping[str, Any]) -> Ordered:
        """The ids in the response to the order, or no ids if the response was lost."""
        try:
            return self.step.send(lambda channel: ServerApi(channel).create(body), pending=pending)
        except OutcomeUnknownError as error:
            found = error.excerpt or Excerpt()
            self._complete(pending, error=error.reason)
            tell(self.step.operation, f"the response to the order was lost, so the servers are searched for: {error}")
            return Ordered(found.id_of("job_id", "jobId"), found.id_of("order_id", "orderId"))
        except ApiError as error:
            pending.remove()
            raise ExpectedError(f"{error}\nNothing was ordered.") from None

    def _complete(self, pending: Pending, **result: Any) -> None:
        try:
            pending.complete(**result)
        except RecordError as error:
            tell(self.step.operation, f"the record of the order could not be completed: {error}")

    def _search(self, count: int) -> bool:
        """Search for servers with the marker for some minutes. Adopts the servers of a late order."""
        self.step.kept.keep()
        found = self.step.until(lambda: self._marked(ordered(self.marker)) or None, self.times.search)
        if found:
            self._adopt(count)
        return found is not None

    def _refuse_beside_other_orders(self, record: Record) -> None:
        """Refuse to order anew if the billing service has an order since the lost request."""
        if self.inputs.get("charging_mode") != PREPAID_MODE:
            return
        since = datetime.fromisoformat(record.sent_at) - timedelta(minutes=1)
        orders = self.step.connection.orders().between(since, datetime.now(UTC))
        if orders:
            named = ", ".join(order.order_id for order in orders)
            raise self.step.kept.failure(
                "nothing was ordered: the response to an earlier order was lost, and other orders exist since.\n"
                f"The orders: {named}\n"
                f"Check the orders in the console. If no order is the lost order, delete the record {record.path}"
            )

    def _lost(self, record: Record) -> str:
        return "\n".join(
            (
                f"{record.request} was sent at {record.sent_at}, and no response arrived.",
                f"No server with the tag {OUR_TAG}={ordered(self.marker)} appeared in {self.times.search:.0f} s.",
                "Check the cloud's console (servers, orders).",
                "The next `pulumi up` searches once more, and orders anew if there is still no server.",
            )
        )

    def _found(self, *, is_first: bool) -> list[Server]:
        """The servers of an unfinished order. Raises `ExpectedError` for servers of a finished resource."""
        found = self._marked(ordered(self.marker), *([owned(self.marker)] if is_first else []))
        finished = [server.id for server in found if server.tags.get(OUR_TAG) == owned(self.marker)]
        if finished:
            raise ExpectedError(
                "\n".join(
                    (
                        f"servers of a finished resource with the same inputs exist: {', '.join(finished)}",
                        "Nothing was ordered. The ways on:",
                        "- to replace the servers on purpose, change `triggers`,",
                        '- if the state was lost, import the servers: opts=ResourceOptions(import_="ID,ID"),',
                        "- else delete the servers in the cloud's console.",
                    )
                )
            )
        return found

    def _marked(self, *values: str) -> list[Server]:
        """The servers with the marker that exist and are in no slot, oldest first."""
        listed = ServerApi(self.step.channel).tagged(OUR_TAG, values, str(self.inputs["name"]))
        known = {*self._slots, *survivors_of(self.step.kept.outputs)}
        others = [server for server in listed if server.id not in known and state_of(server) is not ServerState.GONE]
        return sorted(others, key=lambda server: (server.created or "", server.name, server.id))

    def _adopt(self, count: int) -> None:
        """Take over the servers of an earlier order, once all are there and ready."""
        watch = _Watch(time.monotonic(), ())

        def complete() -> list[Server] | None:
            nonlocal watch
            servers = self._marked(ordered(self.marker))
            watch = watch.seen(servers)
            ready = sum(state_of(server).is_settled for server in servers)
            self.step.operation.report(f"{ready}/{count} servers of an earlier order are ready")
            if len(servers) >= count and ready >= count:
                return servers
            return servers if watch.unchanged_for > self.times.adoption else None

        servers = self.step.until(complete)
        if servers is None:
            raise self.step.kept.failure("the servers of an earlier order are not ready: run `pulumi up` to go on")
        usable = [server.id for server in servers if state_of(server).is_settled]
        _ADOPTED.update(usable)
        self._take(usable)
        if len(usable) < count:
            raise self.step.kept.failure(
                f"an earlier order brought {len(usable)} of {count} servers: run `pulumi up` to order the rest"
            )

    def _wait(self, job_id: str, count: int | None, order_id: str | None = None) -> None:
        """Wait for the job of an order, and take its servers. Raises `PartialStateError` for a failed job."""
        outputs = {"job_id": job_id, **({"order_id": order_id} if order_id else {})}
        try:
            job = self.step.wait(job_id, count, **outputs)
        except JobFailedError as error:
            survivors = self._survivors(error.job.server_ids)
            self.step.kept.outputs["pending_job"] = None
            # The next run may order again.
            self.records.settle(job_id=job_id)
            self._take([server.id for server in survivors if state_of(server).is_settled])
            broken = [server.id for server in survivors if not state_of(server).is_settled]
            self.step.kept.keep(surviving_server_ids=[*survivors_of(self.step.kept.outputs), *broken])
            raise self.step.kept.failure(_failure(error, survivors)) from None
        self._take(job.server_ids)
        self.step.kept.keep(pending_job=None)

    def _wait_for_order(self, order_id: str) -> None:
        """Wait for a yearly order without a job, and take its servers."""
        orders = self.step.connection.orders()
        self.step.kept.keep(**{PENDING_ORDER: order_id, "order_id": order_id})

        def ended() -> int | None:
            status = orders.get(order_id).status
            if status == OrderStatus.UNPAID:
                self.step.operation.report(f"order {order_id} waits to be paid")
            return status if status in (OrderStatus.DONE, OrderStatus.CANCELLED, OrderStatus.TO_BE_REFUNDED) else None

        status = self.step.until(ended)
        if status is None:
            raise self.step.kept.failure(f"order {order_id} did not finish in time: run `pulumi up` to go on")
        self.step.kept.outputs[PENDING_ORDER] = None
        if status != OrderStatus.DONE:
            raise self.step.kept.failure(f"order {order_id} was cancelled by the cloud: see the order in the console")
        self._take([each.resource_id for each in orders.resources(order_id)])

    def _survivors(self, server_ids: Sequence[str]) -> list[Server]:
        """The servers of a failed order that stay, after the rollback."""
        api, watch = ServerApi(self.step.channel), _Watch(time.monotonic(), ())

        def settled() -> list[Server] | None:
            nonlocal watch
            servers = [server for server_id in server_ids if (server := api.get(server_id))]
            watch = watch.seen(servers)
            at_rest = all(state_of(server) is not ServerState.BUSY for server in servers)
            self.step.operation.report(f"the order failed, {len(servers)} servers are left so far")
            return servers if not servers or (at_rest and watch.unchanged_for > self.times.settling) else None

        return self.step.until(settled) or [server for server_id in server_ids if (server := api.get(server_id))]

    def _take(self, server_ids: Sequence[str]) -> None:
        """Put servers into the empty slots. More servers than slots are survivors."""
        slots, rest = self._slots, [each for each in server_ids if each not in self._slots]
        unfinished = unfinished_of(self.step.kept.outputs)
        for slot, server_id in enumerate(slots):
            if server_id == EMPTY and rest:
                slots[slot] = rest.pop(0)
                unfinished.append(slots[slot])
        self.step.kept.keep(
            server_ids=slots,
            surviving_server_ids=[*survivors_of(self.step.kept.outputs), *rest],
            pending_job=None,
            **{PENDING_ORDER: None, UNFINISHED: unfinished},
        )

    def _forget(self, record: Record | None) -> None:
        """Remove the record of an order whose servers carry the marker: the marker finds the servers again."""
        if record is not None:
            self.records.settle(attempt=record.attempt)


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


def _failure(error: JobFailedError, survivors: Sequence[Server]) -> str:
    left = [f"server {server.id} ({state_of(server)}) exists and is billed" for server in survivors]
    if not left:
        return f"{error}\nNo server of the order is left. The next `pulumi up` orders again"
    return "\n".join([str(error), *left, "`pulumi up` orders the missing servers, and `pulumi destroy` deletes all"])
