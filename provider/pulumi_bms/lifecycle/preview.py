"""A preview of the jobs of one resource: each unfinished job is polled once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    in_one_line,
)
from pulumi_bms.api.models.job import Job, JobStatus
from pulumi_bms.lifecycle.connection import Connection, MissingSettings
from pulumi_bms.lifecycle.job_outputs import outputs_of
from pulumi_bms.lifecycle.job_set import JobStep
from pulumi_bms.lifecycle.once import ONCE
from pulumi_bms.messages import report
from pulumi_bms.operation import ExpectedError, Operation
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.success_rule import Ruling, judge

PREVIEW_TIMEOUT = 5.0
"""The timeout of a preview's polls in seconds."""

_SILENT: set[Connection] = set()
"""The APIs without a response in a preview. No later poll of the run waits for the same API."""


def preview(step: JobStep, inputs: Mapping[str, Any], expected_servers: float | None = None) -> dict[str, Any] | None:
    """The resource's outputs if every job has succeeded, else None. `inputs` are outputs for a cancelled preview.

    A failed job and a refusal by the API are an `ExpectedError`. A missing response and missing settings are not.
    """
    if failures := step.failures():
        raise ExpectedError(step.jobs.reason(failures))
    unfinished = step.unfinished()
    if not unfinished:
        return step.outputs({})
    try:
        connection = step.connect()
    except MissingSettings as error:
        _note_once(step.operation, "settings", f"this preview does not poll the API: {error}")
        return None
    # Ctrl-C in a preview need not wait for the responses.
    step.operation.checkpoint(step.id or "jobs", dict(inputs), step.jobs.interrupted_poll)
    ends_at = time.monotonic() + PREVIEW_TIMEOUT
    outputs: dict[str, dict[str, Any]] = {}
    for job_id in unfinished:
        if time.monotonic() > ends_at:
            text = f"not polled, like the jobs after: a preview polls for {PREVIEW_TIMEOUT:.0f} s"
            step.operation.note(step.jobs.label(job_id, text))
            return None
        job = _poll(step, connection, job_id, int(expected_servers) if expected_servers else None)
        if job is None:
            return None
        outputs[job_id] = outputs_of(job_id, job, JobStatus.SUCCESS)
    return step.outputs(outputs)


def _poll(step: JobStep, connection: Connection, job_id: str, expected_servers: int | None) -> Job | None:
    """Poll a job once: the job after a success, else None, with a note for the user."""
    operation = step.operation
    if connection in _SILENT:
        return None
    clock = MonotonicClock(operation.cancelled)
    connection.polls.await_turn(clock)
    started_at = time.monotonic()
    try:
        job = connection.jobs.get_job(job_id, timeout=PREVIEW_TIMEOUT, unwanted=operation.cancelled.is_set).job
    except NotFoundError:
        operation.note(step.jobs.label(job_id, "not visible yet"))
        return None
    except NoAnswerError as error:
        if operation.cancelled.is_set():
            raise ExpectedError(step.jobs.interrupted_poll) from None
        _note_once(operation, "unreachable", f"the API sent no response, so the server ids stay unknown: {error}")
        if time.monotonic() - started_at > PREVIEW_TIMEOUT / 2:
            _SILENT.add(connection)
        return None
    except ApiError as error:
        raise ExpectedError(f"{_refusal(error, job_id)}: {error}") from None
    judgement = judge(job, expected_servers)
    if judgement.is_final_failure:
        raise ExpectedError(report.failed(job_id, job))
    if judgement.ruling is Ruling.SUCCEEDED:
        return job
    row = f"{job.status}, `pulumi up` waits" + (f": {judgement.because}" if judgement.because else "")
    operation.note(step.jobs.label(job_id, row))
    return None


def _refusal(error: ApiError, job_id: str) -> str:
    if isinstance(error, AuthenticationError):
        return "the API rejected the credential"
    return report.NO_SUCH_API if isinstance(error, NoSuchApiError) else f"the API refused the poll of job {job_id}"


def _note_once(operation: Operation, what: str, text: str) -> None:
    """Leave one line for the whole run: the text is true of every resource."""
    if ONCE.first(what):
        operation.note(in_one_line(text))
