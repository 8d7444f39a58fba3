"""Waits without good responses: outages, jobs that are not found, refusals, rejected credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.errors import ApiError, AuthenticationError, NoAnswerError, NotFoundError
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.outcome import End
from tests.unit.waiting.timelines import (
    NO_NEWS,
    OLD,
    REFUSALS,
    RUNNING,
    SUCCESS,
    UNKNOWN,
    WHAT,
    Script,
    ended,
    every_second,
    gaps,
    job,
    lasting,
    part,
    steps,
)

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import WaitFor

SILENT = {
    "no connection": NoAnswerError(WHAT, detail="Connection refused"),
    "503": NO_NEWS,
    "an HTML page": NoAnswerError(WHAT, status=200, detail="the response is a page of HTML or XML, and not JSON"),
    "400 BMS.0212": NoAnswerError(WHAT, status=400, code="BMS.0212"),
}
each_silent = pytest.mark.parametrize("error", SILENT.values(), ids=SILENT.keys())
each_refusal = pytest.mark.parametrize(("error", "end"), REFUSALS.values(), ids=REFUSALS.keys())


# --- outages


@each_silent
def test_a_short_outage_only_delays(wait_for: WaitFor, error: ApiError) -> None:
    """An outage before or after the first good response leaves no trace in a success."""
    ran = wait_for(steps((0, error), (5, RUNNING), (20, error), (60, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert (ran.outcome.error, ran.outcome.outage) == (None, 0.0)
    assert wait_for(every_second(error, lasting(14))).ended <= 16


@each_silent
def test_an_outage_at_first_contact_has_a_minute(wait_for: WaitFor, error: ApiError) -> None:
    """Without any good response a wait ends after 60 s, with the last poll at 60 s."""
    ran = wait_for(lambda _: error)
    assert ended(ran) == (End.NO_ANSWER, 60.0)
    assert ran.moments == [0, 1, 3, 7, 15, 31, 60]
    assert (ran.outcome.job, ran.outcome.outage, ran.outcome.error) == (None, 60.0, error)


@each_silent
def test_an_outage_after_a_good_response_has_a_quarter_of_an_hour(wait_for: WaitFor, error: ApiError) -> None:
    """After a good response an outage ends the wait 15 min after the first poll of the outage."""
    ran = wait_for(steps((0, RUNNING), (0.5, error)))
    assert ended(ran) == (End.NO_ANSWER, 901.0)
    assert (ran.outcome.job, ran.outcome.outage) == (OLD, 900.0)


@pytest.mark.parametrize(
    ("before", "good_at", "end", "ends_at"),
    [
        ([], 60.0, End.SUCCEEDED, 60.0),
        ([], 60.1, End.NO_ANSWER, 60.0),
        ([(0, RUNNING)], 901.0, End.SUCCEEDED, 901.0),
        ([(0, RUNNING)], 901.1, End.NO_ANSWER, 901.0),
    ],
)
def test_the_last_moment_of_a_budget(
    wait_for: WaitFor, before: list[tuple[float, dict[str, object]]], good_at: float, end: End, ends_at: float
) -> None:
    """An API that is back at the last moment of the budget is noticed. A later return is not."""
    ran = wait_for(steps(*before, (0.5 if before else 0.0, NO_NEWS), (good_at, SUCCESS)))
    assert ended(ran) == (end, ends_at)


def test_one_good_response_gives_the_budget_anew(wait_for: WaitFor) -> None:
    """Outages of 14 min with good responses in between do not end a wait."""
    period = 14 * 60.0
    script: Script = lambda now: RUNNING if now % period < 70 else NO_NEWS  # noqa: E731  (a one-line script)
    ran = wait_for(lambda now: SUCCESS if now >= 4 * 3600 else script(now), timeout=5 * 3600.0)
    assert ran.outcome.end is End.SUCCEEDED
    early = wait_for(steps((0, NO_NEWS), (30, RUNNING), (32, NO_NEWS), (900, SUCCESS)))
    assert early.outcome.end is End.SUCCEEDED


def test_an_outage_never_lasts_past_the_deadline(wait_for: WaitFor) -> None:
    """A deadline within an outage ends the wait as timed out, and the outcome has the outage."""
    ran = wait_for(steps((0, RUNNING), (3.5, NO_NEWS)), timeout=100.0)
    assert ended(ran) == (End.TIMED_OUT, 100.0)
    assert (ran.outcome.outage, ran.outcome.error) == (96.0, NO_NEWS)


def test_an_outage_does_not_hide_a_failure(wait_for: WaitFor) -> None:
    """A deadline within an outage is a failure if the last state had a failed sub-job."""
    ran = wait_for(steps((0, job("RUNNING", part("FAIL"))), (10, NO_NEWS)), timeout=60.0)
    assert ended(ran) == (End.FAILED, 60.0)


@pytest.mark.parametrize("cost", [0.0, 0.7, 30.0, 70.0])
def test_budgets_count_time_not_polls(wait_for: WaitFor, cost: float) -> None:
    """With slow polls the wait ends at the first poll after the budget, and a pause follows each poll."""
    ran = wait_for(lambda _: NO_NEWS, cost=cost)
    assert ran.outcome.end is End.NO_ANSWER
    assert ran.moments[-1] >= 60.0 > ran.moments[-2]
    assert ran.ended <= max(60.0, ran.moments[-2] + cost + 1.0) + cost
    assert min(gaps(ran.moments)) >= 1.0


def test_the_backoff_of_each_outage_begins_anew(wait_for: WaitFor) -> None:
    """In an outage the pause doubles from a second to a minute, and a good response ends the backoff."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS)))
    assert gaps(ran.moments)[:9] == [1, 1, 2, 4, 8, 16, 32, 60, 60]
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (240, RUNNING), (255, NO_NEWS), (900, SUCCESS)))
    after = [at for at in ran.moments if at >= 240]
    assert [round(gap) for gap in gaps(after)][1:9] == [10, 10, 10, 10, 10, 16, 32, 60]


# --- a job that is not found


@pytest.mark.parametrize("seen_at", [0.5, 7, 15, 29.5])
def test_a_job_may_become_visible_late(wait_for: WaitFor, seen_at: float) -> None:
    """An unknown job is polled again within the first 30 s."""
    assert wait_for(steps((0, UNKNOWN), (seen_at, RUNNING), (40, SUCCESS))).outcome.end is End.SUCCEEDED


def test_a_job_that_stays_unknown_is_not_found(wait_for: WaitFor) -> None:
    """The first poll after 30 s ends the wait for an unknown job. An earlier poll decides nothing."""
    ran = wait_for(lambda _: UNKNOWN)
    assert ended(ran) == (End.NOT_FOUND, 31.0)
    assert (ran.outcome.job, ran.outcome.error, ran.outcome.outage) == (None, UNKNOWN, 0.0)
    ran = wait_for(lambda _: NotFoundError(WHAT, status=404, retry_after=29.5))
    assert ran.moments == [0.0, 29.5, 59.0]
    assert ran.outcome.end is End.NOT_FOUND


def test_an_unknown_job_is_no_good_response(wait_for: WaitFor) -> None:
    """A 404 of an invisible job does not start a new budget."""
    ran = wait_for(steps((0, NO_NEWS), (2, UNKNOWN), (10, NO_NEWS)))
    assert ended(ran) == (End.NO_ANSWER, 60.0)


def test_a_job_of_an_earlier_run_has_time_to_show(wait_for: WaitFor) -> None:
    """A job known from an earlier run is gone after 30 s of 404s, with the last state."""
    ran = wait_for(lambda _: UNKNOWN, known=OLD)
    assert ended(ran) == (End.GONE, 31.0)
    assert ran.outcome.job == OLD
    assert wait_for(steps((0, UNKNOWN), (2, SUCCESS)), known=OLD).outcome.end is End.SUCCEEDED


def test_the_state_of_an_earlier_run_is_no_response(wait_for: WaitFor) -> None:
    """A known state neither lengthens the budget of first contact nor starts the settling time."""
    ran = wait_for(lambda _: NO_NEWS, known=OLD)
    assert ended(ran) == (End.NO_ANSWER, 60.0)
    assert ran.outcome.job == OLD
    known = job("SUCCESS", part("SUCCESS"), total=2)
    assert ended(wait_for(lambda _: known, known=Job.read(known))) == (End.INCONSISTENT, 120.0)


# --- refusals


@each_refusal
@pytest.mark.parametrize("later", [3.0, 29.0, 500.0])
def test_a_refusal_after_a_good_response_must_last(wait_for: WaitFor, error: ApiError, end: End, later: float) -> None:
    """After a good response a refusal ends the wait only after five minutes without a further good response."""
    ran = wait_for(steps((0, RUNNING), (later, error)))
    assert ran.outcome.end is end
    assert (ran.outcome.job, ran.outcome.error, ran.outcome.outage) == (OLD, error, 300.0)
    assert ran.ended == next(at for at in ran.moments if at >= later) + 300.0


@each_refusal
def test_a_refusal_among_good_responses_only_delays(wait_for: WaitFor, error: ApiError, end: End) -> None:
    """A bad replica that refuses every second poll for an hour does not end the wait."""
    assert end is not End.SUCCEEDED
    ran = wait_for(every_second(error, lasting(3600)), timeout=7200.0)
    assert ran.outcome.end is End.SUCCEEDED
    assert 3600 <= ran.ended <= 3630


def test_the_five_minutes_of_refusals(wait_for: WaitFor) -> None:
    """A good response starts the five minutes anew. A different refusal or an outage does not."""
    ran = wait_for(steps((0, RUNNING), (10, UNKNOWN), (200, RUNNING), (270, UNKNOWN), (450, RUNNING), (900, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    polls = iter(range(10**6))
    ran = wait_for(lambda now: RUNNING if now < 1 else (UNKNOWN, REFUSALS["403"][0])[next(polls) % 2])
    assert ended(ran)[1] == 301.0
    assert ran.outcome.end in (End.GONE, End.REQUEST_REFUSED)
    ran = wait_for(steps((0, RUNNING), (0.5, UNKNOWN), (4.5, NO_NEWS), (290, UNKNOWN)))
    assert ran.outcome.end is End.GONE
    assert 301.0 <= ran.ended < 400.0


def test_five_minutes_need_five_polls(wait_for: WaitFor) -> None:
    """Refusals count only from the fifth refusal on, with any pauses."""
    slow = NotFoundError(WHAT, status=404, retry_after=200.0)
    ran = wait_for(steps((0, RUNNING), (0.5, slow)))
    assert ended(ran) == (End.GONE, 801.0)
    assert len(ran.polls) == 6


@pytest.mark.parametrize("known", [None, OLD], ids=["unknown", "known"])
@pytest.mark.parametrize(
    ("error", "end"),
    [
        *(pair for name, pair in REFUSALS.items() if name != "404"),
        (AuthenticationError(WHAT, status=401), End.UNAUTHENTICATED),
    ],
)
def test_a_refusal_at_first_contact_ends_the_wait_at_once(
    wait_for: WaitFor, error: ApiError, end: End, known: Job | None
) -> None:
    """Before the first good response of a run a refusal and a rejected credential end the wait."""
    ran = wait_for(lambda _: error, known=known)
    assert ended(ran) == (end, 0.0)
    assert len(ran.polls) == 1
    assert ran.outcome.error is error


def test_a_rejected_credential_ends_the_wait_at_once(wait_for: WaitFor) -> None:
    """A rejected credential is not sent again in the middle of a wait."""
    error = AuthenticationError(WHAT, status=401)
    ran = wait_for(steps((0, RUNNING), (0.5, error)))
    assert ended(ran) == (End.UNAUTHENTICATED, 1.0)
    assert ran.outcome.error is error


@pytest.mark.parametrize(
    ("script", "timeout", "outage"),
    [(steps((0, RUNNING), (0.5, UNKNOWN)), 60.0, 59.0), (steps((0, UNKNOWN)), 20.0, 0.0)],
)
def test_an_unknown_job_at_the_deadline_timed_out(
    wait_for: WaitFor, script: Script, timeout: float, outage: float
) -> None:
    """A deadline before a 404 counts is a timeout, not a missing job, because the next run may find the job."""
    ran = wait_for(script, timeout=timeout)
    assert ended(ran) == (End.TIMED_OUT, timeout)
    assert (ran.outcome.error, ran.outcome.outage) == (UNKNOWN, outage)
