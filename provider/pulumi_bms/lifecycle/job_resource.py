"""One step of a resource whose changes are jobs: poll, send once, checkpoint, wait, read back.

A step never believes a request: after a change the step polls until the thing is as the program wants the thing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import ApiError, NoAnswerError, OutcomeUnknownError, SettingsError
from pulumi_bms.api.http.transport import CONNECT_TIMEOUT
from pulumi_bms.api.models.job import Job
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.operations import Operation as ApiOperation
from pulumi_bms.lifecycle.await_jobs import plan_of, timeout_of, wait_for
from pulumi_bms.lifecycle.connection import Connection
from pulumi_bms.lifecycle.job_outputs import job_of, outputs_of, unfinished_status
from pulumi_bms.lifecycle.record import Pending
from pulumi_bms.lifecycle.server_locks import LOCKS
from pulumi_bms.messages import progress_line, report
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.outage import OUTAGE_BUDGET
from pulumi_bms.waiting.outcome import End, Outcome, Progress
from pulumi_bms.waiting.poll_interval import PollInterval

T = TypeVar("T")

BUSY_PAUSE = 5.0
"""Seconds before the next try after a refusal of a busy server."""
CONFIRM_TIMEOUT = 180.0
"""Seconds until a finished change must show in the API, and until a change without a response counts as lost."""
JOB = "pending_job"
"""The output with the unfinished job of a resource: the outputs of a completion. Stored in users' stacks."""
CHANGE = "pending_change"
"""The output with the unfinished job of a change of existing servers. Stored in users' stacks."""


@dataclass
class Kept:
    """What the engine stores if the step ends early: the id, the outputs so far, and the reason."""

    operation: Operation
    id: str
    outputs: dict[str, Any] = field(default_factory=dict)
    reason: str = "interrupted: run `pulumi up` again to go on"
    is_kept: bool = False
    """Whether a checkpoint was reported: something exists, or may exist."""

    def keep(self, **outputs: Any) -> None:
        """Add outputs, and report all outputs so far as a checkpoint."""
        self.outputs.update(outputs)
        self.is_kept = True
        self.operation.checkpoint(self.id, dict(self.outputs), self.reason)

    def failure(self, text: str) -> PartialStateError:
        """The error of a step with a partial result."""
        return PartialStateError(self.id, dict(self.outputs), text)


@dataclass(frozen=True)
class Step:
    """One call of a provider's method, with the connection and the deadline of the call.

    `kept` is the partial result. `ends_at` is a time of the monotonic clock. `busy_pause` is the time in seconds before
    the next try after a refusal of a busy server.
    """

    connection: Connection
    kept: Kept
    ends_at: float
    busy_pause: float = BUSY_PAUSE

    @classmethod
    def begin(
        cls, connection: Connection, kept: Kept, inputs: Mapping[str, Any], busy_pause: float = BUSY_PAUSE
    ) -> Step:
        """A step with the timeout of the operation, else of the constructor, else 3 hours."""
        return cls(connection, kept, time.monotonic() + timeout_of(kept.operation, inputs), busy_pause)

    @property
    def operation(self) -> Operation:
        """The operation of the step."""
        return self.kept.operation

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.ends_at - time.monotonic()

    @property
    def channel(self) -> Channel:
        """The channel for requests that change nothing."""
        return self.connection.channel.within(None, self.operation.cancelled.is_set)

    def send(self, change: Callable[[Channel], T], channel: Channel | None = None, pending: Pending | None = None) -> T:
        """Send one request that changes things. `pending` is the record to write right before the request leaves.

        The host does not end while the request is under way. Raises the errors of `send_once`.
        """
        channel = channel or self.connection.channel
        longest = CONNECT_TIMEOUT + channel.submission_timeout
        with ExitStack() as held:

            def may_send(description: str) -> bool:
                held.enter_context(self.operation.hold(longest))
                if self.operation.cancelled.is_set():
                    return False
                if pending:
                    pending.write(description)
                return True

            return change(channel.within(None, self.operation.cancelled.is_set, may_send))

    def send_when_free(
        self,
        kind: ApiOperation,
        change: Callable[[Channel], T],
        channel: Channel | None = None,
        pending: Pending | None = None,
    ) -> T:
        """As `send`, again after each refusal of a busy server, until the deadline. A refusal removes the record."""
        while True:
            try:
                return self.send(change, channel, pending)
            except ApiError as error:
                if meaning_of(kind, error) is not Meaning.WAIT or self.left <= 0:
                    raise
                if pending:
                    pending.remove()
                self.operation.report(f"waiting: {error.reason}")
            self.pause(self.busy_pause)

    def repeat(self, kind: ApiOperation, change: Callable[[Channel], T], channel: Channel | None = None) -> T:
        """As `send_when_free`, for a change that does no harm when sent twice: once more after a lost response."""
        try:
            return self.send_when_free(kind, change, channel)
        except OutcomeUnknownError:
            return self.send_when_free(kind, change, channel)

    @contextmanager
    def alone_on(self, server_ids: Iterable[str]) -> Iterator[None]:
        """Hold the locks of these servers. Raises `PartialStateError` after a cancel."""
        with ExitStack() as held:
            try:
                held.enter_context(LOCKS.hold(server_ids, self.operation))
            except ExpectedError as error:
                raise self.kept.failure(str(error)) from None
            yield

    def pause(self, seconds: float) -> None:
        """Sleep. Raises `PartialStateError` after a cancel."""
        clock = MonotonicClock(self.operation.cancelled)
        clock.sleep_until(clock.now() + max(0.0, min(seconds, self.left)))
        if clock.cancelled:
            raise self.kept.failure(self.kept.reason)

    def until(self, poll: Callable[[], T | None], timeout: float | None = None) -> T | None:
        """Poll until there is a value, at growing intervals. None after `timeout` seconds, or at the deadline.

        A missing response is tolerated for `OUTAGE_BUDGET` seconds. Raises any other `ApiError`.
        """
        interval, started_at, last_response = PollInterval(), time.monotonic(), time.monotonic()
        ends_at = self.ends_at if timeout is None else min(self.ends_at, started_at + timeout)
        while True:
            pause_after = None
            try:
                value = poll()
                last_response = time.monotonic()
            except NoAnswerError as error:
                value, pause_after = None, error.retry_after
                if time.monotonic() - last_response > OUTAGE_BUDGET:
                    raise
            if value is not None:
                return value
            now = time.monotonic()
            if now >= ends_at and not self.operation.cancelled.is_set():
                return None
            pause = interval.interval(now - started_at, 0.0, retry_after=pause_after)
            self.pause(max(0.05, min(pause, ends_at - now)))

    def wait(
        self,
        job_id: str,
        /,
        expected_servers: int | None = None,
        *,
        output: str = JOB,
        is_resumed: bool = True,
        **outputs: Any,
    ) -> Job:
        """Wait for a job by the success rule, and return the job. `outputs` are kept beside the job.

        `output` is the name of the output with the unfinished job. A job that ends without success raises
        `JobFailedError`. Any other end raises `UnfinishedJobError`. With `is_resumed`, the unfinished job is kept, and
        the next run goes on with the job.
        """
        known = self.kept.outputs.get(output)
        stored = known if isinstance(known, Mapping) and known.get("job_id") == job_id else {}

        def keep(job: Job | None, judgement: Any = None) -> None:
            if is_resumed:
                self.kept.keep(**outputs, **{output: _stored(job_id, job, judgement)})

        def observe(progress: Progress) -> None:
            keep(progress.job, progress.judgement)
            self.operation.report(progress_line.of_job(progress))

        keep(job_of(stored))
        plan = plan_of(job_id, max(0.0, self.left), stored, expected_servers)
        (outcome,) = wait_for(self.connection, [plan], self.operation, observe)
        if outcome.end is End.SUCCEEDED and outcome.job is not None:
            self._warn(outcome.job)
            return outcome.job
        if outcome.is_final_failure and outcome.job is not None:
            raise JobFailedError(outcome, outcome.job)
        keep(outcome.job, outcome.judgement)
        raise UnfinishedJobError(self.kept, outcome)

    def end_earlier(self, output: str = JOB, **outputs: Any) -> None:
        """Wait for the unfinished job of an earlier run, if any, however the job ends. A failure is a warning.

        The API forgets an ended job after a day. A forgotten job counts as ended: afterwards the caller reads the
        state of the cloud.
        """
        job_id = pending_job_of(self.kept.outputs, output)
        if not job_id:
            return
        try:
            self.wait(job_id, output=output, **outputs)
        except JobFailedError as error:
            self.operation.warn(str(error))
        except UnfinishedJobError as error:
            if not error.is_job_lost:
                raise
            self.operation.warn(error.reason)
        self.kept.outputs[output] = None

    @contextmanager
    def explained(self, *, keeps_all: bool = False) -> Iterator[None]:
        """Turn an error of the API or of the settings into the error of the step.

        After a checkpoint, the state is kept. With `keeps_all`, the state is kept after any other error too.
        """
        try:
            yield
        except PartialStateError:
            raise
        except ExpectedError as error:
            if keeps_all and self.kept.is_kept:
                raise self.kept.failure(str(error)) from None
            raise
        except (ApiError, SettingsError) as error:
            is_unfinished = pending_job_of(self.kept.outputs) or pending_job_of(self.kept.outputs, CHANGE)
            if self.kept.is_kept or is_unfinished:
                raise self.kept.failure(str(error)) from None
            raise ExpectedError(str(error)) from None

    def done(self, **outputs: Any) -> dict[str, Any]:
        """The outputs of a step that ended well."""
        return {**self.kept.outputs, JOB: None, CHANGE: None, **outputs}

    def _warn(self, job: Job) -> None:
        for warning in report.warnings(job):
            self.operation.warn(warning)


def _stored(job_id: str, job: Job | None, judgement: Any) -> dict[str, Any]:
    """The unfinished job in the state, without absent fields."""
    outputs = outputs_of(job_id, job, unfinished_status(job, judgement))
    return {name: value for name, value in outputs.items() if value not in (None, [])}


class UnfinishedJobError(PartialStateError):
    """A wait has ended before the job. `is_job_lost` is whether no later run can learn the job's result."""

    def __init__(self, kept: Kept, outcome: Outcome) -> None:
        super().__init__(kept.id, dict(kept.outputs), report.describe_outcome(outcome))
        self.is_job_lost = outcome.end in (End.NOT_FOUND, End.GONE, End.INCONSISTENT)


class JobFailedError(ExpectedError):
    """A job has ended, and has failed. `job` is the job with all its parts at an end."""

    def __init__(self, outcome: Outcome, job: Job) -> None:
        super().__init__(report.failed(outcome.job_id, job, outcome.elapsed, next_step=""))
        self.job_id = outcome.job_id
        self.job = job


def pending_job_of(outputs: Mapping[str, Any], output: str = JOB) -> str | None:
    """The id of the unfinished job in stored outputs, or None."""
    stored = outputs.get(output)
    job_id = stored.get("job_id") if isinstance(stored, Mapping) else None
    return job_id if isinstance(job_id, str) and job_id else None
