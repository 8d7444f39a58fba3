"""The rate limit, the pause for all waits, and shared polls."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_bms.api.errors import ApiError, NoAnswerError, NotFoundError
from pulumi_bms.api.models.job import Job, PollResult
from pulumi_bms.waiting.clock import MonotonicClock
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End
from pulumi_bms.waiting.poll_loop import PollLoop
from pulumi_bms.waiting.rate_limit import (
    FRESH,
    PAUSE,
    RateLimit,
    SharedPolls,
)

GENEROUS = 10.0
RUNNING = {"status": "RUNNING"}
SUCCESS = {"status": "SUCCESS"}


class Clock:
    """Virtual seconds shared by several waits."""

    cancelled = False

    def __init__(self) -> None:
        self.moment = 0.0

    def now(self) -> float:
        return self.moment

    def sleep_until(self, moment: float) -> None:
        self.moment = max(self.moment, moment)


def poll_result(wire: dict[str, Any], retry_after: float | None = None) -> PollResult:
    return PollResult(Job.read(wire), retry_after)


class Api:
    """Responds equally for every job. Records the moment and the job of each poll."""

    def __init__(self, clock: Clock, ends_at: float) -> None:
        self.clock = clock
        self.ends_at = ends_at
        self.polls: list[tuple[float, str]] = []
        self.trouble: dict[int, ApiError] = {}
        self.wishes: dict[str, float] = {}

    def get_job(self, job_id: str, *, timeout: float) -> PollResult:
        assert timeout == timeout  # noqa: PLR0124  (a number, not nan)
        self.polls.append((self.clock.now(), job_id))
        if error := self.trouble.get(len(self.polls)):
            raise error
        return poll_result(SUCCESS if self.clock.now() >= self.ends_at else RUNNING, self.wishes.get(job_id))


def _wait(clock: Clock, api: Api, rate_limit: RateLimit, job_ids: list[str]) -> None:
    shared_polls = SharedPolls(api.get_job, rate_limit, clock.now)
    PollLoop(shared_polls.poll, clock, gate=shared_polls).wait([Plan(job_id, 3600.0) for job_id in job_ids])


def test_slots_are_spaced_and_first_come_first_served() -> None:
    """Slots are spaced by the rate limit, in the order of the calls, and never before the call."""
    rate_limit = RateLimit(60)
    assert [rate_limit.reserve(0.0) for _ in range(3)] == [0.0, 1.0, 2.0]
    assert rate_limit.reserve(10.0) == 10.0


def test_a_hundred_waits_stay_within_their_budget() -> None:
    """With 300 requests a minute and 100 waits of 10 minutes, no minute has more than 306. All waits end soon after."""
    clock = Clock()
    api = Api(clock, ends_at=600.0)
    _wait(clock, api, RateLimit(300), [f"job-{number}" for number in range(100)])
    moments = [moment for moment, _ in api.polls]
    assert max(sum(begin <= moment < begin + 60 for moment in moments) for begin in moments) <= 306
    assert clock.now() < 600 + 100 * 0.2 + 1


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (NoAnswerError("GET", status=429, retry_after=20.0), 20.0),
        (NoAnswerError("GET", status=503, retry_after=7.0), 7.0),
        (NoAnswerError("GET", status=429), PAUSE),
        (NoAnswerError("GET", status=503), 0.0),
    ],
)
def test_one_throttled_wait_pauses_all(error: ApiError, pause: float) -> None:
    """A 429 or a Retry-After pauses all waits of the process. A different error pauses only the job's wait."""
    clock = Clock()
    api = Api(clock, ends_at=30.0)
    api.trouble = {1: error}
    _wait(clock, api, RateLimit(6000), ["a", "b", "c"])
    others = [moment for moment, job_id in api.polls[1:] if job_id != api.polls[0][1]]
    assert min(others) >= pause
    assert min(others) < pause + 1.5


def test_the_pause_that_comes_with_a_job_concerns_that_job() -> None:
    """The Retry-After of a good response, or of an error about one job, pauses only the job's wait."""
    clock = Clock()
    api = Api(clock, ends_at=30.0)
    api.wishes = {"slow": 20.0}
    api.trouble = {2: NotFoundError("GET", status=404, retry_after=20.0)}
    _wait(clock, api, RateLimit(6000), ["slow", "unknown", "free"])
    at = {name: [moment for moment, job_id in api.polls if job_id == name] for name in ("slow", "unknown", "free")}
    assert at["slow"][1] >= 20.0
    assert at["unknown"][1] >= 20.0
    assert at["free"][1] < 2.0


def test_twelve_jobs_that_each_ask_for_a_pause_end_together() -> None:
    """Twelve jobs of 6 s with a Retry-After of 5 s take little more than one job."""
    clock = Clock()
    api = Api(clock, ends_at=6.0)
    jobs = [f"job-{number}" for number in range(12)]
    api.wishes = dict.fromkeys(jobs, 5.0)
    _wait(clock, api, RateLimit(6000), jobs)
    assert clock.now() <= 11.0


class Hanging:
    """An API that holds the first response until the release. Every later response comes at once."""

    def __init__(self, *responses: dict[str, Any]) -> None:
        self.responses = list(responses)
        self.timeouts: list[float] = []
        self.is_asked = threading.Event()
        self.may_respond = threading.Event()

    def get_job(self, job_id: str, *, timeout: float) -> PollResult:
        assert job_id == "job"
        self.timeouts.append(timeout)
        response = self.responses[min(len(self.timeouts), len(self.responses)) - 1]
        if len(self.timeouts) == 1:
            self.is_asked.set()
            assert self.may_respond.wait(GENEROUS)
        return poll_result(response)


@pytest.fixture
def hanging() -> Iterator[tuple[Hanging, SharedPolls]]:
    """A poll under way of the job "job", and the shared polls."""
    api = Hanging(RUNNING, RUNNING, SUCCESS)
    shared_polls = SharedPolls(api.get_job, RateLimit(6e6), time.monotonic)
    poll = threading.Thread(target=lambda: shared_polls.poll("job", timeout=3600.0))
    poll.start()
    assert api.is_asked.wait(GENEROUS)
    yield api, shared_polls
    api.may_respond.set()
    poll.join(GENEROUS)
    assert not poll.is_alive()


def test_the_timeout_of_a_wait_holds_while_another_polls_the_same_job(hanging: tuple[Hanging, SharedPolls]) -> None:
    """A wait that shares a hanging poll ends at the wait's own deadline, with a separate last poll."""
    api, shared_polls = hanging
    started_at = time.monotonic()
    (outcome,) = PollLoop(shared_polls.poll, MonotonicClock(), gate=shared_polls).wait([Plan("job", 0.3)])
    assert time.monotonic() - started_at < GENEROUS
    assert outcome.end is End.TIMED_OUT
    assert outcome.job is not None
    assert outcome.job.status == "RUNNING"
    assert api.timeouts[0] == 3600.0
    assert [timeout <= 0 for timeout in api.timeouts] == [False, True]


def test_the_last_poll_of_a_wait_counts_although_another_hangs(hanging: tuple[Hanging, SharedPolls]) -> None:
    """The response of the separate last poll at the deadline counts."""
    api, shared_polls = hanging
    api.responses[1] = SUCCESS
    (outcome,) = PollLoop(shared_polls.poll, MonotonicClock(), gate=shared_polls).wait([Plan("job", 0.3)])
    assert outcome.end is End.SUCCEEDED


def test_a_wait_without_end_does_not_overflow() -> None:
    """A timeout longer than threads can wait is no error."""
    api = Hanging(SUCCESS)
    api.may_respond.set()
    assert SharedPolls(api.get_job, RateLimit(6e6), time.monotonic).poll("job", timeout=1e12).job.status == "SUCCESS"


def test_two_waits_for_one_job_share_its_polls() -> None:
    """A fresh response or error serves every wait for the job."""
    counts = []
    for waits in (1, 2):
        clock = Clock()
        api = Api(clock, ends_at=300.0)
        api.trouble = {2: NoAnswerError("GET", status=503)}
        _wait(clock, api, RateLimit(6000), ["same"] * waits)
        counts.append(len(api.polls))
    assert counts[1] < 1.5 * counts[0]


def test_the_last_poll_is_never_somebody_elses() -> None:
    """At the deadline a wait polls, also with a fresh shared response."""
    clock = Clock()
    api = Api(clock, ends_at=0.0)
    shared_polls = SharedPolls(api.get_job, RateLimit(6000), clock.now)
    shared_polls.poll("job", timeout=10.0)
    shared_polls.poll("job", timeout=10.0)
    assert len(api.polls) == 1
    shared_polls.poll("job", timeout=0.0)
    assert len(api.polls) == 2
    clock.moment = FRESH
    shared_polls.poll("job", timeout=10.0)
    assert len(api.polls) == 3


def test_the_lowest_limit_counts() -> None:
    """The lowest of all limits counts for all waits."""
    rate_limit = RateLimit(600.0)
    rate_limit.limit(60.0)
    rate_limit.limit(1200.0)
    assert [rate_limit.reserve(0.0) for _ in range(3)] == [0.0, 1.0, 2.0]
