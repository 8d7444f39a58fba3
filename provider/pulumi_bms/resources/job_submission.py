"""`JobSubmission`: one request with a job id as the response."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api.http.redaction import secrets_of
from pulumi_bms.api.http.sanitized import SUBMITTED
from pulumi_bms.lifecycle import input_checks, unresolved
from pulumi_bms.lifecycle.backend import backend_of
from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.leftovers import leave
from pulumi_bms.lifecycle.orderer import ORDERED_BY, orderer
from pulumi_bms.lifecycle.provider import ONCE, BmsProvider, tell
from pulumi_bms.lifecycle.record import (
    Order,
    RecordError,
    Records,
    orders_folder,
)
from pulumi_bms.lifecycle.replacement import consequence
from pulumi_bms.lifecycle.resource import BmsResource
from pulumi_bms.lifecycle.submit import JobRequest, preview_job, submit_once
from pulumi_bms.lifecycle.unresolved import Unresolved
from pulumi_bms.operation import (
    ExpectedError,
    Operation,
    PartialStateError,
    Purpose,
    current,
)
from pulumi_bms.registry import load_provider

REPLACING = ("path", "method", "body", "triggers")
"""The replacing inputs: a change submits anew."""

_NO_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"
"""The variable for an engine with a saved state at the end of a run only."""
_TYPE = "pulumi-python:dynamic/bms:JobSubmission"
_SECRET_NAMES = frozenset({"adminpass", "admin_pass", "password", "new_password", "user_data", "personality"})


class JobSubmission(BmsResource, module="bms", name="JobSubmission"):
    """Sends one request with a `job_id` as the response. `JobCompletion` waits for the job.

    The id is in the stack's state at once, so a killed wait goes on with the same job. A change of `path`, `method`,
    `body` or `triggers` submits anew. Deleting the resource undoes nothing in the cloud.

    The request is on record in Pulumi's home folder before sending, so a killed run orders nothing twice. After a
    response without a job the request is not repeated: the request may have taken effect.
    """

    job_id: pulumi.Output[str]
    """The job of the request."""
    order_id: pulumi.Output[str | None]
    """The order of the request, for yearly and monthly billing."""

    def __init__(
        self,
        name: str,
        *,
        path: pulumi.Input[str],
        body: pulumi.Input[Mapping[str, Any]] | None = None,
        method: pulumi.Input[str] = "POST",
        triggers: Any = None,
        region: pulumi.Input[str] | None = None,
        project_id: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Submit a job.

        :param path: the address, relative to `/v1/{project_id}/`, such as `baremetalservers`.
        :param body: the JSON object to send. Passwords inside (`adminPass`, `user_data`, ...) are marked secret.
            None fields are left out.
        :param method: POST, PUT or DELETE.
        :param triggers: any value of strings, numbers, lists and dicts. A change submits anew.
        :param region: the region, by default the config's.
        :param project_id: the project, by default the config's.
        :param endpoint: the address of the API, by default the config's.
        :param profile: the name of a profile in the config, `bms:profiles.PROFILE.*`, with credential, region etc.
        :raises TypeError: a resource in `body` or `triggers`. Write an output of the resource.
        """
        warn_of_config()
        ordered_by = orderer(_TYPE, name, opts)
        props: dict[str, Any] = {
            ORDERED_BY: ordered_by,
            "job_id": None,
            "order_id": None,
            "digests": None,
            "path": path,
            "body": _mark_secrets(_without_resources("body", body)),
            "method": method,
            "triggers": _without_resources("triggers", triggers),
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "profile": profile,
        }
        # The digests would let a short password in the body be guessed, so the digests are kept secret too.
        kept = pulumi.ResourceOptions(additional_secret_outputs=["digests"])
        super().__init__(load_provider("JobSubmission"), name, props, pulumi.ResourceOptions.merge(kept, opts))
        if not pulumi.runtime.is_dry_run() and not os.environ.get(_NO_CHECKPOINTS):
            # The engine answers the program once the resource is in the saved state: then the record is done.
            pulumi.Output.all(self.job_id, ordered_by).apply(lambda known: _forget_own(*known))


class JobSubmissionProvider(BmsProvider):
    """Serves `JobSubmission`."""

    resource_name = "JobSubmission"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline. Fills in no defaults."""
        _remember_secrets(news)
        problems = [
            input_checks.path_problem(news.get("path")),
            input_checks.method_problem(news.get("method")),
            input_checks.body_problem(news.get("body")),
            *input_checks.json_problems("body", news.get("body")),
            *input_checks.json_problems("triggers", news.get("triggers")),
            self.enterprise_project_problem(news),
            *self.connection_problems(news),
        ]
        return input_checks.result(news, problems)

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
            body=_exact(props.get("body")),
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


def _forget_own(job_id: object, ordered_by: str) -> None:
    with suppress(RecordError):
        Records(orders_folder(os.environ)).settle(job_id=job_id, orderer=ordered_by)


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
        _canonical(sent),
        backend_of(os.environ, Path.cwd()),
    )


def _stored(olds: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: olds.get(name) for name in ("job_id", "order_id", "digests")}
    return {**kept, unresolved.OUTPUT: olds[unresolved.OUTPUT]} if unresolved.OUTPUT in olds else kept


def _without_resources(name: str, value: Any) -> Any:
    """The value. Raises `TypeError` for a resource: a provider would get the text of an id or a URN."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _without_resources(name, known))
    if isinstance(value, pulumi.Resource):
        raise TypeError(f"{name} is a resource, not JSON: write an output of the resource, such as `id`")
    if isinstance(value, Mapping):
        return {key: _without_resources(f"{name}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_resources(f"{name}[{number}]", inner) for number, inner in enumerate(value)]
    return value


def _mark_secrets(body: Any) -> Any:
    """The body with the values of well-known password fields marked as secrets."""
    if isinstance(body, pulumi.Output):
        return body.apply(_mark_secrets)
    if isinstance(body, Mapping):
        return {key: _marked(key, value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [_mark_secrets(item) for item in body]
    return body


def _marked(key: object, value: Any) -> Any:
    named = isinstance(key, str) and key.lower() in _SECRET_NAMES
    return pulumi.Output.secret(value) if named and value is not None else _mark_secrets(value)


def _exact(value: Any) -> Any:
    """Whole numbers as int: Pulumi passes every number as a float, but the API needs 3, not 3.0."""
    if isinstance(value, Mapping):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digest(salt: str, value: Any) -> str:
    return hashlib.sha256(f"{salt}\n{_canonical(value)}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    """The same text for the same value, in any order of keys."""
    return json.dumps(_exact(value), sort_keys=True, separators=(",", ":"), default=str)
