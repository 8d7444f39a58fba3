"""Reading a job from a response.

- Every field of the API's page is read, on the job and on each sub-job.
- Extra parts of real responses are read too: nothing is lost, and nothing is invented.
- An ambiguous response is `Unreadable`. No other error is raised.
- A record is SUCCESS only with the status SUCCESS, and no sub-job gets lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.models.job import (
    MAX_DEPTH,
    Job,
    JobStatus,
    Record,
    Unreadable,
)

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud

Wire = Callable[[str], dict[str, Any]]

PROJECT = "bbf1946d374b44a0a2a95533562ba954"
ASKED_FOR = "2c9eb2c5544cbf6101544f0635672b60"
WITH_RESPONSE = "2c9eb2c5544cbf6101544f0602af2b4f"
SERVER = "bae51750-0089-41a1-9b18-5c777978ff6d"


def test_the_sample_exchange_of_the_page(cloud: Cloud, payload: Callable[[str], bytes]) -> None:
    """A poll of a sub-job in the page's sample returns the whole job."""
    server = cloud.responding(cloud.response(200, payload("page_sample"), Content_Type="application/json"))
    transport = Client(server.endpoint, TokenCredential("a-token", "HW_AUTH_TOKEN"), lockout_guard=LockoutGuard())

    job = JobApi(Channel(transport, GivenProject(PROJECT))).get_job(ASKED_FOR).job

    (request,) = server.seen
    assert request.line == f"GET /v1/{PROJECT}/jobs/{ASKED_FOR} HTTP/1.1"

    assert (job.status, job.known_status) == ("SUCCESS", JobStatus.SUCCESS)
    assert (job.job_id, job.job_type) == (WITH_RESPONSE, "baremetalBatchCreate")
    assert (job.begin_time, job.end_time) == ("2019-04-25T20:04:34.604Z", "2019-04-25T20:08:41.593Z")
    assert job.duration_seconds == pytest.approx(246.989)
    assert (job.error_code, job.fail_reason, job.message, job.code) == (None, None, None, None)
    assert (job.sub_jobs_total, job.listed, job.entities) == (1, 1, ())
    (child,) = job.sub_jobs
    assert (child.status, child.job_id, child.job_type) == ("SUCCESS", ASKED_FOR, "baremetalSingleCreate")
    assert (child.begin_time, child.end_time) == ("2019-04-25T20:04:47.591Z", "2019-04-25T20:08:21.328Z")
    assert child.duration_seconds == pytest.approx(213.737)
    assert (child.error_code, child.fail_reason, child.message, child.code) == (None, None, None, None)
    assert child.entities == ({"server_id": SERVER},)
    assert job.server_ids == [SERVER]
    assert job.nic_ids == []


# Fields, missing and filled

TEXTS = ("job_id", "job_type", "begin_time", "end_time", "error_code", "fail_reason", "message", "code")


def at_both_levels(fields: dict[str, Any]) -> tuple[Record, Record]:
    """Read a job with the fields, and a sub-job with the same fields."""
    job = Job.read({"status": "FAIL", **fields, "sub_jobs": [{"status": "FAIL", **fields}]})
    return job, job.sub_jobs[0]


@pytest.mark.parametrize("name", TEXTS)
def test_every_text_of_the_page_is_read(name: str) -> None:
    """Each text field of the two tables is read, on the job and on the sub-job."""
    for record in at_both_levels({name: "what the API said"}):
        assert getattr(record, name) == "what the API said"
        assert [other for other in TEXTS if getattr(record, other) is not None] == [name]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [None, "", " \n", True, [], {}, ["x"], {"x": 1}])
def test_nothing_and_no_text_are_none(name: str, value: object) -> None:
    """A text that is missing, null, blank, or not a text is None, and not an error."""
    for record in at_both_levels({name: value}):
        assert getattr(record, name) is None
    for record in at_both_levels({}):
        assert getattr(record, name) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(404, "404"), (1.5, "1.5"), ("  BMS.3037\n", "BMS.3037"), ("失败", "失败")],
)
def test_numbers_and_blanks_of_a_text(value: object, text: str) -> None:
    """A number is read as text, and outer blanks are dropped."""
    for record in at_both_levels({"error_code": value}):
        assert record.error_code == text


@pytest.mark.parametrize("status", [*JobStatus])
def test_every_status_of_the_page(status: JobStatus) -> None:
    """The statuses of the API's pages are known."""
    job = Job.read({"status": status.value, "sub_jobs": [{"status": status.value}]})
    assert [record.known_status for record in job.walk()] == [status, status]


@pytest.mark.parametrize("written", ["SUCCESS", "success", "Success", " SUCCESS ", "\tsuccess\n"])
def test_case_and_blanks_of_a_status(written: str) -> None:
    """Case and outer blanks of a status don't matter."""
    assert Job.read({"status": written}).status == "SUCCESS"


@pytest.mark.parametrize(
    "written", ["WAITING_EXECUTE", "SUCCESS_WITH_WARNINGS", "SUC CESS", "succeß", "\u017fuccess", "SUCCESS\u200b"]
)
def test_an_unknown_status_is_kept(written: str) -> None:
    """A status that is not on the API's pages is kept unchanged, and is not a known status."""
    job = Job.read({"status": written})
    assert (job.status, job.known_status) == (written, None)


@pytest.mark.parametrize("value", [None, "", "  ", True, 1, 0.5, [], ["SUCCESS"], {"status": "SUCCESS"}])
def test_no_status_is_no_success(value: object) -> None:
    """A status that is missing or not a text is empty: neither a success nor an error."""
    job = Job.read({"status": value, "sub_jobs": [{"status": value}, {}]})
    assert [record.status for record in job.walk()] == ["", "", ""]
    assert job.known_status is None


# Entities


@pytest.mark.parametrize("entities", [None, "", "text", 0, 7, 1.5, True, [], {}, [None], ["s"], [{}], [[{"a": 1}]]])
def test_entities_that_say_nothing(entities: object) -> None:
    """Entities that are null, blank, a number or without an object are empty, and not an error."""
    for record in at_both_levels({"entities": entities}):
        assert record.entities == ()
        assert record.own_server_ids == []


@pytest.mark.parametrize("entities", [{"server_id": "s", "nic_id": "n"}, [{"server_id": "s"}, {"nic_id": "n"}]])
def test_ids_of_entities(entities: object) -> None:
    """Both ids of table 4 are read, from an object and from a list of objects."""
    job, child = at_both_levels({"entities": entities})
    assert (child.own_server_ids, child.nic_ids) == (["s"], ["n"])
    assert (job.own_server_ids, job.nic_ids) == (["s"], ["n"])


@pytest.mark.parametrize("value", [None, "", "  ", 7, True, [], ["s"], {"id": "s"}])
def test_an_id_that_is_no_text_is_no_id(value: object) -> None:
    """Only a text that is not blank is an id."""
    job = Job.read({"status": "SUCCESS", "entities": {"server_id": value, "nic_id": value}})
    assert (job.server_ids, job.nic_ids) == ([], [])


def test_entities_as_a_list(wire: Wire) -> None:
    """Entities may be a list: sub-jobs of all items are collected."""
    job = Job.read(wire("entities_as_list"))
    assert (job.sub_jobs_total, job.listed) == (2, 2)
    assert [len(child.entities) for child in job.sub_jobs] == [2, 1]
    assert [server[-2:] for server in job.server_ids] == ["01", "02"]
    assert job.nic_ids == ["nic-1", "nic-2"]


def test_entities_keep_all_but_the_sub_jobs(wire: Wire) -> None:
    """Every key of the entities is kept, of any type, except `sub_jobs` and `sub_jobs_total`."""
    job = Job.read(wire("unknown_fields"))
    assert job.entities == ({"attached_volume_ids": ["vol-1", "vol-2"]},)
    assert job.sub_jobs[0].entities[0]["rack"] == {"row": 3}


# Sub-jobs


def test_nested_sub_jobs(wire: Wire) -> None:
    """Sub-jobs of sub-jobs are read, and come depth first."""
    job = Job.read(wire("nested"))
    assert [(record.job_id or "")[-2:] for record in job.walk()] == ["01", "01", "11", "12", "02"]
    assert [record.status for record in job.descendants()] == ["SUCCESS", "SUCCESS", "RUNNING", "SUCCESS"]
    assert [server[-2:] for server in job.server_ids] == ["01", "02"]
    assert (job.listed, job.sub_jobs[0].listed, job.sub_jobs[0].sub_jobs_total) == (2, 2, 2)


def test_sub_jobs_at_both_places() -> None:
    """Sub-jobs beside and in the entities are all kept, and the higher count holds."""
    one, two = {"status": "SUCCESS", "job_id": "1"}, {"status": "FAIL", "job_id": "2"}
    job = Job.read(
        {"status": "FAIL", "entities": {"sub_jobs": [one], "sub_jobs_total": 1}, "sub_jobs": [two], "sub_jobs_total": 3}
    )
    assert ([child.job_id for child in job.sub_jobs], job.sub_jobs_total) == (["1", "2"], 3)


@pytest.mark.parametrize("sub_jobs", [None, "", [], {}])
def test_no_sub_jobs(sub_jobs: object) -> None:
    """Null, a blank, or an empty list or object means no sub-jobs."""
    for holder in ({"entities": {"sub_jobs": sub_jobs}}, {"sub_jobs": sub_jobs}):
        assert Job.read({"status": "RUNNING", **holder}).sub_jobs == ()


@pytest.mark.parametrize("sub_jobs", ["text", 0, 7, True, [None], [{"status": "SUCCESS"}, "x"], [[]], [1]])
def test_sub_jobs_that_are_no_objects(sub_jobs: object) -> None:
    """A list of sub-jobs with anything but objects is unreadable, because the list may be longer."""
    for holder in (
        {"entities": {"sub_jobs": sub_jobs}},
        {"entities": [{"sub_jobs": sub_jobs}]},
        {"sub_jobs": sub_jobs},
    ):
        with pytest.raises(Unreadable, match="sub_jobs must be a list of objects"):
            Job.read({"status": "SUCCESS", **holder})
        with pytest.raises(Unreadable, match="sub_jobs must be a list of objects"):
            Job.read({"status": "SUCCESS", "sub_jobs": [{"status": "SUCCESS", **holder}]})


@pytest.mark.parametrize(
    ("value", "total"),
    [(0, 0), (3, 3), (3.0, 3), ("3", 3), (" 3 ", 3), ("0", 0), ("0" * 30 + "3", 3), (None, None), ("", None)],
)
def test_the_number_of_sub_jobs(value: object, total: int | None) -> None:
    """The count may be a number, a whole float or a text. A missing count is None, not 0."""
    assert Job.read({"status": "RUNNING", "entities": {"sub_jobs_total": value}}).sub_jobs_total == total
    assert Job.read({"status": "RUNNING", "sub_jobs_total": value}).sub_jobs_total == total


@pytest.mark.parametrize(
    "value",
    [-1, 1.5, True, "x", "1.0", "-1", "²", "٣", "1 2", [], {}, 10**400, "9" * 5000, 1e300, float("nan"), float("inf")],
)
def test_a_count_that_is_none(value: object) -> None:
    """A fraction or an absurd count is unreadable, on the job and on a sub-job."""
    with pytest.raises(Unreadable, match="sub_jobs_total must be a whole number"):
        Job.read({"status": "SUCCESS", "entities": {"sub_jobs_total": value}})
    with pytest.raises(Unreadable, match="sub_jobs_total must be a whole number"):
        Job.read({"status": "SUCCESS", "sub_jobs": [{"status": "SUCCESS", "sub_jobs_total": value}]})


def test_a_sub_job_listed_twice() -> None:
    """A sub-job listed twice counts once. Sub-jobs without an id count separately."""
    once = {"status": "SUCCESS", "job_id": "1", "entities": {"server_id": "s"}}
    job = Job.read({"status": "SUCCESS", "sub_jobs": [once, once, {"status": "INIT"}, {"status": "INIT"}]})
    assert (len(job.sub_jobs), job.listed) == (4, 3)
    assert job.server_ids == ["s"]


def test_order_of_server_ids() -> None:
    """Server ids come depth first, the record's own id first, without duplicates."""
    job = Job.read(
        {
            "status": "SUCCESS",
            "entities": {
                "server_id": "z",
                "sub_jobs": [
                    {"entities": {"server_id": "c", "sub_jobs": [{"entities": {"server_id": "b"}}]}},
                    {"entities": [{"server_id": "a"}, {"server_id": " c "}]},
                    {"entities": {"server_id": "z"}},
                ],
            },
        }
    )
    assert job.server_ids == ["z", "c", "b", "a"]


def chain(depth: int) -> dict[str, Any]:
    """Nest sub-jobs to the depth."""
    document: dict[str, Any] = {"status": "SUCCESS"}
    for _ in range(depth):
        document = {"status": "SUCCESS", "entities": {"sub_jobs": [document]}}
    return document


def test_the_greatest_depth() -> None:
    """Sub-jobs nested 16 deep are read."""
    assert len(Job.read(chain(MAX_DEPTH)).descendants()) == MAX_DEPTH == 16


@pytest.mark.parametrize("depth", [17, 10_000])
def test_deeper_is_unreadable(depth: int) -> None:
    """Sub-jobs nested deeper are unreadable: neither a shorter job nor a stack overflow."""
    with pytest.raises(Unreadable, match=r"^sub-jobs are nested more than 16 deep$"):
        Job.read(chain(depth))


# Computed properties


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"fail_reason": "a", "entities": {"errorcode_message": "b"}}, "a; b"),
        ({"fail_reason": "a", "entities": [{"errorcode_message": "b"}, {"errorcode_message": "c"}]}, "a; b; c"),
        ({"fail_reason": "No host.", "entities": {"errorcode_message": "No host"}}, "No host."),
        ({"fail_reason": "No host", "entities": {"errorcode_message": "No host in az1"}}, "No host in az1"),
        ({"fail_reason": "No host in az1", "entities": {"errorcode_message": "No host"}}, "No host in az1"),
        ({"fail_reason": "", "entities": [{"errorcode_message": " "}, {"errorcode_message": "b"}]}, "b"),
        ({"entities": {"errorcode_message": None}}, None),
        ({"entities": {"errorcode_message": ["b"]}}, None),
        ({}, None),
    ],
)
def test_where_the_reason_is_found(fields: dict[str, Any], text: str | None) -> None:
    """The reason joins all reason texts, without blank texts and texts contained in a longer text."""
    for record in at_both_levels(fields):
        assert record.failure_text == text


@pytest.mark.parametrize(
    ("begin", "end", "seconds"),
    [
        ("2019-04-25T20:04:47.591Z", "2019-04-25T20:08:21.328Z", 213.737),
        ("2019-04-25T20:00:00Z", "2019-04-25T20:00:00Z", 0.0),
        ("2019-04-25T20:00:00+00:00", "2019-04-25T22:00:01+02:00", 1.0),
        ("2019-04-25T20:00:00", "2019-04-25T20:00:01", 1.0),
        ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 315538070279.0),
        ("2019-04-25T20:00:01Z", "2019-04-25T20:00:00Z", None),
        ("2019-04-25T20:00:00", "2019-04-25T20:00:01Z", None),
        ("2019-04-25T20:00:00Z", "", None),
        (None, None, None),
        ("yesterday", "2019-04-25T20:00:00Z", None),
        ("2019-04-25T20:00:00Z", "2019-02-30T20:00:00Z", None),
        ("1512011200000", "1512011260000", None),
        ([2019], {"year": 2019}, None),
    ],
)
def test_duration(begin: object, end: object, seconds: float | None) -> None:
    """The duration is begin to end in seconds, never negative. The duration is None if the times can't be compared."""
    for record in at_both_levels({"begin_time": begin, "end_time": end}):
        assert record.duration_seconds == (seconds if seconds is None else pytest.approx(seconds))


# Beyond the page


def test_unknown_fields_are_kept(wire: Wire) -> None:
    """Unknown fields are kept, on the job and on the sub-job."""
    job = Job.read(wire("unknown_fields"))
    assert job.model_extra == {"priority": 7, "labels": {"team": "blue"}}
    assert job.sub_jobs[0].model_extra == {"retries": 0}
    assert job.job_type == "baremetalQuantumEntangle"


def test_fields_named_like_our_own() -> None:
    """A field of the response can't replace a computed property."""
    names = ("server_ids", "listed", "known_status", "duration_seconds", "walk", "model_config", "__class__")
    job = Job.read({"status": "RUNNING", **dict.fromkeys(names, "SUCCESS")})
    assert (job.server_ids, job.listed, job.known_status) == ([], 0, JobStatus.RUNNING)
    assert [type(record) for record in job.walk()] == [Job]


def test_an_unreadable_response_does_not_repeat_itself() -> None:
    """The reason has the place and the rule, not the value, because the value may be a password."""
    with pytest.raises(Unreadable) as caught:
        Job.read({"status": "SUCCESS", "sub_jobs": [{"sub_jobs_total": "geheim"}]})
    assert str(caught.value) == "sub_jobs.0: Value error, sub_jobs_total must be a whole number"
