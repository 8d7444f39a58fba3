"""Timelines without HTTP: a scenario and an elapsed time give a body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest

from bms_simulator import SCENARIOS
from bms_simulator.clock import Stamp
from bms_simulator.http.responses import Json, JsonObject
from bms_simulator.scenarios.timeline import CREATE_SECONDS, batch, render, single, walk

STARTED = datetime(2019, 4, 25, 20, 4, 34, 604000, tzinfo=UTC)
FOREVER = 1e9
IDS = ("a", "b", "c")


def shown(scenario_name: str, elapsed: float, count: int = 3) -> JsonObject:
    """Return the body of a create job of `count` servers."""
    scenario = SCENARIOS[scenario_name]
    parts = [(server_id, {"server_id": server_id}) for server_id in IDS[:count]]
    base = batch("0" * 32, ("baremetalBatchCreate", "baremetalSingleCreate"), parts, CREATE_SECONDS)
    return scenario.shape(render(scenario.plan(base), elapsed, Stamp(STARTED)))


def sub_jobs(job: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the sub-jobs of a body."""
    entities = cast("Mapping[str, Json]", job["entities"])
    return [cast("Mapping[str, Json]", each) for each in cast("Sequence[Json]", entities.get("sub_jobs", ()))]


def statuses(job: Mapping[str, Json]) -> str:
    """Return the statuses of a job and the sub-jobs in one line."""
    return " ".join(str(each["status"]) for each in (job, *sub_jobs(job)))


def server_ids(job: Mapping[str, Json]) -> list[Json]:
    """Return the server ids of the sub-jobs."""
    entities = (cast("Mapping[str, Json]", each["entities"]) for each in sub_jobs(job))
    return [each["server_id"] for each in entities if "server_id" in each]


@pytest.mark.parametrize(
    ("name", "elapsed", "expected"),
    [
        ("ok", 0, "INIT"),
        ("ok", 5, "RUNNING INIT INIT INIT"),
        ("ok", 20, "RUNNING RUNNING RUNNING RUNNING"),
        ("ok", 150, "RUNNING SUCCESS RUNNING RUNNING"),
        ("ok", 190, "RUNNING SUCCESS SUCCESS RUNNING"),
        ("ok", 230, "RUNNING SUCCESS SUCCESS SUCCESS"),
        ("ok", 240, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("quick", 0, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("fail", 150, "RUNNING FAIL RUNNING RUNNING"),
        ("fail", 240, "FAIL FAIL FAIL FAIL"),
        ("fail-one", 239, "RUNNING SUCCESS FAIL SUCCESS"),
        ("fail-one", 240, "FAIL SUCCESS FAIL SUCCESS"),
        ("fail-late", 50, "RUNNING FAIL RUNNING RUNNING"),
        ("fail-late", 240, "FAIL FAIL SUCCESS SUCCESS"),
        ("liar", 240, "SUCCESS SUCCESS FAIL SUCCESS"),
        ("late-child", 230, "SUCCESS SUCCESS SUCCESS RUNNING"),
        ("late-child", 320, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("stuck-child", FOREVER, "SUCCESS SUCCESS SUCCESS RUNNING"),
        ("short-list", 300, "SUCCESS SUCCESS SUCCESS"),
        ("short-list", 320, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("missing-child", FOREVER, "SUCCESS SUCCESS SUCCESS"),
        ("no-sub-jobs", 240, "SUCCESS"),
        ("nested", 240, "SUCCESS SUCCESS SUCCESS"),
        ("odd-case", 240, " success   success   success   success "),
        ("unknown-status", 100, "WAITING_EXECUTE"),
        ("unknown-status", 240, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("unknown-failed", FOREVER, "ABORTED FAIL FAIL FAIL"),
        ("success-with-code", 240, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("unpaid", 60, "PENDING_PAYMENT"),
        ("unpaid", 90, "RUNNING RUNNING RUNNING RUNNING"),
        ("unpaid", 312, "SUCCESS SUCCESS SUCCESS SUCCESS"),
        ("unpaid-forever", FOREVER, "PENDING_PAYMENT"),
        ("stuck", FOREVER, "RUNNING RUNNING RUNNING RUNNING"),
        ("duplicates", 240, "SUCCESS SUCCESS SUCCESS SUCCESS"),
    ],
)
def test_statuses_follow_the_time(name: str, elapsed: float, expected: str) -> None:
    """Only the scenario and the elapsed time decide the statuses of the job and the sub-jobs."""
    assert statuses(shown(name, elapsed)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ok", ["a", "b", "c"]),
        ("fail", []),
        ("fail-one", ["a", "c"]),
        ("liar", ["a", "c"]),
        ("missing-child", ["a", "b"]),
        ("no-ids", []),
        ("nested", ["a"]),
        ("duplicates", ["a", "b", "a"]),
    ],
)
def test_servers_are_named_by_sub_jobs_that_succeed(name: str, expected: list[str]) -> None:
    """Only a succeeded sub-job has the server's id."""
    assert server_ids(shown(name, FOREVER)) == expected


def test_a_server_is_not_named_before_its_sub_job_has_succeeded() -> None:
    """During the job only the server ids of finished sub-jobs are shown."""
    assert server_ids(shown("ok", 150)) == ["a"]


def test_the_fields_of_a_running_job_are_those_of_real_responses() -> None:
    """A running job has an empty end_time, and neither error_code nor fail_reason."""
    assert shown("ok", 0) == {
        "status": "INIT",
        "entities": {},
        "job_id": "0" * 32,
        "job_type": "baremetalBatchCreate",
        "begin_time": "2019-04-25T20:04:34.604Z",
        "end_time": "",
    }


def test_the_fields_of_a_finished_job_are_those_of_the_page() -> None:
    """A succeeded job has begin and end times, and null for error_code and fail_reason."""
    job = shown("ok", 240, count=1)
    sub_job = sub_jobs(job)[0]
    assert {key: value for key, value in job.items() if key != "entities"} == {
        "status": "SUCCESS",
        "job_id": "0" * 32,
        "job_type": "baremetalBatchCreate",
        "begin_time": "2019-04-25T20:04:34.604Z",
        "end_time": "2019-04-25T20:08:34.604Z",
        "error_code": None,
        "fail_reason": None,
    }
    assert sub_job == {
        "status": "SUCCESS",
        "entities": {"server_id": "a"},
        "job_id": sub_job["job_id"],
        "job_type": "baremetalSingleCreate",
        "begin_time": "2019-04-25T20:04:39.404Z",
        "end_time": "2019-04-25T20:07:58.604Z",
        "error_code": None,
        "fail_reason": None,
    }


def test_a_failure_tells_its_code_and_reason() -> None:
    """A failed job and the failed sub-job have separate codes, and the sub-job has the concrete reason."""
    job = shown("fail-one", 240)
    failed = sub_jobs(job)[1]
    assert (job["error_code"], failed["error_code"]) == ("BMS.3004", "BMS.3037")
    assert failed["entities"] == {"errorcode_message": failed["fail_reason"]}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_ids_are_distinct(name: str, count: int) -> None:
    """The job and the sub-jobs have different ids, in every scenario."""
    parts = [(server_id, {"server_id": server_id}) for server_id in IDS[:count]]
    plan = SCENARIOS[name].plan(batch("0" * 32, ("parent", "child"), parts, 240))
    ids = [step.job_id for step in walk(plan)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_bends_a_job_without_sub_jobs_too(name: str) -> None:
    """Jobs without sub-jobs, for example the attachment of a disk, work with every scenario."""
    scenario = SCENARIOS[name]
    plan = scenario.plan(single("0" * 32, "baremetalAttachVolume", "a", {"server_id": "a"}, 24))
    for elapsed in (0, 12, 24, FOREVER):
        assert scenario.shape(render(plan, elapsed, Stamp(STARTED)))["status"]


def test_short_lists_still_count_all_sub_jobs() -> None:
    """sub_jobs_total is the full number of sub-jobs, also if fewer sub-jobs are listed."""
    entities = cast("Mapping[str, Json]", shown("missing-child", 240)["entities"])
    assert entities["sub_jobs_total"] == 3


def test_a_job_without_sub_jobs_names_its_server_itself() -> None:
    """Without sub-jobs, the parent's entities have the server id beside an empty list."""
    job = shown("no-sub-jobs", 240)
    assert job["job_type"] == "createServer"
    assert job["entities"] == {"sub_jobs_total": 0, "sub_jobs": [], "server_id": "a"}


def test_nested_sub_jobs_hold_the_other_servers() -> None:
    """A sub-job with sub-jobs lists the sub-jobs like the parent."""
    group = sub_jobs(shown("nested", 240))[1]
    assert server_ids(group) == ["b", "c"]


def test_other_shapes() -> None:
    """The same job can have the form of different services of the cloud."""
    assert [each["entities"] for each in sub_jobs(shown("entities-list", 240, 1))] == [[{"server_id": "a"}]]
    assert shown("entities-null", 0)["entities"] is None
    assert [each["entities"] for each in sub_jobs(shown("entities-null", 20, 1))] == [None]
    top_level = shown("top-level", 240)
    assert top_level["entities"] == {}
    assert len(cast("Sequence[Json]", top_level["sub_jobs"])) == 3


def test_wrong_types_are_wrong_in_every_field() -> None:
    """No field of the job with wrong types has the type of the same field of an honest job."""
    honest, garbage = shown("fail", 240), shown("garbage-types", 240)
    assert honest.keys() == garbage.keys()
    assert not [key for key in honest if type(honest[key]) is type(garbage[key])]


def test_times_are_wall_time() -> None:
    """With a time scale the times in a job are real times."""
    assert Stamp(STARTED, time_scale=60.0)(240.0) == "2019-04-25T20:04:38.604Z"
