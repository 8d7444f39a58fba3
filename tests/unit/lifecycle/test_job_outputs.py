"""A job as outputs: stored, and read from the outputs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

from pulumi_bms.api.classification import read_object
from pulumi_bms.api.http.response import Response
from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle.job_outputs import INCONSISTENT, job_of, outputs_of, stored_status, unfinished_status
from pulumi_bms.lifecycle.job_set import stored_job
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.waiting.memory import merged, missing
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.success_rule import Finality, Judgement, Ruling, judge, survivors

ASKED = "2c9eb2c5544cbf6101544f0602af2b4f"
TIMES = {"begin_time": "2016-04-25T20:04:34.604Z", "end_time": "2016-04-25T20:08:41.593Z"}
STATUSES = ("INIT", "RUNNING", "SUCCESS", "FAIL", "PENDING_PAYMENT", "WAITING", "ABORTED")
LISTS = ("server_ids", "nic_ids", "surviving_server_ids", "sub_jobs", "entities")


def messages(
    status: str, *children: dict[str, Any], job_type: str = "baremetalBatchCreate", **more: Any
) -> dict[str, Any]:
    """A response of the API."""
    listed = {"sub_jobs_total": len(children), "sub_jobs": list(children)}
    return {"job_id": "of-the-answer", "job_type": job_type, "status": status, **TIMES, "entities": listed, **more}


def created(status: str, server_id: str | None, **more: Any) -> dict[str, Any]:
    """A sub-job of a response."""
    entities = {} if server_id is None else {"server_id": server_id, "nic_id": f"nic-of-{server_id}"}
    job_type = "baremetalSingleCreate"
    return {"job_id": f"making-{server_id}", "job_type": job_type, "status": status, "entities": entities, **more}


BATCH = messages("SUCCESS", created("SUCCESS", "b", **TIMES), created("SUCCESS", "a", **TIMES))


def every_job() -> Iterator[Job]:
    """Jobs of every status with up to two sub-jobs of every status, ended with an error or not, listed or not."""
    ends: tuple[dict[str, Any], ...] = ({}, {"error_code": "BMS.3004"}, {"error_code": None, "end_time": None})
    families = [pair for size in range(3) for pair in combinations_with_replacement(STATUSES, size)]
    for status, family, end, unlisted in product(STATUSES, families, ends, (0, 1)):
        for server_id, job_type in (("s", "baremetalBatchCreate"), (None, "baremetalBatchOperate")):
            children = [created(child, server_id and f"{server_id}{n}", **end) for n, child in enumerate(family)]
            wire = messages(status, *children, job_type=job_type, **end)
            wire["entities"]["sub_jobs_total"] += unlisted
            yield Job.read(wire)


EVERY_JOB = list(every_job())


def test_the_names_are_pinned() -> None:
    """The outputs have all pinned names for any job, because users' stacks hold the names."""
    names = [
        *("job_type", "status", "begin_time", "end_time", "duration_seconds"),
        *("error_code", "fail_reason", "message", "code", "sub_jobs_total"),
        *("server_ids", "nic_ids", "surviving_server_ids", "sub_jobs", "entities"),
    ]
    assert list(OUTPUTS) == names
    for job in (Job.read(BATCH), Job.read({"status": "INIT"}), None):
        assert outputs_of(ASKED, job, "SUCCESS").keys() == {"job_id", *names}


def test_a_success_is_stored_whole() -> None:
    """A success is stored with every field of the response, the servers in sub-job order, and the polled job id."""
    assert outputs_of(ASKED, Job.read(BATCH), "SUCCESS") == {
        "job_id": ASKED,
        "job_type": "baremetalBatchCreate",
        "status": "SUCCESS",
        "begin_time": "2016-04-25T20:04:34.604Z",
        "end_time": "2016-04-25T20:08:41.593Z",
        "duration_seconds": 246.989,
        "error_code": None,
        "fail_reason": None,
        "message": None,
        "code": None,
        "sub_jobs_total": 2,
        "server_ids": ["b", "a"],
        "nic_ids": ["nic-of-b", "nic-of-a"],
        "surviving_server_ids": [],
        "entities": [],
        "sub_jobs": [
            {
                "job_id": f"making-{server}",
                "job_type": "baremetalSingleCreate",
                "status": "SUCCESS",
                "begin_time": "2016-04-25T20:04:34.604Z",
                "end_time": "2016-04-25T20:08:41.593Z",
                "error_code": None,
                "fail_reason": None,
                "message": None,
                "code": None,
                "entities": [{"server_id": server, "nic_id": f"nic-of-{server}"}],
            }
            for server in "ba"
        ],
    }


def test_sub_jobs_at_any_level_are_one_list() -> None:
    """Sub-jobs of any level are one list, depth first, with all keys of the entities except sub-jobs."""
    inner = {**messages("SUCCESS", created("SUCCESS", "x"), created("SUCCESS", "y")), "job_id": "group"}
    inner["entities"]["zone"] = "az1"
    nested = messages("SUCCESS", entities={"server_id": "own", "sub_jobs": [inner, created("SUCCESS", "z")]})
    result = outputs_of(ASKED, Job.read(nested), "SUCCESS")
    assert [part["job_id"] for part in result["sub_jobs"]] == ["group", "making-x", "making-y", "making-z"]
    assert result["sub_jobs"][0]["entities"] == [{"zone": "az1"}]
    assert result["server_ids"] == ["own", "x", "y", "z"]
    for entity in [*result["entities"], *(entity for part in result["sub_jobs"] for entity in part["entities"])]:
        assert not entity.keys() & {"sub_jobs", "sub_jobs_total"}
    assert result["entities"] == [{"server_id": "own"}]


def test_an_empty_time_is_none() -> None:
    """An empty time or text is stored as None, also in sub-jobs."""
    blank = dict.fromkeys(("begin_time", "end_time", "error_code", "fail_reason", "message", "code"), "")
    result = outputs_of(ASKED, Job.read(messages("RUNNING", created("INIT", "a", **blank), **blank)), "RUNNING")
    assert {name: result[name] for name in blank} == dict.fromkeys(blank)
    assert {name: result["sub_jobs"][0][name] for name in blank} == dict.fromkeys(blank)
    assert result["duration_seconds"] is None


@pytest.mark.parametrize("status", [status for status in (*STATUSES, INCONSISTENT, "") if status != "SUCCESS"])
def test_server_ids_are_for_success_only(status: str) -> None:
    """Server ids are stored only with SUCCESS. With any other status the servers are survivors."""
    result = outputs_of(ASKED, Job.read(BATCH), status)
    assert (result["server_ids"], result["nic_ids"]) == ([], [])
    assert result["surviving_server_ids"] == ["b", "a"]


@pytest.mark.parametrize(
    ("job_type", "of_sub_job", "survive"),
    [
        ("baremetalBatchCreate", "baremetalSingleCreate", True),
        ("createServer", "createSingleServer", True),
        ("somethingElse", "baremetalSingleCreate", True),
        (None, None, True),
        ("baremetalBatchOperate", "baremetalSingleOperate", False),
        ("baremetalBatchDelete", None, False),
        (None, "baremetalSingleOperate", False),
    ],
)
def test_only_what_a_job_makes_survives_it(job_type: str | None, of_sub_job: str | None, *, survive: bool) -> None:
    """Only servers of a job that creates servers are survivors. A job without a type counts as creating."""
    child = {**created("SUCCESS", "a"), "job_type": of_sub_job}
    job = Job.read({**messages("FAIL", child), "job_type": job_type})
    assert survivors(job) == (["a"] if survive else [])
    assert outputs_of(ASKED, job, "FAIL")["surviving_server_ids"] == (["a"] if survive else [])


@pytest.mark.parametrize("status", ["", "RUNNING"])
def test_a_job_never_seen_is_stored_empty(status: str) -> None:
    """A job without a response is stored with all names and empty lists. Only a status makes the outputs readable."""
    result = outputs_of(ASKED, None, status)
    assert result["job_id"] == ASKED
    assert result["status"] == (status or None)
    assert all(result[name] == [] for name in LISTS)
    assert all(result[name] is None for name in OUTPUTS if name not in {"status", *LISTS})
    assert (job_of(result) is None) == (not status)


def test_nothing_is_read_out_of_no_outputs() -> None:
    """Outputs without a status give no job."""
    assert job_of({}) is None
    assert job_of({"job_id": ASKED, "status": None, "expected_servers": 3.0}) is None


def test_outputs_survive_a_round_trip() -> None:
    """Outputs, read and stored again, are the same outputs, although the state keeps numbers as floats."""
    for job in EVERY_JOB:
        for status in ("SUCCESS", "FAIL", "RUNNING"):
            stored = outputs_of(ASKED, job, status)
            known = job_of(_kept(stored))
            assert known is not None
            assert outputs_of(ASKED, known, status) == stored


def test_a_stored_job_is_judged_no_better_than_the_job() -> None:
    """A stored job gets the same judgement as the job."""
    for job in EVERY_JOB:
        known = job_of(_kept(outputs_of(ASKED, job, job.status)))
        assert known is not None
        assert judge(known) == judge(job)


def test_the_next_run_knows_what_was_told_in_this_one() -> None:
    """The next run knows counts, sub-jobs, servers and interfaces of the state, and notices a shorter response."""
    job = Job.read(messages("RUNNING", created("SUCCESS", "a"), created("RUNNING", None)))
    earlier = job_of(_kept(outputs_of(ASKED, job, "RUNNING")))
    for less in ({"status": "SUCCESS"}, messages("SUCCESS", created("SUCCESS", "b"), created("SUCCESS", None))):
        response = Job.read(less)
        assert missing(earlier, response)
        assert judge(response, None, earlier).ruling is Ruling.INCONSISTENT
        again = job_of(_kept(outputs_of(ASKED, merged(earlier, response), "RUNNING")))
        assert again is not None
        assert "a" in again.server_ids
        assert "nic-of-a" in again.nic_ids
        assert again.sub_jobs_total == 2


def test_an_unfinished_wait_never_stores_an_end() -> None:
    """An unfinished wait never stores SUCCESS, and stores FAIL only for a final failure."""
    for job in EVERY_JOB:
        status = unfinished_status(job)
        judgement = judge(job)
        assert status
        assert status != "SUCCESS"
        assert (status == "FAIL") == judgement.is_final_failure
        assert stored_job(_kept(outputs_of(ASKED, job, status))).has_failed == judgement.is_final_failure
        assert (status == INCONSISTENT) == (judgement.ruling is Ruling.INCONSISTENT)
        if job.status not in {"SUCCESS", "FAIL"}:
            assert status == job.status


def test_a_job_never_seen_has_no_status() -> None:
    """An interrupted wait without a response stores no status."""
    assert unfinished_status(None) == ""


def test_success_is_stored_for_a_success_only() -> None:
    """Only the end SUCCEEDED stores SUCCESS, for every last response."""
    for job, end in product([*EVERY_JOB, None], End):
        status = stored_status(Outcome(end, ASKED, job, elapsed=10.0, timeout=60.0))
        assert (status == "SUCCESS") == (end is End.SUCCEEDED)


def test_what_a_response_lacked_keeps_a_failure_unfinished() -> None:
    """The judgement of the newest response decides the stored status."""
    job = Job.read(messages("FAIL", created("SUCCESS", "a")))
    settling = Judgement(Ruling.FAILED, Finality.SETTLING)
    assert unfinished_status(job, settling) == "RUNNING"
    outcome = Outcome(End.FAILED, ASKED, job, elapsed=10.0, timeout=60.0, judgement=settling)
    assert stored_status(outcome) == "RUNNING"


@pytest.mark.parametrize(
    ("outputs", "is_final"),
    [
        (outputs_of(ASKED, Job.read(messages("FAIL")), "FAIL"), True),
        (outputs_of(ASKED, Job.read(messages("SUCCESS", created("FAIL", "a"))), "FAIL"), True),
        (outputs_of(ASKED, Job.read(messages("FAIL", created("RUNNING", "a"))), "FAIL"), False),
        (
            outputs_of(ASKED, Job.read(messages("FAIL", created("ABORTED", "a", **TIMES, error_code="x"))), "FAIL"),
            False,
        ),
        ({**outputs_of(ASKED, Job.read(messages("FAIL")), "FAIL"), "sub_jobs_total": 2.0}, False),
        (outputs_of(ASKED, Job.read(messages("FAIL")), "RUNNING"), False),
        (outputs_of(ASKED, Job.read(BATCH), "SUCCESS"), False),
        ({"job_id": ASKED, "status": "FAIL"}, True),
        ({"job_id": ASKED}, False),
    ],
)
def test_a_stored_failure_is_final_only_where_all_is_over(outputs: dict[str, Any], *, is_final: bool) -> None:
    """A stored FAIL with running sub-jobs, as version 0.1.0 stored, is not final."""
    assert stored_job(_kept(outputs)).has_failed == is_final


@pytest.mark.parametrize(
    ("end", "job", "status"),
    [
        pytest.param(End.SUCCEEDED, BATCH, "SUCCESS", id="success"),
        pytest.param(End.FAILED, messages("FAIL"), "FAIL", id="failure"),
        pytest.param(End.FAILED, messages("SUCCESS", created("FAIL", "a")), "FAIL", id="liar"),
        pytest.param(
            End.FAILED, messages("RUNNING", created("FAIL", "a")), "RUNNING", id="failed part at the deadline"
        ),
        pytest.param(
            End.FAILED, messages("FAIL", created("RUNNING", "a")), "RUNNING", id="moving part at the deadline"
        ),
        pytest.param(
            End.FAILED, messages("SUCCESS", created("FAIL", "a"), created("INIT", "b")), "RUNNING", id="open liar"
        ),
        pytest.param(End.FAILED, messages("ABORTED", error_code="x"), "ABORTED", id="end that no page names"),
        pytest.param(End.INCONSISTENT, messages("SUCCESS"), INCONSISTENT, id="settled without servers"),
        pytest.param(End.TIMED_OUT, messages("SUCCESS"), INCONSISTENT, id="unsettled without servers"),
        pytest.param(End.TIMED_OUT, messages("SUCCESS", created("RUNNING", "a")), "RUNNING", id="stuck sub-job"),
        pytest.param(End.TIMED_OUT, messages("INIT"), "INIT", id="not begun"),
        pytest.param(End.INTERRUPTED, messages("PENDING_PAYMENT"), "PENDING_PAYMENT", id="unpaid"),
        pytest.param(End.INTERRUPTED, messages("FAIL", created("RUNNING", "a")), "RUNNING", id="failing"),
        pytest.param(End.INTERRUPTED, messages("FAIL", created("SUCCESS", "a")), "FAIL", id="failed"),
        pytest.param(End.GONE, messages("RUNNING"), "RUNNING", id="gone"),
        pytest.param(End.UNAUTHENTICATED, messages("WAITING"), "WAITING", id="status that no page names"),
        pytest.param(End.NO_ANSWER, None, "", id="never seen"),
    ],
)
def test_what_an_end_stores(end: End, job: dict[str, Any] | None, status: str) -> None:
    """Only SUCCESS, and FAIL without running parts, are stored as final. Every other status is polled again."""
    seen = None if job is None else Job.read(job)
    assert stored_status(Outcome(end, ASKED, seen, elapsed=10.0, timeout=60.0)) == status


def _kept(outputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs as the engine returns them: every number a float, None left out, the provider added."""
    there = {name: value for name, value in outputs.items() if value is not None}
    return {**{name: float(v) if type(v) is int else v for name, v in there.items()}, "__provider": "gASV"}


@pytest.mark.parametrize(
    "odd",
    [
        b"1" + b"0" * 400,
        b"-1e999",
        b"9007199254740993",
        b"[" * 900 + b"]" * 900,
        b'{"a":' * 900 + b"1" + b"}" * 900,
    ],
    ids=["integer", "infinity", "inexact", "lists", "objects"],
)
def test_any_response_can_be_stored(odd: bytes) -> None:
    """Values beyond a state's limits are left out of the outputs. The outputs are stored and read unchanged."""
    body = b'{"status": "SUCCESS", "job_id": "j", "entities": {"server_id": "s", "odd": %s}}' % odd
    document = read_object(Response(200, {}, body), "GET x", lambda result: "status" in result)
    outputs = outputs_of("j", Job.read(document), "SUCCESS")
    stored = Struct.FromString(asyncio.run(rpc.serialize_properties(outputs, {})).SerializeToString())
    read = rpc.deserialize_properties(stored)
    assert (read["server_ids"], read["entities"]) == (["s"], outputs["entities"])
    json.dumps(read, allow_nan=False)
