"""Earlier responses: kept in the merged job, reported if missing, and never mixed with a different job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest

from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.memory import (
    merged,
    missing,
    stranger,
    unlisted,
)

Wire: TypeAlias = Mapping[str, Any]

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"


def part(job_id: str | None, status: str = "RUNNING", **entity: Any) -> Wire:
    return {"job_id": job_id, "status": status, "entities": entity}


def job(*parts: Wire, status: str = "RUNNING", total: int | None = None, **fields: Any) -> Job:
    return Job.read({"status": status, "entities": {"sub_jobs": list(parts), "sub_jobs_total": total}, **fields})


def seen(record: Job | None) -> list[tuple[str | None, str]]:
    return [(part.job_id, part.status) for part in record.sub_jobs] if record else []


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (None, job(part("a"))),
        (job(), job()),
        (job(part("a")), job(part("b"), part("a", "SUCCESS", server_id="s"), total=2, job_type="x")),
        (job(part("a"), total=1, job_type="x"), job(part("a"), total=1, job_type="y")),
        (job(part(None), part(None)), job(part("a"), part("b"))),
    ],
)
def test_a_response_that_has_all_is_the_merged_job(earlier: Job | None, now: Job) -> None:
    """If nothing is missing, the merged job is the response itself, and nothing is reported."""
    assert merged(earlier, now) is now
    assert missing(earlier, now) == ""


def test_the_first_response_lacks_nothing_but_what_it_announces() -> None:
    """The first response lacks only announced and unlisted sub-jobs."""
    now = job(part("a"), total=3)
    assert (missing(None, now), unlisted(now)) == ("", "3 sub-jobs are announced and 1 listed")


def test_missing_sub_jobs_stand_behind_the_others_as_last_seen() -> None:
    """A missing sub-job follows the listed sub-jobs, with the last status and names."""
    first = job(part("a"), part("b"), part(None, "INIT"), part(None))
    second = merged(first, job(part("b", "SUCCESS", server_id="s")))
    assert seen(second) == [("b", "SUCCESS"), ("a", "RUNNING"), (None, "INIT"), (None, "RUNNING")]
    third = merged(second, job(part("c"), part(None)))
    # The new sub-job may be a sub-job without an id.
    assert seen(third) == [("c", "RUNNING"), (None, "RUNNING"), ("b", "SUCCESS"), ("a", "RUNNING")]
    assert third.server_ids == ["s"]
    assert third.entities == ()


def test_missing_names_stand_with_the_job_itself() -> None:
    """A server and an interface missing in the sub-job are kept once, after any number of merges."""
    first = job(part("a", server_id="s", nic_id="n"))
    second = merged(first, job(part("a", "SUCCESS")))
    third = merged(second, job(part("a", "SUCCESS")))
    assert second.entities == third.entities == ({"server_id": "s"}, {"nic_id": "n"})
    assert (third.server_ids, third.nic_ids) == (["s"], ["n"])


def test_counts_and_types_are_kept_at_every_level() -> None:
    """The largest count and the last type belong only to the record with the same id."""
    inner = {**part("a"), "job_type": "one", "entities": {"sub_jobs": [part("b")], "sub_jobs_total": 2}}
    first = job(inner, total=3, job_type="all")
    now = merged(first, job(part("a"), {**part(None), "job_type": "odd"}, total=1))
    assert (now.sub_jobs_total, now.job_type) == (3, "all")
    assert [(each.job_id, each.sub_jobs_total, each.job_type) for each in now.sub_jobs] == [
        ("a", 2, "one"),
        (None, None, "odd"),
        ("b", None, None),
    ]


def test_of_a_sub_job_that_is_listed_twice_the_larger_count_is_kept() -> None:
    """Of a sub-job listed twice the larger count is kept, in any order."""
    more, fewer = ({**part("a"), "entities": {"sub_jobs_total": total}} for total in (2, 1))
    for pair in ((more, fewer), (fewer, more)):
        assert merged(job(*pair), job(part("a"))).sub_jobs[0].sub_jobs_total == 2


@pytest.mark.parametrize(
    ("earlier", "now", "because"),
    [
        (job(part("a"), part("b")), job(part("b")), "sub-job a was listed before and is missing"),
        (job(part("a")), job(), "sub-job a was listed before and is missing"),
        (job(part(None), part(None)), job(part(None)), "2 sub-jobs were listed before and 1 are listed"),
        (job(part("a"), part(None)), job(part("a")), "2 sub-jobs were listed before and 1 are listed"),
        (job(part("a", server_id="s")), job(part("a")), "server s was named before and is missing"),
        (job(part("a", server_id="s")), job(part("a", server_id="t")), "server s was named before and is missing"),
        (job(part("a", nic_id="n")), job(part("a", nic_id="m")), "network interface n was named before and is missing"),
        (job(part("a", server_id="s")), job(part("a"), server_ids=["s"]), "server s was named before and is missing"),
    ],
)
def test_what_is_missing_is_told_by_its_name(earlier: Job, now: Job, because: str) -> None:
    """The first missing part is named: sub-jobs before servers, servers before interfaces."""
    assert missing(earlier, now) == because


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (job(part("a", server_id="s")), job(part("b", server_id="s"), part("a"))),
        (
            job(part("a", server_id="s")),
            Job.read({"status": "SUCCESS", "entities": {"server_id": "s", "sub_jobs": [part("a")]}}),
        ),
        (job({**part("a"), "sub_jobs": [part("b")]}), job(part("a"), part("b"))),
        (job(part("a"), part("b")), job({**part("a"), "sub_jobs": [part("b")]})),
        (job(part(None), part(None)), job({**part(None), "sub_jobs": [part(None)]})),
        (job(part("a"), part("a")), job(part("a"))),
        (job(part("a")), Job.read({"status": "SUCCESS", "job_id": "a"})),
    ],
    ids=["by another", "by the job", "flat now", "nested now", "nested, nameless", "listed twice", "the job itself"],
)
def test_what_is_told_in_another_place_is_not_missing(earlier: Job, now: Job) -> None:
    """A sub-job or server at a different place is not missing: level, order and repetition do not matter."""
    assert missing(earlier, now) == ""


@pytest.mark.parametrize(
    ("earlier", "now", "why"),
    [
        (None, job(job_id=JOB), ""),
        (None, job(job_id=JOB.upper()), ""),
        (None, job(), ""),
        (None, job(part("a")), ""),
        (None, job(part(JOB), job_id="parent"), ""),
        (None, job({**part("a"), "sub_jobs": [part(JOB)]}, job_id="parent"), ""),
        (None, job(job_id="other"), f"the response is about job other, not about job {JOB}"),
        (None, job(part("a"), job_id="other"), f"the response is about job other, not about job {JOB}"),
        (job(job_type="x"), job(job_id=JOB, job_type="y"), ""),
        (job(job_type="x"), job(job_type="X"), ""),
        (job(job_type="x"), job(), ""),
        (job(), job(job_type="x"), ""),
        (
            job(job_type="x"),
            job(job_type="y"),
            f"the response names no job and has job_type y, and job {JOB} has x",
        ),
        (job(part("a")), job(part("b"), part("a")), ""),
        (job(part("a")), job(part("b"), job_id=JOB), ""),
        (job(part("a")), job(), ""),
        (job(), job(part("a")), ""),
        (job(part(None)), job(part("a")), ""),
        (job(part("a")), job(part(None)), ""),
        (job(part("a")), job(part("b")), f"the response names no job and lists none of the sub-jobs of job {JOB}"),
    ],
)
def test_whose_response_it_is(earlier: Job | None, now: Job, why: str) -> None:
    """The id decides whether a response is about the job. Without an id, a conflict of type or sub-jobs decides."""
    assert stranger(JOB, earlier, now) == why


def test_an_id_asked_for_in_capitals_is_the_same_id() -> None:
    """The case of a job id makes no difference."""
    assert stranger(JOB.upper(), None, job(job_id=JOB)) == ""
