"""Shortened outputs: for an interrupted wait, and for an error with limited space."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle.cut_outputs import CUTS, LONGEST_TEXT, MOST_FAILED, cuts, to_go_on
from pulumi_bms.lifecycle.job_outputs import job_of, outputs_of
from pulumi_bms.lifecycle.job_set import stored_job
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.messages import report
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.waiting.success_rule import judge, survivors

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
MANY = 3000


def part(number: int, status: str, **fields: Any) -> dict[str, Any]:
    """A sub-job. A succeeded sub-job names the server."""
    entities = {"server_id": f"server-{number}", "nic_id": f"nic-{number}"} if status == "SUCCESS" else {}
    return {"job_id": f"part-{number}", "job_type": "baremetalSingleCreate", "status": status, "entities": entities} | {
        "begin_time": "2019-04-25T20:04:47Z",
        **fields,
    }


def job(status: str, *parts: dict[str, Any]) -> Job:
    """A job that creates servers."""
    listed = {"sub_jobs_total": len(parts), "sub_jobs": list(parts)}
    return Job.read({"status": status, "job_type": "baremetalBatchCreate", "entities": listed})


RUNNING = job("RUNNING", part(1, "SUCCESS"), part(2, "RUNNING"), part(3, "FAIL", fail_reason="x"), part(4, "INIT"))
FAILED = job(
    "FAIL",
    *[part(n, "SUCCESS") for n in range(MANY)],
    *[part(n, "FAIL", error_code="BMS.3037", fail_reason="no room " * 500) for n in range(MANY, MANY + 500)],
)


def kept(outputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs as the engine returns them, without None."""
    return {name: value for name, value in outputs.items() if value is not None}


def size(outputs: dict[str, Any]) -> int:
    return len(json.dumps(kept(outputs)))


def test_an_interrupted_wait_keeps_what_it_goes_on_with() -> None:
    """An interrupted wait keeps job, status, servers, and each sub-job's id and status, without repeatable values."""
    whole = outputs_of(JOB, RUNNING, "RUNNING")
    result = to_go_on(whole)
    assert result.keys() == {"job_id", *OUTPUTS}
    assert kept(result) == {
        "job_id": JOB,
        "job_type": "baremetalBatchCreate",
        "status": "RUNNING",
        "sub_jobs_total": 4,
        "server_ids": [],
        "surviving_server_ids": ["server-1"],
        "sub_jobs": [
            {
                "job_id": "part-1",
                "job_type": "baremetalSingleCreate",
                "status": "SUCCESS",
                "begin_time": "2019-04-25T20:04:47Z",
                "entities": [{"server_id": "server-1", "nic_id": "nic-1"}],
            },
            {"job_id": "part-2", "job_type": "baremetalSingleCreate", "status": "RUNNING"},
            {
                "job_id": "part-3",
                "job_type": "baremetalSingleCreate",
                "status": "FAIL",
                "begin_time": "2019-04-25T20:04:47Z",
                "fail_reason": "x",
            },
            {"job_id": "part-4", "job_type": "baremetalSingleCreate", "status": "INIT"},
        ],
    }
    known = job_of(kept(result))
    assert known is not None
    assert judge(known) == judge(RUNNING)
    assert (known.listed, known.sub_jobs_total, survivors(known)) == (4, 4, ["server-1"])


def test_a_running_wait_keeps_less_than_half() -> None:
    """A running wait keeps less than half of the outputs, because the engine writes the whole state at each step."""
    whole = outputs_of(JOB, job("RUNNING", *[part(n, "RUNNING") for n in range(3)]), "RUNNING")
    assert size(to_go_on(whole)) < 0.5 * size(whole)


def test_a_wait_that_saw_nothing_is_interrupted_too() -> None:
    """An interrupted wait without a response has the outputs of an unseen job."""
    assert kept(to_go_on(outputs_of(JOB, None, ""))) == {"job_id": JOB, "server_ids": []}


def test_an_interrupted_wait_that_knows_a_failure_keeps_all_of_it() -> None:
    """An interrupted wait that knows a failure keeps all outputs, because no later poll repeats the failure."""
    whole = outputs_of(JOB, FAILED, "FAIL")
    assert to_go_on(whole) == whole


def test_each_cut_is_smaller() -> None:
    """Each cut is smaller than the cut before. The last cut fits everywhere."""
    whole = outputs_of(JOB, FAILED, "FAIL")
    sizes = [size(whole), *map(size, cuts(whole))]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 500


@pytest.mark.parametrize("cut", CUTS[:-1])
def test_a_cut_failure_names_every_server(cut: Any) -> None:
    """Every cut except the last keeps the names of all survivors, because survivors may be billed."""
    outputs = kept(cut(outputs_of(JOB, FAILED, "FAIL")))
    known = job_of(outputs)
    assert known is not None
    assert (outputs["status"], sorted(survivors(known))) == ("FAIL", sorted(f"server-{n}" for n in range(MANY)))
    assert f"{MANY} servers were reported by their sub-jobs" in report.failed(JOB, known)


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_failure_stays_final(cut: Any) -> None:
    """A cut failure stays final, and is not polled again."""
    assert stored_job(kept(cut(outputs_of(JOB, FAILED, "FAIL")))).has_failed


def test_a_cut_failure_keeps_some_reasons() -> None:
    """A cut failure keeps the first failed sub-jobs, with the beginning of the reasons."""
    outputs = CUTS[1](outputs_of(JOB, FAILED, "FAIL"))
    assert {result["status"] for result in outputs["sub_jobs"]} == {"FAIL"}
    assert len(outputs["sub_jobs"]) == MOST_FAILED
    assert {len(result["fail_reason"]) for result in outputs["sub_jobs"]} == {LONGEST_TEXT}


@pytest.mark.parametrize("status", ["RUNNING", "INCONSISTENT", "SUCCESS", "FAIL"])
def test_a_job_without_its_servers_is_polled_again(status: str) -> None:
    """A cut success without the servers is stored as RUNNING and polled again. A cut failure stays a failure."""
    outputs = CUTS[-1](outputs_of(JOB, FAILED, status))
    assert outputs["status"] == ("FAIL" if status == "FAIL" else "RUNNING")
    assert (outputs["job_id"], outputs["sub_jobs_total"]) == (JOB, None if status == "FAIL" else MANY + 500)


def test_both_providers_offer_their_cuts() -> None:
    """Both providers have the method `smaller`. With many jobs each job is cut."""
    whole = outputs_of(JOB, FAILED, "FAIL")
    assert [*JobCompletionProvider().smaller(whole)] == [cut(whole) for cut in CUTS]
    many = {"jobs": {"a": whole, "b": outputs_of(JOB, RUNNING, "RUNNING")}}
    result = [*JobCompletionsProvider().smaller(many)]
    assert [each["jobs"]["a"] for each in result] == [cut(whole) for cut in CUTS]
    assert all(each["job_ids"] == {"a": JOB, "b": JOB} for each in result)


def test_a_success_among_many_keeps_all_ids() -> None:
    """No cut takes the status, the servers or the NICs of a finished job among many jobs."""
    done = outputs_of(JOB, job("SUCCESS", part(1, "SUCCESS"), part(2, "SUCCESS")), "SUCCESS")
    many = {"jobs": {"done": done, "bad": outputs_of(JOB, FAILED, "FAIL")}}
    for outputs in JobCompletionsProvider().smaller(many):
        assert outputs["jobs"]["done"] == {**done, "sub_jobs": [], "entities": []}
