"""Any JSON as a job document: a job or `Unreadable`, no false success, no lost sub-job."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_bms.api.models.job import Job, Unreadable

TEXTS = ("job_id", "job_type", "begin_time", "end_time", "error_code", "fail_reason", "message", "code")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    ANY_TEXT,
    st.sampled_from(["SUCCESS", " success", "FAIL", "2019-04-25T20:04:47.591Z", "2019-04-25T20:04:47", "1", "²"]),
)
JSON = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(ANY_TEXT, SCALARS, max_size=2)
NAMES = ("status", *TEXTS, "entities", "sub_jobs", "sub_jobs_total", "server_id", "nic_id", "errorcode_message", "x")


def records(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Make objects with some of the API's fields and any values."""
    return st.dictionaries(st.sampled_from(NAMES), values, max_size=5)


INNERMOST = records(JSON)
INNER = records(JSON | INNERMOST | st.lists(INNERMOST, max_size=2))
WIRE = records(JSON | INNER | st.lists(INNER, max_size=2))
QUICK = settings(max_examples=150, deadline=None, database=None)


@given(WIRE)
@QUICK
def test_anything_at_any_field(document: dict[str, Any]) -> None:
    """Any JSON value at any field gives a job or `Unreadable`, and every property of the job can be read."""
    try:
        job = Job.read(document)
    except Unreadable:
        return
    for record in job.walk():
        assert record.known_status is None or record.known_status.value == record.status
        assert record.listed <= len(record.sub_jobs)
        assert record.duration_seconds is None or record.duration_seconds >= 0
        assert record.failure_text is None or record.failure_text
        assert len(set(record.server_ids)) == len(record.server_ids)
        assert all(record.nic_ids)


@given(status=JSON | st.text("sucefß\u017f ", min_size=7, max_size=9), others=INNERMOST)
@QUICK
def test_no_success_out_of_nothing(status: object, others: dict[str, Any]) -> None:
    """A job is SUCCESS only if the job's own status is SUCCESS."""
    try:
        job = Job.read({**others, "status": status})
    except Unreadable:
        return
    said_so = isinstance(status, str) and status.isascii() and status.strip().upper() == "SUCCESS"
    assert (job.status == "SUCCESS") == said_so


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> tuple[dict[str, Any], int]:
    """Make a record and the number of sub-jobs below the record, at all possible places of sub-jobs."""
    children: list[tuple[dict[str, Any], int]] = draw(st.lists(trees(depth - 1), max_size=3)) if depth else []
    wires = [wire for wire, _ in children]
    count = len(children) + sum(below for _, below in children)
    record: dict[str, Any] = {"status": draw(st.sampled_from(["SUCCESS", "FAIL", "RUNNING"]))}
    if draw(st.booleans()):
        record["job_id"] = draw(st.sampled_from(["1", "2", ""]))
    cut = draw(st.integers(0, len(wires)))
    beside, within = wires[:cut], wires[cut:]
    empty_list: bool = draw(st.booleans())
    if beside or empty_list:
        record["sub_jobs"] = beside
    alone: bool = draw(st.booleans())
    entities: dict[str, Any] = {"sub_jobs": within[0] if len(within) == 1 and alone else within}
    record["entities"] = draw(st.sampled_from([entities, [entities], [None, {"server_id": "s"}, entities]]))
    return record, count


@given(trees())
@settings(max_examples=60, deadline=None, database=None)
def test_no_sub_job_gets_lost(tree: tuple[dict[str, Any], int]) -> None:
    """In every form of the document, all sub-jobs are read with the statuses."""
    document, count = tree
    job = Job.read(json.loads(json.dumps(document)))
    assert len(job.descendants()) == count
    text = json.dumps(document)
    for status in ("SUCCESS", "FAIL", "RUNNING"):
        assert sum(record.status == status for record in job.walk()) == text.count(f'"{status}"')
