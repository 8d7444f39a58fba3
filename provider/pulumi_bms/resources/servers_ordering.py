"""Fill slots with servers: find what is ordered already, order once, wait, and take the servers over.

An order is sent at most once. An earlier run's order is found by its job in the state, by the record of this machine,
or by the marker in the cloud. A failed order is rolled back by the cloud for a while: no server of the order counts
until the server has stayed in one state for the settling time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.http.excerpt import Excerpt
from pulumi_bms.api.models.order import OrderStatus
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.server_state import state_of
from pulumi_bms.api.servers import Ordered, ServerApi
from pulumi_bms.api.submission import ORDER_ID
from pulumi_bms.lifecycle.job_resource import JOB, JobFailedError, Step, UnfinishedJobError, pending_job_of
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.record import Pending, Record, RecordError, utc_now
from pulumi_bms.operation import ExpectedError, PartialStateError
from pulumi_bms.resources import servers_texts as texts
from pulumi_bms.resources.servers_body import Order, create_body
from pulumi_bms.resources.servers_finding import ENDED_ORDERS, Finding
from pulumi_bms.resources.servers_marker import ordered
from pulumi_bms.resources.servers_memory import ADOPTED, Memory
from pulumi_bms.resources.servers_outputs import (
    EMPTY,
    LOST_ORDER,
    PENDING_ORDER,
    UNFINISHED,
    slots_of,
    survivors_of,
    unfinished_of,
)


@dataclass(frozen=True)
class Ordering:
    """Fills the empty slots of one resource. The slots are the output `server_ids` of the step's partial result."""

    step: Step
    inputs: Mapping[str, Any]
    finding: Finding
    memory: Memory

    def fill(self, *, is_first: bool) -> None:
        """Fill all empty slots. `is_first` is whether the resource has never had a server.

        Raises `PartialStateError` for an order that did not end well, and `ExpectedError` if nothing was ordered.
        """
        self.resume()
        count = self._slots.count(EMPTY)
        if not count:
            self._end_unneeded()
            return
        record = self.memory.earlier(self.step)
        unfinished = self.finding.unfinished(count)
        if is_first:
            self._refuse_finished(record, unfinished)
        if record and (record.job_id or record.order_id):
            before = set(self._slots)
            self._go_on(record)
            ADOPTED.update(set(self._slots) - before)
            count = self._slots.count(EMPTY)
            if not count:
                return
            # The earlier order was smaller. Without the record, the tag finds the servers after a kill.
            self.memory.forget(record)
            record, unfinished = None, self.finding.unfinished(count)
        if unfinished:
            self._adopt(count, record)
        elif record or self.step.kept.outputs.get(LOST_ORDER):
            self._search_again(count, record)
        else:
            self._order(count)

    def resume(self) -> None:
        """Wait for the unfinished job or order of an earlier run, and take its servers."""
        if job_id := pending_job_of(self.step.kept.outputs):
            self._wait(job_id)
        elif order_id := self.step.kept.outputs.get(PENDING_ORDER):
            self._wait_for_order(str(order_id))

    def end(self) -> None:
        """Before a delete: wait for the end of unfinished orders, however an order ends, and take the servers."""
        record = self.memory.earlier(self.step)
        self._end_order(record)
        lost = self._lost_since(record)
        if self.finding.unfinished() or (lost and self.finding.appears(lost)):
            self._take([server.id for server in self.finding.gathered(max(self._slots.count(EMPTY), 1))])

    def _end_order(self, record: Record | None) -> None:
        """Wait for the end of unfinished orders, however an order ends."""
        try:
            self.resume()
            if record and (record.job_id or record.order_id):
                self._go_on(record)
        except PartialStateError:
            if pending_job_of(self.step.kept.outputs) or self.step.kept.outputs.get(PENDING_ORDER):
                raise

    def _end_unneeded(self) -> None:
        """End an earlier order that no slot waits for: the user has lowered the number again."""
        if not (self.step.kept.outputs.get(LOST_ORDER) or self.memory.is_left()):
            return
        record, before = self.memory.earlier(self.step), set(survivors_of(self.step.kept.outputs))
        self._end_order(record)
        if lost := self._lost_since(record):
            servers = self.finding.gathered(1) if self.finding.appears(lost) else []
            if not servers and (orders := self.finding.open_orders(lost)):
                tell(self.step.operation, texts.other_orders(orders, record))
                return
            self._forget_lost(record)
            self._take([server.id for server in servers])
        if more := sorted(set(survivors_of(self.step.kept.outputs)) - before):
            tell(self.step.operation, texts.unneeded(more))

    def _lost_since(self, record: Record | None) -> str | None:
        """The time of an earlier order without a response."""
        lost = self.step.kept.outputs.get(LOST_ORDER) or (record.sent_at if record and not record.job_id else None)
        return None if lost is None else str(lost)

    def _forget_lost(self, record: Record | None) -> None:
        """Forget an order without a response, in the state and on this machine."""
        if lost := self._lost_since(record):
            self.memory.forget_sent(lost)
        self.step.kept.outputs[LOST_ORDER] = None

    @property
    def _slots(self) -> list[str]:
        return slots_of(self.step.kept.outputs)

    def _go_on(self, record: Record) -> None:
        """Go on with the job or the order of a run that did not end well."""
        tell(self.step.operation, texts.going_on(record))
        if record.job_id:
            self._wait(record.job_id, record.order_id)
        else:
            self._wait_for_order(str(record.order_id))

    def _search_again(self, count: int, record: Record | None) -> None:
        """Search for the servers of a lost order. After the second search without servers, order anew."""
        since = record.sent_at if record else str(self.step.kept.outputs[LOST_ORDER])
        is_second = record is None or record.answered
        if record is not None:
            tell(self.step.operation, texts.searching(record))
        self.step.kept.keep(**{LOST_ORDER: since})
        if self.finding.appears(since):
            self._adopt(count, record)
        elif not is_second and record is not None:
            self.memory.complete(self.step, Pending(record), error=texts.NO_RESPONSE)
            raise self._lost(record.request, since)
        else:
            self._refuse_beside_other_orders(since, record)
            self._forget_lost(record)
            self._order(count)

    def _order(self, count: int) -> None:
        """Order servers for `count` slots, once."""
        user_id = str(self.inputs.get("user_id") or self.step.connection.user_id(self.step.operation.cancelled.is_set))
        body = create_body(self.inputs, Order(count, user_id, ordered(self.finding.marker)))["server"]
        try:
            pending = self.memory.pending()
            response = self._sent(pending, body)
        except RecordError as error:
            raise ExpectedError(str(error)) from None
        self.memory.complete(self.step, pending, job_id=response.job_id, order_id=response.order_id)
        if response.job_id:
            self._wait(response.job_id, response.order_id, count)
        elif response.order_id:
            self._wait_for_order(response.order_id)
        else:
            self.step.kept.keep(**{LOST_ORDER: pending.record.sent_at})
            if not self.finding.appears(pending.record.sent_at):
                raise self._lost(pending.record.request, pending.record.sent_at)
            self._adopt(count, pending.record)

    def _sent(self, pending: Pending, body: Mapping[str, Any]) -> Ordered:
        """The ids in the response to the order, or no ids if the response was lost."""
        try:
            return self.step.send_when_free(
                operations.CREATE_SERVERS, lambda channel: ServerApi(channel).create(body), pending=pending
            )
        except OutcomeUnknownError as error:
            excerpt = error.excerpt or Excerpt()
            self.step.kept.keep(**{LOST_ORDER: pending.record.sent_at})
            self.memory.complete(self.step, pending, error=error.reason)
            tell(self.step.operation, texts.response_lost(error))
            return Ordered(excerpt.id_of("job_id", "jobId"), excerpt.id_of(*ORDER_ID))
        except ApiError as error:
            pending.remove()
            if self.step.operation.cancelled.is_set() and not error.sent:
                raise self._nothing("interrupted before the order was sent") from None
            raise self._nothing(str(error)) from None

    def _nothing(self, reason: str) -> ExpectedError:
        """The error without an order. The state is kept if the step has changed the state before."""
        text = f"{reason}\nNothing was ordered."
        return self.step.kept.failure(text) if self.step.kept.is_kept else ExpectedError(text)

    def _lost(self, request: str, since: str) -> PartialStateError:
        return self.step.kept.failure(
            texts.lost(request, since, ordered(self.finding.marker), self.finding.times.search)
        )

    def _refuse_finished(self, record: Record | None, unfinished: Sequence[Server]) -> None:
        """Refuse to order beside servers of a finished resource with the same marker.

        With a record of this machine, an earlier run was killed after the last change of the servers. On Pulumi's own
        host the record outlives a run that ended well, so the record proves nothing, and the refusal stays.
        """
        ids = {server.id for server in unfinished}
        finished = [server.id for server in self.finding.owned() if server.id not in ids]
        is_of_record = record is not None and bool(record.job_id or record.order_id)
        if finished and not (is_of_record and self.step.operation.keeps_partial_state):
            raise ExpectedError(texts.finished(finished))

    def _refuse_beside_other_orders(self, since: str, record: Record | None) -> None:
        """Refuse to order anew if the billing service has an open order since the lost request."""
        if orders := self.finding.open_orders(since):
            raise self.step.kept.failure(texts.other_orders(orders, record))

    def _adopt(self, count: int, record: Record | None) -> None:
        """Take over the servers of an earlier order, once all are there and ready."""
        servers = self.finding.gathered(count)
        usable = [server.id for server in servers if state_of(server).is_settled]
        ADOPTED.update(usable)
        self._forget_lost(record)
        self._take(usable, [server for server in servers if server.id not in usable])
        missing = self._slots.count(EMPTY)
        if missing and self.step.operation.keeps_partial_state:
            raise self.step.kept.failure(texts.short(count, missing))
        if missing:
            # Pulumi's own host keeps no state: the next run would find the same servers, and stop here again.
            self._order(missing)

    def _wait(self, job_id: str, order_id: str | None = None, count: int | None = None) -> None:
        """Wait for the job of an order, and take its servers. Raises `PartialStateError` for a failed job."""
        self.step.kept.outputs.update(
            {"job_id": job_id, LOST_ORDER: None, **({"order_id": order_id} if order_id else {})}
        )
        try:
            job = self.step.wait(job_id, count)
        except JobFailedError as error:
            raise self._failed(str(error), error.job.server_ids, job_id=job_id) from None
        except UnfinishedJobError as error:
            if not error.is_job_lost:
                raise
            self._find_without_job(error, job_id)
        else:
            self._take(job.server_ids)

    def _find_without_job(self, error: UnfinishedJobError, job_id: str) -> None:
        """Search for the servers of a job that names none, or is unknown: records of ended jobs are kept for a day."""
        count = self._slots.count(EMPTY)
        if count and self.finding.appears(""):
            self._adopt(count, None)
            return
        since = utc_now()
        self.memory.lose(self.step, job_id, error.reason)
        self.step.kept.keep(**{JOB: None, LOST_ORDER: since if count else None})
        raise self.step.kept.failure(f"{error.reason}\n{texts.no_servers(job_id)}")

    def _wait_for_order(self, order_id: str) -> None:
        """Wait for a yearly order without a job, and take its servers."""
        orders = self.step.connection.orders()
        self.step.kept.keep(**{PENDING_ORDER: order_id, "order_id": order_id, LOST_ORDER: None})

        def ended() -> int | None:
            status = orders.get(order_id).status
            if status == OrderStatus.UNPAID:
                self.step.operation.report(f"order {order_id} waits to be paid")
            return status if status in ENDED_ORDERS else None

        status = self.step.until(ended)
        if status is None:
            raise self.step.kept.failure(f"order {order_id} did not finish in time: run `pulumi up` to go on")
        server_ids = [each.resource_id for each in orders.resources(order_id)]
        if status != OrderStatus.DONE:
            text = f"order {order_id} was cancelled by the cloud: see the order in the console"
            raise self._failed(text, server_ids, order_id=order_id)
        self._take(server_ids)

    def _failed(self, text: str, server_ids: Sequence[str], **known: str | None) -> PartialStateError:
        """Take what a failed order has left, and make the error. The next run may order again."""
        survivors = self.finding.survivors(server_ids)
        self.memory.settle(**known)
        usable = [server.id for server in survivors if state_of(server).is_settled]
        self._take(usable, [server for server in survivors if server.id not in usable])
        return self.step.kept.failure(texts.failed(text, survivors))

    def _take(self, server_ids: Sequence[str], broken: Sequence[Server] = ()) -> None:
        """Put servers into the empty slots. Broken servers, and more servers than slots, are survivors."""
        slots, unfinished = self._slots, unfinished_of(self.step.kept.outputs)
        survivors = survivors_of(self.step.kept.outputs)
        rest = [each for each in server_ids if each not in (*slots, *survivors)]
        for slot, server_id in enumerate(slots):
            if server_id == EMPTY and rest:
                slots[slot] = rest.pop(0)
                unfinished.append(slots[slot])
        self.step.kept.keep(
            server_ids=slots,
            surviving_server_ids=[*survivors, *rest, *(server.id for server in broken)],
            **{JOB: None, PENDING_ORDER: None, LOST_ORDER: None, UNFINISHED: unfinished},
        )
