"""The memory of orders and installations: the records of this machine, and the servers adopted by this run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_bms.api.channel import SUBMISSION_TIMEOUT
from pulumi_bms.lifecycle.backend import backend_of
from pulumi_bms.lifecycle.job_resource import Step
from pulumi_bms.lifecycle.once import ONCE
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.record import Found, Order, Pending, Record, RecordError, Records, orders_folder
from pulumi_bms.operation import ExpectedError, Operation
from pulumi_bms.resources import servers_texts as texts
from pulumi_bms.resources.servers_marker import replacing_inputs
from pulumi_bms.resources.servers_outputs import EMPTY

ADOPTED: set[str] = set()
"""The servers adopted by this process. No delete of the same run removes such a server. Sets are safe in threads."""
_SENDER_CHECK = 0.2
_LONGEST_SENDER = 2 * SUBMISSION_TIMEOUT


@dataclass(frozen=True)
class Memory:
    """The records of one order, or of one installation of one server."""

    records: Records
    order: Order

    @classmethod
    def of(cls, operation: Operation, inputs: Mapping[str, Any], slots: Sequence[str]) -> Memory:
        """The memory of an order with these inputs, beside the servers in these slots. Raises `ExpectedError`.

        The number of servers is not part of the order: a user may change the number.
        """
        beside = sorted(each for each in slots if each != EMPTY)
        text = json.dumps([replacing_inputs(inputs), beside], sort_keys=True, default=str)
        return cls._of(_orderer(operation, inputs), text)

    @classmethod
    def of_installation(
        cls, operation: Operation, inputs: Mapping[str, Any], server_id: str, installation: str
    ) -> Memory:
        """The memory of one installation of one server. Raises `ExpectedError`."""
        return cls._of(f"{_orderer(operation, inputs)}/{server_id}", installation)

    @classmethod
    def _of(cls, orderer: str, text: str) -> Memory:
        try:
            records = Records(orders_folder(os.environ))
        except RecordError as error:
            raise ExpectedError(str(error)) from None
        return cls(records, Order(orderer, text, backend_of(os.environ, Path.cwd())))

    def earlier(self, step: Step) -> Record | None:
        """As `find`, and names records of other orders of the same resource."""
        records = self.find(step)
        if records.same:
            # This run goes on with the order, so no later step of the run warns of the order.
            ONCE.first(records.same.attempt)
        for record in records.others:
            if ONCE.first(record.attempt):
                tell(step.operation, texts.left_behind(record))
        return records.same

    def find(self, step: Step) -> Found:
        """The records of earlier runs, once no other process is sending the same request.

        Raises `ExpectedError` for a damaged record.
        """
        ends_at = time.monotonic() + _LONGEST_SENDER
        try:
            while (matches := self.records.find(self.order)).same and self.records.is_being_sent(matches.same):
                if time.monotonic() > ends_at:
                    raise ExpectedError(
                        f"nothing was sent: another run has been sending {matches.same.request} too long"
                    )
                step.operation.report("another run sends this request: its response is waited for")
                step.pause(_SENDER_CHECK)
            # The process may have completed the record between the two.
            return self.records.find(self.order)
        except RecordError as error:
            raise ExpectedError(str(error)) from None

    def is_left(self) -> bool:
        """Whether an earlier run has left a record of this order. A damaged record counts once servers are ordered."""
        with suppress(RecordError):
            return self.records.find(self.order).same is not None
        return False

    def pending(self) -> Pending:
        """A record to be written. Raises `RecordError`."""
        return self.records.pending(self.order)

    def complete(self, step: Step, pending: Pending, **result: Any) -> None:
        """Add the result to the record. No later step of this run warns of an order of this run."""
        ONCE.first(pending.record.attempt)
        try:
            pending.complete(**result)
        except RecordError as error:
            tell(step.operation, f"the record of the request could not be completed: {error}")

    def lose(self, step: Step, job_id: str, error: str) -> None:
        """Take an unknown job out of the record: the next run searches for servers, and may order anew."""
        with suppress(RecordError):
            record = self.records.find(self.order).same
            if record is not None and record.job_id == job_id:
                self.complete(step, Pending(record), job_id=None, order_id=None, error=error[:200])

    def forget(self, record: Record | None) -> None:
        """Remove a record. The marker finds ordered servers again."""
        if record is not None:
            self.records.settle(attempt=record.attempt)

    def forget_sent(self, sent_at: str) -> None:
        """Remove the records of the same resource with this time, whatever servers were in the slots."""
        with suppress(RecordError):
            records = self.records.find(self.order)
            for record in (records.same, *records.others):
                if record and record.sent_at == sent_at:
                    self.forget(record)

    def forget_same(self) -> None:
        """Remove the record of this order or installation, if any."""
        with suppress(RecordError):
            self.forget(self.records.find(self.order).same)

    def settle(self, *, job_id: str | None = None, order_id: str | None = None) -> None:
        """Remove the record of a job or of an order."""
        self.records.settle(job_id=job_id, order_id=order_id)


def _orderer(operation: Operation, inputs: Mapping[str, Any]) -> str:
    return str(inputs.get(ORDERED_BY) or operation.urn or "a resource without a name")


def forget_saved(outputs: Mapping[str, Any]) -> None:
    """Remove the record of an order in the saved state."""
    job_id, order_id = outputs.get("job_id"), outputs.get("order_id")
    if job_id or order_id:
        with suppress(RecordError):
            Records(orders_folder(os.environ)).settle(job_id=job_id, order_id=order_id)
