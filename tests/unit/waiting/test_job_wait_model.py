"""Whole waits against a second statement of the rules of time, over generated timelines.

A case is a list of `Span`s: the response of the API and the cost of a poll during the span's virtual seconds. Among the
responses are jobs with a wrong id, shrinking lists, and errors between good responses. After a run the polls are
replayed, and a `Story` states the end of the wait. The success rule is tested in `test_success_rule`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle.job_outputs import stored_status
from pulumi_bms.messages import report
from pulumi_bms.waiting import memory
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import End
from pulumi_bms.waiting.success_rule import PENDING, Finality, Judgement, Ruling, judge
from tests.unit.waiting.timelines import JOB, Wire

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import Ran, Run

NEXT_STEPS = (
    "un `pulumi up`",
    "`pulumi up` polls",
    "`pulumi up` repeats",
    "Check in the cloud's console",
    "Check job_id",
)


@dataclass(frozen=True)
class Span:
    """The response of the API for `seconds`, and the cost of a poll. At some moments `blip` replaces the response."""

    seconds: float
    response: Wire | ApiError
    cost: float = 0.0
    blip: Wire | ApiError | None = None

    def at(self, moment: float) -> Wire | ApiError:
        return self.blip if self.blip is not None and int(moment) % 3 == 0 else self.response


@dataclass(frozen=True)
class Case:
    """A wait and all events of the wait. The last span goes on forever."""

    spans: Sequence[Span]
    timeout: float
    start: float
    expected: int | None = None
    known: Wire | None = None
    cancel_after: float = math.inf
    dice: Sequence[float] = field(default=(0.0,))

    def span_at(self, moment: float) -> Span:
        ends = self.start
        for span in self.spans:
            ends += span.seconds
            if moment < ends:
                return span
        return self.spans[-1]

    def response_at(self, moment: float) -> Wire | ApiError:
        return self.span_at(moment).at(moment)

    def cost_at(self, moment: float) -> float:
        return self.span_at(moment).cost


# --- the rules of time

Seen: TypeAlias = tuple[float, float, "Wire | ApiError"]
"""The begin of a poll, the moment of the response, and the response."""


def job_of(wire: Wire) -> Job:
    return Job.read({key: value for key, value in wire.items() if key != "retry_after"})


def changed(one: Job, other: Job) -> bool:
    def facts(job: Job) -> list[tuple[str, ...]]:
        return sorted(
            (
                *map(str, (part.job_id, part.status, part.error_code, part.end_time, part.sub_jobs_total, part.listed)),
                *part.own_server_ids,
            )
            for part in job.walk()
        )

    return facts(one) != facts(other)


def has_failed_part(job: Job | None) -> bool:
    return job is not None and any(part.status == "FAIL" for part in job.walk())


@dataclass
class Story:
    """All polls of a wait so far: `take` returns the end of the wait at a poll, or None if the wait goes on."""

    case: Case
    known: Job | None = None
    has_response: bool = False
    has_asked_to_slow_down: bool = False
    unchanged_since: float = math.inf
    last: Job | None = None
    judgement: Judgement = PENDING
    outage_since: float = math.inf
    refusals: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.case.known:
            self.known = Job.read(self.case.known)

    def is_of_another(self, wire: Wire) -> bool:
        return bool(memory.stranger(JOB, self.known, job_of(wire)))

    def take(self, seen: Seen) -> End | None:
        at, done, response = seen
        fails = False
        if isinstance(response, ApiError):
            end = self._take_error(at, response)
        elif self.is_of_another(response):
            end = self._take_silence(at)
        else:
            end = self._take_job(done, job_of(response))
            fails = self.judgement.ruling is Ruling.FAILED
        if end or at < self.case.start + max(0.0, self.case.timeout):
            return end
        return End.FAILED if fails or has_failed_part(self.known) else End.TIMED_OUT

    def _take_job(self, done: float, job: Job) -> End | None:
        self.has_response, self.outage_since, self.refusals = True, math.inf, []
        if self.last is None or changed(self.last, job):
            self.unchanged_since = done
        self.last = job
        self.judgement = judge(job, self.case.expected, self.known)
        self.known = memory.merged(self.known, job)
        has_settled = self.judgement.finality is Finality.SETTLING and done >= self.unchanged_since + 120
        if not self.judgement.final and not has_settled:
            return None
        return {Ruling.SUCCEEDED: End.SUCCEEDED, Ruling.FAILED: End.FAILED}.get(self.judgement.ruling, End.INCONSISTENT)

    def _take_silence(self, at: float) -> End | None:
        self.outage_since = min(self.outage_since, at)
        rate_limit = 900 if self.has_response or self.has_asked_to_slow_down else 60
        return End.NO_ANSWER if at >= self.outage_since + rate_limit else None

    def _take_error(self, at: float, error: ApiError) -> End | None:
        if isinstance(error, AuthenticationError):
            return End.UNAUTHENTICATED
        if isinstance(error, NoAnswerError):
            self.has_asked_to_slow_down |= error.retry_after is not None
            return self._take_silence(at)
        if isinstance(error, NotFoundError):
            meaning = End.GONE if self.has_response or self.case.known else End.NOT_FOUND
        else:
            meaning = End.NO_SUCH_API if isinstance(error, NoSuchApiError) else End.REQUEST_REFUSED
        if not self.has_response:
            return None if isinstance(error, NotFoundError) and at - self.case.start < 30 else meaning
        self.outage_since = min(self.outage_since, at)
        self.refusals.append(at)
        return meaning if at >= self.refusals[0] + 300 and len(self.refusals) >= 5 else None


# --- cases

mixed = st.sampled_from(
    ["SUCCESS"] * 4 + ["RUNNING"] * 2 + ["FAIL"] * 2 + ["INIT", "PENDING_PAYMENT", "ODD", " success"]
)
moods = st.sampled_from([mixed, st.just("SUCCESS"), st.sampled_from(["SUCCESS", "SUCCESS", "FAIL"])])
names = st.sampled_from([None, "server-1", "server-2", "server-3"])
moments = st.sampled_from([None, "2019-04-25T20:08:54Z"])
error_codes = st.sampled_from([None, "BMS.3037", "BMS.9999"])
types = st.sampled_from(["baremetalSingleCreate", "baremetalSingleOperate"])


@st.composite
def jobs(draw: st.DrawFn, statuses: st.SearchStrategy[str], depth: int = 2) -> dict[str, Any]:
    parts = draw(st.lists(jobs(statuses, depth - 1), max_size=3 if depth == 2 else 1)) if depth else []
    entities: dict[str, Any] = {"sub_jobs": parts}
    total = draw(st.sampled_from([None, None, None, len(parts), len(parts) + 1]))
    if total is not None:
        entities["sub_jobs_total"] = total
    if name := draw(names):
        entities["server_id"] = name
    end = {"end_time": draw(moments), "error_code": draw(error_codes)}
    job_id = f"sub-{draw(st.integers(1, 4))}"
    if depth == 2:
        job_id = draw(st.sampled_from([JOB] * 5 + ["", "", "another"]))
    return {
        **({"job_id": job_id} if job_id else {}),
        "job_type": draw(types),
        "status": draw(statuses),
        "entities": entities,
        **{key: value for key, value in end.items() if value is not None},
    }


wishes = st.sampled_from([None, None, None, 0.0, 0.5, 20.0, 100.0, 5000.0])


@st.composite
def good_responses(draw: st.DrawFn) -> Wire:
    wish = draw(wishes)
    return {**draw(jobs(draw(moods))), **({} if wish is None else {"retry_after": wish})}


def over(wire: Wire) -> Wire:
    """Return the response with every status SUCCESS, at every level."""
    parts = [over(part) for part in wire["entities"]["sub_jobs"]]
    return {**wire, "status": "SUCCESS", "entities": {**wire["entities"], "sub_jobs": parts}}


@st.composite
def later(draw: st.DrawFn, wire: Wire) -> Wire:
    """Make a response with less than `wire`: no sub-jobs, fewer, no counts, no names. Or the same, all ended."""
    parts = wire["entities"]["sub_jobs"]
    match draw(st.sampled_from(["bare", "fewer", "uncounted", "nameless", "failed", "over", "over"])):
        case "bare":
            return {**wire, "entities": {"sub_jobs": []}, "status": draw(st.sampled_from(["SUCCESS", "FAIL"]))}
        case "fewer":
            return {**wire, "entities": {**wire["entities"], "sub_jobs": parts[1:], "sub_jobs_total": len(parts[1:])}}
        case "uncounted":
            entities = {key: value for key, value in wire["entities"].items() if key != "sub_jobs_total"}
            return {**wire, "entities": entities}
        case "nameless":
            entities = {key: value for key, value in wire["entities"].items() if key != "server_id"}
            return {**wire, "entities": entities, "status": draw(st.sampled_from(["SUCCESS", "FAIL", "RUNNING"]))}
        case "failed":
            return {**over(wire), "status": "FAIL"}
    return over(wire)


no_news = wishes.map(lambda wish: NoAnswerError("GET", status=503, detail="busy", retry_after=wish))
noes = st.sampled_from(
    [
        NotFoundError("GET", status=404),
        NotFoundError("GET", status=404),
        RefusedError("GET", status=403, code="BMS.9999"),
        NoSuchApiError("GET", status=404, code="APIGW.0101"),
    ]
)
seconds = st.sampled_from([0.3, 1.0, 2.5, 14.0, 29.0, 31.0, 61.0, 119.0, 121.0, 301.0, 500.0])
costs = st.sampled_from([0.0, 0.0, 0.02, 0.9, 30.0])
others = good_responses().map(lambda wire: {**wire, "job_id": "another", "status": "SUCCESS"})
rejected = st.just(AuthenticationError("GET", status=401))
Responses: TypeAlias = st.SearchStrategy[Any]
blips: Responses = st.sampled_from([st.none()] * 4 + [noes, noes, no_news, others]).flatmap(lambda kind: kind)
FIRST: list[Responses] = [good_responses()] * 12 + [no_news, no_news, noes, others, rejected]
LATER: list[Responses] = [*FIRST[4:], no_news, noes, noes]


@st.composite
def timelines(draw: st.DrawFn) -> list[Span]:
    """Draw up to eight spans. Many spans have less than the good response before, or the same response again."""
    messages: list[Span] = []
    last: Wire | None = None
    for _ in range(draw(st.integers(1, 8))):
        again: list[Responses] = [later(last)] * 9 + [st.just(last)] if last else []
        response = draw(draw(st.sampled_from([*(LATER if messages else FIRST), *again])))
        if not isinstance(response, ApiError) and response.get("job_id") != "another":
            last = response
        messages.append(Span(draw(seconds), response, draw(costs), draw(blips)))
    return messages


cases = st.builds(
    Case,
    spans=timelines(),
    timeout=st.sampled_from([-1.0, 0.0, 0.4, 20.0, 59.9, 130.0, *[1500.1] * 5]),
    start=st.sampled_from([0.0, 1000.1, 8.1987738545299]) | st.floats(0, 1e6),
    expected=st.sampled_from([None, None, None, 1, 2]),
    known=st.none() | st.none() | jobs(mixed).map(lambda wire: {**wire, "status": "RUNNING"}),
    cancel_after=st.just(math.inf) | st.just(math.inf) | st.floats(0, 1500),
    dice=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=5),
)


def watch(run: Run, case: Case) -> tuple[Ran, list[Seen]]:
    throws = 0

    def chance() -> float:
        nonlocal throws
        throws += 1
        return case.dice[throws % len(case.dice)]

    known = Job.read(case.known) if case.known else None
    ran = run(
        [Plan(JOB, case.timeout, case.expected, known)],
        {JOB: case.response_at},
        start=case.start,
        cancel_at=case.start + case.cancel_after,
        cost=case.cost_at,
        chance=chance,
    )
    return ran, [(poll.at, poll.at + case.cost_at(poll.at), case.response_at(poll.at)) for poll in ran.polls]


def check_end(case: Case, ran: Ran, seen: Sequence[Seen]) -> None:
    story = Story(case)
    ends = [story.take(poll) for poll in seen]
    assert not any(ends[:-1]), "a poll was made after the end"
    if ran.outcome.end is End.INTERRUPTED:
        assert not any(ends)
        assert ran.ended >= case.start + case.cancel_after
        assert ran.ended == max(case.start + case.cancel_after, *[done for _, done, _ in seen], case.start)
    else:
        assert ran.outcome.end is ends[-1]
        assert ran.ended == seen[-1][1]
    assert ran.outcome.job == story.known
    is_final = ran.outcome.end is End.FAILED and story.judgement.is_final_failure
    assert (stored_status(ran.outcome) == "FAIL") == is_final
    event(f"stored {stored_status(ran.outcome)}")


def check_pace(case: Case, seen: Sequence[Seen]) -> None:
    deadline = case.start + max(0.0, case.timeout)
    story = Story(case)
    for (started_at, done, response), (at, _, _) in pairwise(seen):
        is_of_another = not isinstance(response, ApiError) and story.is_of_another(response)
        story.take((started_at, done, response))
        assert at >= done
        if at >= deadline:
            continue
        assert at - done >= 1 - 1e-6, "two polls within a second"
        assert at - done <= 300 + 1e-6
        wish = response.retry_after if isinstance(response, ApiError) else response.get("retry_after")
        if wish is None or is_of_another:
            assert at - done <= (60 if is_of_another or isinstance(response, ApiError) else 10) + 1e-6
        elif isinstance(response, ApiError) or story.judgement.finality is not Finality.SETTLING:
            assert at - done >= min(wish, 300.0) - 1e-6, "a poll before Retry-After"


def check_deadline(case: Case, ran: Ran, seen: Sequence[Seen]) -> None:
    deadline = case.start + max(0.0, case.timeout)
    assert sum(at >= deadline for at, _, _ in seen) <= 1, "more than one last poll"
    assert ran.ended <= deadline + sum(done - at for at, done, _ in seen[-2:])
    assert [poll.timeout for poll in ran.polls] == [deadline - poll.at for poll in ran.polls]


def check_words(case: Case, ran: Ran) -> None:
    outcome = ran.outcome
    assert (outcome.job_id, outcome.timeout, outcome.elapsed) == (JOB, case.timeout, ran.ended - case.start)
    if outcome.end is not End.SUCCEEDED:
        text = report.describe_outcome(outcome)
        assert JOB in text
        assert any(step in text for step in NEXT_STEPS), text
        assert all(line.strip() for line in text.splitlines())
    elif outcome.job:
        report.warnings(outcome.job)


def check_news(ran: Ran) -> None:
    messages = [progress for _, progress in ran.messages]
    assert all(one != other for one, other in pairwise(messages)), "the same news twice"
    outages = [progress.outage for progress in messages]
    assert all(outage == 0 or outage >= 15 - 1e-6 for outage in outages)
    assert all(later == 0 or later >= 2 * earlier - 1e-6 for earlier, later in pairwise(outages))


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(cases)
def test_every_wait_ends_as_the_rules_say(run: Run, case: Case) -> None:
    """Any timeline ends by the rules: the right poll, the right pace, by the deadline, with each message once."""
    ran, seen = watch(run, case)
    event(ran.outcome.end.name)
    check_end(case, ran, seen)
    check_pace(case, seen)
    check_deadline(case, ran, seen)
    check_words(case, ran)
    check_news(ran)
