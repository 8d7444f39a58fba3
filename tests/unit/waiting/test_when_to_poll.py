"""The times of polls: interval, Retry-After, rate limit, and many jobs in one loop.

The jitter is 0 unless a test sets a value, so intervals are the longest possible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.errors import AuthenticationError, NoAnswerError
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End
from pulumi_bms.waiting.poll_loop import one_by_one
from tests.unit.waiting.timelines import (
    JOB,
    NO_NEWS,
    RUNNING,
    SUCCESS,
    UNKNOWN,
    WHAT,
    Script,
    Wire,
    ended,
    gaps,
    job,
    lasting,
    steps,
)

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import Run, WaitFor


def test_the_first_poll_is_at_once(wait_for: WaitFor) -> None:
    """A job with SUCCESS costs one poll and no sleep."""
    ran = wait_for(lambda _: SUCCESS)
    assert ended(ran) == (End.SUCCEEDED, 0.0)
    assert ran.moments == [0.0]


@pytest.mark.parametrize("seconds", [0.2, 14, 33, 250, 300, 3600])
@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
def test_how_late_an_end_is_seen(wait_for: WaitFor, seconds: float, dice: float) -> None:
    """An end is noticed within a second or 4 % of the time waited, and at most 10 s later."""
    ran = wait_for(lasting(seconds), timeout=7200.0, chance=lambda: dice)
    assert ran.outcome.end is End.SUCCEEDED
    assert 0 <= ran.ended - seconds <= min(10.0, max(1.0, 0.04 * seconds))
    if seconds == 3600:
        assert 350 <= len(ran.polls) <= 470


@pytest.mark.parametrize("start", [64.0, 2.0**20])
def test_poll_times_count_from_the_start_of_the_wait(wait_for: WaitFor, start: float) -> None:
    """The clock's value at the start makes no difference to any poll."""
    usual = wait_for(lambda _: RUNNING, timeout=300.0).moments
    later = wait_for(lambda _: RUNNING, timeout=300.0, start=start).moments
    assert [at - start for at in later] == pytest.approx(usual)


@pytest.mark.parametrize("cost", [0.0, 0.3])
def test_polls_are_a_second_apart_or_more(wait_for: WaitFor, cost: float) -> None:
    """With any jitter and any cost of a poll, two polls of a job are at least a second apart."""
    assert min(gaps(wait_for(lasting(300), chance=lambda: 0.999, cost=cost).moments)) >= 1.0


# --- Retry-After


@pytest.mark.parametrize(("asked", "paused"), [(0.0, 1.0), (0.2, 1.0), (7.0, 7.0), (300.0, 300.0), (86400.0, 300.0)])
def test_retry_after_of_a_good_response_paces_the_next_poll(wait_for: WaitFor, asked: float, paused: float) -> None:
    """The server's pause replaces the poll interval, between a second and five minutes."""
    ran = wait_for(steps((0, {**RUNNING, "retry_after": asked}), (0.5, SUCCESS)))
    assert ran.moments == [0.0, paused]


@pytest.mark.parametrize(("asked", "paused"), [(0.0, 1.0), (7.0, 7.0), (86400.0, 300.0)])
@pytest.mark.parametrize("has_response", [False, True])
def test_retry_after_of_an_error_is_obeyed(
    wait_for: WaitFor, asked: float, paused: float, *, has_response: bool
) -> None:
    """No poll follows a 429 or a 503 before the end of Retry-After, up to a limit, also beyond the budget."""
    throttled = NoAnswerError(WHAT, status=429, retry_after=asked)
    first: tuple[float, Wire] = (0, RUNNING)
    ran = wait_for(steps(*[first] * has_response, (0.5 * has_response, throttled), (1.5, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert gaps(ran.moments) == ([1.0, paused] if has_response else [paused, 1.0][: 1 + (paused < 1.5)])


@pytest.mark.parametrize("status", [429, 503])
def test_an_api_that_asks_to_slow_down_is_no_dead_endpoint(wait_for: WaitFor, status: int) -> None:
    """A throttling API has 15 minutes from the start, with a Retry-After or with a plain 429."""
    throttled = NoAnswerError(WHAT, status=status, retry_after=120.0)
    assert ended(wait_for(steps((0, throttled), (130, SUCCESS)))) == (End.SUCCEEDED, 240.0)
    ran = wait_for(lambda _: throttled)
    assert ran.moments == [120.0 * n for n in range(9)]
    assert ended(ran) == (End.NO_ANSWER, 960.0)
    assert ended(wait_for(steps((0, NO_NEWS), (50, throttled), (130, NO_NEWS)))) == (End.NO_ANSWER, 900.0)
    assert ended(wait_for(lambda _: NoAnswerError(WHAT, status=429))) == (End.NO_ANSWER, 900.0)


def test_retry_after_never_reaches_past_the_deadline(wait_for: WaitFor) -> None:
    """The last poll falls on the deadline, with any Retry-After."""
    ran = wait_for(lambda _: {**RUNNING, "retry_after": 300.0}, timeout=100.0)
    assert ran.moments == [0.0, 100.0]
    assert ended(ran) == (End.TIMED_OUT, 100.0)


# --- slots of the rate limit


class Slots:
    """A gate that gives each slot of a list once, and is closed until a moment."""

    def __init__(self, *slots: float, closed_until: float = 0.0) -> None:
        self.slots = list(slots)
        self.asked: list[float] = []
        self.closed_until = closed_until

    def reserve(self, job_id: str, now: float, *, is_last: bool = False) -> float:
        assert (job_id, is_last) == (JOB, now >= 60.0)
        self.asked.append(now)
        return max(now, self.slots.pop(0))

    def paused(self, now: float) -> bool:
        return now < self.closed_until


@pytest.mark.parametrize(
    ("slots", "ends_at", "moments", "asked"),
    [
        (Slots(5.0, 5.0, 9.0), 8.0, [5.0, 6.0, 9.0], [0.0, 6.0, 7.0]),
        (Slots(5.0, 20.0, closed_until=15.0), 8.0, [20.0], [0.0, 5.0]),
        (Slots(0.0, 500.0, closed_until=100.0), 1e9, [0.0, 120.0], None),
    ],
    ids=["once a poll", "given back in a pause", "the last poll waits a minute at most"],
)
def test_a_poll_waits_for_its_slot(
    run: Run, slots: Slots, ends_at: float, moments: list[float], asked: list[float] | None
) -> None:
    """A due poll takes one slot, also the last poll. A pause voids the slot."""
    ran = run([Plan(JOB, 60.0)], {JOB: lasting(ends_at)}, gate=slots)
    assert ran.moments == moments
    assert asked is None or slots.asked == asked
    assert ended(ran) == (End.SUCCEEDED if ends_at == 8.0 else End.TIMED_OUT, moments[-1])


# --- many plans in one loop


def test_no_plans_no_outcomes(run: Run) -> None:
    """An empty list of plans ends at once."""
    assert run([], {}).outcomes == []


def test_outcomes_stand_in_the_order_of_the_plans(run: Run) -> None:
    """The outcomes have the order of the plans, and the end of a wait does not change further waits."""
    scripts: dict[str, Script] = {
        "slow": lasting(500),
        "fails": steps((0, RUNNING), (20, job("FAIL"))),
        "quick": lasting(3),
        "unknown": lambda _: UNKNOWN,
        "rejected": lambda _: AuthenticationError(WHAT, status=401),
        "late": lambda _: RUNNING,
    }
    plans = [Plan(job_id, 100.0 if job_id == "late" else 3600.0) for job_id in scripts]
    ran = run(plans, scripts)
    assert [(outcome.job_id, outcome.end) for outcome in ran.outcomes] == [
        ("slow", End.SUCCEEDED),
        ("fails", End.FAILED),
        ("quick", End.SUCCEEDED),
        ("unknown", End.NOT_FOUND),
        ("rejected", End.UNAUTHENTICATED),
        ("late", End.TIMED_OUT),
    ]
    assert [round(outcome.elapsed) for outcome in ran.outcomes[1:]] == [20, 3, 31, 0, 100]


def test_the_same_job_twice(run: Run) -> None:
    """Two plans for one job have separate outcomes."""
    scripts: dict[str, Script] = {"a": lasting(10)}
    ran = run([Plan("a", 60.0), Plan("a", 5.0)], scripts, cost=0.01)
    assert [outcome.end for outcome in ran.outcomes] == [End.SUCCEEDED, End.TIMED_OUT]


def test_no_wait_starves_beside_slow_polls(run: Run) -> None:
    """With polls slower than the interval, the longest overdue wait is polled next."""
    scripts = {f"job-{n}": lasting(120) for n in range(5)}
    ran = run([Plan(job_id, 600.0) for job_id in scripts], scripts, cost=0.9)
    assert {outcome.end for outcome in ran.outcomes} == {End.SUCCEEDED}
    counts = [sum(poll.job_id == job_id for poll in ran.polls) for job_id in scripts]
    assert max(counts) - min(counts) <= 2


def test_polls_that_are_due_together_are_sent_together(run: Run) -> None:
    """Jobs due at the same moment are polled in batches of at most 16."""
    sizes: list[int] = []

    def batch(polls: Sequence[Callable[[], None]]) -> None:
        sizes.append(len(polls))
        one_by_one(polls)

    scripts: dict[str, Script] = {f"job-{n}": lambda _: SUCCESS for n in range(40)}
    ran = run([Plan(job_id, 60.0) for job_id in scripts], scripts, batch=batch)
    assert sizes == [16, 16, 8]
    assert ran.ended == 0.0
