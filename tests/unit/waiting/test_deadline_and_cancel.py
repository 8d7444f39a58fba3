"""The last poll at the deadline, and the end of a wait at a cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.errors import ApiError
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End
from tests.unit.waiting.timelines import (
    NO_NEWS,
    OLD,
    RUNNING,
    SUCCESS,
    Script,
    Wire,
    ended,
    job,
    lasting,
)

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import Run, WaitFor


@pytest.mark.parametrize("timeout", [0.0, 0.4, 1.0, 59.3, 5400.0])
def test_the_last_poll_falls_on_the_deadline(wait_for: WaitFor, timeout: float) -> None:
    """The last sleep ends at the deadline, and one poll is made at the deadline."""
    ran = wait_for(lambda _: RUNNING, timeout=timeout)
    assert ended(ran) == (End.TIMED_OUT, timeout)
    assert [at for at in ran.moments if at >= timeout] == [timeout]
    assert (ran.outcome.elapsed, ran.outcome.timeout) == (timeout, timeout)


@pytest.mark.parametrize(("seconds", "end"), [(100.0, End.SUCCEEDED), (100.1, End.TIMED_OUT)])
def test_a_success_at_the_deadline_is_a_success(wait_for: WaitFor, seconds: float, end: End) -> None:
    """The response to the last poll counts, even after the deadline."""
    assert ended(wait_for(lasting(seconds), timeout=100.0)) == (end, 100.0)
    assert wait_for(lasting(seconds), timeout=100.0, cost=0.3).outcome.end is end


def test_a_poll_across_the_deadline_is_not_the_last(wait_for: WaitFor) -> None:
    """One more poll follows a poll that began before the deadline and ended after."""
    ran = wait_for(lambda _: RUNNING, timeout=100.0, cost=lambda now: 30.0 if now > 90 else 0.0)
    assert ran.outcome.end is End.TIMED_OUT
    assert [at for at in ran.moments if at > 90] == [ran.moments[-2], ran.moments[-2] + 30.0]


def test_the_request_timeout_is_the_time_that_remains(wait_for: WaitFor) -> None:
    """Each poll gets the seconds to the deadline, and 0 at the deadline."""
    ran = wait_for(lambda _: RUNNING, timeout=50.0, start=7.0, cost=0.25)
    assert [poll.timeout for poll in ran.polls] == [57.0 - poll.at for poll in ran.polls]
    assert (ran.polls[0].timeout, ran.polls[-1].timeout) == (50.0, 0.0)


@pytest.mark.parametrize("timeout", [-5.0, 0.0])
def test_a_timeout_of_zero_is_one_poll(wait_for: WaitFor, timeout: float) -> None:
    """A timeout of zero or less polls once, and the response counts."""
    assert ended(wait_for(lambda _: SUCCESS, timeout=timeout)) == (End.SUCCEEDED, 0.0)
    assert ended(wait_for(lambda _: RUNNING, timeout=timeout)) == (End.TIMED_OUT, 0.0)


# --- the cancel


@pytest.mark.parametrize("moment", [0.25, 40.123, 1000.5])
def test_a_cancel_during_a_sleep_ends_the_wait_at_that_moment(wait_for: WaitFor, moment: float) -> None:
    """A cancelled wait ends at the cancel with the last state, without a further poll."""
    ran = wait_for(lambda _: RUNNING, cancel_at=moment)
    assert ended(ran) == (End.INTERRUPTED, moment)
    assert ran.moments[-1] < moment
    assert (ran.outcome.job, ran.outcome.elapsed) == (OLD, moment)


def test_a_cancel_before_the_first_poll(wait_for: WaitFor) -> None:
    """A wait cancelled before the start makes no poll."""
    ran = wait_for(lambda _: RUNNING, cancel_at=0.0)
    assert ended(ran) == (End.INTERRUPTED, 0.0)
    assert ran.polls == []


@pytest.mark.parametrize(
    ("response", "end"),
    [(RUNNING, End.INTERRUPTED), (NO_NEWS, End.INTERRUPTED), (SUCCESS, End.SUCCEEDED), (job("FAIL"), End.FAILED)],
)
def test_a_cancel_during_a_poll(wait_for: WaitFor, response: Wire | ApiError, end: End) -> None:
    """An end in the response to a poll under way counts. Any further response is interrupted."""
    ran = wait_for(lambda _: response, cancel_at=1.0, cost=2.0)
    assert ended(ran) == (end, 2.0)
    assert len(ran.polls) == 1


def test_a_cancel_ends_every_wait_of_the_loop(run: Run) -> None:
    """A finished wait keeps the end, and all unfinished waits are interrupted at the cancel."""
    plans = [Plan("a", 600.0), Plan("b", 600.0), Plan("c", 600.0)]
    ran = run(plans, {"a": lasting(1e9), "b": lasting(5), "c": lambda _: NO_NEWS}, cancel_at=33.3)
    assert [outcome.end for outcome in ran.outcomes] == [End.INTERRUPTED, End.SUCCEEDED, End.INTERRUPTED]
    assert ran.ended == 33.3
    assert ran.outcomes[2].outage == 33.3


def test_a_cancel_within_a_batch_of_polls(run: Run) -> None:
    """Polls of a batch that have not begun at the cancel are left out."""
    scripts: dict[str, Script] = {"a": lambda _: SUCCESS, "b": lambda _: SUCCESS}
    ran = run([Plan("a", 60.0), Plan("b", 60.0)], scripts, cancel_at=1.0, cost=2.0)
    assert [outcome.end for outcome in ran.outcomes] == [End.SUCCEEDED, End.INTERRUPTED]
    assert [poll.job_id for poll in ran.polls] == ["a"]
