"""Responses of a wait about a different job, or with less than an earlier response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.outcome import End
from tests.unit.waiting.timelines import (
    JOB,
    RUNNING,
    SUCCESS,
    Wire,
    created,
    ended,
    job,
    lasting,
    part,
    steps,
)

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import WaitFor


def test_a_success_carries_its_job(wait_for: WaitFor) -> None:
    """The outcome of a success has the id, the last state, the elapsed time and the timeout, and no trouble."""
    outcome = wait_for(lasting(10.0), timeout=600.0).outcome
    assert outcome.job is not None
    assert (outcome.job_id, outcome.job.status, outcome.elapsed, outcome.timeout) == (JOB, "SUCCESS", 10.0, 600.0)
    assert (outcome.outage, outcome.rule, outcome.because, outcome.error) == (0.0, None, "", None)


@pytest.mark.parametrize(
    "response",
    [{**SUCCESS, "job_id": JOB}, {**SUCCESS, "job_id": None}, {**job("SUCCESS", part("SUCCESS", job_id=JOB))}],
    ids=["its own id", "no id", "a sub-job's id"],
)
def test_a_response_about_the_job_counts(wait_for: WaitFor, response: Wire) -> None:
    """A response about the job ends the wait, under the id of the plan."""
    ran = wait_for(lambda _: response)
    assert ended(ran) == (End.SUCCEEDED, 0.0)
    assert ran.outcome.job_id == JOB


@pytest.mark.parametrize(
    ("response", "why"),
    [
        ({**SUCCESS, "job_id": "another"}, "the response is about job another, not about job"),
        (job("SUCCESS", part("SUCCESS", 7)), "names no job and lists none of the sub-jobs of job"),
    ],
)
def test_a_response_about_another_job_is_no_response(wait_for: WaitFor, response: Wire, why: str) -> None:
    """A response about a different job does not end the wait, and the different job's servers are not taken."""
    mine = job("RUNNING", part("RUNNING"), part("RUNNING", 2))
    ran = wait_for(steps((0, mine), (3, response)), timeout=30.0)
    assert ended(ran) == (End.TIMED_OUT, 30.0)
    assert ran.outcome.job == Job.read(mine)
    assert why in str(ran.outcome.error)
    late = wait_for(steps((0, mine), (3, response), (60, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2)))))
    assert late.outcome.end is End.SUCCEEDED
    assert late.outcome.job is not None
    assert late.outcome.job.server_ids == []


def test_responses_about_other_jobs_are_an_outage(wait_for: WaitFor) -> None:
    """Responses about a different job have the budgets of an outage."""
    other = {**SUCCESS, "job_id": "another"}
    ran = wait_for(lambda _: other)
    assert ended(ran) == (End.NO_ANSWER, 60.0)
    assert ran.messages[0][1].trouble == f"the response is about job another, not about job {JOB}"
    assert ended(wait_for(steps((0, RUNNING), (0.5, other)))) == (End.NO_ANSWER, 901.0)


@pytest.mark.parametrize("known", [False, True], ids=["in this run", "in an earlier run"])
@pytest.mark.parametrize(
    ("before", "now", "rule"),
    [
        (job("RUNNING", total=2), {"status": "SUCCESS"}, 3),
        ({"status": "RUNNING", "entities": {"server_id": "a"}}, {"status": "SUCCESS"}, 6),
    ],
    ids=["announced sub-jobs", "a server"],
)
def test_a_success_with_less_than_before_is_inconsistent(
    wait_for: WaitFor, before: Wire, now: Wire, rule: int, *, known: bool
) -> None:
    """Earlier responses, of the current run and of an earlier run, count for the success rule."""
    ran = wait_for(lambda _: now, known=Job.read(before)) if known else wait_for(steps((0, before), (0.5, now)))
    assert (ran.outcome.end, ran.outcome.rule) == (End.INCONSISTENT, rule)
    assert 120.0 <= ran.ended <= 122.0


def test_missing_sub_jobs_may_come_back(wait_for: WaitFor) -> None:
    """A shorter list among longer lists only delays the success."""
    whole = job("RUNNING", part("SUCCESS"), part("RUNNING", 2))
    shorter = job("SUCCESS", part("SUCCESS"), total=1)
    ran = wait_for(steps((0, whole), (10, shorter), (60, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2)))))
    assert ran.outcome.end is End.SUCCEEDED
    assert 60 <= ran.ended <= 63


def test_a_missing_server_is_reported_with_the_failure(wait_for: WaitFor) -> None:
    """A server missing in a shorter list is still in the outcome of a failure."""
    ran = wait_for(steps((0, created("RUNNING", "a", "b")), (5, created("FAIL", "a"))))
    assert ran.outcome.end is End.FAILED
    assert ran.outcome.job is not None
    assert ran.outcome.job.server_ids == ["a", "b"]


@pytest.mark.parametrize("status", ["INIT", "RUNNING", "PENDING_PAYMENT", "WAITING_EXECUTE", " running "])
def test_a_pending_job_is_waited_for(wait_for: WaitFor, status: str) -> None:
    """The wait goes on through every status but SUCCESS and FAIL, documented or not."""
    ran = wait_for(steps((0, job(status)), (200, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert 200 <= ran.ended <= 208
