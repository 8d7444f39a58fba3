"""One request, sent once. The record is written before the request, and completed right after the response."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_bms.api.channel import SUBMISSION_TIMEOUT
from pulumi_bms.api.errors import ApiError, NoAnswerError, OutcomeUnknownError, RefusedError
from pulumi_bms.api.http.excerpt import Excerpt
from pulumi_bms.api.jobs import JobApi, Submission
from pulumi_bms.api.submission import ORDER_ID
from pulumi_bms.lifecycle import unresolved as words
from pulumi_bms.lifecycle.once import ONCE
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.record import Found, Order, Pending, Record, RecordError, Records
from pulumi_bms.lifecycle.unresolved import Unresolved
from pulumi_bms.operation import ExpectedError, Operation

INTERRUPTED = "interrupted before anything was sent"
_SENDER_CHECK = 0.2
_LONGEST_SENDER = 2 * SUBMISSION_TIMEOUT


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request as a resource wants the request. `path` is relative to the project."""

    method: str
    path: str
    body: Mapping[str, Any] | None = field(repr=False)
    order: Order


def submit_once(
    request: JobRequest, connect: Callable[[], JobApi], records: Records, operation: Operation
) -> Submission | Unresolved:
    """Send the request, unless an earlier run has sent the same request: the job, or the request without a job.

    Raises `ExpectedError` when nothing was submitted, a record can't be written, or a record is damaged.
    """
    if operation.cancelled.is_set():
        raise ExpectedError(INTERRUPTED)
    # Before the request leaves, an interrupt is answered at once, however long the sign-in takes.
    operation.checkpoint("", {}, INTERRUPTED)
    try:
        result = _find(request.order, records, operation)
        if result.same:
            return _earlier(result.same, operation)
        for record in result.others:
            if ONCE.first(record.attempt):
                tell(operation, _left_behind(record))
        return _send(request, connect(), records.pending(request.order), operation)
    except RecordError as error:
        raise ExpectedError(str(error)) from None


def preview_job(order: Order, records: Records, operation: Operation) -> None:
    """Say in a preview what `submit_once` would find. Raises `ExpectedError` when `submit_once` would."""
    try:
        result = records.find(order).same
    except RecordError as error:
        raise ExpectedError(str(error)) from None
    if result is None:
        return
    if result.job_id:
        operation.note(f"nothing will be sent: {_adopted(result)}")
    elif not records.is_being_sent(result):
        raise ExpectedError(words.error_text(words.of_record(result)))


def _find(order: Order, records: Records, operation: Operation) -> Found:
    """The records of the orderer, after a second process with the same request has ended or has its response."""
    ends_at = time.monotonic() + _LONGEST_SENDER
    while True:
        result = records.find(order)
        if result.same is None or result.same.answered:
            return result
        if not records.is_being_sent(result.same):
            # Read once more: the process may have completed the record between the two.
            return records.find(order)
        if time.monotonic() > ends_at:
            raise ExpectedError(f"nothing was sent: another run has been sending {result.same.request} for too long")
        operation.report("waiting for another run, which sends the same request")
        if operation.cancelled.wait(_SENDER_CHECK):
            raise ExpectedError(INTERRUPTED)


def _earlier(record: Record, operation: Operation) -> Submission | Unresolved:
    if not record.job_id:
        return words.of_record(record)
    tell(operation, f"nothing was sent: {_adopted(record)}")
    return Submission(record.job_id, record.order_id)


def _adopted(record: Record) -> str:
    return (
        f"an earlier, incomplete run sent {record.request} at {record.sent_at}. This run takes over job "
        f"{record.job_id} of the request. For a new order, change `triggers`"
    )


def _left_behind(record: Record) -> str:
    if not record.job_id:
        return f"an earlier request of this resource is left behind: {words.in_short(words.of_record(record))}"
    return (
        f"an earlier request of this resource is left behind: {record.request}, sent at {record.sent_at}, started job "
        f"{record.job_id}. Servers of the job stay and are billed"
    )


def _send(request: JobRequest, api: JobApi, pending: Pending, operation: Operation) -> Submission | Unresolved:
    with ExitStack() as held:

        def may_send(description: str) -> bool:
            # Again for the second request after a 401: signing in has taken time of the first hold.
            held.enter_context(operation.hold(api.longest_submission))
            if operation.cancelled.is_set():
                return False
            pending.write(description)
            return True

        try:
            submission = api.submit(
                request.method,
                request.path,
                request.body,
                unwanted=operation.cancelled.is_set,
                may_send=may_send,
            )
        except OutcomeUnknownError as error:
            return _unresolved(pending, error, operation)
        except ApiError as error:
            pending.remove()
            raise ExpectedError(_nothing_submitted(error, operation)) from None
        _complete(pending, operation, job_id=submission.job_id, order_id=submission.order_id)
        return submission


def _unresolved(pending: Pending, error: OutcomeUnknownError, operation: Operation) -> Unresolved:
    excerpt = error.excerpt or Excerpt()
    result = {
        "order_id": excerpt.id_of(*ORDER_ID),
        "ids": dict(excerpt.ids),
        "text": excerpt.text,
        "error": error.reason,
    }
    _complete(pending, operation, **result)
    return replace(words.of_record(pending.record), sent_now=True)


def _complete(pending: Pending, operation: Operation, **result: Any) -> None:
    try:
        pending.complete(**result)
    except RecordError as error:
        # The outcome is known all the same, and goes to the engine.
        tell(operation, f"the record of the request could not be completed: {error}")


def _nothing_submitted(error: ApiError, operation: Operation) -> str:
    if isinstance(error, NoAnswerError):
        if operation.cancelled.is_set():
            return INTERRUPTED
        return f"{error}\nThe request was never sent, so nothing was submitted. Check endpoint and network."
    if isinstance(error, RefusedError):
        return f"{error}\nThe API refused the request, so nothing was submitted."
    return f"{error}\nNothing was submitted."
