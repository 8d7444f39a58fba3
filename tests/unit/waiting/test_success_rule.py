"""The success rule against an independent statement of it, over every combination that is small enough to list.

The oracle (`ruled`) knows nothing of the code under test: it sorts each record of a tree into one of four standings and
looks the answer up from there. Cases are `Told` trees; `wire` turns one into the JSON that `Job.read` reads.

What keeps the number of rows down: children are multisets, not sequences, because their order must not matter, which
has a test of its own; a job is read once and judged for every `expected_servers`; job ids, further job types and levels
vary in products of their own; three children at once only where the job's status leaves something for them to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations_with_replacement, islice, permutations, product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_bms.api.models import Job
from pulumi_bms.waiting.verdict import judge

# --- cases


@dataclass(frozen=True)
class Told:
    """What an answer tells of one job or sub-job; None is a field that the answer does not have."""

    status: str | None
    below: tuple[Told, ...] = ()
    total: int | str | None = None
    names: tuple[str, ...] = ()
    job_type: str | None = None
    job_id: str | None = None
    end_time: str | None = None
    error_code: str | None = None


def wire(told: Told) -> dict[str, Any]:
    """Return the JSON of a case, its sub-jobs and their count within `entities`, as the API has them."""
    entities: list[dict[str, Any]] = [{"server_id": name} for name in told.names] or [{}]
    if told.below:
        entities[0]["sub_jobs"] = [wire(child) for child in told.below]
    if told.total is not None:
        entities[0]["sub_jobs_total"] = told.total
    fields = {key: getattr(told, key) for key in ("status", "job_type", "job_id", "end_time", "error_code")}
    body: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
    return {**body, "entities": entities if len(entities) > 1 else entities[0]}


# --- the oracle

Expectation = tuple[str, bool, int | None]
"""The ruling's name, whether it is final, and the unmet rule."""


class Standing(Enum):
    DONE = "succeeded"
    DEAD = "failed"
    LOST = "ended with an error, in a status that no page names"
    OPEN = "anything may still come"


ONE_SERVER = {"baremetalsinglecreate", "createsingleserver"}
SERVERS = ONE_SERVER | {"baremetalbatchcreate", "createserver"}


def standing(told: Told) -> Standing:
    status = (told.status or "").strip().upper()
    if status in {"SUCCESS", "FAIL"}:
        return Standing.DONE if status == "SUCCESS" else Standing.DEAD
    named_by_a_page = status in {"INIT", "RUNNING", "PENDING_PAYMENT"}
    return Standing.LOST if told.end_time and told.error_code and not named_by_a_page else Standing.OPEN


def everyone(told: Told) -> list[Told]:
    return [told] + [record for child in told.below for record in everyone(child)]


def unlisted(told: Told) -> bool:
    """Whether, directly below this record, fewer sub-jobs are listed than announced."""
    anonymous = [child for child in told.below if not child.job_id]
    different = {child.job_id for child in told.below} - {None, ""}
    return told.total is not None and int(told.total) > len(anonymous) + len(different)


def creates(told: Told, kinds: set[str]) -> bool:
    return (told.job_type or "").lower() in kinds


def unmet(top: Told, expected_servers: int | None) -> int | None:
    """Return the first of the rules 3, 4 and 5 that a tree does not meet."""
    _, *lower = everyone(top)
    servers = {name for record in everyone(top) for name in record.names if name}
    too_few = not servers and creates(top, SERVERS)
    broken = {
        3: any(map(unlisted, everyone(top))),
        4: any(creates(record, ONE_SERVER) and not any(record.names) for record in lower),
        5: too_few or expected_servers not in {None, len(servers)},
    }
    return min((rule for rule, is_broken in broken.items() if is_broken), default=None)


def ruled(top: Told, expected_servers: int | None) -> Expectation:
    """State the success rule."""
    own = standing(top)
    lower = {standing(record) for record in everyone(top)[1:]}
    if own is Standing.OPEN:
        return ("PENDING", False, None)
    if own is Standing.LOST:
        return ("FAILED", False, None)
    if Standing.DEAD in {own, *lower}:
        all_known = lower <= {Standing.DONE, Standing.DEAD} and not any(map(unlisted, everyone(top)))
        return ("FAILED", all_known, None)
    if Standing.OPEN in lower:
        return ("PENDING", False, None)
    if Standing.LOST in lower:
        return ("FAILED", False, None)
    rule = unmet(top, expected_servers)
    return ("SUCCEEDED", True, None) if rule is None else ("INCONSISTENT", False, rule)


# --- the axes

END, CODE = "2019-04-25T20:08:41.593Z", "BMS.3004"
LOST = Told("ROLLING_BACK", end_time=END, error_code=CODE)
PARENTS = {
    "success": Told("SUCCESS"),
    "odd case": Told(" success "),
    "fail": Told("FAIL"),
    "running": Told("RUNNING"),
    "init": Told("INIT"),
    "unpaid": Told("PENDING_PAYMENT"),
    "unknown": Told("ROLLING_BACK"),
    "lost": LOST,
}
STANDINGS = (Told("SUCCESS"), Told("FAIL"), Told("RUNNING"), LOST)
CHILDREN = (*STANDINGS, Told("INIT"), Told("ROLLING_BACK"), Told(None))
TYPES = {
    "create": ("baremetalBatchCreate", "baremetalSingleCreate"),
    "operate": ("baremetalBatchOperate", "baremetalSingleOperate"),
    "unknown": ("warmUp", "warmUpOne"),
}


def groups(most: int, kinds: Sequence[Told] = CHILDREN) -> Iterator[tuple[Told, ...]]:
    """Every multiset of up to `most` children, each with a job id of its own."""
    for size in range(most + 1):
        for group in combinations_with_replacement(kinds, size):
            yield tuple(replace(child, job_id=f"job-{n}") for n, child in enumerate(group))


def totals(listed: int) -> list[int | str | None]:
    around = [listed, listed + 1, *([listed - 1] if listed else [])]
    return [None, *around, str(listed + 1)]


def namings(size: int) -> set[tuple[str, ...]]:
    """Who names which server: the parent's name first, then one for each child; "" is none."""
    everybody = tuple(f"s{n}" for n in range(size))
    nobody = ("",) * size
    patterns = {("", *everybody), ("", *nobody), ("own", *nobody), ("own", *everybody)}
    if size:
        patterns |= {("", "", *everybody[1:]), ("", *everybody[:-1], ""), (everybody[0], *everybody)}
    if size > 1:
        patterns.add(("", "s1", *everybody[1:]))
    return patterns


def job(parent: Told, children: Iterable[Told], types: tuple[str, str], naming: tuple[str, ...]) -> Told:
    own, *theirs = naming
    named = zip(children, theirs, strict=True)
    below = tuple(replace(child, job_type=types[1], names=(name,)) for child, name in named)
    return replace(parent, job_type=types[0], names=(own,), below=below)


def flat(parent: Told, types: tuple[str, str], most: int) -> Iterator[Told]:
    """Every job of one parent and one pair of types: children, names and totals."""
    for children in groups(most):
        for naming, total in product(sorted(namings(len(children))), totals(len(children))):
            yield replace(job(parent, children, types, naming), total=total)


def expectations(case: Told) -> list[int | None]:
    """No expectation, the right one, and the wrong ones beside it; only a wrong one where success is out of reach."""
    right = len({name for record in everyone(case) for name in record.names if name})
    if standing(case) is not Standing.DONE:
        return [None, right + 1]
    return [None, right, right + 1, *([right - 1] if right else [])]


def answered(told: Job, expected_servers: int | None) -> Expectation:
    verdict = judge(told, expected_servers)
    return (verdict.ruling.name, verdict.final, verdict.rule)


def disagreements(cases: Iterable[Told]) -> Iterator[str]:
    for case in cases:
        told = Job.read(wire(case))
        for expected in expectations(case):
            wanted, got = ruled(case, expected), answered(told, expected)
            if got != wanted:
                yield f"expected_servers={expected}: rule says {wanted}, judge says {got} of {wire(case)}"


def assert_agreement(cases: Iterable[Told]) -> None:
    first = list(islice(disagreements(cases), 3))
    assert not first, "\n" + "\n".join(first)


# --- the tests

THREE_CHILDREN = {("success", "create"), ("success", "operate"), ("fail", "create"), ("lost", "create")}


@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("parent", PARENTS)
def test_every_flat_job_is_judged_as_the_rule_says(parent: str, types: str) -> None:
    """Status, children, total, names and expectation decide together, and nothing else does."""
    most = 3 if (parent, types) in THREE_CHILDREN else 2
    assert_agreement(flat(PARENTS[parent], TYPES[types], most))


@pytest.mark.parametrize("parent", ["success", "fail", "running", "lost"])
def test_a_sub_job_that_is_listed_twice_counts_once(parent: str) -> None:
    """Entries with the same job id are one listed sub-job; entries without a job id are one each."""
    patterns = {("a", "a", "a"), ("a", "a", "b"), ("a", "b", "b"), ("a", "a", None), (None, "a", None), (None,) * 3}

    def cases() -> Iterator[Told]:
        for children, job_ids in product(groups(3, STANDINGS), patterns):
            same = [replace(child, job_id=job_id) for child, job_id in zip(children, job_ids, strict=False)]
            named = job(PARENTS[parent], same, TYPES["create"], ("", "s0", "s1", "s2")[: len(same) + 1])
            for total in (None, *range(5)):
                yield replace(named, total=total)

    assert_agreement(cases())


def test_which_jobs_and_sub_jobs_have_to_name_servers() -> None:
    """Single creations below name their server, creations at the top name one; types are compared without case."""
    kinds = ("baremetalBatchCreate", "createServer", "baremetalSingleCreate", "createSingleServer", "BareMetalReboot")
    spelled = [spelling for kind in kinds for spelling in (kind, kind.upper())]
    for types, children in product(product(spelled, spelled), groups(2, STANDINGS[:1])):
        assert_agreement(job(Told("SUCCESS"), children, types, naming) for naming in sorted(namings(len(children))))


def test_one_nameless_creation_among_other_sub_jobs_is_found() -> None:
    """A creation that does not name its server is not excused by servers that other sub-jobs name."""
    lows = ("baremetalSingleCreate", "baremetalSingleOperate", "createSingleServer", None)
    children = [replace(Told("SUCCESS"), job_type=low, names=(name,)) for low in lows for name in ("", "s0", "s1")]
    parents = [replace(Told("SUCCESS"), job_type=top) for top in ("createServer", "baremetalBatchOperate", None)]
    assert_agreement(replace(top, below=group) for top in parents for group in product(children, repeat=2))


@pytest.mark.parametrize("status", [None, "", "SUCCESS", "FAIL", "RUNNING", "INIT", "PENDING_PAYMENT", "ROLLING_BACK"])
def test_only_an_unknown_status_with_both_signs_of_an_end_is_taken_for_a_failure(status: str | None) -> None:
    """An end time and an error code count together, and only where no page names the status."""
    stray = product((None, "", END), (None, "", CODE))
    signs = [Told(status, end_time=end, error_code=code) for end, code in stray]
    parents = [*signs, Told("SUCCESS"), Told("FAIL")]
    others = [(), (Told("SUCCESS"),), (Told("FAIL"),), (Told("RUNNING"),), *((sign,) for sign in signs)]
    assert_agreement(replace(parent, below=(child, *other)) for parent, child, other in product(parents, signs, others))
    assert_agreement(signs)


Types = tuple[str | None, str | None, str | None]
UNTYPED: Types = (None, None, None)
LOW: Types = ("createServer", "baremetalBatchOperate", "createSingleServer")
MID: Types = ("createServer", "createSingleServer", None)


def nested(parent: Told, types: Types) -> Iterator[Told]:
    """Every small job of two levels: statuses, totals, names, and job ids that occur twice, also across levels."""
    top, middle, low = types
    sibling = Told("SUCCESS", names=("s9",), job_type=low, job_id="job-0")
    outer: list[tuple[tuple[Told, ...], int | None]] = [((), None), ((), 2), ((sibling,), 2)]
    for mid, (beside, total), grand in product(STANDINGS, outer, groups(2, STANDINGS)):
        for inner, mid_name, name, same in product((None, 1, 2, 3), ("", "s0"), ("", "s1"), ("job-0", None)):
            below = tuple(replace(leaf, names=(name,), job_type=low, job_id=same or leaf.job_id) for leaf in grand)
            child = replace(mid, below=below, total=inner, names=(mid_name,), job_type=middle, job_id="mid")
            yield replace(parent, below=(child, *beside), total=total, job_type=top)


NESTED = [("success", LOW), ("success", MID), ("fail", UNTYPED), ("running", LOW), ("lost", UNTYPED)]


@pytest.mark.parametrize(("parent", "types"), NESTED)
def test_every_rule_holds_at_every_level(parent: str, types: Types) -> None:
    """A sub-job's sub-jobs count, are counted and have to name servers as those directly below the job."""
    assert_agreement(nested(PARENTS[parent], types))


@pytest.mark.parametrize("parent", ["success", "fail", "lost"])
def test_the_order_of_sub_jobs_does_not_matter(parent: str) -> None:
    """Every order of the same sub-jobs gives the same verdict."""
    for children in groups(3):
        for naming, total in product((("", "s0", "s1", "s2"), ("", "", "s1", "s1")), (None, 4)):
            case = job(PARENTS[parent], children, TYPES["create"], naming[: len(children) + 1])
            orders = [replace(case, total=total, below=below) for below in permutations(case.below)]
            told = [Job.read(wire(each)) for each in orders]
            for expected in (None, 2, 3):
                verdicts = {answered(each, expected) for each in told}
                assert len(verdicts) == 1, f"{verdicts} of {wire(case)}"


def trees(depth: int) -> st.SearchStrategy[Told]:
    """Trees of any kind; mostly of SUCCESS, since one open record decides a whole tree."""
    return st.builds(
        Told,
        status=st.sampled_from(["SUCCESS"] * 12 + [" success ", "FAIL", "fail", "RUNNING", "ROLLING_BACK", "", None]),
        below=st.lists(trees(depth - 1), max_size=depth).map(tuple) if depth else st.just(()),
        total=st.sampled_from([None, None, None, 0, 1, 2, "1", "2", 3]),
        names=st.lists(st.sampled_from(["", "s0", "s1", "s2"]), max_size=2).map(tuple),
        job_type=st.sampled_from([None, "createServer", "createSingleServer", "BAREMETALSINGLECREATE", "warmUp"]),
        job_id=st.sampled_from([None, "", "a", "b", "c"]),
        end_time=st.sampled_from([None, "", END]),
        error_code=st.sampled_from([None, "", CODE]),
    )


def shuffled(told: Told, random: Random) -> Told:
    below = [shuffled(child, random) for child in told.below]
    return replace(told, below=tuple(random.sample(below, len(below))))


@settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(tree=trees(3), random=st.randoms(use_true_random=False))
def test_any_tree_is_judged_as_the_rule_says_in_any_order(tree: Told, random: Random) -> None:
    """Depth, mixed types, several names in one record and order change nothing that the rule does not name."""
    assert_agreement([tree, shuffled(tree, random)])


def test_the_listed_cases_reach_every_kind_of_verdict() -> None:
    """The enumeration is no empty exercise: every ruling, final or not, and every unmet rule is in it."""
    reached = {
        ruled(case, expected)
        for parent in ("success", "running")
        for case in flat(PARENTS[parent], TYPES["create"], most=2)
        for expected in expectations(case)
    }
    ends = {("SUCCEEDED", True, None), ("FAILED", True, None), ("FAILED", False, None)}
    assert reached == ends | {("PENDING", False, None), *(("INCONSISTENT", False, rule) for rule in (3, 4, 5))}
