"""The only loop of the project: look, ask the wait what is next, sleep until then."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models import Job
from pulumi_bms.waiting.clock import Clock
from pulumi_bms.waiting.outcome import Outcome, Progress
from pulumi_bms.waiting.schedule import Schedule
from pulumi_bms.waiting.wait import Plan, Wait


class Looked(Protocol):
    """What one look brings."""

    @property
    def job(self) -> Job:
        """The job as it stands."""
        ...

    @property
    def retry_after(self) -> float | None:
        """The pause in seconds that the server asks for."""
        ...


class Look(Protocol):
    """How to look at a job once: given its id and what remains of the deadline in seconds."""

    def __call__(self, job_id: str, *, timeout: float) -> Looked:
        """The job, or an `ApiError`."""
        ...


Observer = Callable[[Progress], None]


class Waiter:
    """Waits for jobs, one look after the other."""

    def __init__(
        self,
        look: Look,
        clock: Clock,
        *,
        observer: Observer = lambda _: None,
        schedule: Schedule | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._look = look
        self._clock = clock
        self._observer = observer
        self._schedule = schedule or Schedule()
        self._chance = chance

    def wait(self, plans: Sequence[Plan]) -> list[Outcome]:
        """Wait until every job has ended or its time is over; the outcomes in the order of the plans."""
        begun = self._clock.now()
        waits = [Wait(plan, begun, self._schedule, self._chance) for plan in plans]
        while pending := [wait for wait in waits if wait.outcome is None]:
            due = min(pending, key=lambda wait: wait.next_look)
            self._clock.sleep_until(due.next_look)
            if self._clock.cancelled:
                for wait in pending:
                    wait.interrupt(self._clock.now())
            else:
                self._step(due)
        return [wait.outcome for wait in waits if wait.outcome is not None]

    def _step(self, wait: Wait) -> None:
        before = wait.progress
        looked_at = self._clock.now()
        try:
            looked = self._look(wait.plan.job_id, timeout=wait.deadline - looked_at)
        except ApiError as error:
            wait.miss(error, looked_at, self._clock.now())
        else:
            wait.see(looked.job, looked.retry_after, looked_at, self._clock.now())
        if wait.progress != before:
            self._observer(wait.progress)
