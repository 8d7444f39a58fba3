"""`JobCompletionProvider`, called as by a plugin process, against a simulator over sockets: create, delete, preview."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from bms_simulator import Simulator
from bms_simulator.http.responses import Response, gateway_error
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider
from tests.unit.resources.completions import (
    DEAD,
    DONE,
    DYING,
    ENDED,
    GOING,
    JOB,
    LATE,
    LIAR,
    SHORT,
    STORED_SUCCESS,
    computed,
    created,
    failing,
    messages,
)


def test_create_waits_for_success(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A create waits for success. The id is the job's id, and all outputs are set. Every poll is a GET of the job."""
    sim.add_job(JOB, [GOING, DONE])
    created_ = completion.create({"job_id": JOB, "expected_servers": 2.0, "__provider": "gASV"})
    assert created_.id == JOB
    assert created_.outs is not None
    assert created_.outs.keys() == {"job_id", *OUTPUTS}
    assert (created_.outs["status"], created_.outs["server_ids"]) == ("SUCCESS", ["b", "a"])
    assert {(poll.method, poll.path) for poll in sim.requests} == {("GET", f"/v1/{sim.project_id}/jobs/{JOB}")}
    assert len(sim.requests) == 2


@pytest.mark.parametrize("response", [DEAD, LIAR], ids=["failed job", "job that calls itself a success"])
def test_create_stores_a_failure(sim: Simulator, completion: JobCompletionProvider, response: dict[str, Any]) -> None:
    """A failed job stores FAIL without server ids, and names the survivors. A false success stores FAIL too."""
    sim.add_job(JOB, [response])
    error = failing(completion, {"job_id": JOB})
    assert (error.outputs["status"], error.outputs["server_ids"]) == ("FAIL", [])
    assert error.outputs["surviving_server_ids"] == ["b", "a"]
    assert "FAILED after 4m07s" in error.reason
    assert "BMS.3037" in error.reason
    assert str(error) == error.reason
    assert len(sim.requests) == 1


@pytest.mark.parametrize(
    ("response", "inputs", "status"),
    [
        pytest.param(GOING, {}, "RUNNING", id="running"),
        pytest.param(LATE, {}, "RUNNING", id="late sub-job"),
        pytest.param(messages("SUCCESS"), {}, "INCONSISTENT", id="no servers"),
        pytest.param(messages("PENDING_PAYMENT"), {}, "PENDING_PAYMENT", id="unpaid"),
        pytest.param(DONE, {"expected_servers": 3.0}, "INCONSISTENT", id="fewer servers than expected"),
        pytest.param(DONE, {"expected_servers": 1.0}, "INCONSISTENT", id="more servers than expected"),
        pytest.param({**DONE, "job_id": "another"}, {}, None, id="another job"),
    ],
)
def test_create_that_times_out_stores_where_it_stood(
    sim: Simulator, completion: JobCompletionProvider, response: dict[str, Any], inputs: dict[str, Any], status: str
) -> None:
    """A wait ends at the timeout with the last known status, which is never SUCCESS."""
    sim.add_job(JOB, [response])
    error = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT, **inputs})
    assert (error.outputs["status"], error.outputs["server_ids"]) == (status, [])
    assert "did not finish within 0s" in error.reason
    assert len(sim.requests) == 2


def test_the_timeout_of_the_operation_comes_first(sim: Simulator, completion: JobCompletionProvider) -> None:
    """The timeout of the operation comes before the timeout of the inputs."""
    sim.add_job(JOB, [GOING])
    with running(Operation(timeout=SHORT)):
        error = failing(completion, {"job_id": JOB, "create_timeout_seconds": 5.0})
        assert "did not finish within 0s" in error.reason
    with running(Operation(timeout=5.0)):
        sim.add_job(JOB, [GOING, DONE])
        assert completion.create({"job_id": JOB, "create_timeout_seconds": SHORT}).id == JOB


def test_a_cancelled_create_ends_at_once(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A wait interrupted before the first poll stores no status."""
    operation = Operation()
    operation.cancelled.set()
    with running(operation):
        error = failing(completion, {"job_id": JOB})
    assert error.outputs["status"] is None
    assert error.reason.startswith(f"interrupted during the wait for job {JOB}")
    assert sim.requests == []


def test_an_interrupted_create_stores_what_it_goes_on_with(sim: Simulator, completion: JobCompletionProvider) -> None:
    """An interrupted create stores the known servers, and of a running sub-job only id and status."""
    sim.add_job(JOB, [messages("RUNNING", created("SUCCESS", "b"), {"job_id": "later", "status": "RUNNING"})])
    kept: list[Any] = []
    operation = Operation(
        keeps_partial_state=True,
        report=lambda _: operation.cancelled.set(),
        checkpoint=lambda _id, outputs, _reason: kept.append(outputs),
    )
    with running(operation):
        error = failing(completion, {"job_id": JOB})
    assert error.outputs["surviving_server_ids"] == ["b"]
    assert error.outputs["sub_jobs"][1] == {"job_id": "later", "status": "RUNNING"}
    assert computed(kept[-1]) == error.outputs


@pytest.mark.parametrize("method", ["check", "read"])
def test_a_password_that_the_job_repeats_is_not_stored(
    sim: Simulator, completion: JobCompletionProvider, submission: JobSubmissionProvider, method: str
) -> None:
    """A password in the job's texts is not stored, also if the run submits nothing."""
    inputs = {"path": "baremetalservers", "body": {"server": {"adminPass": f"Pa55-{method}"}}}
    with running(Operation(inputs=inputs)):
        submission.check({}, inputs) if method == "check" else submission.read("j", {"job_id": "j"})
    why = {"fail_reason": f"Pa55-{method} is weak", "entities": {"errorcode_message": f"no Pa55-{method}"}}
    sim.add_job(JOB, [messages("FAIL", created("FAIL", "a") | why, fail_reason=f"{sim.token}\x1b[2J")])
    error = failing(completion, {"job_id": JOB})
    shown = f"{error.reason} {error.outputs}"
    assert [secret in shown for secret in (f"Pa55-{method}", sim.token, "\x1b")] == [False] * 3
    assert "[secret] is weak; no [secret]" in error.reason


def test_a_rejected_credential_is_sent_once(sim: Simulator) -> None:
    """A 401 ends the wait with the source of the token, not the token. The next wait sends no request."""
    provider, token = JobCompletionProvider(), f"expired-{sim.token}"
    values = {"bms:endpoint": sim.endpoint, "bms:projectId": sim.project_id, "bms:token": token}
    provider.configure(ConfigureRequest(Config(values, "project")))
    for _ in range(2):
        error = failing(provider, {"job_id": JOB})
        assert error.outputs["status"] is None
        assert "the API rejected the" in error.reason
        assert "bms:token" in error.reason
        assert token not in error.reason
    assert len(sim.requests) == 1


@pytest.mark.parametrize(
    ("scenario", "says"),
    [("forbidden", "403 BMS.0033"), ("forbidden-gateway", "403 APIGW.0302"), ("redirect", "302 a redirect")],
)
def test_a_refusal_ends_the_wait(sim: Simulator, completion: JobCompletionProvider, scenario: str, says: str) -> None:
    """A refusal ends the wait at once."""
    with pytest.raises(PartialStateError, match=says) as error:
        completion.create({"job_id": f"{scenario}.1"})
    assert error.value.outputs["status"] is None
    assert len(sim.requests) == 1


def test_missing_settings_are_told_before_any_request(sim: Simulator) -> None:
    """Missing settings are all named, before any request."""
    with pytest.raises(ExpectedError, match=r"(?s)endpoint.*\n.*project.*\n.*credential"):
        JobCompletionProvider().create({"job_id": JOB})
    assert sim.requests == []


def test_the_inputs_say_where_to_look(sim: Simulator, completion: JobCompletionProvider) -> None:
    """The inputs `endpoint` and `project_id` select the address and the project of the poll, with the same token."""
    with Simulator(token=sim.token) as other:
        other.add_job(JOB, [DONE])
        completion.create({"job_id": JOB, "endpoint": other.endpoint + "/", "project_id": other.project_id})
        assert len(other.requests) == 1
    assert sim.requests == []


@pytest.mark.parametrize("status", ["SUCCESS", "FAIL", "RUNNING", None])
def test_delete_leaves_the_cloud_alone(sim: Simulator, status: str | None) -> None:
    """A delete sends no request and needs no settings."""
    JobCompletionProvider().delete(JOB, {**STORED_SUCCESS, "status": status})
    assert sim.requests == []


def previewed(completion: JobCompletionProvider, inputs: dict[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """The outputs of a preview, and the notes."""
    notes: list[str] = []
    with running(Operation(preview=True, note=notes.append)):
        return completion.create(inputs).outs, notes


def test_a_preview_waits_for_a_failure_whose_parts_run(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A preview fails with a failure only after every part has ended. Until then a note names the running part."""
    sim.add_job(JOB, [DYING])
    assert previewed(completion, {"job_id": JOB}) == (
        {"job_id": JOB},
        ["FAIL, `pulumi up` waits: 1 sub-job has not ended"],
    )
    sim.add_job(JOB, [ENDED])
    with pytest.raises(ExpectedError, match="3 servers were reported"):
        previewed(completion, {"job_id": JOB})


def test_a_preview_believes_no_other_job(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A success of a different job makes no server known in a preview."""
    sim.add_job(JOB, [{**DONE, "job_id": "another"}])
    assert previewed(completion, {"job_id": JOB})[0] == {"job_id": JOB}


@pytest.mark.parametrize("response", [gateway_error(404, "APIG.0101", "no such API"), Response(404, "<html>Not Found")])
def test_an_address_without_the_api_is_told_at_once(
    sim: Simulator, completion: JobCompletionProvider, response: Response
) -> None:
    """A wait and a preview of an address without the API fail after one request, and name the address."""
    sim.add_job(JOB, [response])
    reason = failing(completion, {"job_id": JOB}).reason
    assert reason.startswith("job 2c9e...2b4f: the address has no Job API: HTTP 404")
    assert f"GET {sim.url}/jobs/{JOB}" in reason
    with pytest.raises(ExpectedError) as error:
        previewed(completion, {"job_id": JOB})
    assert f"the address has no Job API: GET {sim.url}/jobs/{JOB}: HTTP 404" in str(error.value)
    assert len(sim.requests) == 2
