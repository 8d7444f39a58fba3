"""Serves `JobSubmission`, in the plugin process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api.http.redaction import secrets_of
from pulumi_bms.api.http.sanitized import SUBMITTED
from pulumi_bms.lifecycle import input_checks, unresolved
from pulumi_bms.lifecycle.backend import backend_of
from pulumi_bms.lifecycle.json_values import canonical, exact
from pulumi_bms.lifecycle.leftovers import leave
from pulumi_bms.lifecycle.once import ONCE
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.lifecycle.provider import BmsProvider, tell
from pulumi_bms.lifecycle.record import Order, RecordError, Records, orders_folder
from pulumi_bms.lifecycle.replacement import consequence
from pulumi_bms.lifecycle.submit import JobRequest, preview_job, submit_once
from pulumi_bms.lifecycle.unresolved import Unresolved
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError, Purpose, current
from pulumi_bms.resources.job_submission_inputs import problems

REPLACING = ("path", "method", "body", "triggers")
"""The replacing inputs: a change submits anew."""


class JobSubmissionProvider(BmsProvider):
    """Serves `JobSubmission`."""

    resource_name = "JobSubmission"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline. Fills in no defaults."""
        _remember_secrets(news)
        settings = (self.enterprise_project_problem(news), *self.connection_problems(news))
        return input_checks.result(news, [*problems(news), *settings])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """A difference from the sent inputs replaces. The connection inputs make no difference.

        A request without a known job is a change, so the next `up` comes to `update`.
        """
        _forget(olds)
        digests: Mapping[str, str] = olds.get("digests") or {}
        salt = digests.get("salt", "")
        changed = [
            name
            for name in REPLACING
            if input_checks.is_unknown(news.get(name)) or digests.get(name) != _digest(salt, news.get(name))
        ]
        if changed:
            operation = current()
            text = consequence(changed, olds, operation.inputs, news)
            earlier = unresolved.of_outputs(olds)
            if ONCE.first(earlier.attempt if earlier else f"{operation.urn} {text}"):
                tell(operation, text)
            return DiffResult(changes=None, replaces=changed)
        return DiffResult(changes=unresolved.of_outputs(olds) is not None)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Send the request, once. A preview sends nothing."""
        operation = current()
        if operation.preview:
            if not input_checks.is_unknown({name: props.get(name) for name in (*REPLACING, ORDERED_BY)}):
                preview_job(_order(props, operation), _records(), operation)
            return CreateResult("", {})
        request = JobRequest(
            method=str(props.get("method") or "POST"),
            path=str(props["path"]),
            body=exact(props.get("body")),
            order=_order(props, operation),
        )
        outcome = submit_once(request, lambda: self.connection(props).jobs, _records(), operation)
        salt = os.urandom(16).hex()
        digests = {"salt": salt, **{name: _digest(salt, props.get(name)) for name in REPLACING}}
        if isinstance(outcome, Unresolved):
            raise PartialStateError(
                outcome.resource_id, {**outcome.outputs(), "digests": digests}, unresolved.error_text(outcome)
            )
        outputs = {"job_id": outcome.job_id, "order_id": outcome.order_id, "digests": digests}
        return CreateResult(outcome.job_id, outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Send nothing. A submitted request stays submitted, and an unresolved request stays unresolved."""
        if current().purpose is not Purpose.REFRESH:
            raise ExpectedError(
                "JobSubmission can't be imported or read by opts.id: the API does not return the sent request. "
                "Give the job's id to a JobCompletion as job_id, with opts.import_"
            )
        _remember_secrets(current().inputs)
        _forget(props)
        earlier = unresolved.of_outputs(props)
        if earlier and current().keeps_partial_state:
            raise PartialStateError(id_, _stored(props), unresolved.error_text(earlier))
        return ReadResult(id_, props)

    def update(self, id_: str, olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The outputs stay: no sent input has changed. A request without a known job is not sent again."""
        _forget(olds)
        if earlier := unresolved.of_outputs(olds):
            raise PartialStateError(id_, _stored(olds), unresolved.error_text(earlier))
        return UpdateResult(_stored(olds))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Nothing is undone in the cloud, and a note says so."""
        _forget(props)
        if earlier := unresolved.of_outputs(props):
            _records().settle(attempt=earlier.attempt)
            if ONCE.first(earlier.attempt):
                tell(current(), f"nothing is undone in the cloud: {unresolved.in_short(earlier)}")
        elif job_id := props.get("job_id"):
            leave(current(), {str(job_id): None})


def _remember_secrets(inputs: Mapping[str, Any]) -> None:
    """Mask the passwords of the body in the job's document, even in a run without a request."""
    SUBMITTED.add(secrets_of(inputs.get("body")))


def _records() -> Records:
    try:
        return Records(orders_folder(os.environ))
    except RecordError as error:
        raise ExpectedError(str(error)) from None


def _forget(outputs: Mapping[str, Any]) -> None:
    """Remove the record of a job in the state."""
    with suppress(RecordError):
        Records(orders_folder(os.environ)).settle(job_id=outputs.get("job_id"))


def _order(inputs: Mapping[str, Any], operation: Operation) -> Order:
    sent = {**{name: inputs.get(name) for name in REPLACING}, "method": inputs.get("method") or "POST"}
    return Order(
        str(inputs.get(ORDERED_BY) or operation.urn or "a resource without a name"),
        canonical(sent),
        backend_of(os.environ, Path.cwd()),
    )


def _stored(olds: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: olds.get(name) for name in ("job_id", "order_id", "digests")}
    return {**kept, unresolved.OUTPUT: olds[unresolved.OUTPUT]} if unresolved.OUTPUT in olds else kept


def _digest(salt: str, value: Any) -> str:
    return hashlib.sha256(f"{salt}\n{canonical(value)}".encode()).hexdigest()
