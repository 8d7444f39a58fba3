"""The poll interval, as properties over all elapsed times, dice, failures and pauses of the server."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_bms.waiting.poll_interval import PollInterval

POLL_INTERVAL = PollInterval()
elapsed = st.floats(0, 1e6)
dice = st.floats(0, 1, exclude_max=True)
failures = st.integers(0, 10**6)
wishes = st.floats(0, 1e9) | st.just(inf)


@given(elapsed, dice)
def test_while_the_api_responses_a_poll_comes_within_ten_seconds(at: float, chance: float) -> None:
    """A poll interval is 1 s to 10 s, and above 1 s at most 4 % of the time waited."""
    interval = POLL_INTERVAL.interval(at, chance)
    assert 1.0 <= interval <= 10.0
    assert interval <= max(1.0, 0.04 * at)


@given(elapsed, dice, dice)
def test_the_dice_only_shorten_by_a_tenth(at: float, one: float, other: float) -> None:
    """The dice shorten an interval by a tenth at most."""
    first, second = sorted(POLL_INTERVAL.interval(at, chance) for chance in (one, other))
    assert second * 0.9 <= first * (1 + 1e-9)


@given(elapsed, elapsed, dice, dice)
def test_the_dice_blur_age_by_a_tenth_only(one: float, other: float, first: float, second: float) -> None:
    """The interval of an older wait is at most a tenth shorter than the interval of a younger wait."""
    young, old = sorted((one, other))
    assert POLL_INTERVAL.interval(old, second) >= 0.9 * POLL_INTERVAL.interval(young, first) * (1 - 1e-9)


@given(elapsed, dice, failures, wishes)
def test_the_wish_of_the_server_wins(at: float, chance: float, failed: int, wish: float) -> None:
    """Retry-After between a second and five minutes is the exact pause, and five minutes are the longest pause."""
    interval = POLL_INTERVAL.interval(at, chance, failures=failed, retry_after=wish)
    assert interval >= min(wish, 300.0)
    assert 1.0 <= interval <= 300.0
    if 1.0 <= wish <= 300.0:
        assert interval == wish


@given(elapsed, dice, failures)
def test_failures_never_shorten_a_pause(at: float, chance: float, failed: int) -> None:
    """Failures never shorten the interval, and the interval stays within a minute."""
    interval = POLL_INTERVAL.interval(at, chance, failures=failed)
    assert POLL_INTERVAL.interval(at, chance) <= interval <= 60.0


@pytest.mark.parametrize(("chance", "share"), [(0.0, 1.0), (0.5, 0.95)])
def test_the_backoff_doubles_to_a_minute(chance: float, share: float) -> None:
    """The backoff is 1, 2, 4 ... 32, 60, 60 seconds, shortened by the dice to no less than one second."""
    pauses = [POLL_INTERVAL.interval(0.0, chance, failures=failed) for failed in range(1, 10)]
    assert pauses == [max(1.0, usual * share) for usual in (1, 2, 4, 8, 16, 32, 60, 60, 60)]


@pytest.mark.parametrize(
    ("at", "interval"), [(0, 1), (14, 1), (25, 1), (50, 2), (100, 4), (250, 10), (3600, 10), (10800, 10)]
)
def test_the_usual_intervals(at: float, interval: float) -> None:
    """The interval is 1 s for the first 25 s, 4 % of the time waited up to 250 s, and 10 s from then on."""
    assert POLL_INTERVAL.interval(at, 0.0) == interval


@pytest.mark.parametrize("at", [0.0, 10.0, 100.0, 1000.0])
def test_the_dice_spread_waits_that_began_together(at: float) -> None:
    """Ten values of the dice give ten intervals, if the interval is longer than the shortest interval."""
    intervals = [POLL_INTERVAL.interval(at, chance / 10) for chance in range(10)]
    assert all(later < earlier for earlier, later in pairwise(intervals)) is (at >= 100)


@given(st.floats(0.001, 1), st.floats(0.01, 5), st.floats(5, 100), elapsed, dice)
def test_another_schedule_keeps_its_own_bounds(
    share: float, shortest: float, longest: float, at: float, chance: float
) -> None:
    """A `PollInterval` keeps to the three parameters: share, shortest and longest."""
    interval = PollInterval(share, shortest, longest).interval(at, chance)
    assert shortest <= interval <= longest
    assert interval <= max(shortest, share * at)
