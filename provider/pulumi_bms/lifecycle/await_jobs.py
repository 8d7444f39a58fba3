"""From a resource's step to a wait: checkpoints, rows, and polls in previews."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    in_one_line,
)
from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle.connection import Connection
from pulumi_bms.lifecycle.job_outputs import job_of, outputs_of, unfinished_status
from pulumi_bms.lifecycle.provider import ONCE
from pulumi_bms.messages import report
from pulumi_bms.operation import ExpectedError, Operation
from pulumi_bms.waiting import memory
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import Outcome
from pulumi_bms.waiting.poll_loop import AT_ONCE, Observer, PollLoop
from pulumi_bms.waiting.success_rule import Ruling, judge

DEFAULT_TIMEOUT = 3 * 3600.0
"""The default timeout of a wait in seconds. Windows servers take up to two hours."""
PREVIEW_TIMEOUT = 5.0
"""The timeout of a preview's poll in seconds."""


def timeout_of(operation: Operation, inputs: Mapping[str, Any]) -> float:
    """How long a wait may take, in seconds: by the host, else by the constructor, else the default."""
    return float(operation.timeout or inputs.get("create_timeout_seconds") or DEFAULT_TIMEOUT)


def plan_of(
    job_id: str, timeout: float, stored: Mapping[str, Any] | None = None, expected_servers: float | None = None
) -> Plan:
    """The plan of one job's wait. `stored` are the outputs of an earlier, unfinished wait."""
    return Plan(job_id, timeout, int(expected_servers) if expected_servers else None, job_of(stored or {}))


def wait_for(connection: Connection, plans: Sequence[Plan], operation: Operation, observer: Observer) -> list[Outcome]:
    """Wait until every job has ended, the deadline has passed, or the operation is cancelled."""
    polls, clock = connection.polls, MonotonicClock(operation.cancelled)
    if len(plans) <= 1:
        return PollLoop(polls.poll, clock, observer=observer, gate=polls).wait(plans)
    with ThreadPoolExecutor(min(AT_ONCE, len(plans))) as pool:

        def together(polls: Sequence[Callable[[], None]]) -> None:
            list(pool.map(lambda poll: poll(), polls))

        return PollLoop(polls.poll, clock, observer=observer, gate=polls, batch=together).wait(plans)


def poll_once(connection: Connection, stored: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    """Poll the job of an unfinished wait once, and return the merged outputs. Raises an `ApiError`.

    The outputs never show success: a refresh must not end a wait. Else the wait's error would be lost and the next `up`
    green.
    """
    job_id, known = str(stored["job_id"]), job_of(stored)
    job = connection.poll_once(job_id, MonotonicClock(operation.cancelled))
    trouble = memory.stranger(job_id, known, job)
    if trouble:
        raise NoAnswerError(f"job {job_id}", detail=trouble)
    return outputs_of(job_id, memory.merged(known, job), unfinished_status(job, judge(job, earlier=known)))


def poll_each(
    connection: Connection, unfinished: Mapping[str, Mapping[str, Any]], operation: Operation
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Poll each key once, in turn and within the rate limit. Returns new outputs, and errors.

    The polls end at a missing response, a rejected credential or a missing API: all later polls would fail alike.
    After a cancel the remaining outputs stay as stored.
    """
    polled: dict[str, dict[str, Any]] = {}
    troubles: dict[str, str] = {}
    for key, stored in unfinished.items():
        if operation.cancelled.is_set():
            break
        try:
            polled[key] = poll_once(connection, stored, operation)
        except ApiError as error:
            troubles[key] = report.not_polled(error)
            if isinstance(error, NoAnswerError | AuthenticationError | NoSuchApiError):
                break
    return polled, troubles


@dataclass(frozen=True, slots=True)
class JobPreview:
    """A preview's knowledge of a job: the outcome of a success, else a note for the user, if any."""

    job: Job | None = None
    row: str = ""


_SILENT: set[Connection] = set()
"""The APIs without a response in a preview. No later poll of the run waits for the same API."""


def preview_job(
    connection: Connection, job_id: str, expected_servers: float | None, operation: Operation
) -> JobPreview:
    """Poll a job once, in a preview.

    A failed job and a refusal by the API are errors. A missing response is not.
    """
    if connection in _SILENT:
        return JobPreview()
    clock = MonotonicClock(operation.cancelled)
    connection.polls.await_turn(clock)
    started_at = time.monotonic()
    try:
        job = connection.jobs.get_job(job_id, timeout=PREVIEW_TIMEOUT, unwanted=operation.cancelled.is_set).job
    except NotFoundError:
        return JobPreview(row="not visible yet")
    except NoAnswerError as error:
        note_once(operation, "unreachable", f"the API sent no response, so the server ids stay unknown: {error}")
        if time.monotonic() - started_at > PREVIEW_TIMEOUT / 2:
            _SILENT.add(connection)
        return JobPreview()
    except AuthenticationError as error:
        raise ExpectedError(f"the API rejected the credential: {error}") from None
    except NoSuchApiError as error:
        raise ExpectedError(f"{report.NO_SUCH_API}: {error}") from None
    except ApiError as error:
        raise ExpectedError(f"the API refused the poll of job {job_id}: {error}") from None
    judgement = judge(job, int(expected_servers) if expected_servers else None)
    if judgement.is_final_failure:
        raise ExpectedError(report.failed(job_id, job))
    if judgement.ruling is Ruling.SUCCEEDED:
        return JobPreview(job=job)
    return JobPreview(row=f"{job.status}, `pulumi up` waits" + (f": {judgement.because}" if judgement.because else ""))


def note_once(operation: Operation, what: str, text: str) -> None:
    """Leave one line for the whole run: the text is true of every resource."""
    if ONCE.first(what):
        operation.note(in_one_line(text))
