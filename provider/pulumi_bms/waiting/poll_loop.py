"""The only loop of the project: poll, ask the wait for the next time, sleep until then."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.clock import Clock
from pulumi_bms.waiting.job_wait import Plan, Wait
from pulumi_bms.waiting.outcome import Outcome, Progress
from pulumi_bms.waiting.poll_interval import Schedule


class Looked(Protocol):
    """The result of one poll."""

    @property
    def job(self) -> Job:
        """The job in the response."""
        ...

    @property
    def retry_after(self) -> float | None:
        """The pause in seconds at the server's request."""
        ...


class Look(Protocol):
    """Poll a job once. The arguments are the id and the seconds until the deadline."""

    def __call__(self, job_id: str, *, timeout: float) -> Looked:
        """The job, or an `ApiError`."""
        ...


class Gate(Protocol):
    """The shared limit on requests, for all waits."""

    def reserve(self, job_id: str, now: float) -> float:
        """Reserve a time to poll the job, for the caller."""
        ...

    def paused(self, now: float) -> bool:
        """Whether a moment reserved earlier no longer holds."""
        ...


class OpenGate:
    """No limit: every wait polls at any time."""

    def reserve(self, _job_id: str, now: float) -> float:
        """Now."""
        return now

    def paused(self, _now: float) -> bool:
        """Never."""
        return False


Observer = Callable[[Progress], None]
Batch = Callable[[Sequence[Callable[[], None]]], None]

AT_ONCE = 16
"""The most polls at once of a wait for many jobs."""


def one_by_one(looks: Sequence[Callable[[], None]]) -> None:
    """Run the polls in order, in this thread."""
    for look in looks:
        look()


class Waiter:
    """Waits for any number of jobs in one loop."""

    def __init__(
        self,
        look: Look,
        clock: Clock,
        *,
        observer: Observer = lambda _: None,
        schedule: Schedule | None = None,
        chance: Callable[[], float] = random.random,
        gate: Gate | None = None,
        batch: Batch = one_by_one,
    ) -> None:
        self._look = look
        self._clock = clock
        self._observer = observer
        self._schedule = schedule or Schedule()
        self._chance = chance
        self._gate = gate or OpenGate()
        self._batch = batch

    def wait(self, plans: Sequence[Plan]) -> list[Outcome]:
        """Wait until every job has ended or has reached the deadline.

        Returns the outcomes in the order of the plans.
        """
        begun = self._clock.now()
        waits = [Wait(plan, begun, self._schedule, self._chance) for plan in plans]
        while pending := [wait for wait in waits if wait.outcome is None]:
            self._clock.sleep_until(min(wait.next_look for wait in pending))
            if self._clock.cancelled:
                for wait in pending:
                    wait.interrupt(self._clock.now())
            else:
                self._look_at_due(pending)
        return [wait.outcome for wait in waits if wait.outcome is not None]

    def _look_at_due(self, pending: Sequence[Wait]) -> None:
        now = self._clock.now()
        due = sorted((wait for wait in pending if wait.next_look <= now), key=lambda wait: wait.next_look)
        ready = [wait for wait in due if self._may_look(wait, now)][:AT_ONCE]
        before = [wait.progress for wait in ready]
        self._batch([partial(self._step, wait) for wait in ready])
        for wait, shown in zip(ready, before, strict=True):
            if wait.progress != shown:
                self._observer(wait.progress)

    def _may_look(self, wait: Wait, now: float) -> bool:
        """Whether the wait has a due slot. If not, the next poll moves to a slot."""
        if now >= wait.deadline or (wait.has_slot and not self._gate.paused(now)):
            return True
        slot = self._gate.reserve(wait.plan.job_id, now)
        wait.has_slot = True
        wait.next_look = min(slot, wait.deadline)
        return slot <= now

    def _step(self, wait: Wait) -> None:
        wait.has_slot = False
        if self._clock.cancelled:
            return
        looked_at = self._clock.now()
        try:
            looked = self._look(wait.plan.job_id, timeout=wait.deadline - looked_at)
        except ApiError as error:
            wait.miss(error, looked_at, self._clock.now())
        else:
            wait.see(looked.job, looked.retry_after, looked_at, self._clock.now())
