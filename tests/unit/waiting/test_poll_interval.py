"""When to look next, as properties over all elapsed times, dice, failures and wishes of the server."""

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
    """Never under a second, never over ten, and never more than 4 % of the time waited beyond the first second."""
    interval = POLL_INTERVAL.interval(at, chance)
    assert 1.0 <= interval <= 10.0
    assert interval <= max(1.0, 0.04 * at)


@given(elapsed, dice, dice)
def test_the_dice_only_shorten_by_a_tenth(at: float, one: float, other: float) -> None:
    """Two waits of one age pause for times that differ by a tenth at most, however the dice fall."""
    first, second = sorted(POLL_INTERVAL.interval(at, chance) for chance in (one, other))
    assert second * 0.9 <= first * (1 + 1e-9)


@given(elapsed, elapsed, dice, dice)
def test_the_dice_blur_age_by_a_tenth_only(one: float, other: float, first: float, second: float) -> None:
    """An older wait may look a little sooner than a younger one, but by no more than the jitter."""
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
    """No news is looked at no more often than news, and at least every minute."""
    interval = POLL_INTERVAL.interval(at, chance, failures=failed)
    assert POLL_INTERVAL.interval(at, chance) <= interval <= 60.0


@pytest.mark.parametrize(("chance", "share"), [(0.0, 1.0), (0.5, 0.95)])
def test_the_backoff_doubles_to_a_minute(chance: float, share: float) -> None:
    """From the first failure on: 1, 2, 4 ... 32, 60, 60 seconds, shortened by the dice but never under one."""
    pauses = [POLL_INTERVAL.interval(0.0, chance, failures=failed) for failed in range(1, 10)]
    assert pauses == [max(1.0, usual * share) for usual in (1, 2, 4, 8, 16, 32, 60, 60, 60)]


@pytest.mark.parametrize(
    ("at", "interval"), [(0, 1), (14, 1), (25, 1), (50, 2), (100, 4), (250, 10), (3600, 10), (10800, 10)]
)
def test_the_usual_intervals(at: float, interval: float) -> None:
    """A second for the first 25 s, 4 % of the time waited up to 250 s, ten seconds from then on."""
    assert POLL_INTERVAL.interval(at, 0.0) == interval


@pytest.mark.parametrize("at", [0.0, 10.0, 100.0, 1000.0])
def test_the_dice_spread_waits_that_began_together(at: float) -> None:
    """Ten throws give ten intervals, as soon as an interval is longer than the shortest."""
    intervals = [POLL_INTERVAL.interval(at, chance / 10) for chance in range(10)]
    assert all(later < earlier for earlier, later in pairwise(intervals)) is (at >= 100)


@given(st.floats(0.001, 1), st.floats(0.01, 5), st.floats(5, 100), elapsed, dice)
def test_another_schedule_keeps_its_own_bounds(
    share: float, shortest: float, longest: float, at: float, chance: float
) -> None:
    """Each of the three values is a parameter, and holds."""
    interval = PollInterval(share, shortest, longest).interval(at, chance)
    assert shortest <= interval <= longest
    assert interval <= max(shortest, share * at)
