"""One job's wait as a state machine: fed with answers and the time, it says when to look next or how it ended.

No clock and no I/O: the loop in `waiter` has both, and only obeys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from pulumi_bms.api.errors import ApiError, AuthenticationError, NoNewsError, NotFoundError
from pulumi_bms.api.models import Job, Record
from pulumi_bms.waiting.outcome import End, Outcome, Progress
from pulumi_bms.waiting.schedule import Schedule
from pulumi_bms.waiting.verdict import SETTLING_TIME, Ruling, State, Verdict, creates_servers, judge, state_of

FIRST_CONTACT_BUDGET = 60.0
"""Seconds without a good answer that are tolerated before the first: a wrong endpoint should show soon."""
OUTAGE_BUDGET = 15 * 60.0
"""Seconds without a good answer that are tolerated after one."""
VISIBILITY_TIME = 30.0
"""Seconds for which an unknown job may be one that the API does not show yet."""
FIRST_OUTAGE_NEWS = 15.0
"""Seconds of outage after which it is told; then after twice as long, and so on."""

_Signature: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to wait for: a job, for `timeout` seconds at most. `known` is its state as an earlier run saw it."""

    job_id: str
    timeout: float
    expected_servers: int | None = None
    known: Job | None = None


class Wait:
    """The wait for one job."""

    def __init__(self, plan: Plan, now: float, schedule: Schedule, chance: Callable[[], float]) -> None:
        self.plan = plan
        self.next_look = now
        self.has_slot = False
        """Whether `next_look` is a moment that was reserved."""
        self.outcome: Outcome | None = None
        self.progress = Progress(plan.job_id)
        self._schedule = schedule
        self._chance = chance
        self._started = now
        self._deadline = now + max(0.0, plan.timeout)
        self._job = plan.known
        self._signature: _Signature | None = None
        self._changed_at = now
        self._answered = False
        self._failures = 0
        self._outage_since: float | None = None
        self._outage_news_at = 0.0

    @property
    def deadline(self) -> float:
        """The point on the loop's clock at which the wait ends."""
        return self._deadline

    def see(self, job: Job, retry_after: float | None, looked_at: float, now: float) -> None:
        """Take in a good answer to a look that began at `looked_at`."""
        self._answered, self._failures, self._outage_since = True, 0, None
        self._job = job
        signature = _signature(job)
        if signature != self._signature:
            self._signature, self._changed_at = signature, now
        verdict = judge(job, self.plan.expected_servers)
        self.progress = _progress(self.plan.job_id, job, verdict)
        end = self._end_of(verdict, job, looked_at, now)
        if end:
            self._finish(end, now, verdict)
            return
        self._look_again(now, retry_after)
        if not verdict.final and verdict.ruling is not Ruling.PENDING:
            self._look_by(self._settled_at, now)

    def miss(self, error: ApiError, looked_at: float, now: float) -> None:
        """Take in an error instead of an answer."""
        end = self._end_of_error(error, looked_at)
        if end:
            self._finish(end, now, error=error)
            return
        self._failures += 1
        self._look_again(now, error.retry_after)
        if isinstance(error, NotFoundError):
            self.progress = replace(self.progress, outage=0.0, trouble=_cause(error))
        elif self._outage_since is not None:
            self._tell_outage(error, now)
            if error.retry_after is None:
                self._look_by(self._outage_since + self._budget, now)

    def interrupt(self, now: float) -> None:
        """End the wait because it was cancelled."""
        self._finish(End.INTERRUPTED, now)

    @property
    def _budget(self) -> float:
        return OUTAGE_BUDGET if self._answered else FIRST_CONTACT_BUDGET

    @property
    def _settled_at(self) -> float:
        return self._changed_at + SETTLING_TIME

    def _end_of(self, verdict: Verdict, job: Job, looked_at: float, now: float) -> End | None:
        if verdict.ruling is Ruling.SUCCEEDED:
            return End.SUCCEEDED
        settled = verdict.final or now >= self._settled_at
        if verdict.ruling is Ruling.FAILED and settled:
            return End.FAILED
        if verdict.ruling is Ruling.INCONSISTENT and settled:
            return End.INCONSISTENT
        if looked_at < self._deadline:
            return None
        return End.FAILED if verdict.ruling is Ruling.FAILED or _has_failed_part(job) else End.TIMED_OUT

    def _end_of_error(self, error: ApiError, looked_at: float) -> End | None:
        if isinstance(error, NotFoundError):
            if self._job is not None:
                return End.GONE
            if looked_at - self._started >= VISIBILITY_TIME:
                return End.NOT_FOUND
        elif isinstance(error, NoNewsError):
            if self._outage_since is None:
                self._outage_since, self._outage_news_at = looked_at, looked_at + FIRST_OUTAGE_NEWS
            if looked_at >= self._outage_since + self._budget:
                return End.NO_ANSWER
        else:
            return End.REJECTED if isinstance(error, AuthenticationError) else End.REFUSED
        if looked_at < self._deadline:
            return None
        return End.FAILED if self._job is not None and _has_failed_part(self._job) else End.TIMED_OUT

    def _look_again(self, now: float, retry_after: float | None) -> None:
        pause = self._schedule.interval(
            now - self._started, self._chance(), failures=self._failures, retry_after=retry_after
        )
        # The last sleep is cut to the deadline: one last look falls on it.
        self.next_look = min(now + pause, max(now, self._deadline))

    def _look_by(self, moment: float, now: float) -> None:
        # Not in the same breath, even where a slow look has outlasted the moment.
        self.next_look = min(self.next_look, max(now + self._schedule.shortest, moment))

    def _tell_outage(self, error: ApiError, now: float) -> None:
        if self._outage_since is None or now < self._outage_news_at:
            return
        lasted = now - self._outage_since
        self._outage_news_at = now + lasted
        shown = self.progress
        self.progress = replace(shown, unsettled="", outage=lasted, trouble=_cause(error))

    def _finish(self, end: End, now: float, verdict: Verdict | None = None, error: ApiError | None = None) -> None:
        self.outcome = Outcome(
            end=end,
            job_id=self.plan.job_id,
            job=self._job,
            elapsed=now - self._started,
            timeout=self.plan.timeout,
            outage=0.0 if self._outage_since is None else now - self._outage_since,
            rule=verdict.rule if verdict else None,
            because=verdict.because if verdict else "",
            error=error,
        )


def _has_failed_part(job: Job) -> bool:
    return any(_has_failed(record) for record in job.walk())


def _has_failed(record: Record) -> bool:
    return state_of(record) is State.FAIL


def _signature(job: Job) -> _Signature:
    """What counts as a change. Fields that no rule reads don't: an answer may hold the time of day."""
    return tuple(sorted(map(_fingerprint, job.walk())))


def _fingerprint(record: Record) -> tuple[str, ...]:
    fields = (record.job_id, record.status, record.error_code, record.end_time, record.sub_jobs_total, record.listed)
    return (*map(str, fields), *record.own_server_ids)


def _progress(job_id: str, job: Job, verdict: Verdict) -> Progress:
    failed = tuple((part.job_id or "", part.error_code or "") for part in job.descendants() if _has_failed(part))
    done = sum(state_of(child) is State.SUCCESS for child in job.sub_jobs)
    total = max(job.sub_jobs_total or 0, len(job.sub_jobs))
    return Progress(
        job_id,
        job.status,
        done,
        total,
        failed,
        unsettled=verdict.because,
        makes_servers=creates_servers(job),
        succeeded=verdict.ruling is Ruling.SUCCEEDED,
        job=job,
    )


def _cause(error: ApiError) -> str:
    """What a row has room for."""
    return str(error.status) if error.status else (error.detail or "no answer")
