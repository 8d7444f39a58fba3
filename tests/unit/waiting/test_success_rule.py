"""The success rule against the oracle, over every combination of small jobs.

Children are multisets, because the order must not matter: a separate test covers the order. A job is read once and
judged for every `expected_servers`. Job ids, further job types and levels vary in separate products. Three children are
listed only if the job's status leaves a decision to the children.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, islice, permutations, product
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.memory import merged
from pulumi_bms.waiting.success_rule import judge
from tests.unit.waiting.success_rule_oracle import (
    Condition,
    Expectation,
    Part,
    Past,
    remember,
    ruled,
    servers_of,
    state_of,
    wire,
)

END, CODE = "2019-04-25T20:08:41.593Z", "BMS.3004"
LOST = Part("ROLLING_BACK", end_time=END, error_code=CODE)
PARENTS = {
    "success": Part("SUCCESS"),
    "odd case": Part(" success "),
    "fail": Part("FAIL"),
    "running": Part("RUNNING"),
    "init": Part("INIT"),
    "unpaid": Part("PENDING_PAYMENT"),
    "unknown": Part("ROLLING_BACK"),
    "lost": LOST,
}
STANDINGS = (Part("SUCCESS"), Part("FAIL"), Part("RUNNING"), LOST)
CHILDREN = (*STANDINGS, Part("INIT"), Part("ROLLING_BACK"), Part(None))
TYPES = {
    "create": ("baremetalBatchCreate", "baremetalSingleCreate"),
    "operate": ("baremetalBatchOperate", "baremetalSingleOperate"),
    "unknown": ("warmUp", "warmUpOne"),
}


def groups(most: int, kinds: Sequence[Part] = CHILDREN) -> Iterator[tuple[Part, ...]]:
    """Every multiset of up to `most` children, each with a separate job id."""
    for size in range(most + 1):
        for group in combinations_with_replacement(kinds, size):
            yield tuple(replace(child, job_id=f"job-{n}") for n, child in enumerate(group))


def totals(listed: int) -> list[int | str | None]:
    address_sources = [listed, listed + 1, *([listed - 1] if listed else [])]
    return [None, *address_sources, str(listed + 1)]


def namings(size: int) -> set[tuple[str, ...]]:
    """The names of servers by record: the parent's name first, then a name per child. "" is no name."""
    everybody = tuple(f"s{n}" for n in range(size))
    nobody = ("",) * size
    patterns = {("", *everybody), ("", *nobody), ("own", *nobody), ("own", *everybody)}
    if size:
        patterns |= {("", "", *everybody[1:]), ("", *everybody[:-1], ""), (everybody[0], *everybody)}
    if size > 1:
        patterns.add(("", "s1", *everybody[1:]))
    return patterns


def job(parent: Part, children: Iterable[Part], types: tuple[str, str], naming: tuple[str, ...]) -> Part:
    own, *theirs = naming
    named = zip(children, theirs, strict=True)
    below = tuple(replace(child, job_type=types[1], names=(name,)) for child, name in named)
    return replace(parent, job_type=types[0], names=(own,), below=below)


def flat(parent: Part, types: tuple[str, str], most: int) -> Iterator[Part]:
    """Every job of one parent and one pair of types: children, names and totals."""
    for children in groups(most):
        for naming, total in product(sorted(namings(len(children))), totals(len(children))):
            yield replace(job(parent, children, types, naming), total=total)


def expectations(case: Part) -> list[int | None]:
    """No expectation, the right expectation, and wrong expectations. A job that cannot succeed has only a wrong one."""
    right = len(servers_of(case))
    if state_of(case) is not Condition.DONE:
        return [None, right + 1]
    return [None, right, right + 1, *([right - 1] if right else [])]


def has_response(part: Job, expected_servers: int | None, earlier: Job | None = None) -> Expectation:
    judgement = judge(part, expected_servers, earlier)
    return (judgement.ruling.name, judgement.finality.name, judgement.rule)


def disagreements(cases: Iterable[Part], before: Sequence[Part] = ()) -> Iterator[str]:
    past, earlier = Past(), None
    for part in before:
        remember(past, part)
        earlier = merged(earlier, Job.read(wire(part)))
    for case in cases:
        newest = Job.read(wire(case))
        for expected in expectations(case):
            is_expected, got = ruled(case, expected, past), has_response(newest, expected, earlier)
            if got != is_expected:
                after = f" after {[wire(part) for part in before]}" if before else ""
                yield f"expected_servers={expected}: rule says {is_expected}, judge says {got} of {wire(case)}{after}"


def assert_agreement(cases: Iterable[Part], before: Sequence[Part] = ()) -> None:
    first = list(islice(disagreements(cases, before), 3))
    assert not first, "\n" + "\n".join(first)


# --- the tests

THREE_CHILDREN = {("success", "create"), ("success", "operate"), ("fail", "create"), ("lost", "create")}


@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("parent", PARENTS)
def test_every_flat_job_is_judged_as_the_rule_says(parent: str, types: str) -> None:
    """Status, children, total, names and expectation decide the judgement of a flat job."""
    most = 3 if (parent, types) in THREE_CHILDREN else 2
    assert_agreement(flat(PARENTS[parent], TYPES[types], most))


@pytest.mark.parametrize("parent", ["success", "fail", "running", "lost"])
def test_a_sub_job_that_is_listed_twice_counts_once(parent: str) -> None:
    """Entries with the same job id are one listed sub-job. Entries without a job id count separately."""
    patterns = {("a", "a", "a"), ("a", "a", "b"), ("a", "b", "b"), ("a", "a", None), (None, "a", None), (None,) * 3}

    def cases() -> Iterator[Part]:
        for children, job_ids in product(groups(3, STANDINGS), patterns):
            same = [replace(child, job_id=job_id) for child, job_id in zip(children, job_ids, strict=False)]
            named = job(PARENTS[parent], same, TYPES["create"], ("", "s0", "s1", "s2")[: len(same) + 1])
            for total in (None, *range(5)):
                yield replace(named, total=total)

    assert_agreement(cases())


def test_which_jobs_and_sub_jobs_have_to_name_servers() -> None:
    """A single creation below and a creation at the top must name a server. Types are compared without case."""
    kinds = ("baremetalBatchCreate", "createServer", "baremetalSingleCreate", "createSingleServer", "BareMetalReboot")
    spelled = [spelling for kind in kinds for spelling in (kind, kind.upper())]
    for types, children in product(product(spelled, spelled), groups(2, STANDINGS[:1])):
        assert_agreement(job(Part("SUCCESS"), children, types, naming) for naming in sorted(namings(len(children))))


def test_one_nameless_creation_among_other_sub_jobs_is_found() -> None:
    """A creation without a server id is found among sub-jobs with ids."""
    lows = ("baremetalSingleCreate", "baremetalSingleOperate", "createSingleServer", None)
    children = [replace(Part("SUCCESS"), job_type=low, names=(name,)) for low in lows for name in ("", "s0", "s1")]
    parents = [replace(Part("SUCCESS"), job_type=top) for top in ("createServer", "baremetalBatchOperate", None)]
    assert_agreement(replace(top, below=group) for top in parents for group in product(children, repeat=2))


@pytest.mark.parametrize("status", [None, "", "SUCCESS", "FAIL", "RUNNING", "INIT", "PENDING_PAYMENT", "ROLLING_BACK"])
def test_only_an_unknown_status_with_both_signs_of_an_end_is_taken_for_a_failure(status: str | None) -> None:
    """Only an unknown status with an end time and an error code counts as a failure."""
    stray = product((None, "", END), (None, "", CODE))
    signs = [Part(status, end_time=end, error_code=code) for end, code in stray]
    parents = [*signs, Part("SUCCESS"), Part("FAIL")]
    others = [(), (Part("SUCCESS"),), (Part("FAIL"),), (Part("RUNNING"),), *((sign,) for sign in signs)]
    assert_agreement(replace(parent, below=(child, *other)) for parent, child, other in product(parents, signs, others))
    assert_agreement(signs)


Types = tuple[str | None, str | None, str | None]
UNTYPED: Types = (None, None, None)
LOW: Types = ("createServer", "baremetalBatchOperate", "createSingleServer")
MID: Types = ("createServer", "createSingleServer", None)


def nested(parent: Part, types: Types) -> Iterator[Part]:
    """Every small job of two levels: statuses, totals, names, and repeated job ids, also across levels."""
    top, middle, low = types
    sibling = Part("SUCCESS", names=("s9",), job_type=low, job_id="job-0")
    outer: list[tuple[tuple[Part, ...], int | None]] = [((), None), ((), 2), ((sibling,), 2)]
    for mid, (beside, total), grand in product(STANDINGS, outer, groups(2, STANDINGS)):
        for inner, mid_name, name, same in product((None, 1, 2, 3), ("", "s0"), ("", "s1"), ("job-0", None)):
            below = tuple(replace(leaf, names=(name,), job_type=low, job_id=same or leaf.job_id) for leaf in grand)
            child = replace(mid, below=below, total=inner, names=(mid_name,), job_type=middle, job_id="mid")
            yield replace(parent, below=(child, *beside), total=total, job_type=top)


NESTED = [("success", LOW), ("success", MID), ("fail", UNTYPED), ("running", LOW), ("lost", UNTYPED)]


@pytest.mark.parametrize(("parent", "types"), NESTED)
def test_every_rule_holds_at_every_level(parent: str, types: Types) -> None:
    """Every rule holds at every level: nested sub-jobs are counted and must name servers."""
    assert_agreement(nested(PARENTS[parent], types))


@pytest.mark.parametrize("parent", ["success", "fail", "lost"])
def test_the_order_of_sub_jobs_does_not_matter(parent: str) -> None:
    """Every order of the same sub-jobs gives the same judgement."""
    for children in groups(3):
        for naming, total in product((("", "s0", "s1", "s2"), ("", "", "s1", "s1")), (None, 4)):
            case = job(PARENTS[parent], children, TYPES["create"], naming[: len(children) + 1])
            orders = [replace(case, total=total, below=below) for below in permutations(case.below)]
            part = [Job.read(wire(each)) for each in orders]
            for expected in (None, 2, 3):
                judgements = {has_response(each, expected) for each in part}
                assert len(judgements) == 1, f"{judgements} of {wire(case)}"


def trees(depth: int) -> st.SearchStrategy[Part]:
    """Trees of any kind, mostly with SUCCESS, because an open record decides a whole tree."""
    return st.builds(
        Part,
        status=st.sampled_from(["SUCCESS"] * 12 + [" success ", "FAIL", "fail", "RUNNING", "ROLLING_BACK", "", None]),
        below=st.lists(trees(depth - 1), max_size=depth).map(tuple) if depth else st.just(()),
        total=st.sampled_from([None, None, None, 0, 1, 2, "1", "2", 3]),
        names=st.lists(st.sampled_from(["", "s0", "s1", "s2"]), max_size=2).map(tuple),
        nics=st.lists(st.sampled_from(["", "n0"]), max_size=1).map(tuple),
        job_type=st.sampled_from([None, "createServer", "createSingleServer", "BAREMETALSINGLECREATE", "warmUp"]),
        job_id=st.sampled_from([None, "", "a", "b", "c"]),
        end_time=st.sampled_from([None, "", END]),
        error_code=st.sampled_from([None, "", CODE]),
    )


def shuffled(part: Part, random: Random) -> Part:
    below = [shuffled(child, random) for child in part.below]
    return replace(part, below=tuple(random.sample(below, len(below))))


@settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(tree=trees(3), random=st.randoms(use_true_random=False))
def test_any_tree_is_judged_as_the_rule_says_in_any_order(tree: Part, random: Random) -> None:
    """Any tree in any order is judged by the rule."""
    assert_agreement([tree, shuffled(tree, random)])


IDS = (("a", "b"), ("b", "c"), (None, None), ("a", None))
MOST = (Part("SUCCESS"), Part("FAIL"), Part("RUNNING"))


def responses(parents: Sequence[Part], ids: Sequence[tuple[str | None, ...]]) -> Iterator[Part]:
    """Every small response about a job: listed sub-jobs, ids, totals, names and types, present or missing."""
    for parent, group, pattern in product(parents, groups(2, MOST), ids):
        children = [replace(child, job_id=job_id) for child, job_id in zip(group, pattern, strict=False)]
        for servers, nics, total in product((True, False), ("", "n0"), (None, len(children))):
            named = tuple(
                replace(child, names=(f"s{n}" if servers else "",), nics=(nics,)) for n, child in enumerate(children)
            )
            yield replace(parent, below=named, total=total)


BEFORE = [
    replace(part, total=total if part.total is None else part.total, job_type=job_type)
    for part in responses([Part("RUNNING")], IDS[:3])
    for total, job_type in ((None, None), (3, "createServer"))
]


@pytest.mark.parametrize("parent", ["success", "fail", "lost", "running"])
def test_what_an_earlier_response_told_is_not_forgotten(parent: str) -> None:
    """Counts, sub-jobs, servers, interfaces and types of earlier responses count for every later response."""
    rng = Random(parent)  # noqa: S311  (a sample of cases, the same in each run)
    now = list(responses([PARENTS[parent]], IDS))
    for before in BEFORE:
        assert_agreement(rng.sample(now, 12), [before])


def test_the_status_of_an_earlier_response_does_not_count() -> None:
    """The status of an earlier response does not count: only the newest status counts."""
    for before in (replace(PARENTS[name], below=(Part("FAIL", job_id="a"),)) for name in PARENTS):
        assert_agreement(responses([Part("SUCCESS"), Part("FAIL"), LOST], IDS[:1]), [before])


@pytest.mark.parametrize("types", [LOW, MID])
def test_nothing_is_forgotten_at_any_level(types: Types) -> None:
    """Announced, listed and named things of nested sub-jobs are remembered at any level."""
    rng = Random(9)  # noqa: S311  (a sample of cases, the same in each run)
    before = rng.sample(list(nested(PARENTS["running"], types)), 25)
    now = [part for parent in ("success", "fail") for part in nested(PARENTS[parent], UNTYPED)]
    for part in before:
        assert_agreement(rng.sample(now, 60), [part])


def test_of_several_responses_each_adds_to_what_is_known() -> None:
    """Of several responses the largest count and all listed or named things are known, not only the last response's."""
    steps = [
        Part("RUNNING", (Part("RUNNING", job_id="a", names=("s7",), job_type="createSingleServer"),), total=3),
        Part("RUNNING", (Part("SUCCESS", job_id="b", names=("s1",)),), job_type="createServer"),
        Part("RUNNING", (Part("SUCCESS", job_id="a"),), total=1, nics=("n1",)),
    ]
    rng = Random(9)  # noqa: S311  (a sample of cases, the same in each run)
    now = list(responses([Part("SUCCESS"), Part("FAIL")], IDS))
    for size in range(len(steps) + 1):
        for order in permutations(steps, size):
            assert_agreement(rng.sample(now, 120), list(order))


@settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(history=st.lists(trees(2), min_size=2, max_size=4))
def test_any_history_is_judged_as_the_rule_says(history: list[Part]) -> None:
    """Any history of responses is judged by the newest response together with all earlier responses."""
    *before, last = [replace(part, job_id="top") for part in history]
    assert_agreement([last], before)


@pytest.mark.parametrize("step", [1, 2])
def test_the_merged_job_grows_no_deeper_and_repeats_nobody(step: int) -> None:
    """Sub-jobs that move in each response, or go missing with nested sub-jobs, are not repeated or nested deeper."""
    earlier = None
    for n in range(0, 60, step):
        chain = Part("RUNNING", (Part("RUNNING", (Part("FAIL", job_id=f"j{n}"),), job_id=f"j{n + 1}"),))
        earlier = merged(earlier, Job.read(wire(chain)))
    records = earlier.descendants() if earlier else []
    assert sorted(record.job_id or "" for record in records) == sorted(f"j{n}" for n in range(60 + step % 2))
    assert all(not part.sub_jobs for record in records for part in record.sub_jobs)


def test_the_listed_cases_reach_every_kind_of_verdict() -> None:
    """The listed cases reach every ruling, each finality, and every unmet rule."""
    past = Past()
    remember(past, Part("RUNNING", (Part("RUNNING", job_id="job-7"),)))
    reached = {
        ruled(case, expected, known)
        for known in (Past(), past)
        for parent in ("success", "running")
        for case in flat(PARENTS[parent], TYPES["create"], most=2)
        for expected in expectations(case)
    }
    ends = {("SUCCEEDED", "FINAL", None), *(("FAILED", finality, None) for finality in ("FINAL", "SETTLING", "OPEN"))}
    assert reached == ends | {("PENDING", "OPEN", None), *(("INCONSISTENT", "SETTLING", rule) for rule in (3, 4, 5, 6))}
