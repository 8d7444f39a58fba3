"""The machine's clock. No test waits: a sleep is recorded, ends at once, or is ended by the test."""

from __future__ import annotations

import threading
import time

import pytest

from pulumi_bms.waiting.clock import MonotonicClock

GENEROUS = 2.0


def test_now_is_the_monotonic_clock() -> None:
    """The clock has the seconds of `time.monotonic`, without changes of the wall clock."""
    before = time.monotonic()
    now = MonotonicClock().now()
    assert before <= now <= time.monotonic()


@pytest.mark.parametrize("ago", [0.0, 0.001, 3600.0])
def test_a_moment_in_the_past_is_over(ago: float) -> None:
    """Sleeping until now or earlier returns, and does not count as a cancellation."""
    clock = MonotonicClock()
    clock.sleep_until(clock.now() - ago)
    assert not clock.cancelled


class Recorder(threading.Event):
    """An event that records the time of each wait, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return False


def test_a_sleep_is_one_wait_for_what_remains() -> None:
    """A sleep is one wait for the event, for the remaining seconds, without polls."""
    event = Recorder()
    clock = MonotonicClock(event)
    clock.sleep_until(clock.now() + 3600)
    (waited,) = event.waited
    assert waited is not None
    assert 3600 - GENEROUS < waited <= 3600


def test_a_sleep_longer_than_threads_can_wait_is_cut() -> None:
    """A sleep of centuries is cut, without an overflow."""
    event = Recorder()
    MonotonicClock(event).sleep_until(threading.TIMEOUT_MAX * 10)
    assert event.waited == [threading.TIMEOUT_MAX]


def test_a_cancelled_clock_does_not_sleep() -> None:
    """A sleep after the cancel returns at once."""
    event = threading.Event()
    clock = MonotonicClock(event)
    assert not clock.cancelled
    event.set()
    started_at = clock.now()
    clock.sleep_until(started_at + 3600)
    assert clock.cancelled
    assert clock.now() - started_at < GENEROUS


def test_a_cancellation_wakes_the_sleeper() -> None:
    """A sleep under way ends when a second thread sets the event."""
    event = threading.Event()
    clock = MonotonicClock(event)
    sleeper = threading.Thread(target=clock.sleep_until, args=(clock.now() + 3600,), daemon=True)
    sleeper.start()
    event.set()
    sleeper.join(GENEROUS)
    assert not sleeper.is_alive()


def test_without_an_event_nothing_cancels() -> None:
    """A clock without an event is never cancelled."""
    assert not MonotonicClock().cancelled
