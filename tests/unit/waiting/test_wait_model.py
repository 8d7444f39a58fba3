"""Whole waits against a restatement of the rules, over generated timelines of answers, errors, costs and deadlines.

A case is a list of `Span`s: what the API answers during so many virtual seconds, and what a look costs meanwhile. After
a run the looks and their answers are replayed; `ending` says from them alone whether and how the wait had to end.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import event, given, settings
from hypothesis import strategies as st

from pulumi_bms.api.errors import ApiError, AuthenticationError, NoNewsError, NotFoundError, RefusedError
from pulumi_bms.api.models import Job
from pulumi_bms.resources import report
from pulumi_bms.waiting.outcome import End
from pulumi_bms.waiting.wait import Plan

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import Ran, Run

Wire: TypeAlias = Mapping[str, Any]

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
NEXT_STEPS = (
    "run `pulumi up` again to go on waiting",
    "to submit again, change the submission's `triggers`",
    "`pulumi up` looks at it again",
    "check job_id, region and project",
    "look in the console what became of job",
)


@dataclass(frozen=True)
class Span:
    """What the API answers for `seconds`, and what one look costs meanwhile."""

    seconds: float
    answer: Wire | ApiError
    cost: float = 0.0


@dataclass(frozen=True)
class Case:
    """One wait and all that happens to it; the last span goes on for ever."""

    spans: Sequence[Span]
    timeout: float
    start: float
    expected: int | None = None
    known: bool = False
    cancel_after: float = math.inf
    dice: Sequence[float] = field(default=(0.0,))

    def span_at(self, moment: float) -> Span:
        ends = self.start
        for span in self.spans:
            ends += span.seconds
            if moment < ends:
                return span
        return self.spans[-1]

    def answer_at(self, moment: float) -> Wire | ApiError:
        return self.span_at(moment).answer

    def cost_at(self, moment: float) -> float:
        return self.span_at(moment).cost


# --- the rules, told anew

Seen: TypeAlias = tuple[float, float, "Wire | ApiError"]
"""When a look began, when its answer was there, and what it was."""


def records(wire: Wire) -> list[Wire]:
    return [wire, *(inner for child in wire["entities"]["sub_jobs"] for inner in records(child))]


def standing(record: Wire) -> str:
    """SUCCESS, FAIL, DEAD (an unknown status with an end and a code) or MOVING."""
    status = record["status"].strip().upper()
    if status in ("SUCCESS", "FAIL"):
        return str(status)
    named = status in ("INIT", "RUNNING", "PENDING_PAYMENT")
    return "DEAD" if not named and record.get("end_time") and record.get("error_code") else "MOVING"


def complete(record: Wire) -> bool:
    listed = {child["job_id"] for child in record["entities"]["sub_jobs"]}
    return len(listed) >= int(record["entities"].get("sub_jobs_total", 0))


def servers(wire: Wire) -> set[str]:
    return {record["entities"]["server_id"] for record in records(wire) if record["entities"].get("server_id")}


def succeeded(wire: Wire, expected: int | None) -> bool:
    """Every status is SUCCESS, every announced sub-job is listed, and the servers are named."""
    everything = records(wire)
    creators = [part for part in everything[1:] if part["job_type"] == "baremetalSingleCreate"]
    return (
        all(standing(record) == "SUCCESS" for record in everything)
        and all(map(complete, everything))
        and all(part["entities"].get("server_id") for part in creators)
        and (not wire["job_type"].endswith("Create") or bool(servers(wire)))
        and (expected is None or len(servers(wire)) == expected)
    )


def failed(wire: Wire) -> bool:
    """The job has failed, or says SUCCESS over a sub-job that has."""
    own, below = standing(wire), [standing(part) for part in records(wire)[1:]]
    return own in ("FAIL", "DEAD") or (
        own == "SUCCESS" and ("FAIL" in below or ("DEAD" in below and "MOVING" not in below))
    )


def failed_for_good(wire: Wire) -> bool:
    """A failure after which nothing more can become known."""
    everything = records(wire)
    standings = {standing(record) for record in everything}
    return failed(wire) and standings <= {"SUCCESS", "FAIL"} and all(map(complete, everything))


def open_end(wire: Wire, expected: int | None) -> bool:
    """A failure that is not final, or a success that can't be all: both count after the settling time."""
    everything = records(wire)
    all_success = all(standing(record) == "SUCCESS" for record in everything)
    return (failed(wire) and not failed_for_good(wire)) or (all_success and not succeeded(wire, expected))


def changed(one: Wire, other: Wire) -> bool:
    def facts(wire: Wire) -> list[str]:
        return sorted(
            str(
                (
                    record["job_id"],
                    standing(record),
                    record["status"].strip().upper(),
                    record.get("error_code"),
                    record.get("end_time"),
                    record["entities"].get("sub_jobs_total"),
                    sorted({child["job_id"] for child in record["entities"]["sub_jobs"]}),
                    record["entities"].get("server_id"),
                )
            )
            for record in records(wire)
        )

    return facts(one) != facts(other)


def unchanged_since(seen: Sequence[Seen]) -> float:
    """When the last good answer was first there as it is now."""
    good = [(done, answer) for _, done, answer in seen if not isinstance(answer, ApiError)]
    since, latest = good[-1]
    for done, answer in reversed(good):
        if changed(answer, latest):
            break
        since = done
    return since


def outage_since(seen: Sequence[Seen]) -> float:
    """When the first look without news began, after the last good answer."""
    begun = math.inf
    for at, _, answer in reversed(seen):
        if not isinstance(answer, ApiError):
            break
        if isinstance(answer, NoNewsError):
            begun = at
    return begun


def ending(case: Case, seen: Sequence[Seen]) -> End | None:
    """How a wait that has seen this much ends now; None where it goes on."""
    at, _, answer = seen[-1]
    good = [earlier for _, _, earlier in seen if not isinstance(earlier, ApiError)]
    told = (
        ending_by_error(case, seen, answer, seen_before=bool(good))
        if isinstance(answer, ApiError)
        else ending_by_job(case, seen, answer)
    )
    if told or at < case.start + max(0.0, case.timeout):
        return told
    last = good[-1] if good else None
    hopeless = last and (
        any(standing(record) == "FAIL" for record in records(last)) or (last is answer and failed(last))
    )
    return End.FAILED if hopeless else End.TIMED_OUT


def ending_by_error(case: Case, seen: Sequence[Seen], error: ApiError, *, seen_before: bool) -> End | None:
    at = seen[-1][0]
    if isinstance(error, AuthenticationError):
        return End.REJECTED
    if isinstance(error, RefusedError):
        return End.REFUSED
    if isinstance(error, NotFoundError):
        if seen_before or case.known:
            return End.GONE
        return End.NOT_FOUND if at - case.start >= 30 else None
    return End.NO_ANSWER if at >= outage_since(seen) + (900 if seen_before else 60) else None


def ending_by_job(case: Case, seen: Sequence[Seen], wire: Wire) -> End | None:
    if succeeded(wire, case.expected):
        return End.SUCCEEDED
    settled = open_end(wire, case.expected) and seen[-1][1] >= unchanged_since(seen) + 120
    if failed_for_good(wire) or (settled and failed(wire)):
        return End.FAILED
    return End.INCONSISTENT if settled else None


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
    return {
        "job_id": f"sub-{draw(st.integers(1, 4))}",
        "job_type": draw(types),
        "status": draw(statuses),
        "entities": entities,
        **{key: value for key, value in end.items() if value is not None},
    }


wishes = st.sampled_from([None, None, None, 0.0, 0.5, 20.0, 100.0, 5000.0])


@st.composite
def good_answers(draw: st.DrawFn) -> Wire:
    wish = draw(wishes)
    return {**draw(jobs(draw(moods))), **({} if wish is None else {"retry_after": wish})}


no_news = wishes.map(lambda wish: NoNewsError("GET", status=503, detail="busy", retry_after=wish))
errors = st.one_of(
    no_news,
    no_news,
    no_news,
    st.just(NotFoundError("GET", status=404)),
    st.just(NotFoundError("GET", status=404)),
    st.sampled_from([AuthenticationError("GET", status=401), RefusedError("GET", status=403, code="BMS.9999")]),
)
spans = st.builds(
    Span,
    seconds=st.sampled_from([0.3, 1.0, 2.5, 14.0, 29.0, 31.0, 61.0, 119.0, 121.0, 500.0]),
    answer=st.one_of(good_answers(), good_answers(), no_news, errors),
    cost=st.sampled_from([0.0, 0.0, 0.02, 0.9, 30.0]),
)
cases = st.builds(
    Case,
    spans=st.lists(spans, min_size=1, max_size=8),
    timeout=st.sampled_from([-1.0, 0.0, 0.4, 20.0, 59.9, 130.0, *[1500.1] * 5]),
    start=st.sampled_from([0.0, 1000.1, 8.1987738545299]) | st.floats(0, 1e6),
    expected=st.sampled_from([None, None, None, 1, 2]),
    known=st.booleans(),
    cancel_after=st.just(math.inf) | st.just(math.inf) | st.floats(0, 1500),
    dice=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=5),
)


def watch(run: Run, case: Case) -> tuple[Ran, list[Seen]]:
    throws = 0

    def chance() -> float:
        nonlocal throws
        throws += 1
        return case.dice[throws % len(case.dice)]

    known = Job.read({"status": "RUNNING"}) if case.known else None
    ran = run(
        [Plan(JOB, case.timeout, case.expected, known)],
        {JOB: case.answer_at},
        start=case.start,
        cancel_at=case.start + case.cancel_after,
        cost=case.cost_at,
        chance=chance,
    )
    return ran, [(look.at, look.at + case.cost_at(look.at), case.answer_at(look.at)) for look in ran.looks]


def check_end(case: Case, ran: Ran, seen: Sequence[Seen]) -> None:
    ends = [ending(case, seen[: count + 1]) for count in range(len(seen))]
    assert not any(ends[:-1]), "a look was made after the end"
    if ran.outcome.end is End.INTERRUPTED:
        assert not any(ends)
        assert ran.ended >= case.start + case.cancel_after
        assert ran.ended == max(case.start + case.cancel_after, *[done for _, done, _ in seen], case.start)
    else:
        assert ran.outcome.end is ends[-1]
        assert ran.ended == seen[-1][1]


def check_pace(case: Case, seen: Sequence[Seen]) -> None:
    deadline = case.start + max(0.0, case.timeout)
    for (_, done, answer), (at, _, _) in pairwise(seen):
        assert at >= done
        if at >= deadline:
            continue
        assert at - done >= 1 - 1e-6, "two looks within a second"
        assert at - done <= 300 + 1e-6
        wish = answer.retry_after if isinstance(answer, ApiError) else answer.get("retry_after")
        if wish is None:
            assert at - done <= (60 if isinstance(answer, ApiError) else 10) + 1e-6
        elif isinstance(answer, ApiError) or not open_end(answer, case.expected):
            assert at - done >= min(wish, 300.0) - 1e-6, "a look before Retry-After"


def check_deadline(case: Case, ran: Ran, seen: Sequence[Seen]) -> None:
    deadline = case.start + max(0.0, case.timeout)
    assert sum(at >= deadline for at, _, _ in seen) <= 1, "more than one last look"
    assert ran.ended <= deadline + sum(done - at for at, done, _ in seen[-2:])
    assert [look.timeout for look in ran.looks] == [deadline - look.at for look in ran.looks]


def check_words(case: Case, ran: Ran) -> None:
    outcome = ran.outcome
    assert (outcome.job_id, outcome.timeout, outcome.elapsed) == (JOB, case.timeout, ran.ended - case.start)
    if outcome.end is not End.SUCCEEDED:
        text = report.of(outcome)
        assert JOB in text
        assert any(step in text for step in NEXT_STEPS), text
        assert all(line.strip() for line in text.splitlines())
    elif outcome.job:
        report.warnings(outcome.job)


def check_news(ran: Ran) -> None:
    told = [progress for _, progress in ran.told]
    assert all(one != other for one, other in pairwise(told)), "the same news twice"
    outages = [progress.outage for progress in told]
    assert all(outage == 0 or outage >= 15 for outage in outages)
    assert all(later == 0 or later >= 2 * earlier - 1e-6 for earlier, later in pairwise(outages))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(cases)
def test_every_wait_ends_as_the_rules_say(run: Run, case: Case) -> None:
    """Whatever the API answers: the right end at the right look, paced, by the deadline, told without repetition."""
    ran, seen = watch(run, case)
    event(ran.outcome.end.name)
    check_end(case, ran, seen)
    check_pace(case, seen)
    check_deadline(case, ran, seen)
    check_words(case, ran)
    check_news(ran)
