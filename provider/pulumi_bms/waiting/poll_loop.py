"""The only loop of the project: poll, ask the wait for the next time, sleep until then."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import PollResult
from pulumi_bms.waiting.clock import Clock
from pulumi_bms.waiting.job_wait import Plan, Wait
from pulumi_bms.waiting.outcome import Outcome, Progress
from pulumi_bms.waiting.poll_interval import PollInterval


class Poll(Protocol):
    """Poll a job once. The arguments are the id and the seconds until the deadline."""

    def __call__(self, job_id: str, *, timeout: float) -> PollResult:
        """The job, or an `ApiError`."""
        ...


class Gate(Protocol):
    """The shared limit on requests, for all waits."""

    def reserve(self, job_id: str, now: float, *, is_last: bool = False) -> float:
        """Reserve a time to poll the job, for the caller. The last poll of a wait is always a new request."""
        ...

    def paused(self, now: float) -> bool:
        """Whether a moment reserved earlier no longer holds."""
        ...


class OpenGate:
    """No limit: every wait polls at any time."""

    def reserve(self, _job_id: str, now: float, *, is_last: bool = False) -> float:  # noqa: ARG002
        """Now."""
        return now

    def paused(self, _now: float) -> bool:
        """Never."""
        return False


Observer = Callable[[Progress], None]
Batch = Callable[[Sequence[Callable[[], None]]], None]

LATEST_LAST_POLL = 60.0
"""Seconds after the deadline in which the last poll of a wait waits for a slot of the rate limit."""
AT_ONCE = 16
"""The most polls at once of a wait for many jobs."""


def one_by_one(polls: Sequence[Callable[[], None]]) -> None:
    """Run the polls in order, in this thread."""
    for poll in polls:
        poll()


class PollLoop:
    """Waits for any number of jobs in one loop."""

    def __init__(
        self,
        poll: Poll,
        clock: Clock,
        *,
        observer: Observer = lambda _: None,
        poll_interval: PollInterval | None = None,
        chance: Callable[[], float] = random.random,
        gate: Gate | None = None,
        batch: Batch = one_by_one,
    ) -> None:
        self._poll = poll
        self._clock = clock
        self._observer = observer
        self._poll_interval = poll_interval or PollInterval()
        self._chance = chance
        self._gate = gate or OpenGate()
        self._batch = batch

    def wait(self, plans: Sequence[Plan]) -> list[Outcome]:
        """Wait until every job has ended or has reached the deadline.

        Returns the outcomes in the order of the plans.
        """
        started_at = self._clock.now()
        waits = [Wait(plan, started_at, self._poll_interval, self._chance) for plan in plans]
        while pending := [wait for wait in waits if wait.outcome is None]:
            self._clock.sleep_until(min(wait.next_poll for wait in pending))
            if self._clock.cancelled:
                for wait in pending:
                    wait.interrupt(self._clock.now())
            else:
                self._poll_due(pending)
        return [wait.outcome for wait in waits if wait.outcome is not None]

    def _poll_due(self, pending: Sequence[Wait]) -> None:
        now = self._clock.now()
        due = sorted((wait for wait in pending if wait.next_poll <= now), key=lambda wait: wait.next_poll)
        ready = [wait for wait in due if self._may_poll(wait, now)][:AT_ONCE]
        before = [wait.progress for wait in ready]
        self._batch([partial(self._step, wait) for wait in ready])
        for wait, shown in zip(ready, before, strict=True):
            if wait.progress != shown:
                self._observer(wait.progress)

    def _may_poll(self, wait: Wait, now: float) -> bool:
        """Whether the wait has a due slot. If not, the next poll moves to a slot."""
        latest = wait.deadline + LATEST_LAST_POLL
        if now >= latest or (wait.has_slot and not self._gate.paused(now)):
            return True
        slot = self._gate.reserve(wait.plan.job_id, now, is_last=now >= wait.deadline)
        wait.has_slot = True
        # The last poll of the wait takes a slot too: many waits with one deadline must not poll at one moment.
        wait.next_poll = min(slot, latest)
        return slot <= now

    def _step(self, wait: Wait) -> None:
        wait.has_slot = False
        if self._clock.cancelled:
            return
        polled_at = self._clock.now()
        try:
            polled = self._poll(wait.plan.job_id, timeout=wait.deadline - polled_at)
        except ApiError as error:
            wait.miss(error, polled_at, self._clock.now())
        else:
            wait.see(polled.job, polled.retry_after, polled_at, self._clock.now())
