"""`JobCompletion`: a resource that only waits for a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job, JobStatus
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.await_jobs import (
    note_once,
    plan_of,
    poll_once,
    preview_job,
    timeout_of,
    wait_for,
)
from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection import MissingSettings
from pulumi_bms.lifecycle.cut_outputs import cuts, to_go_on
from pulumi_bms.lifecycle.job_outputs import (
    OUTPUTS,
    SubJobResult,
    failure_of,
    job_of,
    outputs_of,
    servers_made,
    stored_status,
    unfinished_status,
)
from pulumi_bms.lifecycle.leftovers import leave
from pulumi_bms.lifecycle.provider import BmsProvider, tell_of_stock_host
from pulumi_bms.lifecycle.resource import BmsResource
from pulumi_bms.messages import progress_line, report
from pulumi_bms.messages.durations import create_timeout
from pulumi_bms.operation import (
    ExpectedError,
    Operation,
    PartialStateError,
    Purpose,
    current,
)
from pulumi_bms.registry import load_provider
from pulumi_bms.waiting.outcome import End, Outcome, Progress
from pulumi_bms.waiting.success_rule import Judgement

__all__ = ["JobCompletion", "JobCompletionProvider", "SubJobResult"]


class JobCompletion(BmsResource, module="bms", name="JobCompletion"):
    """Waits until a job, and every sub-job, has succeeded. Then the server IDs are outputs.

    The resource is only a wait. Creating the resource submits nothing, and deleting the resource leaves the job's
    servers as they are. A change of `job_id` replaces the resource, and no other input changes anything. A resource
    that must come after the servers uses an output, such as `server_ids[0]`, or `depends_on`.

    A failed job, or a job without an end before the timeout, is an error. The error has the state of each sub-job and
    the surviving servers. Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """

    job_id: pulumi.Output[str]
    """The job waited for, as given."""
    job_type: pulumi.Output[str | None]
    """The job's type, such as baremetalBatchCreate."""
    status: pulumi.Output[str]
    """SUCCESS after the wait, and FAIL after a failure with all sub-jobs at an end. Both are final.

    Until then the last status from the API, or RUNNING if the API's status looks final.
    """
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
    """The API's text about an error of the query itself."""
    code: pulumi.Output[str | None]
    """The code of an error of the query itself."""
    sub_jobs_total: pulumi.Output[int | None]
    """How many sub-jobs the job announced."""
    server_ids: pulumi.Output[Sequence[str]]
    """The servers, in the order of the sub-jobs, fixed at success. Empty unless `status` is SUCCESS."""
    nic_ids: pulumi.Output[Sequence[str]]
    """The network interfaces, likewise."""
    surviving_server_ids: pulumi.Output[Sequence[str]]
    """Existing servers of a failed or unfinished job. The servers may be billed."""
    sub_jobs: pulumi.Output[Sequence[SubJobResult]]
    """Every sub-job at any level, depth first."""
    entities: pulumi.Output[Sequence[Mapping[str, Any]]]
    """The entities of the job itself, without the sub-jobs."""

    def __init__(
        self,
        name: str,
        *,
        job_id: pulumi.Input[str],
        expected_servers: int | None = None,
        region: pulumi.Input[str] | None = None,
        project_id: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Wait for a job.

        :param job_id: the job's id from the API's response.
        :param expected_servers: the number of server ids needed for success.
        :param region: the region of the job, by default the config's.
        :param project_id: the project of the job, by default the config's.
        :param endpoint: the address of the API, by default the config's. A job of a different service needs the
            address of the service.
        :param profile: the name of a profile in the config, `bms:profiles.PROFILE.*`, with credential, region etc.
        :param opts: `custom_timeouts` sets the timeout of the wait, by default 3 hours.
        :raises ValueError: a timeout must be a duration above zero.
        """
        warn_of_config()
        props: dict[str, Any] = {
            **dict.fromkeys(OUTPUTS),
            "job_id": job_id,
            "expected_servers": expected_servers,
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "profile": profile,
            "create_timeout_seconds": create_timeout(opts),
        }
        super().__init__(load_provider("JobCompletion"), name, props, opts)


class JobCompletionProvider(BmsProvider):
    """Serves `JobCompletion`."""

    resource_name = "JobCompletion"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline. Fills in no defaults, so a preview without config shows no change."""
        problems = [
            input_checks.job_id_problem(news.get("job_id")),
            input_checks.expected_servers_problem(news.get("expected_servers")),
            input_checks.timeout_problem(news.get("create_timeout_seconds")),
            *self.connection_problems(news),
        ]
        return input_checks.result(news, problems)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Only a change of the job replaces. A stored status other than SUCCESS is a change, because work is left."""
        if input_checks.is_unknown(news.get("job_id")) or news.get("job_id") != olds.get("job_id"):
            return DiffResult(changes=None, replaces=["job_id"])
        if olds.get("status") != JobStatus.SUCCESS:
            return DiffResult(changes=True)
        _check_expectation(olds, news)
        return DiffResult(changes=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the job. A preview polls once."""
        if current().preview:
            return CreateResult(_id_in_preview(props), self._preview(props))
        return CreateResult(props["job_id"], self._wait(props, {}))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Go on with an unfinished wait. Repeat a final failure without a request."""
        if olds.get("status") == JobStatus.SUCCESS:
            return UpdateResult(_stored(olds))
        failure = failure_of(olds)
        if failure:
            raise _failed(news["job_id"], olds, failure)
        return UpdateResult(self._preview(news) if current().preview else self._wait(news, olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A finished wait is final and needs no request. An unfinished wait is polled once, and stays unfinished."""
        operation = current()
        if operation.purpose is Purpose.IMPORT:
            return ReadResult(id_, self._import(id_, props))
        if props.get("status") == JobStatus.SUCCESS:
            return ReadResult(id_, props)
        failure = failure_of(props)
        if failure:
            if operation.keeps_partial_state:
                raise _failed(id_, props, failure)
            return ReadResult(id_, props)
        # The engine drops nulls. A wait without any response is stored without a status, but with empty lists.
        if "job_id" not in props or (operation.inputs and not props.keys() & {"status", "server_ids"}):
            raise ExpectedError("JobCompletion can't be read by opts.id: give the id as job_id, or use opts.import_")
        return self._poll_again(id_, props, operation)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Change nothing in the cloud. List the remaining servers."""
        if job_id := props.get("job_id"):
            leave(current(), {str(job_id): servers_made(props)})

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs of a job without success, for a host with a size limit on errors."""
        return cuts(outputs)

    def _poll_again(self, id_: str, props: dict[str, Any], operation: Operation) -> ReadResult:
        """Poll an unfinished wait once in a refresh. The wait stays unfinished, with new outputs."""
        job_id, outputs, trouble = props["job_id"], _stored(props), ""
        # Ctrl-C in a refresh need not wait for the response: the stored outputs stay.
        operation.checkpoint(id_, outputs, f"interrupted while job {job_id} was polled: run `pulumi up`")
        try:
            outputs = poll_once(self.connection(operation.inputs), outputs, operation)
        except (ApiError, ExpectedError) as error:
            trouble = report.not_polled(error)
            if not operation.keeps_partial_state:
                raise ExpectedError(f"job {job_id} {trouble}") from None
        if operation.keeps_partial_state:
            failure = failure_of(outputs)
            if failure:
                raise _failed(id_, outputs, failure)
            raise PartialStateError(id_, outputs, report.unfinished(job_id, job_of(outputs), trouble))
        return ReadResult(id_, outputs)

    def _import(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if id_ != inputs.get("job_id"):
            raise ExpectedError(f"import_ is {id_!r}, and job_id {inputs.get('job_id')!r}: write the same id for both")
        return self._preview(inputs) if current().preview else self._wait(inputs, {})

    def _preview(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The outputs known in a preview. Absent outputs are unknown to dependent resources."""
        operation, job_id = current(), inputs.get("job_id")
        if input_checks.is_unknown(inputs):
            return {"job_id": job_id}
        try:
            connection = self.connection(inputs)
        except MissingSettings as error:
            note_once(operation, "settings", f"this preview does not poll the API: {error}")
            return {"job_id": job_id}
        # Ctrl-C in a preview need not wait for the response.
        operation.checkpoint(str(job_id), {"job_id": job_id}, f"interrupted while job {job_id} was polled")
        preview = preview_job(connection, str(job_id), inputs.get("expected_servers"), operation)
        if preview.job:
            return outputs_of(str(job_id), preview.job, JobStatus.SUCCESS)
        if preview.row:
            operation.note(preview.row)
        return {"job_id": job_id}

    def _wait(self, inputs: dict[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        job_id: str = inputs["job_id"]
        operation = current()
        plan = plan_of(job_id, timeout_of(operation, inputs), stored, inputs.get("expected_servers"))
        connection = self.connection(inputs)
        tell_of_stock_host(operation)

        def keep(job: Job | None, judgement: Judgement | None = None) -> None:
            outputs = to_go_on(outputs_of(job_id, job, unfinished_status(job, judgement)))
            operation.checkpoint(job_id, outputs, report.interrupted(job_id))

        def observe(progress: Progress) -> None:
            keep(progress.job or plan.known, progress.judgement)
            operation.report(progress_line.of_job(progress))

        keep(plan.known)
        (outcome,) = wait_for(connection, [plan], operation, observe)
        return _settle(outcome, operation)


def _id_in_preview(inputs: Mapping[str, Any]) -> str:
    job_id = inputs.get("job_id")
    return job_id if isinstance(job_id, str) else ""


def _settle(outcome: Outcome, operation: Operation) -> dict[str, Any]:
    outputs = outputs_of(outcome.job_id, outcome.job, stored_status(outcome))
    if outcome.end is End.INTERRUPTED:
        outputs = to_go_on(outputs)
    if outcome.end is not End.SUCCEEDED:
        raise PartialStateError(outcome.job_id, outputs, report.describe_outcome(outcome))
    for warning in report.warnings(outcome.job) if outcome.job else ():
        operation.warn(warning)
    return outputs


def _failed(job_id: str, outputs: Mapping[str, Any], known: Job) -> PartialStateError:
    return PartialStateError(job_id, _stored(outputs), report.failed(job_id, known))


def _stored(olds: Mapping[str, Any]) -> dict[str, Any]:
    return {name: olds.get(name) for name in ("job_id", *OUTPUTS)}


def _check_expectation(olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    expected, brought = news.get("expected_servers"), len(olds.get("server_ids") or [])
    if expected is not None and not input_checks.is_unknown(expected) and expected != brought:
        raise ExpectedError(
            f"expected_servers is {expected:g}, but job {olds.get('job_id')} has finished with {brought}: "
            f"write {brought}, or leave expected_servers out"
        )
