"""Failures and incomplete successes of a wait: ends at once, after the settling time, or at the deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.outcome import End
from tests.unit.waiting.timelines import (
    DOUBTFUL,
    END_TIME,
    MOVING_PART,
    NO_NEWS,
    RUNNING,
    UNKNOWN,
    Script,
    Wire,
    created,
    ended,
    job,
    part,
    steps,
)

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import WaitFor

ALL_FINAL = job("FAIL", part("FAIL"), part("SUCCESS", 2))
ONLY_SUCCESS = job("SUCCESS", part("SUCCESS"))
OPEN_FAILURES = {
    "a sub-job moves": (MOVING_PART, ALL_FINAL),
    "the parent says SUCCESS": (
        job("SUCCESS", part("FAIL"), part("INIT", 2)),
        job("SUCCESS", part("FAIL"), part("SUCCESS", 2)),
    ),
    "a sub-job is not listed": (job("FAIL", part("FAIL"), total=2), ALL_FINAL),
    "a sub-job has an unknown status": (job("FAIL", part("FAIL"), part("WAITING", 2)), ALL_FINAL),
}
each_open_failure = pytest.mark.parametrize(("before", "after"), OPEN_FAILURES.values(), ids=OPEN_FAILURES.keys())


@pytest.mark.parametrize(
    "response",
    [job("FAIL"), job("FAIL", total=0), ALL_FINAL, job("SUCCESS", part("FAIL"), part("SUCCESS", 2))],
    ids=["alone", "none announced", "one survived", "the parent says SUCCESS"],
)
def test_a_complete_failure_ends_at_once(wait_for: WaitFor, response: Wire) -> None:
    """With every sub-job final and listed, a failure ends the wait at once."""
    assert ended(wait_for(lambda _: response)) == (End.FAILED, 0.0)


@each_open_failure
def test_a_failure_waits_for_the_other_sub_jobs(wait_for: WaitFor, before: Wire, after: Wire) -> None:
    """An open failure ends the wait with the last sub-job."""
    ran = wait_for(steps((0, before), (90, after)))
    assert ran.outcome.end is End.FAILED
    assert 90 <= ran.ended <= 94
    assert ran.outcome.job == Job.read(after)


@each_open_failure
def test_an_open_failure_lasts_to_the_deadline(wait_for: WaitFor, before: Wire, after: Wire) -> None:
    """An open failure without a change ends only at the deadline, and is not final."""
    del after
    ran = wait_for(lambda _: before, timeout=3600.0)
    assert ended(ran) == (End.FAILED, 3600.0)
    assert ran.outcome.judgement is not None
    assert not ran.outcome.judgement.is_final_failure


def test_a_failure_learns_of_servers_that_come_half_an_hour_later(wait_for: WaitFor) -> None:
    """A failure waits for a moving sub-job, so a server that comes half an hour later is known."""
    early = {**created("FAIL", "a"), "error_code": "BMS.3004"}
    moving = {**part("RUNNING", 9), "job_type": "baremetalSingleCreate"}
    before = {**early, "entities": {"sub_jobs": [*early["entities"]["sub_jobs"], moving]}}
    late = {**moving, "status": "SUCCESS", "entities": {"server_id": "late"}}
    after = {**early, "entities": {"sub_jobs": [*early["entities"]["sub_jobs"], late]}}
    ran = wait_for(steps((0, before), (1800, after)))
    assert ran.outcome.end is End.FAILED
    assert 1800 <= ran.ended <= 1810
    assert ran.outcome.job is not None
    assert ran.outcome.job.server_ids == ["a", "late"]
    assert ran.outcome.judgement is not None
    assert ran.outcome.judgement.is_final_failure


SETTLING_FAILURES = {
    "unknown end": (None, job("ERROR", end_time=END_TIME, error_code="BMS.3004")),
    "unknown end of a sub-job": (None, job("SUCCESS", *DOUBTFUL["entities"]["sub_jobs"])),
    "a sub-job is missing": (job("RUNNING", part("FAIL"), part("SUCCESS", 2)), job("FAIL", part("FAIL"))),
    "a server is missing": ({"status": "RUNNING", "entities": {"server_id": "a"}}, {"status": "FAIL"}),
}


@pytest.mark.parametrize(("known", "stuck"), SETTLING_FAILURES.values(), ids=SETTLING_FAILURES.keys())
def test_a_failure_in_doubt_ends_after_two_minutes(wait_for: WaitFor, known: Wire | None, stuck: Wire) -> None:
    """A settling failure ends the wait after 120 s without a change, and is not final."""
    ran = wait_for(lambda _: stuck, known=Job.read(known) if known else None)
    assert ended(ran) == (End.FAILED, 120.0)
    assert ran.outcome.judgement is not None
    assert not ran.outcome.judgement.is_final_failure


# --- fields that count as a change


def test_every_change_starts_the_settling_time_anew(wait_for: WaitFor) -> None:
    """A job with a change every 100 s settles 120 s after the last change."""
    parts = DOUBTFUL["entities"]["sub_jobs"]
    responses = [(100.0 * n, job("FAIL", *parts, *[part("SUCCESS", m + 2) for m in range(n)])) for n in range(6)]
    ran = wait_for(steps(*responses))
    last_change = next(at for at in ran.moments if at >= 500)
    assert ended(ran) == (End.FAILED, last_change + 120.0)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "FAIL"},
        {"error_code": "BMS.3037"},
        {"end_time": END_TIME},
        {"entities": {"server_id": "a"}},
        {"entities": {"sub_jobs_total": 0}},
        {"entities": {"sub_jobs": [part("SUCCESS", 4)]}},
    ],
    ids=str,
)
def test_fields_that_count_as_a_change(wait_for: WaitFor, change: Wire) -> None:
    """Status, code, end time, servers, announced and listed sub-jobs of any record start the settling time anew."""
    doubtful = DOUBTFUL["entities"]["sub_jobs"]
    first = job("FAIL", *doubtful, part("SUCCESS", 2))
    ran = wait_for(steps((0, first), (100, job("FAIL", *doubtful, {**part("SUCCESS", 2), **change}))))
    seen = next(at for at in ran.moments if at >= 100)
    assert ended(ran) == (End.FAILED, seen + 120.0)


def test_other_fields_are_no_change(wait_for: WaitFor) -> None:
    """A changed message or a changed order of the sub-jobs does not delay the settling."""

    def script(now: float) -> Wire:
        parts = [*DOUBTFUL["entities"]["sub_jobs"], part("SUCCESS", 2)]
        return job("FAIL", *(parts if int(now) % 2 else parts[::-1]), message=f"it is {now}")

    assert ended(wait_for(script)) == (End.FAILED, 120.0)


# --- incomplete successes


@pytest.mark.parametrize(
    ("response", "expected", "rule"),
    [(job("SUCCESS", part("SUCCESS"), total=3), None, 3), (created("SUCCESS", "a", "b"), 3, 5)],
)
def test_an_incomplete_success_is_inconsistent(
    wait_for: WaitFor, response: Wire, expected: int | None, rule: int
) -> None:
    """A success that is incomplete for 120 s without a change ends the wait, and the outcome has the rule."""
    ran = wait_for(lambda _: response, expected_servers=expected)
    assert ended(ran) == (End.INCONSISTENT, 120.0)
    assert ran.outcome.rule == rule
    assert ran.outcome.because


def test_missing_servers_may_come_late(wait_for: WaitFor) -> None:
    """A success completed within the settling time is a success, and each new server gives 120 s more."""
    ran = wait_for(
        steps(
            (0, created("SUCCESS", "a", total=3)),
            (110, created("SUCCESS", "a", "b", total=3)),
            (220, created("SUCCESS", "a", "b", "c", total=3)),
        ),
        expected_servers=3,
    )
    assert ran.outcome.end is End.SUCCEEDED
    assert 220 <= ran.ended <= 229


def test_a_late_sub_job_is_waited_for(wait_for: WaitFor) -> None:
    """SUCCESS of the parent does not count during a running sub-job, far beyond the settling time."""
    late = job("SUCCESS", part("SUCCESS"), part("RUNNING", 2))
    ran = wait_for(steps((0, late), (1000, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2)))))
    assert ran.outcome.end is End.SUCCEEDED
    assert 1000 <= ran.ended <= 1010


# --- the deadline before the end of the settling time


@pytest.mark.parametrize(
    ("response", "end"),
    [
        (MOVING_PART, End.FAILED),
        (job("ERROR", end_time=END_TIME, error_code="BMS.3004"), End.FAILED),
        (job("RUNNING", part("FAIL"), part("RUNNING", 2)), End.FAILED),
        (job("SUCCESS", part("SUCCESS"), total=2), End.TIMED_OUT),
        (job("SUCCESS", part("RUNNING")), End.TIMED_OUT),
    ],
    ids=["open failure", "failure in doubt", "failed sub-job", "incomplete success", "moving sub-job"],
)
def test_a_deadline_before_the_settling_time(wait_for: WaitFor, response: Wire, end: End) -> None:
    """At the deadline a job with a failed part has failed, and any further job has timed out."""
    assert ended(wait_for(lambda _: response, timeout=60.0)) == (end, 60.0)


@pytest.mark.parametrize("start", [0.1, 1917.5099341006473, 86399.999, 1e6 / 3])
@pytest.mark.parametrize("dice", [0.0, 0.37])
def test_rounding_delays_no_end(wait_for: WaitFor, start: float, dice: float) -> None:
    """A poll falls exactly on each end of a budget, of the settling time and of the wait, at any clock value."""
    cases: list[tuple[Script, float]] = [
        (steps((0, RUNNING), (start + 0.5, NO_NEWS)), 901.0),
        (steps((0, RUNNING), (start + 0.5, UNKNOWN)), 301.0),
        (lambda _: NO_NEWS, 60.0),
        (lambda _: DOUBTFUL, 120.0),
    ]
    for script, lasted in cases:
        ran = wait_for(script, start=start, chance=lambda: dice)
        assert ran.outcome.end in (End.NO_ANSWER, End.FAILED, End.GONE)
        assert ran.outcome.elapsed == pytest.approx(lasted, abs=1e-6)
    ran = wait_for(lambda _: RUNNING, start=start, chance=lambda: dice, timeout=0.7 + 1 / 3)
    assert [poll.timeout for poll in ran.polls if poll.timeout <= 0] == [0.0]
