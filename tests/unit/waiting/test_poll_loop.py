"""The loop in virtual time: when it looks, what it tells, and how it ends.

A script is a function of the virtual second; `steps` makes one from moments and answers. The dice of the jitter show 0
unless a test says otherwise, so intervals are the longest that they can be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import pytest

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End, Progress
from pulumi_bms.waiting.poll_loop import one_by_one

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import FakeClock, Ran, Run, ScriptedApi

Wire: TypeAlias = Mapping[str, Any]
Script: TypeAlias = Callable[[float], Wire | ApiError]

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
WHAT = f"GET https://bms.example.com/v1/p/jobs/{JOB}"


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


@pytest.fixture
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


def job(status: str, *parts: Wire, total: int | None = None, **fields: Any) -> Wire:
    """Return a job of a type that creates nothing, so that only statuses and numbers count."""
    counted = {"sub_jobs_total": len(parts) if total is None else total} if parts or total else {}
    entities = {**counted, "sub_jobs": list(parts)}
    return {"job_type": "baremetalBatchOperate", "status": status, "entities": entities, **fields}


def part(status: str, number: int = 1, *parts: Wire, **fields: Any) -> Wire:
    """Return a sub-job."""
    below = {"sub_jobs": list(parts)} if parts else {}
    return {"job_id": f"sub-{number}", "job_type": "baremetalSingleOperate", "status": status, **fields, **below}


def created(status: str, *names: str, total: int | None = None) -> Wire:
    """Return a job that creates servers, with one successful sub-job for each."""
    made = [
        {**part("SUCCESS", number), "job_type": "baremetalSingleCreate", "entities": {"server_id": name}}
        for number, name in enumerate(names)
    ]
    return {**job(status, *made, total=total), "job_type": "baremetalBatchCreate"}


def steps(*responses: tuple[float, Wire | ApiError]) -> Script:
    """Return a script: each response from its second on; the first one before that too."""

    def script(now: float) -> Wire | ApiError:
        started_at = [response for since, response in responses if since <= now]
        return started_at[-1] if started_at else responses[0][1]

    return script


def lasting(seconds: float) -> Script:
    """Return a job that runs for so long, then succeeds."""
    return steps((0, job("RUNNING")), (seconds, job("SUCCESS")))


def ended(ran: Ran) -> tuple[End, float]:
    return ran.outcome.end, ran.ended


def gaps(moments: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(moments)]


RUNNING = job("RUNNING")
SUCCESS = job("SUCCESS")
NO_NEWS = NoAnswerError(WHAT, status=503)
UNKNOWN = NotFoundError(WHAT, status=404)
OLD = Job.read(RUNNING)


# --- the doubles


class TestDoubles:
    def test_a_sleep_jumps_and_never_goes_back(self, fake_clock: Callable[..., FakeClock]) -> None:
        """Virtual time moves by sleeping and by spending, and a moment in the past is over at once."""
        clock = fake_clock(5.0)
        clock.sleep_until(9.0)
        clock.sleep_until(3.0)
        clock.spend(0.5)
        assert clock.now() == 9.5
        assert not clock.cancelled

    def test_a_sleep_ends_at_the_cancellation(self, fake_clock: Callable[..., FakeClock]) -> None:
        """The clock wakes at the moment of the cancellation, not later."""
        clock = fake_clock(0.0, 7.25)
        clock.sleep_until(60.0)
        assert (clock.now(), clock.cancelled) == (7.25, True)

    @pytest.mark.parametrize("moment", [inf, -inf, float("nan")])
    def test_an_endless_sleep_is_an_error(self, fake_clock: Callable[..., FakeClock], moment: float) -> None:
        """A loop that sleeps until no moment at all is wrong."""
        with pytest.raises(AssertionError, match="asked to sleep"):
            fake_clock().sleep_until(moment)

    def test_time_spent_is_never_negative(self, fake_clock: Callable[..., FakeClock]) -> None:
        """A poll can't cost less than nothing."""
        with pytest.raises(AssertionError, match="never goes back"):
            fake_clock().spend(-1.0)

    def test_a_response_is_that_of_the_moment_the_poll_begins(
        self, fake_clock: Callable[..., FakeClock], scripted_api: Callable[..., ScriptedApi]
    ) -> None:
        """What a poll costs comes after its response is made; the header stays out of the job."""
        clock = fake_clock()
        script = steps((0, {**RUNNING, "retry_after": 7.0}), (1, SUCCESS))
        api = scripted_api(clock, {JOB: script}, lambda _: 1.5)
        first, second = api.get_job(JOB, timeout=60), api.get_job(JOB, timeout=58.5)
        assert (first.job.status, first.retry_after, second.job.status, second.retry_after) == (
            "RUNNING",
            7.0,
            "SUCCESS",
            None,
        )
        assert [(poll.at, poll.timeout) for poll in api.polls] == [(0.0, 60), (1.5, 58.5)]

    @pytest.mark.parametrize(
        ("job_id", "before", "cancel_at", "error_body"),
        [("other", 0, inf, "nobody was to ask"), (JOB, 1, inf, "the loop spins"), (JOB, 0, 0.0, "cancelled")],
    )
    def test_a_wrong_call_is_an_error(
        self,
        fake_clock: Callable[..., FakeClock],
        scripted_api: Callable[..., ScriptedApi],
        job_id: str,
        before: int,
        cancel_at: float,
        error_body: str,
    ) -> None:
        """An id that nobody waits for, two polls at one moment, and a poll after the cancellation fail the test."""
        api = scripted_api(fake_clock(0.0, cancel_at), {JOB: lambda _: RUNNING})
        for _ in range(before):
            api.get_job(job_id, timeout=60)
        with pytest.raises(AssertionError, match=error_body):
            api.get_job(job_id, timeout=60)

    def test_an_error_costs_time_too(
        self, fake_clock: Callable[..., FakeClock], scripted_api: Callable[..., ScriptedApi]
    ) -> None:
        """A scripted error is raised as it is, after the poll's cost."""
        clock = fake_clock()
        api = scripted_api(clock, {JOB: lambda _: NO_NEWS}, lambda _: 30.0)
        with pytest.raises(NoAnswerError) as raised:
            api.get_job(JOB, timeout=60)
        assert raised.value is NO_NEWS
        assert clock.now() == 30.0


# --- good responses


def test_the_first_poll_is_at_once(wait_for: WaitFor) -> None:
    """A job that has succeeded already costs one poll and no sleep."""
    ran = wait_for(lambda _: SUCCESS)
    assert ended(ran) == (End.SUCCEEDED, 0.0)
    assert ran.moments == [0.0]


def test_a_success_carries_its_job(wait_for: WaitFor) -> None:
    """The outcome has the id asked for, the last state, the time it took and the timeout, and no complaint."""
    ran = wait_for(lasting(10.0), timeout=600.0)
    outcome = ran.outcome
    assert outcome.job is not None
    assert (outcome.job_id, outcome.job.status, outcome.elapsed, outcome.timeout) == (JOB, "SUCCESS", 10.0, 600.0)
    assert (outcome.outage, outcome.rule, outcome.because, outcome.error) == (0.0, None, "", None)


@pytest.mark.parametrize(
    "response",
    [
        {**SUCCESS, "job_id": JOB},
        {**SUCCESS, "job_id": JOB.upper()},
        {**SUCCESS, "job_id": None},
        {**job("SUCCESS", part("SUCCESS", job_id=JOB)), "job_id": "its-parent"},
        {**job("SUCCESS", part("SUCCESS", 1, part("SUCCESS", job_id=JOB))), "job_id": "its-parent"},
    ],
    ids=["its own", "in capitals", "none", "a sub-job", "a sub-job of a sub-job"],
)
def test_a_response_about_the_job_counts(wait_for: WaitFor, response: Wire) -> None:
    """The id asked for is the document's, or one of its sub-jobs', or the document has none."""
    ran = wait_for(lambda _: response)
    assert ended(ran) == (End.SUCCEEDED, 0.0)
    assert ran.outcome.job_id == JOB


STRANGERS = {
    "another id": ({**SUCCESS, "job_id": "another"}, "the response is about job another, not about job"),
    "a sub-job of it alone": ({**part("SUCCESS"), "entities": {"server_id": "x"}}, "about job sub-1, not about job"),
    "another type": (
        {"status": "SUCCESS", "job_type": "baremetalBatchCreate", "entities": {"server_id": "x"}},
        "names no job and has job_type baremetalBatchCreate, and job",
    ),
    "other sub-jobs": (job("SUCCESS", part("SUCCESS", 7)), "names no job and lists none of the sub-jobs of job"),
}
each_stranger = pytest.mark.parametrize(("response", "why"), STRANGERS.values(), ids=STRANGERS.keys())


@each_stranger
def test_a_response_about_another_job_is_no_response(wait_for: WaitFor, response: Wire, why: str) -> None:
    """Another job's end does not end the wait, and none of its servers is taken; the reason names the other job."""
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
    """They are borne for a minute before the first good response, and for 15 minutes after one."""
    other = {**SUCCESS, "job_id": "another"}
    ran = wait_for(lambda _: other)
    assert ended(ran) == (End.NO_ANSWER, 60.0)
    assert ran.messages[0][1].trouble == f"the response is about job another, not about job {JOB}"
    assert ended(wait_for(steps((0, RUNNING), (0.5, other)))) == (End.NO_ANSWER, 901.0)


@pytest.mark.parametrize("known", [False, True], ids=["in this run", "in an earlier run"])
@pytest.mark.parametrize(
    ("before", "now", "rule", "because"),
    [
        (job("RUNNING", total=2), {"status": "SUCCESS"}, 3, "2 sub-jobs are announced and 0 listed"),
        (
            job("RUNNING", part("RUNNING"), part("RUNNING", 2)),
            job("SUCCESS", part("SUCCESS"), total=1),
            3,
            "2 sub-jobs are announced and 1 listed",
        ),
        (
            {"status": "RUNNING", "entities": {"sub_jobs": [part("RUNNING"), part("RUNNING", 2)]}},
            {"status": "SUCCESS", "entities": {"sub_jobs": [part("SUCCESS")]}},
            6,
            "sub-job sub-2 was listed before and is missing",
        ),
        (
            {"status": "RUNNING", "entities": {"server_id": "a"}},
            {"status": "SUCCESS", "entities": {"server_id": "b"}},
            6,
            "server a was named before and is missing",
        ),
        (
            {"status": "RUNNING", "entities": {"nic_id": "n"}},
            {"status": "SUCCESS"},
            6,
            "network interface n was named before and is missing",
        ),
        (
            {"status": "RUNNING", "job_type": "baremetalBatchCreate"},
            {"status": "SUCCESS"},
            5,
            "the job creates servers and names none",
        ),
    ],
)
def test_a_success_with_less_than_before_is_inconsistent(
    wait_for: WaitFor, before: Wire, now: Wire, rule: int, because: str, *, known: bool
) -> None:
    """What was announced, listed, named or called a creation once is waited for; then the rule is named."""
    ran = wait_for(lambda _: now, known=Job.read(before)) if known else wait_for(steps((0, before), (0.5, now)))
    assert ran.outcome.end is End.INCONSISTENT
    assert 120.0 <= ran.ended <= 122.0
    assert (ran.outcome.rule, ran.outcome.because) == (rule, because)
    if "server_id" in before.get("entities", {}):
        assert ran.outcome.job is not None
        assert "a" in ran.outcome.job.server_ids


def test_what_went_missing_may_come_back(wait_for: WaitFor) -> None:
    """A shorter list among longer ones delays the success, and nothing else."""
    whole = job("RUNNING", part("SUCCESS"), part("RUNNING", 2))
    shorter = job("SUCCESS", part("SUCCESS"), total=1)
    ran = wait_for(steps((0, whole), (10, shorter), (60, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2)))))
    assert ran.outcome.end is End.SUCCEEDED
    assert 60 <= ran.ended <= 63


@pytest.mark.parametrize("status", ["INIT", "RUNNING", "PENDING_PAYMENT", "WAITING_EXECUTE", " running "])
def test_what_is_pending_is_waited_for(wait_for: WaitFor, status: str) -> None:
    """Every status that is neither SUCCESS nor FAIL is waited through, named by the API's pages or not."""
    ran = wait_for(steps((0, job(status)), (200, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert 200 <= ran.ended <= 208


@pytest.mark.parametrize("seconds", [0.2, 1, 14, 20, 33, 60, 250, 300, 600, 1800, 3600])
@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
def test_how_late_an_end_is_seen(wait_for: WaitFor, seconds: float, dice: float) -> None:
    """An end is seen within a second, or 4 % of the time waited, but never over 10 s later."""
    ran = wait_for(lasting(seconds), timeout=7200.0, chance=lambda: dice)
    assert ran.outcome.end is End.SUCCEEDED
    assert 0 <= ran.ended - seconds <= min(10.0, max(1.0, 0.04 * seconds))


@pytest.mark.parametrize(("dice", "most"), [(0.0, 425), (0.999, 470)])
def test_how_many_polls_an_hour_takes(wait_for: WaitFor, dice: float, most: int) -> None:
    """A job of an hour costs a few hundred looks: far from the 2,000 a minute that the API allows."""
    ran = wait_for(lasting(3600.0), timeout=7200.0, chance=lambda: dice)
    assert 350 <= len(ran.polls) <= most


@pytest.mark.parametrize("start", [64.0, 2.0**20])
def test_the_schedule_counts_from_the_beginning_of_the_wait(wait_for: WaitFor, start: float) -> None:
    """What the clock showed at the beginning makes no difference to any look."""
    usual = wait_for(lambda _: RUNNING, timeout=300.0).moments
    assert [at - start for at in wait_for(lambda _: RUNNING, timeout=300.0, start=start).moments] == pytest.approx(
        usual
    )


def test_polls_are_a_second_apart_or_more(wait_for: WaitFor) -> None:
    """However the dice fall, and whatever a poll costs, two polls at one job are a second apart."""
    for cost in (0.0, 0.3):
        assert min(gaps(wait_for(lasting(300), chance=lambda: 0.999, cost=cost).moments)) >= 1.0


# --- Retry-After


@pytest.mark.parametrize(("asked", "paused"), [(0.0, 1.0), (0.2, 1.0), (7.0, 7.0), (300.0, 300.0), (86400.0, 300.0)])
def test_retry_after_of_a_good_response_paces_the_next_poll(wait_for: WaitFor, asked: float, paused: float) -> None:
    """The server's wish wins over the schedule, between a second and five minutes."""
    ran = wait_for(steps((0, {**RUNNING, "retry_after": asked}), (0.5, SUCCESS)))
    assert ran.moments == [0.0, paused]


@pytest.mark.parametrize(("asked", "paused"), [(0.0, 1.0), (7.0, 7.0), (300.0, 300.0), (86400.0, 300.0)])
@pytest.mark.parametrize("has_response", [False, True])
def test_retry_after_of_an_error_is_obeyed(
    wait_for: WaitFor, asked: float, paused: float, *, has_response: bool
) -> None:
    """429 and 503 are not followed by a poll before their time, even past the budget; the wish is capped."""
    throttled = NoAnswerError(WHAT, status=429, retry_after=asked)
    first: tuple[float, Wire] = (0, RUNNING)
    ran = wait_for(steps(*[first] * has_response, (0.5 * has_response, throttled), (1.5, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert gaps(ran.moments) == ([1.0, paused] if has_response else [paused, 1.0][: 1 + (paused < 1.5)])


@pytest.mark.parametrize("status", [429, 503])
def test_an_api_that_asks_to_slow_down_is_no_dead_endpoint(wait_for: WaitFor, status: int) -> None:
    """Two long pauses at first contact don't use up its minute; such an API has a quarter of an hour."""
    throttled = NoAnswerError(WHAT, status=status, retry_after=120.0)
    assert ended(wait_for(steps((0, throttled), (130, SUCCESS)))) == (End.SUCCEEDED, 240.0)
    ran = wait_for(lambda _: throttled)
    assert ran.moments == [120.0 * n for n in range(9)]
    assert ended(ran) == (End.NO_ANSWER, 960.0)
    assert ended(wait_for(steps((0, NO_NEWS), (50, throttled), (130, NO_NEWS)))) == (End.NO_ANSWER, 900.0)


def test_retry_after_never_reaches_past_the_deadline(wait_for: WaitFor) -> None:
    """The last poll falls on the deadline, whatever pause the server asks for."""
    ran = wait_for(lambda _: {**RUNNING, "retry_after": 300.0}, timeout=100.0)
    assert ran.moments == [0.0, 100.0]
    assert ended(ran) == (End.TIMED_OUT, 100.0)


# --- answers that are not a job

SILENT_RESPONSES = {
    "connection refused": NoAnswerError(WHAT, detail="Connection refused"),
    "no response in time": NoAnswerError(WHAT, detail="no response in time"),
    "408": NoAnswerError(WHAT, status=408),
    "429": NoAnswerError(WHAT, status=429),
    "500": NoAnswerError(WHAT, status=500),
    "503": NoAnswerError(WHAT, status=503),
    "an HTML page": NoAnswerError(WHAT, status=200, detail="the response is a page of HTML or XML, and not JSON"),
    "cut off": NoAnswerError(WHAT, status=200, detail="the response is not a complete JSON document"),
    "400 BMS.0212": NoAnswerError(WHAT, status=400, code="BMS.0212"),
    "400 Common.0024": NoAnswerError(WHAT, status=400, code="Common.0024"),
    "an unknown error in 200": NoAnswerError(WHAT, status=200, code="XYZ.1"),
}
each_no_news = pytest.mark.parametrize("error", SILENT_RESPONSES.values(), ids=SILENT_RESPONSES.keys())


@each_no_news
def test_no_news_is_read(wait_for: WaitFor, error: ApiError) -> None:
    """A response without news, before the first good one or after it, only delays."""
    ran = wait_for(steps((0, error), (5, RUNNING), (20, error), (60, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert ran.outcome.error is None
    assert ran.outcome.outage == 0.0


def test_an_api_that_throttles_without_a_pause_is_no_dead_endpoint(wait_for: WaitFor) -> None:
    """A plain 429 at first contact has the quarter of an hour too."""
    assert ended(wait_for(lambda _: SILENT_RESPONSES["429"])) == (End.NO_ANSWER, 900.0)


@pytest.mark.parametrize(
    "error",
    [error for name, error in SILENT_RESPONSES.items() if name != "429"],
    ids=[name for name in SILENT_RESPONSES if name != "429"],
)
def test_no_news_at_first_contact_has_a_minute(wait_for: WaitFor, error: ApiError) -> None:
    """As long as no good response has come, no news is tolerated for 60 s: the last poll falls on them."""
    ran = wait_for(lambda _: error)
    assert ended(ran) == (End.NO_ANSWER, 60.0)
    assert ran.moments == [0, 1, 3, 7, 15, 31, 60]
    assert (ran.outcome.job, ran.outcome.outage, ran.outcome.error) == (None, 60.0, error)


@each_no_news
def test_no_news_after_a_good_response_has_a_quarter_of_an_hour(wait_for: WaitFor, error: ApiError) -> None:
    """After a good response no news is tolerated for 15 min, counted from the first poll that brought none."""
    ran = wait_for(steps((0, RUNNING), (0.5, error)))
    assert ended(ran) == (End.NO_ANSWER, 901.0)
    assert ran.outcome.job == OLD
    assert ran.outcome.outage == 900.0


@pytest.mark.parametrize(("good_at", "end"), [(60.0, End.SUCCEEDED), (60.1, End.NO_ANSWER)])
def test_the_end_of_the_first_budget(wait_for: WaitFor, good_at: float, end: End) -> None:
    """An API that comes up in the last moment of the budget is seen; one that comes later is not."""
    ran = wait_for(steps((0, NO_NEWS), (good_at, SUCCESS)))
    assert ended(ran) == (end, 60.0)


@pytest.mark.parametrize(("good_at", "end"), [(901.0, End.SUCCEEDED), (901.1, End.NO_ANSWER)])
def test_the_end_of_the_later_budget(wait_for: WaitFor, good_at: float, end: End) -> None:
    """An API that comes back in the last moment of the budget is seen; one that comes later is not."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (good_at, SUCCESS)))
    assert ended(ran) == (end, 901.0)


def test_one_good_response_gives_the_budget_anew(wait_for: WaitFor) -> None:
    """Outages of 14 min each, with one good response between them, go on for hours."""
    out_of_order = 14 * 60.0
    script: Script = lambda now: RUNNING if now % out_of_order < 70 else NO_NEWS  # noqa: E731  (a one-line script)
    ran = wait_for(lambda now: SUCCESS if now >= 4 * 3600 else script(now), timeout=5 * 3600.0)
    assert ran.outcome.end is End.SUCCEEDED


def test_one_good_response_before_the_minute_is_over_gives_the_long_budget(wait_for: WaitFor) -> None:
    """The budget of first contact is over with the first good response, not with the first minute."""
    ran = wait_for(steps((0, NO_NEWS), (30, RUNNING), (32, NO_NEWS), (900, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED


def test_an_unknown_job_is_no_good_response(wait_for: WaitFor) -> None:
    """404 while the job is not visible yet does not give the budget anew."""
    ran = wait_for(steps((0, NO_NEWS), (2, UNKNOWN), (10, NO_NEWS)))
    assert ended(ran) == (End.NO_ANSWER, 60.0)


@pytest.mark.parametrize("cost", [0.0, 0.7, 10.0, 30.0, 70.0])
def test_budgets_count_time_not_tries(wait_for: WaitFor, cost: float) -> None:
    """However long each failing look takes, the wait ends with the first one that begins after the budget is over."""
    ran = wait_for(lambda _: NO_NEWS, cost=cost)
    assert ran.outcome.end is End.NO_ANSWER
    assert ran.moments[-1] >= 60.0 > ran.moments[-2]
    assert ran.ended <= max(60.0, ran.moments[-2] + cost + 1.0) + cost
    assert min(gaps(ran.moments)) >= 1.0


def test_a_slow_failure_is_followed_by_a_pause(wait_for: WaitFor) -> None:
    """A poll that outlasts the budget is not followed by another one in the same moment."""
    ran = wait_for(lambda _: NO_NEWS, cost=30.0)
    assert ran.moments[1] == pytest.approx(31.2)
    assert ran.moments[2] == pytest.approx(62.2)
    assert len(ran.polls) == 3


def test_no_budget_reaches_past_the_deadline(wait_for: WaitFor) -> None:
    """A deadline within an outage ends the wait as timed out, and the outcome tells of the outage."""
    ran = wait_for(steps((0, RUNNING), (3.5, NO_NEWS)), timeout=100.0)
    assert ended(ran) == (End.TIMED_OUT, 100.0)
    assert (ran.outcome.outage, ran.outcome.error) == (96.0, NO_NEWS)


def test_an_outage_is_polled_at_ever_more_slowly(wait_for: WaitFor) -> None:
    """Without news the pause doubles from a second to a minute."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS)))
    assert gaps(ran.moments)[:9] == [1, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_second_outage_begins_with_short_pauses_again(wait_for: WaitFor) -> None:
    """A good response ends the backoff: after it the pauses are those of the schedule, then double from there."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (240, RUNNING), (255, NO_NEWS), (900, SUCCESS)))
    after = [at for at in ran.moments if at >= 240]
    assert [round(gap) for gap in gaps(after)][1:9] == [10, 10, 10, 10, 10, 16, 32, 60]


@pytest.mark.parametrize("seen_at", [0.5, 7, 15, 29.5])
def test_a_job_may_become_visible_late(wait_for: WaitFor, seen_at: float) -> None:
    """An unknown job is looked for again within the first 30 s."""
    assert wait_for(steps((0, UNKNOWN), (seen_at, RUNNING), (40, SUCCESS))).outcome.end is End.SUCCEEDED


def test_a_job_that_stays_unknown_is_not_found(wait_for: WaitFor) -> None:
    """The first poll after 30 s that does not find a job never seen ends the wait."""
    ran = wait_for(lambda _: UNKNOWN)
    assert ended(ran) == (End.NOT_FOUND, 31.0)
    assert (ran.outcome.job, ran.outcome.error, ran.outcome.outage) == (None, UNKNOWN, 0.0)


def test_an_unknown_job_has_the_whole_of_its_thirty_seconds(wait_for: WaitFor) -> None:
    """A poll just before they are over decides nothing."""
    ran = wait_for(lambda _: NotFoundError(WHAT, status=404, retry_after=29.5))
    assert ran.moments == [0.0, 29.5, 59.0]
    assert ran.outcome.end is End.NOT_FOUND


NOES = {
    "404": (UNKNOWN, End.GONE),
    "403": (RefusedError(WHAT, status=403), End.REQUEST_REFUSED),
    "400 BMS.0018": (RefusedError(WHAT, status=400, code="BMS.0018"), End.REQUEST_REFUSED),
    "BMS.0018 in 200": (RefusedError(WHAT, status=200, code="BMS.0018"), End.REQUEST_REFUSED),
    "404 APIGW.0101": (NoSuchApiError(WHAT, status=404, code="APIGW.0101"), End.NO_SUCH_API),
}
each_no = pytest.mark.parametrize(("error", "end"), NOES.values(), ids=NOES.keys())


@each_no
@pytest.mark.parametrize("later", [3.0, 29.0, 500.0])
def test_a_no_after_a_good_response_must_last(wait_for: WaitFor, error: ApiError, end: End, later: float) -> None:
    """An unknown job, a refusal and a missing API count after five minutes without a good response, not before."""
    ran = wait_for(steps((0, RUNNING), (later, error)))
    assert ran.outcome.end is end
    assert (ran.outcome.job, ran.outcome.error, ran.outcome.outage) == (OLD, error, 300.0)
    assert ran.ended == next(at for at in ran.moments if at >= later) + 300.0


@each_no
def test_one_no_among_good_responses_is_nothing(wait_for: WaitFor, error: ApiError, end: End) -> None:
    """A single no, and a bad replica that answers every second poll for an hour, only delay."""
    assert end is not End.SUCCEEDED
    assert wait_for(steps((0, RUNNING), (20, error), (22, RUNNING), (60, SUCCESS))).outcome.end is End.SUCCEEDED
    ran = wait_for(every_second(error, lasting(3600)), timeout=7200.0)
    assert ran.outcome.end is End.SUCCEEDED
    assert 3600 <= ran.ended <= 3630


def test_each_series_of_noes_is_counted_by_itself(wait_for: WaitFor) -> None:
    """A good response between two series starts the five minutes anew."""
    ran = wait_for(steps((0, RUNNING), (10, UNKNOWN), (200, RUNNING), (270, UNKNOWN), (450, RUNNING), (900, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED


def test_noes_of_different_kinds_are_one_series(wait_for: WaitFor) -> None:
    """A 404 and a 403 in turn last together; the last one is told."""
    noes = iter(range(10**6))
    ran = wait_for(lambda now: RUNNING if now < 1 else (UNKNOWN, NOES["403"][0])[next(noes) % 2])
    assert ended(ran)[1] == 301.0
    assert ran.outcome.end in (End.GONE, End.REQUEST_REFUSED)


def test_an_outage_between_noes_is_no_good_response(wait_for: WaitFor) -> None:
    """A 503 among the noes neither starts their five minutes anew nor counts as one of them."""
    ran = wait_for(steps((0, RUNNING), (0.5, UNKNOWN), (4.5, NO_NEWS), (290, UNKNOWN)))
    assert ran.outcome.end is End.GONE
    assert 301.0 <= ran.ended < 400.0


def test_five_minutes_without_polls_prove_nothing(wait_for: WaitFor) -> None:
    """Noes count from the fifth on, however long the pauses between them are."""
    slow = NotFoundError(WHAT, status=404, retry_after=200.0)
    ran = wait_for(steps((0, RUNNING), (0.5, slow)))
    assert ended(ran) == (End.GONE, 801.0)
    assert len(ran.polls) == 6


def test_lasting_noes_are_told_as_an_outage(wait_for: WaitFor) -> None:
    """From 15 s on the observer knows for how long no good response has come, and what came instead."""
    ran = wait_for(steps((0, RUNNING), (0.5, UNKNOWN)))
    assert [(progress.outage, progress.trouble) for _, progress in ran.messages[:3]] == [
        (0, ""),
        (15, "404"),
        (31, "404"),
    ]


def test_a_record_known_from_an_earlier_run_has_time_to_show(wait_for: WaitFor) -> None:
    """A job that an earlier run saw, and that no poll of this run finds, is gone after 30 s, not at the first 404."""
    ran = wait_for(lambda _: UNKNOWN, known=OLD)
    assert ended(ran) == (End.GONE, 31.0)
    assert ran.outcome.job == OLD
    assert wait_for(steps((0, UNKNOWN), (2, SUCCESS)), known=OLD).outcome.end is End.SUCCEEDED


def test_what_an_earlier_run_saw_is_no_response_of_this_one(wait_for: WaitFor) -> None:
    """The known state neither lengthens the budget of first contact nor starts the settling time."""
    ran = wait_for(lambda _: NO_NEWS, known=OLD)
    assert ended(ran) == (End.NO_ANSWER, 60.0)
    assert ran.outcome.job == OLD
    known = job("SUCCESS", part("SUCCESS"), total=2)
    again = wait_for(lambda _: known, known=Job.read(known))
    assert ended(again) == (End.INCONSISTENT, 120.0)


@pytest.mark.parametrize("known", [None, OLD], ids=["unknown", "known"])
@pytest.mark.parametrize(
    ("error", "end"),
    [
        *(pair for name, pair in NOES.items() if name != "404"),
        (AuthenticationError(WHAT, status=401), End.UNAUTHENTICATED),
    ],
)
def test_a_no_at_first_contact_ends_the_wait_at_once(
    wait_for: WaitFor, error: ApiError, end: End, known: Job | None
) -> None:
    """Before the first good response of a run a refusal, a missing API and a rejected credential are the end."""
    ran = wait_for(lambda _: error, known=known)
    assert ended(ran) == (end, 0.0)
    assert len(ran.polls) == 1
    assert ran.outcome.error is error


def test_a_rejected_credential_ends_the_wait_at_once(wait_for: WaitFor) -> None:
    """A rejected credential is never sent a second time, in the middle of a wait neither."""
    error = AuthenticationError(WHAT, status=401)
    ran = wait_for(steps((0, RUNNING), (0.5, error)))
    assert ended(ran) == (End.UNAUTHENTICATED, 1.0)
    assert ran.outcome.error is error


def test_a_no_at_the_deadline_is_told_with_the_timeout(wait_for: WaitFor) -> None:
    """A deadline within the five minutes says neither gone nor refused: the next run may find the job."""
    ran = wait_for(steps((0, RUNNING), (0.5, UNKNOWN)), timeout=60.0)
    assert ended(ran) == (End.TIMED_OUT, 60.0)
    assert (ran.outcome.error, ran.outcome.outage) == (UNKNOWN, 59.0)


# --- the deadline


@pytest.mark.parametrize("timeout", [0.0, 0.4, 1.0, 59.3, 5400.0])
def test_the_last_poll_falls_on_the_deadline(wait_for: WaitFor, timeout: float) -> None:
    """The last sleep is cut to the deadline, and one poll is made at it, no matter how short the time is."""
    ran = wait_for(lambda _: RUNNING, timeout=timeout)
    assert ended(ran) == (End.TIMED_OUT, timeout)
    assert [at for at in ran.moments if at >= timeout] == [timeout]
    assert (ran.outcome.elapsed, ran.outcome.timeout) == (timeout, timeout)


@pytest.mark.parametrize(("seconds", "end"), [(100.0, End.SUCCEEDED), (100.1, End.TIMED_OUT)])
def test_a_success_at_the_deadline_is_a_success(wait_for: WaitFor, seconds: float, end: End) -> None:
    """What the last poll sees counts, even if its response arrives after the deadline."""
    assert ended(wait_for(lasting(seconds), timeout=100.0)) == (end, 100.0)
    assert wait_for(lasting(seconds), timeout=100.0, cost=0.3).outcome.end is end


def test_a_poll_across_the_deadline_is_not_the_last(wait_for: WaitFor) -> None:
    """A poll that began before the deadline is followed by one more, since it can't have seen the state at it."""
    ran = wait_for(lambda _: RUNNING, timeout=100.0, cost=lambda now: 30.0 if now > 90 else 0.0)
    assert ran.outcome.end is End.TIMED_OUT
    assert [at for at in ran.moments if at > 90] == [ran.moments[-2], ran.moments[-2] + 30.0]


def test_the_request_timeout_is_what_remains(wait_for: WaitFor) -> None:
    """Each poll is given the seconds to the deadline, at the deadline 0."""
    ran = wait_for(lambda _: RUNNING, timeout=50.0, start=7.0, cost=0.25)
    assert [poll.timeout for poll in ran.polls] == [57.0 - poll.at for poll in ran.polls]
    assert (ran.polls[0].timeout, ran.polls[-1].timeout) == (50.0, 0.0)


@pytest.mark.parametrize("timeout", [-5.0, 0.0])
def test_no_time_at_all_is_one_poll(wait_for: WaitFor, timeout: float) -> None:
    """A timeout of zero or less still looks once, and believes what it sees."""
    assert ended(wait_for(lambda _: SUCCESS, timeout=timeout)) == (End.SUCCEEDED, 0.0)
    assert ended(wait_for(lambda _: RUNNING, timeout=timeout)) == (End.TIMED_OUT, 0.0)


def test_an_unknown_job_at_the_deadline_timed_out(wait_for: WaitFor) -> None:
    """A deadline within the time in which a job may be invisible does not claim that it does not exist."""
    ran = wait_for(lambda _: UNKNOWN, timeout=20.0)
    assert ended(ran) == (End.TIMED_OUT, 20.0)
    assert ran.outcome.error is UNKNOWN


# --- settling

MOVING_CHILD = job("FAIL", part("FAIL"), part("RUNNING", 2))
ALL_FINAL = job("FAIL", part("FAIL"), part("SUCCESS", 2))


@pytest.mark.parametrize(
    "response",
    [
        job("FAIL"),
        job("FAIL", total=0),
        job("FAIL", part("FAIL")),
        ALL_FINAL,
        job("SUCCESS", part("FAIL"), part("SUCCESS", 2)),
    ],
    ids=["alone", "none announced", "its sub-job", "one survived", "the parent lies"],
)
def test_a_failure_that_is_complete_ends_at_once(wait_for: WaitFor, response: Wire) -> None:
    """Where every sub-job is final and none is missing there is nothing to wait for."""
    ran = wait_for(lambda _: response)
    assert ended(ran) == (End.FAILED, 0.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (MOVING_CHILD, ALL_FINAL),
        (job("SUCCESS", part("FAIL"), part("INIT", 2)), job("SUCCESS", part("FAIL"), part("SUCCESS", 2))),
        (job("FAIL", part("FAIL"), total=2), ALL_FINAL),
        (job("FAIL", total=2), ALL_FINAL),
    ],
    ids=["moving", "moving, and the parent lies", "one unlisted", "none listed"],
)
def test_a_failure_waits_for_the_other_sub_jobs(wait_for: WaitFor, before: Wire, after: Wire) -> None:
    """While a sub-job moves or is not listed the failure is not final; it is told when the last one has ended."""
    ran = wait_for(steps((0, before), (90, after)))
    assert ran.outcome.end is End.FAILED
    assert 90 <= ran.ended <= 94
    assert ran.outcome.job == Job.read(after)


OPEN_FAILURES = {
    "moving": MOVING_CHILD,
    "the parent lies": job("SUCCESS", part("FAIL"), part("RUNNING", 2)),
    "unlisted": job("FAIL", part("FAIL"), total=2),
    "unknown status": job("FAIL", part("FAIL"), part("WAITING", 2)),
    "unknown end, moving": job("ERROR", part("RUNNING"), end_time="2019-04-25T20:08:40Z", error_code="BMS.3004"),
}


@pytest.mark.parametrize("stuck", OPEN_FAILURES.values(), ids=OPEN_FAILURES.keys())
def test_a_failure_whose_parts_move_is_waited_for_to_the_deadline(wait_for: WaitFor, stuck: Wire) -> None:
    """Bare metal does not change for half an hour: no time without a change ends such a wait, the deadline does."""
    ran = wait_for(lambda _: stuck, timeout=3600.0)
    assert ended(ran) == (End.FAILED, 3600.0)
    assert ran.outcome.judgement is not None
    assert not ran.outcome.judgement.is_final_failure


def test_a_failure_learns_of_servers_that_come_half_an_hour_later(wait_for: WaitFor) -> None:
    """A sub-job that succeeds long after its job has failed is waited for, and its server is known."""
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
    "unknown end": (None, job("ERROR", end_time="2019-04-25T20:08:40Z", error_code="BMS.3004")),
    "unknown end of a sub-job": (
        None,
        job("SUCCESS", part("ERROR", end_time="2019-04-25T20:08:40Z", error_code="BMS.3004")),
    ),
    "a sub-job is missing": (job("RUNNING", part("FAIL"), part("SUCCESS", 2)), job("FAIL", part("FAIL"))),
    "a server is missing": ({"status": "RUNNING", "entities": {"server_id": "a"}}, {"status": "FAIL"}),
}


@pytest.mark.parametrize(("known", "stuck"), SETTLING_FAILURES.values(), ids=SETTLING_FAILURES.keys())
def test_a_failure_in_doubt_ends_after_two_minutes(wait_for: WaitFor, known: Wire | None, stuck: Wire) -> None:
    """Where all is over, but not all is there or named by a page: 120 s without a change, and no final failure."""
    ran = wait_for(lambda _: stuck, known=Job.read(known) if known else None)
    assert ended(ran) == (End.FAILED, 120.0)
    assert ran.outcome.judgement is not None
    assert not ran.outcome.judgement.is_final_failure


def test_a_server_that_was_named_and_is_missing_is_told_with_the_failure(wait_for: WaitFor) -> None:
    """Survivors are not lost with the list that had them."""
    ran = wait_for(steps((0, created("RUNNING", "a", "b")), (5, created("FAIL", "a"))))
    assert ran.outcome.end is End.FAILED
    assert ran.outcome.job is not None
    assert ran.outcome.job.server_ids == ["a", "b"]


DOUBTFUL = job("FAIL", part("ERROR", end_time="2019-04-25T20:08:40Z", error_code="BMS.3004"))


def test_every_change_starts_the_settling_time_anew(wait_for: WaitFor) -> None:
    """A job that changes every 100 s keeps the doubt for as long as it does."""
    parts = DOUBTFUL["entities"]["sub_jobs"]
    responses = [(100.0 * n, job("FAIL", *parts, *[part("SUCCESS", m + 2) for m in range(n)])) for n in range(6)]
    ran = wait_for(steps(*responses))
    last_change = next(at for at in ran.moments if at >= 500)
    assert ended(ran) == (End.FAILED, last_change + 120.0)


def test_fields_that_no_rule_reads_are_no_change(wait_for: WaitFor) -> None:
    """A response that holds the time of day, or lists its sub-jobs in another order, still settles."""

    def script(now: float) -> Wire:
        parts = [*DOUBTFUL["entities"]["sub_jobs"], part("SUCCESS", 2)]
        return job("FAIL", *(parts if int(now) % 2 else parts[::-1]), message=f"it is {now}")

    assert ended(wait_for(script)) == (End.FAILED, 120.0)


@pytest.mark.parametrize(
    ("response", "expected", "rule", "because"),
    [
        (job("SUCCESS", part("SUCCESS"), total=3), None, 3, "3 sub-jobs are announced and 1 listed"),
        (
            {**created("SUCCESS"), "entities": {"sub_jobs": [{**part("SUCCESS"), "job_type": "createSingleServer"}]}},
            None,
            4,
            "sub-job sub-1 created a server and does not name the server",
        ),
        (created("SUCCESS"), None, 5, "the job creates servers and names none"),
        (created("SUCCESS", "a", "b"), 3, 5, "expected_servers is 3 and the job names 2"),
        (created("SUCCESS", "a", "b"), 1, 5, "expected_servers is 1 and the job names 2"),
    ],
)
def test_a_success_that_can_not_be_all_is_inconsistent(
    wait_for: WaitFor, response: Wire, expected: int | None, rule: int, because: str
) -> None:
    """All SUCCESS, but something missing for 120 s without a change: it fails, and names the rule."""
    ran = wait_for(lambda _: response, expected_servers=expected)
    assert ended(ran) == (End.INCONSISTENT, 120.0)
    assert (ran.outcome.rule, ran.outcome.because) == (rule, because)


def test_what_is_missing_may_come_late(wait_for: WaitFor) -> None:
    """A success that gets complete within the settling time is a success; each arrival gives 120 s more."""
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
    """The parent's SUCCESS does not count while a sub-job is still moving, far beyond the settling time."""
    late = job("SUCCESS", part("SUCCESS"), part("RUNNING", 2))
    ran = wait_for(steps((0, late), (1000, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2)))))
    assert ran.outcome.end is End.SUCCEEDED
    assert 1000 <= ran.ended <= 1010


def test_a_sub_job_that_never_ends_times_out(wait_for: WaitFor) -> None:
    """The parent's SUCCESS with a moving sub-job is no failure and no inconsistency: the deadline decides."""
    ran = wait_for(lambda _: job("SUCCESS", part("RUNNING")), timeout=900.0)
    assert ended(ran) == (End.TIMED_OUT, 900.0)


def test_a_deadline_before_the_settling_time(wait_for: WaitFor) -> None:
    """At the deadline an open failure is a failure, and a success that can't be all is a timeout that says why."""
    failed = wait_for(lambda _: MOVING_CHILD, timeout=60.0)
    assert ended(failed) == (End.FAILED, 60.0)
    dead = wait_for(lambda _: job("ERROR", end_time="2019-04-25T20:08:40Z", error_code="BMS.3004"), timeout=60.0)
    assert ended(dead) == (End.FAILED, 60.0)
    incomplete = wait_for(lambda _: job("SUCCESS", part("SUCCESS"), total=2), timeout=60.0)
    assert ended(incomplete) == (End.TIMED_OUT, 60.0)
    assert incomplete.outcome.because == "2 sub-jobs are announced and 1 listed"


def test_an_outage_does_not_hide_a_failure(wait_for: WaitFor) -> None:
    """A deadline within an outage is a failure if the last state had a failed sub-job."""
    ran = wait_for(steps((0, job("RUNNING", part("FAIL"))), (10, NO_NEWS)), timeout=60.0)
    assert ended(ran) == (End.FAILED, 60.0)


@pytest.mark.parametrize("start", [0.1, 1000.1, 1917.5099341006473, 86399.999, 1e6 / 3])
@pytest.mark.parametrize("dice", [0.0, 0.37])
def test_rounding_delays_no_end(wait_for: WaitFor, start: float, dice: float) -> None:
    """Budgets, settling time and deadline are each met by one poll at their moment, whatever the clock shows."""
    two_levels = steps((0, RUNNING), (start + 0.5, NO_NEWS))
    noes = steps((0, RUNNING), (start + 0.5, UNKNOWN))
    lasting_so_long = ((two_levels, 901.0), (noes, 301.0), (lambda _: NO_NEWS, 60.0), (lambda _: DOUBTFUL, 120.0))
    for script, lasted in lasting_so_long:
        ran = wait_for(script, start=start, chance=lambda: dice)
        assert ran.outcome.end in (End.NO_ANSWER, End.FAILED, End.GONE)
        assert ran.outcome.elapsed == pytest.approx(lasted, abs=1e-6)
    ran = wait_for(lambda _: RUNNING, start=start, chance=lambda: dice, timeout=0.7 + 1 / 3)
    assert [poll.timeout for poll in ran.polls if poll.timeout <= 0] == [0.0]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "FAIL"},
        {"error_code": "BMS.3037"},
        {"end_time": "2019-04-25T20:08:40Z"},
        {"entities": {"server_id": "a"}},
        {"entities": {"sub_jobs_total": 0}},
        {"entities": {"sub_jobs": [part("SUCCESS", 4)]}},
    ],
    ids=str,
)
def test_what_counts_as_a_change(wait_for: WaitFor, change: Wire) -> None:
    """Status, code, end, servers, announced and listed sub-jobs of any record start the settling time anew."""
    doubtful = DOUBTFUL["entities"]["sub_jobs"]
    first = job("FAIL", *doubtful, part("SUCCESS", 2))
    ran = wait_for(steps((0, first), (100, job("FAIL", *doubtful, {**part("SUCCESS", 2), **change}))))
    seen = next(at for at in ran.moments if at >= 100)
    assert ended(ran) == (End.FAILED, seen + 120.0)


# --- what the observer is told


def statuses(ran: Ran) -> list[str]:
    return [progress.status for _, progress in ran.messages]


def test_a_job_that_is_not_visible_yet_is_told_once(wait_for: WaitFor) -> None:
    """One word for all the polls that do not find it, and none of it once it is there."""
    ran = wait_for(steps((0, UNKNOWN), (20, job("RUNNING")), (60, job("SUCCESS"))))
    assert [(progress.status, progress.trouble) for _, progress in ran.messages] == [
        ("", "404"),
        ("RUNNING", ""),
        ("SUCCESS", ""),
    ]


def test_the_observer_is_told_each_change_once(wait_for: WaitFor) -> None:
    """Many looks, one call per change, none for a repetition, the end included."""
    ran = wait_for(
        steps(
            (0, job("INIT")),
            (50, job("RUNNING", part("RUNNING"), part("INIT", 2))),
            (90, job("RUNNING", part("SUCCESS"), part("RUNNING", 2))),
            (200, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2))),
        )
    )
    assert len(ran.polls) > 30
    assert [progress for _, progress in ran.messages] == [
        Progress(JOB, "INIT"),
        Progress(JOB, "RUNNING", 0, 2),
        Progress(JOB, "RUNNING", 1, 2),
        Progress(JOB, "SUCCESS", 2, 2, succeeded=True),
    ]


def test_a_failed_sub_job_is_told_at_once_and_waited_through(wait_for: WaitFor) -> None:
    """Under a running parent a FAIL sub-job is shown by the next poll, and the end is left to the parent."""
    ran = wait_for(
        steps(
            (0, job("RUNNING", part("RUNNING"))),
            (50, job("RUNNING", part("FAIL", error_code="BMS.3037"))),
            (400, job("FAIL", part("FAIL", error_code="BMS.3037"))),
        )
    )
    assert ran.outcome.end is End.FAILED
    assert 400 <= ran.ended <= 410
    at, progress = ran.messages[1]
    assert 50 <= at <= 52
    assert progress == Progress(JOB, "RUNNING", 0, 1, (("sub-1", "BMS.3037"),))


def test_a_failure_two_levels_down_is_told_too(wait_for: WaitFor) -> None:
    """A FAIL at any level is shown at once, as every level counts for success."""
    ran = wait_for(lambda _: job("RUNNING", part("RUNNING", 1, part("FAIL", 2))), timeout=5.0)
    assert ran.messages[0][1].failed == (("sub-2", ""),)
    assert ran.outcome.end is End.FAILED


def test_a_deadline_after_a_failed_sub_job_is_a_failure(wait_for: WaitFor) -> None:
    """With a FAIL sub-job under a running parent, the deadline tells of the failure, not of the time."""
    ran = wait_for(lambda _: job("RUNNING", part("FAIL"), part("RUNNING", 2)), timeout=600.0)
    assert ended(ran) == (End.FAILED, 600.0)


def test_an_unknown_status_is_told_once(wait_for: WaitFor) -> None:
    """A status that no page names is told when it comes, not with each poll."""
    ran = wait_for(steps((0, job("WAITING_EXECUTE")), (300, SUCCESS)))
    assert statuses(ran) == ["WAITING_EXECUTE", "SUCCESS"]


def test_an_order_that_waits_to_be_paid_is_told_and_waited_for(wait_for: WaitFor) -> None:
    """PENDING_PAYMENT is told as it is, and ends by success or by the deadline."""
    unpaid = job("PENDING_PAYMENT")
    assert statuses(wait_for(steps((0, unpaid), (300, RUNNING), (600, SUCCESS)))) == [
        "PENDING_PAYMENT",
        "RUNNING",
        "SUCCESS",
    ]
    assert ended(wait_for(lambda _: unpaid, timeout=900.0)) == (End.TIMED_OUT, 900.0)


def test_what_is_missing_is_told(wait_for: WaitFor) -> None:
    """While a success can't be all, the observer knows what is unmet."""
    ran = wait_for(steps((0, job("SUCCESS", part("SUCCESS"), total=2)), (50, job("FAIL"))))
    assert ran.messages[0][1] == Progress(JOB, "SUCCESS", 1, 2, unsettled="2 sub-jobs are announced and 1 listed")


def test_news_of_an_outage_come_at_15_s_and_then_ever_more_rarely(wait_for: WaitFor) -> None:
    """The first news come with the first poll 15 s into it, the next when it has lasted twice as long, and so on."""
    ran = wait_for(steps((0, job("RUNNING", part("RUNNING"))), (0.5, NO_NEWS)))
    assert [progress.outage for _, progress in ran.messages] == [0.0, 15.0, 31.0, 63.0, 183.0, 423.0, 900.0][
        : len(ran.messages)
    ]
    assert len(ran.messages) >= 6
    assert {progress.trouble for _, progress in ran.messages[1:]} == {"503"}
    assert {(progress.status, progress.total) for _, progress in ran.messages} == {("RUNNING", 1)}


def test_news_of_an_outage_keep_the_failures_and_drop_what_was_missing(wait_for: WaitFor) -> None:
    """While the API is silent, failed sub-jobs are still failed; what was unsettled may have come meanwhile."""
    failing = wait_for(steps((0, job("RUNNING", part("FAIL"))), (0.5, NO_NEWS)), timeout=60.0)
    assert failing.messages[1][1].failed == (("sub-1", ""),)
    missing = wait_for(steps((0, job("SUCCESS", part("SUCCESS"), total=2)), (0.5, NO_NEWS)), timeout=60.0)
    assert [progress.unsettled != "" for _, progress in missing.messages[:2]] == [True, False]


def test_the_end_of_an_outage_is_told_if_the_outage_was(wait_for: WaitFor) -> None:
    """A return after news of the outage is news; a short outage is none at all."""
    long = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (20, RUNNING), (60, SUCCESS)))
    assert [progress.outage > 0 for _, progress in long.messages] == [False, True, False, False]
    brief = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (10, RUNNING), (60, SUCCESS)))
    assert statuses(brief) == ["RUNNING", "SUCCESS"]


def test_each_outage_is_counted_by_itself(wait_for: WaitFor) -> None:
    """A second outage is told 15 s after its own beginning."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (20, RUNNING), (100, NO_NEWS), (300, SUCCESS)))
    second = [(at, progress.outage) for at, progress in ran.messages if at > 100 and progress.outage]
    assert second
    assert 15 <= second[0][1] <= 32
    assert 100 <= second[0][0] - second[0][1] <= 104


def test_slow_polls_tell_an_outage_too(wait_for: WaitFor) -> None:
    """An outage in which every poll hangs until its request timeout is told after the first of them."""
    ran = wait_for(lambda _: NO_NEWS, cost=30.0)
    assert ran.messages[0] == (30.0, Progress(JOB, outage=30.0, trouble="503"))


# --- the cancellation


@pytest.mark.parametrize("moment", [0.25, 40.123, 1000.5])
def test_a_cancellation_during_a_sleep_ends_it_within_that_moment(wait_for: WaitFor, moment: float) -> None:
    """The wait ends when it is cancelled, with the last state, and never looks after that."""
    ran = wait_for(lambda _: RUNNING, cancel_at=moment)
    assert ended(ran) == (End.INTERRUPTED, moment)
    assert ran.moments[-1] < moment
    assert (ran.outcome.job, ran.outcome.elapsed) == (OLD, moment)


def test_a_cancellation_before_the_first_poll(wait_for: WaitFor) -> None:
    """A wait that is cancelled already does not look at all."""
    ran = wait_for(lambda _: RUNNING, cancel_at=0.0)
    assert ended(ran) == (End.INTERRUPTED, 0.0)
    assert ran.polls == []


@pytest.mark.parametrize(
    ("response", "end"),
    [(RUNNING, End.INTERRUPTED), (NO_NEWS, End.INTERRUPTED), (SUCCESS, End.SUCCEEDED), (job("FAIL"), End.FAILED)],
)
def test_a_cancellation_during_a_poll(wait_for: WaitFor, response: Wire | ApiError, end: End) -> None:
    """A poll that is under way brings its response: an end counts, everything else is interrupted then."""
    ran = wait_for(lambda _: response, cancel_at=1.0, cost=2.0)
    assert ended(ran) == (end, 2.0)
    assert len(ran.polls) == 1


def test_a_cancellation_ends_every_wait_of_the_loop(run: Run) -> None:
    """What has ended keeps its end; everything else is interrupted in the same moment."""
    plans = [Plan("a", 600.0), Plan("b", 600.0), Plan("c", 600.0)]
    ran = run(plans, {"a": lasting(1e9), "b": lasting(5), "c": lambda _: NO_NEWS}, cancel_at=33.3)
    assert [(outcome.job_id, outcome.end) for outcome in ran.outcomes] == [
        ("a", End.INTERRUPTED),
        ("b", End.SUCCEEDED),
        ("c", End.INTERRUPTED),
    ]
    assert ran.ended == 33.3
    assert ran.outcomes[2].outage == 33.3


def test_a_cancellation_within_a_batch_of_polls(run: Run) -> None:
    """Of looks that are due together, those that have not begun at the cancellation are left out."""
    scripts: dict[str, Script] = {"a": lambda _: SUCCESS, "b": lambda _: SUCCESS}
    ran = run([Plan("a", 60.0), Plan("b", 60.0)], scripts, cancel_at=1.0, cost=2.0)
    assert [outcome.end for outcome in ran.outcomes] == [End.SUCCEEDED, End.INTERRUPTED]
    assert [poll.job_id for poll in ran.polls] == ["a"]


# --- many plans in one loop


def test_no_plans_no_outcomes(run: Run) -> None:
    """An empty list of plans is over at once."""
    assert run([], {}).outcomes == []


def test_outcomes_stand_in_the_order_of_the_plans(run: Run) -> None:
    """Whichever job ends first, each outcome stands where its plan stood; no end touches another wait."""
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
    """Two plans may name one job: each gets its own outcome."""
    scripts: dict[str, Script] = {"a": lasting(10)}
    ran = run([Plan("a", 60.0), Plan("a", 5.0)], scripts, cost=0.01)
    assert [outcome.end for outcome in ran.outcomes] == [End.SUCCEEDED, End.TIMED_OUT]


def test_no_wait_starves_beside_slow_polls(run: Run) -> None:
    """Where looks take longer than the schedule has room for, the one that is due longest comes next."""
    scripts = {f"job-{n}": lasting(120) for n in range(5)}
    ran = run([Plan(job_id, 600.0) for job_id in scripts], scripts, cost=0.9)
    assert {outcome.end for outcome in ran.outcomes} == {End.SUCCEEDED}
    counts = [sum(poll.job_id == job_id for poll in ran.polls) for job_id in scripts]
    assert max(counts) - min(counts) <= 2


def test_polls_that_are_due_together_are_sent_together(run: Run) -> None:
    """Jobs that are due at one moment make one batch, of 16 at most; nobody is left out."""
    sizes: list[int] = []

    def batch(polls: Sequence[Callable[[], None]]) -> None:
        sizes.append(len(polls))
        one_by_one(polls)

    scripts: dict[str, Script] = {f"job-{n}": lambda _: SUCCESS for n in range(40)}
    ran = run([Plan(job_id, 60.0) for job_id in scripts], scripts, batch=batch)
    assert sizes == [16, 16, 8]
    assert ran.ended == 0.0


# --- who else sends requests


class Booked:
    """A gate that gives slots of a list, each once, and is closed until a moment."""

    def __init__(self, *slots: float, closed_until: float = 0.0) -> None:
        self.slots = list(slots)
        self.asked: list[float] = []
        self.closed_until = closed_until

    def reserve(self, job_id: str, now: float) -> float:
        assert job_id == JOB
        self.asked.append(now)
        return max(now, self.slots.pop(0))

    def paused(self, now: float) -> bool:
        return now < self.closed_until


def test_a_poll_waits_for_its_slot(run: Run) -> None:
    """A poll that is due asks for a slot, once, and is made at it; the next one is counted from there."""
    gate = Booked(5.0, 5.0, 9.0)
    ran = run([Plan(JOB, 60.0)], {JOB: lasting(8)}, gate=gate)
    assert ran.moments == [5.0, 6.0, 9.0]
    assert gate.asked == [0.0, 6.0, 7.0]
    assert ended(ran) == (End.SUCCEEDED, 9.0)


def test_a_slot_in_a_pause_for_all_is_given_back(run: Run) -> None:
    """A slot reserved before a pause began does not hold: another one is asked for when it is due."""
    gate = Booked(5.0, 20.0, closed_until=15.0)
    ran = run([Plan(JOB, 60.0)], {JOB: lasting(8)}, gate=gate)
    assert ran.moments == [20.0]
    assert gate.asked == [0.0, 5.0]


def test_the_last_poll_needs_no_slot(run: Run) -> None:
    """No slot moves a poll past the deadline: the last one is made at it, however crowded it is."""
    gate = Booked(0.0, 500.0, closed_until=100.0)
    ran = run([Plan(JOB, 60.0)], {JOB: lasting(1e9)}, gate=gate)
    assert ran.moments == [0.0, 60.0]
    assert ended(ran) == (End.TIMED_OUT, 60.0)


# --- what others measured


def every_second(bad: ApiError, good: Script) -> Script:
    """Return a script that answers every second poll with an error, beginning with the second."""
    polls = iter(range(10**6))
    return lambda now: bad if next(polls) % 2 else good(now)


FLAWED = steps((0, RUNNING), (14, job("SUCCESS", part("SUCCESS"), part("FAIL", 2, error_code="BMS.3037"))))
MEASURED: dict[str, tuple[Callable[[], Script], End, float, float]] = {
    "job FAIL with two of three servers made": (
        lambda: steps((0, created("RUNNING")), (14, {**created("FAIL", "a", "b"), "error_code": "BMS.3004"})),
        End.FAILED,
        14,
        15,
    ),
    "parent SUCCESS, one sub-job FAIL": (lambda: FLAWED, End.FAILED, 14, 15),
    "parent SUCCESS, one sub-job still RUNNING": (
        lambda: steps((0, RUNNING), (14, job("SUCCESS", part("RUNNING"))), (33, job("SUCCESS", part("SUCCESS")))),
        End.SUCCEEDED,
        33,
        34.4,
    ),
    "parent SUCCESS, sub_jobs_total 3, two listed": (
        lambda: steps((0, RUNNING), (14, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2), total=3))),
        End.INCONSISTENT,
        134,
        135,
    ),
    "one 503 while polling": (
        lambda: steps((0, RUNNING), (5, NO_NEWS), (6, RUNNING), (14, SUCCESS)),
        End.SUCCEEDED,
        14,
        15,
    ),
    "outage for the first 60 % of a job of 33 s": (
        lambda: steps((0, NO_NEWS), (0.6 * 33, RUNNING), (33, SUCCESS)),
        End.SUCCEEDED,
        33,
        34.4,
    ),
    "an HTML page with status 200": (
        lambda: every_second(SILENT_RESPONSES["an HTML page"], lasting(14)),
        End.SUCCEEDED,
        14,
        16,
    ),
    "half a JSON document with status 200": (
        lambda: every_second(SILENT_RESPONSES["cut off"], lasting(14)),
        End.SUCCEEDED,
        14,
        16,
    ),
    "400 BMS.0212": (lambda: every_second(SILENT_RESPONSES["400 BMS.0212"], lasting(14)), End.SUCCEEDED, 14, 16),
    "200 with an error object inside": (
        lambda: every_second(SILENT_RESPONSES["an unknown error in 200"], lasting(14)),
        End.SUCCEEDED,
        14,
        16,
    ),
    "429 with Retry-After 1 on every second poll": (
        lambda: every_second(NoAnswerError(WHAT, status=429, retry_after=1.0), lasting(14)),
        End.SUCCEEDED,
        14,
        15,
    ),
    "connection reset on every second poll": (
        lambda: every_second(NoAnswerError(WHAT, detail="Connection reset by peer"), lasting(14)),
        End.SUCCEEDED,
        14,
        16,
    ),
    "an unknown status": (lambda: steps((0, job("WAITING")), (14, SUCCESS)), End.SUCCEEDED, 14, 15),
    "null entities": (
        lambda: steps((0, {"status": "RUNNING", "entities": None}), (14, {"status": "SUCCESS", "entities": None})),
        End.SUCCEEDED,
        14,
        15,
    ),
    "entities as a list": (
        lambda: steps((0, RUNNING), (14, {**SUCCESS, "entities": [{"sub_jobs": [part("SUCCESS")]}, {}]})),
        End.SUCCEEDED,
        14,
        15,
    ),
    "no sub-jobs": (lambda: steps((0, {"status": "RUNNING"}), (14, {"status": "SUCCESS"})), End.SUCCEEDED, 14, 15),
    "404 after RUNNING": (lambda: steps((0, RUNNING), (14, UNKNOWN)), End.GONE, 314, 315),
    "one 404 while polling": (
        lambda: steps((0, RUNNING), (5, UNKNOWN), (6, RUNNING), (14, SUCCESS)),
        End.SUCCEEDED,
        14,
        15,
    ),
    "404 on every second poll": (lambda: every_second(UNKNOWN, lasting(14)), End.SUCCEEDED, 14, 16),
    "403 on every second poll": (lambda: every_second(NOES["403"][0], lasting(14)), End.SUCCEEDED, 14, 16),
    "a job of 14 s": (partial(lasting, 14), End.SUCCEEDED, 14, 15),
    "a job of 33 s": (partial(lasting, 33), End.SUCCEEDED, 33, 34.4),
}


@pytest.mark.parametrize(("script", "end", "earliest", "latest"), MEASURED.values(), ids=MEASURED.keys())
@pytest.mark.parametrize("dice", [0.0, 0.5, 0.999])
def test_the_situations_in_which_others_were_measured(
    wait_for: WaitFor, script: Callable[[], Script], end: End, earliest: float, latest: float, dice: float
) -> None:
    """Each situation ends as it should, and in a time that a poll of 20 ms and the schedule explain."""
    ran = wait_for(script(), cost=0.02, chance=lambda: dice)
    assert ran.outcome.end is end
    assert earliest <= ran.ended <= latest + 0.3


def test_an_outage_for_most_of_a_long_job(wait_for: WaitFor) -> None:
    """An outage for the first 60 % of a job of 20 min is survived, once the job has been seen."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (720, RUNNING), (1200, SUCCESS)))
    assert ran.outcome.end is End.SUCCEEDED
    assert 1200 <= ran.ended <= 1210


def test_a_hundred_jobs_end_with_the_slowest(run: Run) -> None:
    """One loop waits for 100 jobs of 33 s within 35 s, with looks of 5 ms."""
    scripts = {f"job-{n}": lasting(33) for n in range(100)}
    ran = run([Plan(job_id, 600.0) for job_id in scripts], scripts, cost=0.005)
    assert {outcome.end for outcome in ran.outcomes} == {End.SUCCEEDED}
    assert ran.ended <= 35.0
