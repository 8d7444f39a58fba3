"""Doubles for waits in virtual time: a clock that jumps, and an API with scripted responses.

Both doubles fail on a call that a right loop never makes, so every test of a wait also tests the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Protocol

import pytest

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job, PollResult
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import Outcome, Progress
from pulumi_bms.waiting.poll_loop import Batch, Gate, PollLoop, one_by_one
from tests.unit.waiting.timelines import JOB, Script


class FakeClock:
    """Virtual seconds: a sleep jumps to the end of the sleep, or to the moment of the cancel."""

    def __init__(self, start: float = 0.0, cancel_at: float = inf) -> None:
        self._now = start
        self._cancel_at = cancel_at

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        assert isfinite(moment), f"asked to sleep until {moment}"
        self._now = max(self._now, min(moment, self._cancel_at))

    def spend(self, seconds: float) -> None:
        assert seconds >= 0, "time never goes back"
        self._now += seconds

    @property
    def cancelled(self) -> bool:
        return self._now >= self._cancel_at


@dataclass(frozen=True)
class PollSeen:
    """A call received by the API: moment, job id, timeout."""

    at: float
    job_id: str
    timeout: float


@dataclass
class ScriptedApi:
    """An API with one script per job. The response is the script's at the start of the poll, and comes after `cost`.

    The key `retry_after` of a response is the header.
    """

    clock: FakeClock
    scripts: Mapping[str, Script]
    cost: Callable[[float], float] = lambda _: 0.0
    polls: list[PollSeen] = field(default_factory=list)

    def get_job(self, job_id: str, *, timeout: float) -> PollResult:
        started_at = self.clock.now()
        assert not self.clock.cancelled, f"a poll at {job_id} after the wait was cancelled"
        assert job_id in self.scripts, f"nobody was to ask for {job_id}"
        assert all((poll.at, poll.job_id) != (started_at, job_id) for poll in self.polls[-len(self.scripts) :]), (
            f"two polls at {job_id} at the same moment, {started_at}: the loop spins"
        )
        self.polls.append(PollSeen(started_at, job_id, timeout))
        response = self.scripts[job_id](started_at)
        self.clock.spend(self.cost(started_at))
        if isinstance(response, ApiError):
            raise response
        body = dict(response)
        return PollResult(retry_after=body.pop("retry_after", None), job=Job.read(body))


@dataclass(frozen=True)
class Ran:
    """A run of a loop: the polls and the observer's messages with the moments, and the outcomes."""

    outcomes: list[Outcome]
    polls: list[PollSeen]
    messages: list[tuple[float, Progress]]
    ended: float

    @property
    def outcome(self) -> Outcome:
        (only,) = self.outcomes
        return only

    @property
    def moments(self) -> list[float]:
        return [poll.at for poll in self.polls]


class Run(Protocol):
    """Waits for all plans in one loop, in virtual time. `cost` is the time of a poll, `chance` the jitter's dice."""

    def __call__(
        self,
        plans: Sequence[Plan],
        scripts: Mapping[str, Script],
        *,
        start: float = 0.0,
        cancel_at: float = inf,
        cost: float | Callable[[float], float] = 0.0,
        chance: Callable[[], float] = ...,
        gate: Gate | None = None,
        batch: Batch = ...,
    ) -> Ran: ...


def _run(
    plans: Sequence[Plan],
    scripts: Mapping[str, Script],
    *,
    start: float = 0.0,
    cancel_at: float = inf,
    cost: float | Callable[[float], float] = 0.0,
    chance: Callable[[], float] = lambda: 0.0,
    gate: Gate | None = None,
    batch: Batch = one_by_one,
) -> Ran:
    clock = FakeClock(start, cancel_at)
    api = ScriptedApi(clock, scripts, cost if callable(cost) else lambda _: cost)
    messages: list[tuple[float, Progress]] = []

    def observer(progress: Progress) -> None:
        messages.append((clock.now(), progress))

    waiter = PollLoop(api.get_job, clock, observer=observer, chance=chance, gate=gate, batch=batch)
    outcomes = waiter.wait(plans)
    return Ran(outcomes, api.polls, messages, clock.now())


@pytest.fixture(scope="session")
def run() -> Run:
    return _run


@pytest.fixture(scope="session")
def fake_clock() -> Callable[..., FakeClock]:
    return FakeClock


@pytest.fixture(scope="session")
def scripted_api() -> Callable[..., ScriptedApi]:
    return ScriptedApi


class WaitFor(Protocol):
    """Waits for one job, `JOB`."""

    def __call__(
        self,
        script: Script,
        *,
        timeout: float = 3600.0,
        expected_servers: int | None = None,
        known: Job | None = None,
        start: float = 0.0,
        cancel_at: float = inf,
        cost: float | Callable[[float], float] = 0.0,
        chance: Callable[[], float] = ...,
    ) -> Ran: ...


@pytest.fixture(scope="session")
def wait_for(run: Run) -> WaitFor:
    def wait(
        script: Script,
        *,
        timeout: float = 3600.0,
        expected_servers: int | None = None,
        known: Job | None = None,
        start: float = 0.0,
        cancel_at: float = inf,
        cost: float | Callable[[float], float] = 0.0,
        chance: Callable[[], float] = lambda: 0.0,
    ) -> Ran:
        plan = Plan(JOB, timeout, expected_servers, known)
        return run([plan], {JOB: script}, start=start, cancel_at=cancel_at, cost=cost, chance=chance)

    return wait
