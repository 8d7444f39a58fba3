"""The wait for the jobs of one resource: checkpoint, row, outputs at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from pulumi_bms.api.http.background import NoThreadError, result_of, start
from pulumi_bms.api.models.job import JobStatus
from pulumi_bms.lifecycle.connection import Connection
from pulumi_bms.lifecycle.cut_outputs import to_go_on
from pulumi_bms.lifecycle.job_outputs import job_of, outputs_of, stored_status, unfinished_status
from pulumi_bms.lifecycle.job_set import JobStep
from pulumi_bms.lifecycle.provider import tell_of_stock_host
from pulumi_bms.messages import progress_line, report
from pulumi_bms.operation import Operation, PartialStateError
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End, Outcome, Progress
from pulumi_bms.waiting.poll_loop import Observer, PollLoop, one_by_one

DEFAULT_TIMEOUT = 3 * 3600.0
"""The default timeout of a wait in seconds. Windows servers take up to two hours."""


def timeout_of(operation: Operation, inputs: Mapping[str, Any]) -> float:
    """How long a wait may take, in seconds: by the host, else by the constructor, else the default."""
    return float(operation.timeout or inputs.get("create_timeout_seconds") or DEFAULT_TIMEOUT)


def plan_of(
    job_id: str, timeout: float, stored: Mapping[str, Any] | None = None, expected_servers: float | None = None
) -> Plan:
    """The plan of one job's wait. `stored` are the outputs of an earlier, unfinished wait."""
    return Plan(job_id, timeout, int(expected_servers) if expected_servers else None, job_of(stored or {}))


def await_jobs(step: JobStep, timeout: float, expected_servers: float | None = None) -> dict[str, Any]:
    """Wait for every unfinished job, once for each job. Returns the resource's outputs after success.

    Raises `PartialStateError` with the outputs of all jobs if any job has no success, or no thread can be started.
    """
    stored = {job_id: job.outputs for job_id, job in step.stored.items()}
    plans = [plan_of(job_id, timeout, stored.get(job_id), expected_servers) for job_id in step.unfinished()]
    if not plans:
        return _settle(step, [])
    connection = step.connect()
    tell_of_stock_host(step.operation)
    watch = _Watch(step, plans)
    step.operation.checkpoint(step.id, watch.outputs, step.jobs.interrupted)
    try:
        outcomes = wait_for(connection, plans, step.operation, watch.observe)
    except NoThreadError as error:
        raise PartialStateError(step.id, watch.outputs(), f"{error}\n{step.jobs.next_step}") from None
    return _settle(step, outcomes)


def wait_for(connection: Connection, plans: Sequence[Plan], operation: Operation, observer: Observer) -> list[Outcome]:
    """Wait until every job has ended, the deadline has passed, or the operation is cancelled."""
    polls, batch = connection.polls, _together if len(plans) > 1 else one_by_one
    loop = PollLoop(polls.poll, MonotonicClock(operation.cancelled), observer=observer, gate=polls, batch=batch)
    return loop.wait(plans)


def _together(polls: Sequence[Callable[[], None]]) -> None:
    """Run the polls in a thread each. Raises `NoThreadError` after the end of the polls that have begun."""
    futures: list[Future[None]] = []
    try:
        futures.extend(start(poll, "poll") for poll in polls)
    finally:
        for future in futures:
            result_of(future)


class _Watch:
    """The changing jobs of one wait, for the row and for the checkpoint."""

    def __init__(self, step: JobStep, plans: Sequence[Plan]) -> None:
        self._step = step
        self._progress = {plan.job_id: Progress(plan.job_id, job=plan.known) for plan in plans}
        self._done = sum(len(step.jobs.keys[job_id]) for job_id, job in step.stored.items() if job.has_succeeded)
        self._troubled: dict[str, Progress] = {}

    def observe(self, progress: Progress) -> None:
        """Take in one job's change."""
        # The cost must not grow with the number of jobs: one change must not compute the outputs of all jobs.
        job_id, jobs = progress.job_id, self._step.jobs
        self._done += (progress.succeeded - self._progress[job_id].succeeded) * len(jobs.keys[job_id])
        self._progress[job_id] = progress
        self._troubled.pop(job_id, None)
        if progress_line.in_trouble(progress):
            self._troubled[job_id] = progress
        self._step.operation.report(jobs.row(progress, self._done, next(iter(self._troubled.values()), None)))

    def outputs(self) -> dict[str, Any]:
        """The outputs so far. Called from any thread."""
        return self._step.outputs({job_id: _so_far(progress) for job_id, progress in self._progress.copy().items()})


def _so_far(progress: Progress) -> dict[str, Any]:
    if progress.succeeded:
        return outputs_of(progress.job_id, progress.job, JobStatus.SUCCESS)
    return to_go_on(outputs_of(progress.job_id, progress.job, unfinished_status(progress.job, progress.judgement)))


def _settle(step: JobStep, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    outputs = step.outputs({outcome.job_id: _at_end(outcome) for outcome in outcomes})
    for outcome in outcomes:
        for warning in report.warnings(outcome.job) if outcome.end is End.SUCCEEDED and outcome.job else ():
            step.operation.warn(warning)
    ended = {each.job_id: report.describe_outcome(each) for each in outcomes if each.end is not End.SUCCEEDED}
    failures = {**step.failures(), **ended}
    if failures:
        raise PartialStateError(step.id, outputs, step.jobs.reason(failures))
    return outputs


def _at_end(outcome: Outcome) -> dict[str, Any]:
    outputs = outputs_of(outcome.job_id, outcome.job, stored_status(outcome))
    return to_go_on(outputs) if outcome.end is End.INTERRUPTED else outputs
