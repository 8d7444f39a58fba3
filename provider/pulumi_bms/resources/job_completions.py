"""`JobCompletions`: one resource that waits for many jobs, in one loop."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api.models.job import JobStatus
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.await_jobs import (
    PREVIEW_TIMEOUT,
    note_once,
    plan_of,
    poll_each,
    preview_job,
    timeout_of,
    wait_for,
)
from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection import MissingSettings
from pulumi_bms.lifecycle.cut_outputs import CUTS, to_go_on
from pulumi_bms.lifecycle.job_outputs import (
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
    current,
)
from pulumi_bms.registry import load_provider
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End, Outcome, Progress

_INTERRUPTED = (
    "interrupted during the wait for the jobs\nThe jobs continue in the cloud. Run `pulumi up` to wait for the jobs."
)
_Jobs = dict[str, dict[str, Any]]


class JobCompletions(BmsResource, module="bms", name="JobCompletions"):
    """Waits for many jobs as one resource: for the end of each job, even after a failure.

    A new key is waited for in place, and a removed key drops out. A finished job is never polled again. All else is as
    in `JobCompletion`. The resource takes one of the engine's parallel slots for any number of jobs.
    """

    job_ids: pulumi.Output[Mapping[str, str]]
    """The jobs waited for, as given."""
    server_ids: pulumi.Output[Mapping[str, Sequence[str]]]
    """The servers of each job, by key."""
    jobs: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    """The outputs of each job, by key, as in a `JobCompletion` of the job."""

    def __init__(
        self,
        name: str,
        *,
        job_ids: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        region: pulumi.Input[str] | None = None,
        project_id: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Wait for jobs.

        :param job_ids: the jobs' ids, each under a key of your choice.
        :param region: the region of the jobs, by default the config's.
        :param project_id: the project of the jobs, by default the config's.
        :param endpoint: the address of the API, by default the config's.
        :param profile: the name of a profile in the config, `bms:profiles.PROFILE.*`, with credential, region etc.
        :param opts: `custom_timeouts` sets the timeout of the whole wait, by default 3 hours.
        :raises ValueError: a timeout must be a duration above zero.
        """
        warn_of_config()
        props: dict[str, Any] = {
            "server_ids": None,
            "jobs": None,
            "job_ids": job_ids,
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "profile": profile,
            "create_timeout_seconds": create_timeout(opts),
        }
        super().__init__(load_provider("JobCompletions"), name, props, opts)


class JobCompletionsProvider(BmsProvider):
    """Serves `JobCompletions`."""

    resource_name = "JobCompletions"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline."""
        problems = [
            *input_checks.job_ids_problems(news.get("job_ids")),
            input_checks.timeout_problem(news.get("create_timeout_seconds")),
            *self.connection_problems(news),
        ]
        return input_checks.result(news, problems)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """A change of the jobs is an update in place. So is unfinished work."""
        jobs: _Jobs = olds.get("jobs") or {}
        job_ids = news.get("job_ids")
        stored = {key: outputs.get("job_id") for key, outputs in jobs.items()}
        finished = all(outputs.get("status") == JobStatus.SUCCESS for outputs in jobs.values())
        return DiffResult(changes=input_checks.is_unknown(job_ids) or job_ids != stored or not finished)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs. A preview polls each job once."""
        if current().preview:
            return CreateResult("", self._preview(props, {}))
        id_ = f"jobs-{uuid.uuid4().hex}"
        return CreateResult(id_, self._wait(id_, props, {}))

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Wait for all new and unfinished jobs."""
        jobs: _Jobs = olds.get("jobs") or {}
        return UpdateResult(self._preview(news, jobs) if current().preview else self._wait(id_, news, jobs))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Finished jobs need no request. Unfinished jobs are polled once, and stay unfinished."""
        operation, stored = current(), props.get("jobs")
        if stored is None:
            raise ExpectedError(
                "JobCompletions can't be imported or read by id: give each job to a JobCompletion, with opts.import_"
            )
        if not operation.keeps_partial_state or not _stored_failures(stored):
            return ReadResult(id_, props)
        # Ctrl-C need not wait for a response.
        operation.checkpoint(id_, _outputs(stored), _together(_stored_failures(stored), len(stored)))
        polled, troubles = self._poll_unfinished(stored, operation)
        jobs = {**stored, **polled}
        raise PartialStateError(id_, _outputs(jobs), _together(_stored_failures(jobs, troubles), len(jobs)))

    def _poll_unfinished(self, stored: _Jobs, operation: Operation) -> tuple[_Jobs, dict[str, str]]:
        """Poll the unfinished jobs. Returns new outputs by key, and the errors of failed polls."""
        unfinished = {key: outputs for key, outputs in stored.items() if not _is_over(outputs)}
        if not unfinished:
            return {}, {}
        try:
            return poll_each(self.connection(operation.inputs), unfinished, operation)
        except ExpectedError as error:
            return {}, dict.fromkeys(unfinished, report.not_polled(error))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Change nothing in the cloud. List the remaining servers."""
        jobs: _Jobs = props.get("jobs") or {}
        leave(current(), {str(outputs.get("job_id")): servers_made(outputs) for outputs in jobs.values()})

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs, for a host with a size limit on errors. A success keeps all ids."""
        jobs: _Jobs = outputs.get("jobs") or {}
        for cut in CUTS:
            yield _outputs({key: _cut(of_job, cut) for key, of_job in jobs.items()})

    def _wait(self, id_: str, inputs: dict[str, Any], stored: _Jobs) -> dict[str, Any]:
        operation = current()
        job_ids: dict[str, str] = inputs["job_ids"]
        kept = _kept(job_ids, stored)
        todo = [key for key in job_ids if not _is_over(kept.get(key, {}))]
        timeout = timeout_of(operation, inputs)
        plans = [plan_of(job_ids[key], timeout, kept.get(key)) for key in todo]
        watch = _Watch(job_ids, kept, dict(zip(todo, plans, strict=True)), operation)
        outcomes: list[Outcome] = []
        if plans:
            connection = self.connection(inputs)
            tell_of_stock_host(operation)
            operation.checkpoint(id_, watch.outputs, _INTERRUPTED)
            outcomes = wait_for(connection, plans, operation, watch.observe)
        return _settle(id_, job_ids, kept, dict(zip(todo, outcomes, strict=True)))

    def _preview(self, inputs: dict[str, Any], stored: _Jobs) -> dict[str, Any]:
        """The outputs known in a preview: all outputs, after every job has succeeded."""
        operation, job_ids = current(), inputs.get("job_ids")
        if input_checks.is_unknown(inputs) or not isinstance(job_ids, Mapping):
            return {"job_ids": job_ids}
        kept = _kept(job_ids, stored)
        failures = _stored_failures({key: kept[key] for key in kept if failure_of(kept[key])})
        if failures:
            raise ExpectedError(_together(failures, len(job_ids)))
        jobs = {key: outputs for key, outputs in kept.items() if outputs.get("status") == JobStatus.SUCCESS}
        if len(jobs) < len(job_ids) and not self._preview_missing(inputs, job_ids, jobs, operation):
            return {"job_ids": job_ids}
        return _outputs({key: jobs[key] for key in job_ids})

    def _preview_missing(
        self, inputs: Mapping[str, Any], job_ids: Mapping[str, str], jobs: _Jobs, operation: Operation
    ) -> bool:
        """Add the jobs with success to `jobs`. Returns whether all jobs have succeeded."""
        try:
            connection = self.connection(inputs)
        except MissingSettings as error:
            note_once(operation, "settings", f"this preview does not poll the API: {error}")
            return False
        # Ctrl-C in a preview need not wait for the responses.
        operation.checkpoint("jobs", {"job_ids": job_ids}, "interrupted while the jobs were polled")
        ends_at = time.monotonic() + PREVIEW_TIMEOUT
        for key in [key for key in job_ids if key not in jobs]:
            if time.monotonic() > ends_at:
                operation.note(f"{key} and others were not polled in the {PREVIEW_TIMEOUT:.0f} s of a preview")
                return False
            preview = preview_job(connection, job_ids[key], None, operation)
            if not preview.job:
                if preview.row:
                    operation.note(f"{key}: {preview.row}")
                return False
            jobs[key] = outputs_of(job_ids[key], preview.job, JobStatus.SUCCESS)
        return True


def _cut(outputs: dict[str, Any], cut: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    # A finished job is never polled again, so a success must keep what other resources use.
    if outputs.get("status") == JobStatus.SUCCESS:
        return {**outputs, "sub_jobs": [], "entities": []}
    return cut(outputs)


class _Watch:
    """The changing jobs of one wait, for the row and for the checkpoint."""

    def __init__(
        self, job_ids: Mapping[str, str], kept: _Jobs, plans: Mapping[str, Plan], operation: Operation
    ) -> None:
        self._kept = kept
        self._total = len(job_ids)
        self._progress = {key: Progress(plan.job_id, job=plan.known) for key, plan in plans.items()}
        self._keys: dict[str, list[str]] = {}
        for key, plan in plans.items():
            self._keys.setdefault(plan.job_id, []).append(key)
        self._done = {key for key, outputs in kept.items() if outputs.get("status") == JobStatus.SUCCESS}
        self._troubled: dict[str, Progress] = {}
        self._operation = operation

    def observe(self, progress: Progress) -> None:
        """Take in one job's change. A job may have several keys."""
        # The cost must not grow with the number of jobs: one change must not compute the outputs of all jobs.
        for key in self._keys[progress.job_id]:
            self._progress[key] = progress
            (self._done.add if progress.succeeded else self._done.discard)(key)
            self._troubled.pop(key, None)
            if progress_line.in_trouble(progress):
                self._troubled[key] = progress
        troubled = next(iter(self._troubled.items()), None)
        self._operation.report(progress_line.of_jobs(len(self._done), self._total, troubled))

    def outputs(self) -> dict[str, Any]:
        """The outputs so far. Called from any thread."""
        seen = {key: _outputs_so_far(progress) for key, progress in self._progress.copy().items()}
        return _outputs({**self._kept, **seen})


def _outputs_so_far(progress: Progress) -> dict[str, Any]:
    if progress.succeeded:
        return outputs_of(progress.job_id, progress.job, JobStatus.SUCCESS)
    return to_go_on(outputs_of(progress.job_id, progress.job, unfinished_status(progress.job, progress.judgement)))


def _outputs_at_end(outcome: Outcome) -> dict[str, Any]:
    outputs = outputs_of(outcome.job_id, outcome.job, stored_status(outcome))
    return to_go_on(outputs) if outcome.end is End.INTERRUPTED else outputs


def _kept(job_ids: Mapping[str, str], stored: _Jobs) -> _Jobs:
    return {key: stored[key] for key in job_ids if stored.get(key, {}).get("job_id") == job_ids[key]}


def _settle(id_: str, job_ids: Mapping[str, str], kept: _Jobs, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    ended = {key: _outputs_at_end(outcome) for key, outcome in outcomes.items()}
    jobs = {key: ended.get(key) or kept[key] for key in job_ids}
    reports = {
        key: report.describe_outcome(outcome) for key, outcome in outcomes.items() if outcome.end is not End.SUCCEEDED
    }
    failures = {**_stored_failures({key: kept[key] for key in kept if key not in outcomes}), **reports}
    if failures:
        raise PartialStateError(id_, _outputs(jobs), _together(failures, len(job_ids)))
    return _outputs(jobs)


def _outputs(jobs: _Jobs) -> dict[str, Any]:
    return {
        "job_ids": {key: outputs.get("job_id") for key, outputs in jobs.items()},
        "server_ids": {key: outputs.get("server_ids") or [] for key, outputs in jobs.items()},
        "jobs": jobs,
    }


def _is_over(outputs: Mapping[str, Any]) -> bool:
    return outputs.get("status") == JobStatus.SUCCESS or failure_of(outputs) is not None


def _stored_failures(jobs: _Jobs, troubles: Mapping[str, str] | None = None) -> dict[str, str]:
    """The reports of all jobs without success, from the stored outputs. `troubles` has the errors of polls by key."""
    reports = {}
    for key, outputs in jobs.items():
        job_id, failure = str(outputs.get("job_id")), failure_of(outputs)
        if failure:
            reports[key] = report.failed(job_id, failure)
        elif outputs.get("status") != JobStatus.SUCCESS:
            reports[key] = report.unfinished(job_id, job_of(outputs), (troubles or {}).get(key, ""))
    return reports


def _together(failures: Mapping[str, str], total: int) -> str:
    head = f"{len(failures)} of {total} jobs did not succeed:"
    return "\n".join([head, *(f"{key}: {text}" for key, text in failures.items())])
