"""`JobCompletion`: a resource that exists only to wait, and `get_job`, one look for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.dynamic import (
    CheckResult,
    Config,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from pulumi_bms import load_provider
from pulumi_bms.api.errors import BmsError, WaitError
from pulumi_bms.api.models import Job, JobStatus
from pulumi_bms.host.operation import PartialStateError, current
from pulumi_bms.resources import checks, report
from pulumi_bms.resources.connection import connect
from pulumi_bms.resources.durations import create_timeout
from pulumi_bms.resources.outputs import (
    OUTPUTS,
    SubJobResult,
    job_of,
    outputs_of,
    stored_status,
    unfinished_status,
)
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.wait import Plan
from pulumi_bms.waiting.waiter import Waiter

__all__ = ["JobCompletion", "JobCompletionProvider", "SubJobResult", "get_job"]

DEFAULT_TIMEOUT = 3 * 3600.0
"""Seconds that a wait may take where the user set nothing: Windows servers take up to two hours."""

_FINAL = (JobStatus.SUCCESS, JobStatus.FAIL)


class JobCompletion(Resource, module="bms", name="JobCompletion"):
    """Waits until a job, and every sub-job of it, has succeeded; then its server IDs are outputs.

    It is no thing in the cloud: creating it submits nothing, and deleting it leaves the job's servers as they are.
    Another `job_id` replaces it; nothing else changes it. What is to come after the servers takes an output, such as
    `server_ids[0]`, or `depends_on`.

    A job that fails, or does not end in time, is an error that tells the state of each sub-job, and which servers
    exist all the same. Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """

    job_id: pulumi.Output[str]
    """The job waited for, as given."""
    job_type: pulumi.Output[str | None]
    """The job's type, such as baremetalBatchCreate."""
    status: pulumi.Output[str]
    """SUCCESS once the wait is over. Until then whatever the API said last; FAIL is final too."""
    begin_time: pulumi.Output[str | None]
    """When the job began: ISO 8601, UTC."""
    end_time: pulumi.Output[str | None]
    """When the job ended: ISO 8601, UTC."""
    duration_seconds: pulumi.Output[float | None]
    """From `begin_time` to `end_time`, in seconds."""
    error_code: pulumi.Output[str | None]
    """Why the job failed, as a code of the API's page "Error Codes"."""
    fail_reason: pulumi.Output[str | None]
    """Why the job failed, in the API's words."""
    message: pulumi.Output[str | None]
    """What the API said about an error of the query itself."""
    code: pulumi.Output[str | None]
    """The code of an error of the query itself."""
    sub_jobs_total: pulumi.Output[int | None]
    """How many sub-jobs the job announced."""
    server_ids: pulumi.Output[Sequence[str]]
    """The servers, in the order of the sub-jobs, fixed at success; empty unless `status` is SUCCESS."""
    nic_ids: pulumi.Output[Sequence[str]]
    """The network interfaces, likewise."""
    surviving_server_ids: pulumi.Output[Sequence[str]]
    """Servers that exist although the job failed or is not over; they may be billed."""
    sub_jobs: pulumi.Output[Sequence[SubJobResult]]
    """Every sub-job at any level, depth first."""
    entities: pulumi.Output[Sequence[Mapping[str, Any]]]
    """What the job itself names, sub-jobs left out."""

    def __init__(
        self,
        name: str,
        *,
        job_id: pulumi.Input[str],
        expected_servers: int | None = None,
        region: pulumi.Input[str] | None = None,
        project_id: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Wait for a job.

        :param job_id: the job's id, as the API answered it.
        :param expected_servers: how many server ids success must bring.
        :param region: the region of the job, by default the config's.
        :param project_id: the project of the job, by default the config's.
        :param endpoint: the address of the API, by default the config's; for a job of another service, its address.
        :param opts: `custom_timeouts` sets how long the wait may take, by default 3 hours.
        :raises ValueError: a timeout that is no duration above zero.
        """
        props: dict[str, Any] = {
            **dict.fromkeys(OUTPUTS),
            "job_id": job_id,
            "expected_servers": expected_servers,
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "create_timeout_seconds": create_timeout(opts),
        }
        super().__init__(load_provider("JobCompletion"), name, props, opts)


class JobCompletionProvider(ResourceProvider):
    """Serves `JobCompletion`. One instance serves all threads of a plugin process."""

    serialize_as_secret_always = False

    def __init__(self) -> None:
        super().__init__()
        self._config = Config({}, "")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a call of `load_provider`: this class may move, and holds nothing worth keeping."""
        return load_provider, ("JobCompletion",)

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's config, to be read when an API is needed."""
        self._config = req.config

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline; fills in no defaults, so that a preview without config shows no change."""
        problems = [
            checks.job_id_problem(news.get("job_id")),
            checks.expected_servers_problem(news.get("expected_servers")),
            checks.timeout_problem(news.get("create_timeout_seconds")),
            *checks.connection_problems(news),
        ]
        return checks.result(news, problems)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Only another job replaces. While the stored status is not SUCCESS there is work left, so a change."""
        if checks.is_unknown(news.get("job_id")) or news.get("job_id") != olds.get("job_id"):
            return DiffResult(changes=None, replaces=["job_id"])
        if olds.get("status") != JobStatus.SUCCESS:
            return DiffResult(changes=True)
        _check_expectation(olds, news)
        return DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the job."""
        return CreateResult(props["job_id"], self._wait(props, known=None))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Go on with an unfinished wait; tell a failure again without asking."""
        if olds.get("status") == JobStatus.SUCCESS:
            return UpdateResult(_stored(olds))
        known = job_of(olds)
        if known and olds.get("status") == JobStatus.FAIL:
            raise PartialStateError(news["job_id"], _stored(olds), report.failed(news["job_id"], known))
        return UpdateResult(self._wait(news, known))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A finished wait is final and costs no request. An unfinished one is looked at once, and stays unfinished."""
        if props.get("status") in _FINAL:
            return ReadResult(id_, props)
        inputs = {**props, **(current().inputs or {})}
        try:
            job = connect(current().inputs or {}, self._config.get).get_job(inputs["job_id"]).job
        except BmsError as error:
            raise WaitError(f"job {inputs['job_id']} could not be looked at: {error}") from None
        return ReadResult(id_, outputs_of(inputs["job_id"], job, unfinished_status(job) or JobStatus.RUNNING))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Nothing: the servers stay."""

    def _wait(self, inputs: dict[str, Any], known: Job | None) -> dict[str, Any]:
        job_id: str = inputs["job_id"]
        operation = current()
        timeout = operation.timeout or inputs.get("create_timeout_seconds") or DEFAULT_TIMEOUT
        expected = inputs.get("expected_servers")
        plan = Plan(job_id, timeout, int(expected) if expected else None, known)
        api = connect(inputs, self._config.get)
        (outcome,) = Waiter(api.get_job, MonotonicClock(operation.cancelled)).wait([plan])
        return _settle(outcome)


def _settle(outcome: Outcome) -> dict[str, Any]:
    outputs = outputs_of(outcome.job_id, outcome.job, stored_status(outcome))
    if outcome.end is not End.SUCCEEDED:
        raise PartialStateError(outcome.job_id, outputs, report.of(outcome))
    return outputs


def _stored(olds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: olds.get(name) for name in ("job_id", *OUTPUTS)}


def _check_expectation(olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    expected, brought = news.get("expected_servers"), len(olds.get("server_ids") or [])
    if expected is not None and not checks.is_unknown(expected) and expected != brought:
        raise WaitError(
            f"expected_servers is {expected:g}, but job {olds.get('job_id')} has finished with {brought}: "
            "write that number, or leave it out"
        )


def get_job(
    job_id: str,
    *,
    region: str | None = None,
    project_id: str | None = None,
    endpoint: str | None = None,
) -> Job:
    """Look once at a job, now, in preview too; the config and the environment say where, unless you do.

    Raises `ValueError` for an id that can't be one, `SettingsError` where settings are missing, and an `ApiError` for
    every other answer than a job. Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """
    inputs = {"region": region, "project_id": project_id, "endpoint": endpoint}
    problem = next(filter(None, [checks.job_id_problem(job_id), *checks.connection_problems(inputs)]), None)
    if problem:
        raise ValueError(problem)
    return connect(inputs, _program_config).get_job(job_id).job


def _program_config(key: str) -> object:
    namespace, _, name = key.partition(":")
    return cast("object", pulumi.Config(namespace).get(name))
