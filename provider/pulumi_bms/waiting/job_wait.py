"""The wait for one job as a state machine.

The input is responses and the time. The output is the time of the next poll, or the end of the wait. The machine has no
clock and no I/O: the loop in `poll_loop` has both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from pulumi_bms.api.errors import ApiError, NoAnswerError
from pulumi_bms.api.models.job import Job, Record
from pulumi_bms.waiting import memory
from pulumi_bms.waiting.outage import Outage
from pulumi_bms.waiting.outcome import End, Outcome, Progress
from pulumi_bms.waiting.poll_interval import PollInterval
from pulumi_bms.waiting.success_rule import (
    SETTLING_TIME,
    Finality,
    Judgement,
    Ruling,
    State,
    judge,
    state_of,
)

_FIRST_ERROR = 300
"""The lowest HTTP status of a bad response."""

_Signature: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The job to wait for, and the timeout in seconds. `known` is the state of the job in an earlier run."""

    job_id: str
    timeout: float
    expected_servers: int | None = None
    known: Job | None = None


class Wait:
    """The wait for one job."""

    def __init__(self, plan: Plan, now: float, poll_interval: PollInterval, chance: Callable[[], float]) -> None:
        self.plan = plan
        self.next_poll = now
        self.has_slot = False
        """Whether the rate limit has reserved `next_poll` for the wait."""
        self.outcome: Outcome | None = None
        self.progress = Progress(plan.job_id, job=plan.known)
        self._poll_interval = poll_interval
        self._chance = chance
        self._started = now
        self._deadline = now + max(0.0, plan.timeout)
        self._job = plan.known
        self._signature: _Signature | None = None
        self._changed_at = now
        self._judgement: Judgement | None = None
        self._failures = 0
        self._outage = Outage(now, job_is_known=plan.known is not None)

    @property
    def deadline(self) -> float:
        """The time on the loop's clock when the wait ends."""
        return self._deadline

    def see(self, job: Job, retry_after: float | None, polled_at: float, now: float) -> None:
        """Take in the job from a response. The poll began at `polled_at`."""
        trouble = memory.stranger(self.plan.job_id, self._job, job)
        if trouble:
            self.miss(NoAnswerError(f"job {self.plan.job_id}", detail=trouble), polled_at, now)
            return
        self._failures = 0
        self._outage.end()
        signature = _signature(job)
        if signature != self._signature:
            self._signature, self._changed_at = signature, now
        judgement = self._judgement = judge(job, self.plan.expected_servers, self._job)
        self._job = memory.merged(self._job, job)
        self.progress = _progress(self.plan.job_id, self._job, judgement)
        end = self._end_of(judgement, polled_at, now)
        if end:
            self._finish(end, now, judgement)
            return
        self._poll_again(now, retry_after)
        if judgement.finality is Finality.SETTLING:
            self._poll_by(self._settled_at, now)

    def miss(self, error: ApiError, polled_at: float, now: float) -> None:
        """Take in an error instead of a response."""
        end = self._outage.add(error, polled_at) or self._end_at_deadline(polled_at)
        if end:
            self._finish(end, now, error=error)
            return
        self._failures += 1
        self._poll_again(now, error.retry_after)
        decides_at = self._outage.decides_at(error)
        if decides_at is not None:
            self._poll_by(decides_at, now)
        self._report_trouble(error, now)

    def interrupt(self, now: float) -> None:
        """End the wait after a cancel."""
        self._finish(End.INTERRUPTED, now)

    @property
    def _settled_at(self) -> float:
        return self._changed_at + SETTLING_TIME

    def _end_of(self, judgement: Judgement, polled_at: float, now: float) -> End | None:
        has_settled = judgement.finality is Finality.SETTLING and now >= self._settled_at
        if judgement.final or has_settled:
            return _ENDS[judgement.ruling]
        if polled_at >= self._deadline and judgement.ruling is Ruling.FAILED:
            return End.FAILED
        return self._end_at_deadline(polled_at)

    def _end_at_deadline(self, polled_at: float) -> End | None:
        if polled_at < self._deadline:
            return None
        return End.FAILED if self._job is not None and _has_failed_part(self._job) else End.TIMED_OUT

    def _poll_again(self, now: float, retry_after: float | None) -> None:
        pause = self._poll_interval.interval(
            now - self._started, self._chance(), failures=self._failures, retry_after=retry_after
        )
        # The last sleep ends at the deadline, with a last poll.
        self.next_poll = min(now + pause, max(now, self._deadline))

    def _poll_by(self, moment: float, now: float) -> None:
        # Leave a pause before the next poll, even if a slow poll ended after `moment`.
        self.next_poll = min(self.next_poll, max(now + self._poll_interval.shortest, moment))

    def _report_trouble(self, error: ApiError, now: float) -> None:
        if self._outage.is_not_visible(error):
            self.progress = replace(self.progress, outage=0.0, trouble=_cause(error))
            return
        lasted = self._outage.news(now)
        if lasted:
            self.progress = replace(self.progress, unsettled="", outage=lasted, trouble=_cause(error))

    def _finish(self, end: End, now: float, judgement: Judgement | None = None, error: ApiError | None = None) -> None:
        self.outcome = Outcome(
            end=end,
            job_id=self.plan.job_id,
            job=self._job,
            elapsed=now - self._started,
            timeout=self.plan.timeout,
            outage=0.0 if self._outage.since is None else now - self._outage.since,
            rule=judgement.rule if judgement else None,
            because=judgement.because if judgement else "",
            error=error,
            judgement=self._judgement,
        )


_ENDS = {
    Ruling.SUCCEEDED: End.SUCCEEDED,
    Ruling.FAILED: End.FAILED,
    Ruling.INCONSISTENT: End.INCONSISTENT,
    Ruling.PENDING: None,
}
"""The end of the wait by ruling."""


def _has_failed_part(job: Job) -> bool:
    return any(_has_failed(record) for record in job.walk())


def _has_failed(record: Record) -> bool:
    return state_of(record) is State.FAIL


def _signature(job: Job) -> _Signature:
    """The fields with effect on a rule. Other fields may change in every response, such as a time of day."""
    return tuple(sorted(map(_fingerprint, job.walk())))


def _fingerprint(record: Record) -> tuple[str, ...]:
    fields = (record.job_id, record.status, record.error_code, record.end_time, record.sub_jobs_total, record.listed)
    return (*map(str, fields), *record.own_server_ids)


def _progress(job_id: str, job: Job, judgement: Judgement) -> Progress:
    failed = tuple((part.job_id or "", part.error_code or "") for part in job.descendants() if _has_failed(part))
    done = sum(state_of(child) is State.SUCCESS for child in job.sub_jobs)
    total = max(job.sub_jobs_total or 0, len(job.sub_jobs))
    return Progress(
        job_id,
        job.status,
        done,
        total,
        failed,
        unsettled=judgement.because,
        succeeded=judgement.ruling is Ruling.SUCCEEDED,
        job=job,
        judgement=judgement,
    )


def _cause(error: ApiError) -> str:
    """The HTTP status of an error, or a description of an error without a bad status."""
    is_refused = error.status is not None and error.status >= _FIRST_ERROR
    return str(error.status) if is_refused else error.detail or "no response"
