"""`JobSubmission`: one request that the API answers with a job id."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms import load_provider
from pulumi_bms.api.errors import ApiError, NoNewsError, RefusedError, UnansweredError
from pulumi_bms.api.redaction import secrets_of
from pulumi_bms.api.sanitized import SUBMITTED
from pulumi_bms.host.operation import ExpectedError, Purpose, current
from pulumi_bms.resources import checks
from pulumi_bms.resources.config_warnings import warn_of_config
from pulumi_bms.resources.leftovers import leave
from pulumi_bms.resources.provider import BmsProvider
from pulumi_bms.resources.resource import BmsResource

REPLACING = ("path", "method", "body", "triggers")
"""The inputs of which a change submits anew."""

_INTERRUPTED = "interrupted before anything was sent"
_SECRET_NAMES = frozenset({"adminpass", "admin_pass", "password", "new_password", "user_data", "personality"})


class JobSubmission(BmsResource, module="bms", name="JobSubmission"):
    """Sends one request that the API answers with a `job_id`, and does not wait: `JobCompletion` does.

    The id is in the stack's state as soon as the API has answered, so a wait that is killed goes on with it. A change
    of `path`, `method`, `body` or `triggers` submits anew; deleting the resource undoes nothing in the cloud.

    A request whose answer never came is not repeated: it may have taken effect.
    """

    job_id: pulumi.Output[str]
    """The job that the request started."""
    order_id: pulumi.Output[str | None]
    """The order that the request made, if it made one (yearly and monthly billing)."""

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
        :param body: the JSON object to send. Passwords in it (`adminPass`, `user_data` and the like) are marked secret.
            Fields that are None are left out.
        :param method: POST, PUT or DELETE.
        :param triggers: any value; a change of it submits anew.
        :param region: the region, by default the config's.
        :param project_id: the project, by default the config's.
        :param endpoint: the address of the API, by default the config's.
        :param profile: where the config has all of this and a credential, `bms:profiles.PROFILE.*`, instead.
        """
        warn_of_config()
        props: dict[str, Any] = {
            "job_id": None,
            "order_id": None,
            "digests": None,
            "path": path,
            "body": _mark_secrets(body),
            "method": method,
            "triggers": triggers,
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "profile": profile,
        }
        # The digests would let a short password in the body be guessed, so they are kept like one.
        kept = pulumi.ResourceOptions(additional_secret_outputs=["digests"])
        super().__init__(load_provider("JobSubmission"), name, props, pulumi.ResourceOptions.merge(kept, opts))


class JobSubmissionProvider(BmsProvider):
    """Serves `JobSubmission`."""

    resource_name = "JobSubmission"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline; fills in no defaults."""
        _remember_secrets(news)
        problems = [
            checks.path_problem(news.get("path")),
            checks.method_problem(news.get("method")),
            checks.body_problem(news.get("body")),
            self.enterprise_project_problem(news),
            *self.connection_problems(news),
        ]
        return checks.result(news, problems)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """What differs from what was sent replaces; how the API is reached is no difference."""
        digests: Mapping[str, str] = olds.get("digests") or {}
        salt = digests.get("salt", "")
        changed = [
            name
            for name in REPLACING
            if checks.is_unknown(news.get(name)) or digests.get(name) != _digest(salt, news.get(name))
        ]
        return DiffResult(changes=None, replaces=changed) if changed else DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Send the request, once; in a preview send nothing."""
        if current().preview:
            return CreateResult("", {})
        cancelled = current().cancelled
        if cancelled.is_set():
            raise ExpectedError(_INTERRUPTED)
        method, path = str(props.get("method") or "POST"), str(props["path"])
        body = _exact(props.get("body"))
        api = self.connection(props).api
        try:
            submitted = api.submit(method, path, body, unwanted=cancelled.is_set)
        except ApiError as error:
            if cancelled.is_set() and isinstance(error, NoNewsError):
                raise ExpectedError(_INTERRUPTED) from None
            raise ExpectedError(_refusal(error)) from None
        salt = os.urandom(16).hex()
        digests = {"salt": salt, **{name: _digest(salt, props.get(name)) for name in REPLACING}}
        outputs = {"job_id": submitted.job_id, "order_id": submitted.order_id, "digests": digests}
        return CreateResult(submitted.job_id, outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What was submitted stays submitted: no request."""
        if current().purpose is not Purpose.REFRESH:
            raise ExpectedError(
                "JobSubmission can't be imported or read by opts.id: the API does not tell what was sent. "
                "Give the job's id to a JobCompletion as job_id, with opts.import_"
            )
        _remember_secrets(current().inputs)
        return ReadResult(id_, props)

    def update(self, _id: str, olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Nothing that was sent has changed: the outputs stay."""
        return UpdateResult({name: olds.get(name) for name in ("job_id", "order_id", "digests")})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Nothing, but to say so: what the job has done stays done."""
        if job_id := props.get("job_id"):
            leave(current(), {str(job_id): None})


def _remember_secrets(inputs: Mapping[str, Any]) -> None:
    """Have the job's document masked where it repeats a password, in a run too that submits nothing."""
    SUBMITTED.add(secrets_of(inputs.get("body")))


def _refusal(error: ApiError) -> str:
    if isinstance(error, UnansweredError):
        return (
            f"{error}\nThe request was sent, and whether it took effect is unknown, so it is not repeated: it may have "
            "started a job, which may make servers that are billed. Look in the cloud's console (servers, orders, "
            "operation log) before you run `pulumi up` again, which sends it once more; if the job is there, give its "
            "id to JobCompletion as job_id instead."
        )
    if isinstance(error, NoNewsError):
        return f"{error}\nThe request was never sent, so nothing was submitted: check endpoint and network."
    if isinstance(error, RefusedError):
        return f"{error}\nThe API refused the request: nothing was submitted."
    return f"{error}\nNothing was submitted."


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
    """Whole numbers as such: Pulumi hands every number on as a float, and the API wants 3, not 3.0."""
    if isinstance(value, Mapping):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _digest(salt: str, value: Any) -> str:
    text = json.dumps(_exact(value), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()
