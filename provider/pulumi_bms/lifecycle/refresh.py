"""A refresh of the jobs of one resource: each unfinished job is polled once, and stays unfinished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_bms.api.errors import ApiError, AuthenticationError, NoAnswerError, NoSuchApiError
from pulumi_bms.lifecycle.connection import Connection
from pulumi_bms.lifecycle.job_set import JobStep, StoredJob, polled_job
from pulumi_bms.messages import report
from pulumi_bms.operation import ExpectedError, PartialStateError
from pulumi_bms.waiting import memory
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.success_rule import judge


def refresh(step: JobStep) -> dict[str, Any]:
    """The resource's newest outputs. They show no success: else a failed wait would turn green in a refresh.

    Raises `PartialStateError` with the outputs on a host that keeps partial state. Raises `ExpectedError` on Pulumi's
    own host if a poll brought no job.
    """
    polled: dict[str, StoredJob] = {}
    troubles: dict[str, str] = {}
    if step.unfinished():
        # Ctrl-C in a refresh need not wait for the responses: the stored outputs stay.
        interrupted = f"{step.jobs.interrupted_poll}: run `pulumi up`"
        step.operation.checkpoint(step.id, step.outputs({}), interrupted)
        polled, troubles = _poll_unfinished(step)
        if step.operation.cancelled.is_set():
            raise PartialStateError(step.id, step.outputs(_outputs(polled)), interrupted)
    outputs = step.outputs(_outputs(polled))
    if not step.operation.keeps_partial_state:
        if troubles:
            texts = {job_id: f"job {job_id} {trouble}" for job_id, trouble in troubles.items()}
            raise ExpectedError(step.jobs.reason(texts))
        return outputs
    jobs = {**step.stored, **polled}
    texts = {job_id: job.report(troubles.get(job_id, "")) for job_id, job in jobs.items() if not job.has_succeeded}
    raise PartialStateError(step.id, outputs, step.jobs.reason(texts))


def _outputs(jobs: Mapping[str, StoredJob]) -> dict[str, Mapping[str, Any]]:
    return {job_id: job.outputs for job_id, job in jobs.items()}


def _poll_unfinished(step: JobStep) -> tuple[dict[str, StoredJob], dict[str, str]]:
    """Poll each unfinished job once, in turn and within the rate limit. Returns the jobs, and the errors.

    The polls end at a missing response, a rejected credential or a missing API: all later polls would fail alike. After
    a cancel the remaining outputs stay as stored.
    """
    unfinished = step.unfinished()
    try:
        connection = step.connect()
    except ExpectedError as error:
        return {}, dict.fromkeys(unfinished, report.not_polled(error))
    polled: dict[str, StoredJob] = {}
    troubles: dict[str, str] = {}
    for job_id in unfinished:
        if step.operation.cancelled.is_set():
            break
        try:
            polled[job_id] = _poll(connection, step, job_id)
        except ApiError as error:
            troubles[job_id] = report.not_polled(error)
            if isinstance(error, NoAnswerError | AuthenticationError | NoSuchApiError):
                break
    return polled, troubles


def _poll(connection: Connection, step: JobStep, job_id: str) -> StoredJob:
    known = step.stored[job_id].job
    job = connection.poll_once(job_id, MonotonicClock(step.operation.cancelled))
    if trouble := memory.stranger(job_id, known, job):
        raise NoAnswerError(f"job {job_id}", detail=trouble)
    return polled_job(job_id, memory.merged(known, job), judge(job, earlier=known))
