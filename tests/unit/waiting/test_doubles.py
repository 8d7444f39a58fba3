"""The doubles of the folder: a clock that jumps, and an API with scripted responses."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.errors import NoAnswerError
from tests.unit.waiting.timelines import JOB, NO_NEWS, RUNNING, SUCCESS, steps

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import FakeClock, ScriptedApi

MakeClock = Callable[..., "FakeClock"]
MakeApi = Callable[..., "ScriptedApi"]


def test_a_sleep_jumps_and_never_goes_back(fake_clock: MakeClock) -> None:
    """Sleep and cost move virtual time forward, and a sleep ends at the cancel."""
    clock = fake_clock(5.0, 20.0)
    clock.sleep_until(9.0)
    clock.sleep_until(3.0)
    clock.spend(0.5)
    assert (clock.now(), clock.cancelled) == (9.5, False)
    clock.sleep_until(60.0)
    assert (clock.now(), clock.cancelled) == (20.0, True)


@pytest.mark.parametrize("moment", [inf, -inf, nan])
def test_an_endless_sleep_is_an_error(fake_clock: MakeClock, moment: float) -> None:
    """A loop with an endless sleep fails the test."""
    with pytest.raises(AssertionError, match="asked to sleep"):
        fake_clock().sleep_until(moment)


def test_a_response_is_that_of_the_start_of_the_poll(fake_clock: MakeClock, scripted_api: MakeApi) -> None:
    """The cost of a poll comes after the response is made, for errors too, and the header stays out of the job."""
    clock = fake_clock()
    script = steps((0, {**RUNNING, "retry_after": 7.0}), (1, SUCCESS), (3, NO_NEWS))
    api = scripted_api(clock, {JOB: script}, lambda _: 1.5)
    results = [api.get_job(JOB, timeout=timeout) for timeout in (60, 58.5)]
    assert [(result.job.status, result.retry_after) for result in results] == [("RUNNING", 7.0), ("SUCCESS", None)]
    with pytest.raises(NoAnswerError) as raised:
        api.get_job(JOB, timeout=0)
    assert raised.value is NO_NEWS
    assert [(poll.at, poll.timeout) for poll in api.polls] == [(0.0, 60), (1.5, 58.5), (3.0, 0)]
    assert clock.now() == 4.5


@pytest.mark.parametrize(
    ("job_id", "before", "cancel_at", "message"),
    [("other", 0, inf, "nobody was to ask"), (JOB, 1, inf, "the loop spins"), (JOB, 0, 0.0, "cancelled")],
)
def test_a_wrong_call_is_an_error(
    fake_clock: MakeClock, scripted_api: MakeApi, job_id: str, before: int, cancel_at: float, message: str
) -> None:
    """A poll of a job without a plan, two polls at one moment, and a poll after the cancel fail the test."""
    api = scripted_api(fake_clock(0.0, cancel_at), {JOB: lambda _: RUNNING})
    for _ in range(before):
        api.get_job(job_id, timeout=60)
    with pytest.raises(AssertionError, match=message):
        api.get_job(job_id, timeout=60)
