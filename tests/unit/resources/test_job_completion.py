"""`JobCompletionProvider`, called as by a plugin process, against a simulator over sockets."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import UNKNOWN

from bms_simulator import Simulator
from bms_simulator.http.responses import Response, gateway_error
from pulumi_bms import get_job
from pulumi_bms.api.errors import AuthenticationError, BmsError, NoAnswerError, NotFoundError, SettingsError
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.operation import ExpectedError, Operation, Outputs, PartialStateError, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
SHORT = 0.05
"""Seconds of a wait with a timeout: one poll at the start, one poll at the end."""


def messages(status: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A response of the API."""
    times = {"begin_time": "2016-04-25T20:04:34.604Z", "end_time": "2016-04-25T20:08:41.593Z"}
    entities = {"sub_jobs_total": len(children), "sub_jobs": list(children)}
    return {"job_id": JOB, "job_type": "baremetalBatchCreate", "status": status, **times, "entities": entities, **more}


def created(status: str, server_id: str, **more: Any) -> dict[str, Any]:
    """A sub-job of a response."""
    fields = {"job_type": "baremetalSingleCreate", "status": status, "entities": {"server_id": server_id}}
    return {"job_id": f"making-{server_id}", **fields, **more}


DONE = messages("SUCCESS", created("SUCCESS", "b"), created("SUCCESS", "a"))
GOING = messages("RUNNING", created("SUCCESS", "b"), created("RUNNING", "a"))
DEAD = messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a", error_code="BMS.3037"), error_code="BMS.3004")
LIAR = messages("SUCCESS", created("SUCCESS", "b"), created("FAIL", "a", error_code="BMS.3037"))
LATE = messages("SUCCESS", created("SUCCESS", "b"), created("RUNNING", "a"))
DYING = messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a"), {**created("RUNNING", ""), "job_id": "c"})
DYING["entities"]["sub_jobs"][2]["entities"] = {}
ENDED = messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a"), {**created("SUCCESS", "late"), "job_id": "c"})
STORED_SUCCESS: dict[str, Any] = {"job_id": JOB, "status": "SUCCESS", "server_ids": ["b", "a"]}


def failing(provider: JobCompletionProvider, props: dict[str, Any]) -> PartialStateError:
    """The error of a failing create."""
    with pytest.raises(PartialStateError) as caught:
        provider.create(props)
    assert caught.value.id == JOB
    assert caught.value.outputs.keys() == {"job_id", *OUTPUTS}
    return caught.value


def computed(outputs: Outputs) -> dict[str, Any]:
    """The outputs of a checkpoint."""
    return outputs() if callable(outputs) else outputs


# --- create


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


# --- previews


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


# --- diff


def diffed(olds: dict[str, Any], news: dict[str, Any]) -> tuple[bool | None, list[str] | None]:
    """The diff of a provider without config."""
    result = JobCompletionProvider().diff(JOB, olds, news)
    return result.changes, result.replaces


@pytest.mark.parametrize("status", ["SUCCESS", "FAIL", "RUNNING", "INCONSISTENT", None])
@pytest.mark.parametrize("job_id", ["another", UNKNOWN, None])
def test_another_job_replaces(status: str | None, job_id: Any) -> None:
    """A new or unknown `job_id` replaces, with any stored status, and lets the engine compare."""
    olds = {**STORED_SUCCESS, "status": status}
    assert diffed(olds, {"job_id": job_id, "expected_servers": 7.0}) == (None, ["job_id"])


@pytest.mark.parametrize(
    "news",
    [
        {},
        {"region": "eu-de"},
        {"project_id": "another", "endpoint": "https://elsewhere.example.com"},
        {"endpoint": UNKNOWN, "region": UNKNOWN, "project_id": UNKNOWN},
        {"create_timeout_seconds": 60.0},
        {"create_timeout_seconds": UNKNOWN},
        {"expected_servers": 2.0},
        {"expected_servers": 2},
        {"expected_servers": UNKNOWN},
        {"__provider": "another pickle"},
    ],
)
def test_nothing_else_changes_a_success(news: dict[str, Any]) -> None:
    """Changed connection settings, timeouts and fulfilled expectations are no change of a success."""
    for olds in ({}, {"region": "cn-north-4", "create_timeout_seconds": 90.0, "expected_servers": 2.0}):
        assert diffed({**STORED_SUCCESS, **olds}, {"job_id": JOB, **news}) == (False, None)


@pytest.mark.parametrize("status", ["FAIL", "RUNNING", "INIT", "INCONSISTENT", "WAITING", "success", "", None])
def test_anything_but_success_is_a_change(status: str | None) -> None:
    """An unfinished or failed wait is a change in every `pulumi up`, with any inputs."""
    for news in ({}, {"expected_servers": 7.0}):
        assert diffed({**STORED_SUCCESS, "status": status}, {"job_id": JOB, **news}) == (True, None)
    assert diffed({"job_id": JOB}, {"job_id": JOB}) == (True, None)


@pytest.mark.parametrize(
    ("expected", "server_ids", "says"),
    [
        (
            3.0,
            ["b", "a"],
            "expected_servers is 3, but job .* has finished with 2: write 2, or leave expected_servers out",
        ),
        (1, ["b", "a"], "expected_servers is 1, but job .* has finished with 2"),
        (1.0, [], "expected_servers is 1, but job .* has finished with 0"),
        (1.0, None, "expected_servers is 1, but job .* has finished with 0"),
    ],
)
def test_an_expectation_that_the_stored_job_contradicts_is_an_error(
    expected: float, server_ids: list[str] | None, says: str
) -> None:
    """A wrong `expected_servers` of a finished job is an error in the preview."""
    with pytest.raises(ExpectedError, match=says):
        diffed({**STORED_SUCCESS, "server_ids": server_ids}, {"job_id": JOB, "expected_servers": expected})


# --- update


def test_update_goes_on_with_the_same_job(sim: Simulator, completion: JobCompletionProvider) -> None:
    """An update continues the wait for the same job, and returns the outputs of the success."""
    sim.add_job(JOB, [GOING, GOING, DONE])
    olds = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT}).outputs
    updated = completion.update(JOB, olds, {"job_id": JOB})
    assert updated.outs is not None
    assert updated.outs.keys() == {"job_id", *OUTPUTS}
    assert (updated.outs["status"], updated.outs["server_ids"]) == ("SUCCESS", ["b", "a"])
    assert completion.diff(JOB, updated.outs, {"job_id": JOB}).changes is False


def test_update_waits_no_longer_than_create(sim: Simulator, completion: JobCompletionProvider) -> None:
    """An update has a timeout too, and fails with the known status."""
    sim.add_job(JOB, [GOING])
    with pytest.raises(PartialStateError, match="did not finish within 0s") as error:
        completion.update(JOB, {"job_id": JOB}, {"job_id": JOB, "create_timeout_seconds": SHORT})
    assert error.value.outputs["status"] == "RUNNING"


def test_update_remembers_a_job_that_the_api_no_longer_finds(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A job unknown to the API keeps the state of an earlier run."""
    sim.add_job(JOB, [GOING])
    olds = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT}).outputs
    news = {"job_id": "expired.1", "create_timeout_seconds": SHORT}
    with pytest.raises(PartialStateError, match=r"Common\.0011") as error:
        completion.update("expired.1", {**olds, "job_id": "expired.1"}, news)
    assert "Last state: RUNNING, 1 of 2 servers done" in error.value.reason
    assert error.value.outputs == {**olds, "job_id": "expired.1"}


def test_a_failure_whose_parts_still_run_is_gone_on_with(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A failure with running parts is reported at the timeout and stored unfinished. The next run finds new servers."""
    sim.add_job(JOB, [DYING])
    first = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT})
    assert "FAILED" in first.reason
    assert f"Run `pulumi up` to poll job {JOB} again" in first.reason
    assert "submit again" not in first.reason
    assert (first.outputs["status"], first.outputs["surviving_server_ids"]) == ("RUNNING", ["b", "a"])
    sim.add_job(JOB, [DYING, ENDED])
    with pytest.raises(PartialStateError) as second:
        completion.update(JOB, first.outputs, {"job_id": JOB})
    assert "3 servers were reported by their sub-jobs, and may exist and be billed" in second.value.reason
    assert second.value.outputs["status"] == "FAIL"
    assert second.value.outputs["surviving_server_ids"] == ["b", "a", "late"]


def test_a_failure_that_an_older_version_stored_too_soon_is_gone_on_with(
    sim: Simulator, completion: JobCompletionProvider
) -> None:
    """A FAIL stored by an older version with a running sub-job is polled again, by `up` and by a refresh."""
    sim.add_job(JOB, [DYING])
    olds = {**failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT}).outputs, "status": "FAIL"}
    sim.add_job(JOB, [ENDED])
    refreshed = completion.read(JOB, dict(olds)).outs
    assert refreshed is not None
    assert refreshed["surviving_server_ids"] == ["b", "a", "late"]
    with pytest.raises(PartialStateError, match="3 servers were reported"):
        completion.update(JOB, olds, {"job_id": JOB})


def test_a_checkpoint_of_a_failure_in_doubt_is_unfinished(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A failure whose response lacks a known sub-job is not stored as final."""
    sim.add_job(JOB, [{**ENDED, "status": "RUNNING"}, messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a"))])
    kept: list[Outputs] = []
    operation = Operation(checkpoint=lambda _id, outputs, _reason: kept.append(outputs))
    with running(operation):
        failing(completion, {"job_id": JOB, "create_timeout_seconds": 1.5})
    assert computed(kept[-1])["status"] == "RUNNING"


def test_a_server_that_a_later_response_lacks_stays_known(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A server reported once stays known after later responses. A success without the server is no success."""
    sim.add_job(JOB, [GOING])
    olds = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT}).outputs
    sim.add_job(JOB, [messages("SUCCESS", created("SUCCESS", "b"))])
    refreshed = completion.read(JOB, dict(olds)).outs
    assert refreshed is not None
    assert (refreshed["status"], refreshed["surviving_server_ids"]) == ("INCONSISTENT", ["b", "a"])
    for stored in (olds, refreshed):
        with pytest.raises(PartialStateError, match="2 sub-jobs are announced and 1 listed") as error:
            completion.update(JOB, stored, {"job_id": JOB, "create_timeout_seconds": SHORT})
        assert error.value.outputs["surviving_server_ids"] == ["b", "a"]


@pytest.mark.parametrize("response", [DEAD, LIAR], ids=["failed job", "job that calls itself a success"])
def test_a_stored_failure_is_told_again_without_a_request(
    sim: Simulator, completion: JobCompletionProvider, response: dict[str, Any]
) -> None:
    """A stored FAIL is reported again with the same outputs and without a request."""
    sim.add_job(JOB, [response])
    first = failing(completion, {"job_id": JOB})
    unconfigured = JobCompletionProvider()
    for _ in range(2):
        with pytest.raises(PartialStateError) as again:
            unconfigured.update(JOB, {**first.outputs, "__provider": "gASV"}, {"job_id": JOB, "region": "eu-de"})
        assert again.value.outputs == first.outputs
        assert again.value.reason.splitlines()[1:] == first.reason.splitlines()[1:]
    assert len(sim.requests) == 1


def test_update_of_a_success_keeps_the_outputs(sim: Simulator) -> None:
    """An update of a success keeps all outputs and sends no request."""
    outputs = {**dict.fromkeys(OUTPUTS), **STORED_SUCCESS}
    updated = JobCompletionProvider().update(JOB, {**outputs, "__provider": "gASV", "region": "x"}, {"job_id": JOB})
    assert updated.outs == outputs
    assert sim.requests == []


# --- read


@pytest.mark.parametrize("status", ["SUCCESS", "FAIL"])
def test_read_of_a_finished_wait_sends_nothing(status: str) -> None:
    """A read of a finished wait sends no request and changes nothing."""
    props = {**STORED_SUCCESS, "status": status, "__provider": "gASV"}
    result = JobCompletionProvider().read(JOB, dict(props))
    assert (result.id, result.outs) == (JOB, props)


@pytest.mark.parametrize("stored", ["RUNNING", "INCONSISTENT", None])
def test_read_polls_once_and_never_finishes_a_wait(
    sim: Simulator, completion: JobCompletionProvider, stored: str | None
) -> None:
    """A refresh polls once and never stores SUCCESS, with any response. The next `pulumi up` has work left."""
    statuses = ("INIT", "RUNNING", "SUCCESS", "FAIL", "PENDING_PAYMENT", "WAITING")
    for number, (status, child) in enumerate(product(statuses, statuses)):
        sim.add_job(JOB, [messages(status, created(child, "a"))])
        result = completion.read(JOB, {"job_id": JOB, "status": stored, "server_ids": []})
        assert result.outs is not None
        assert result.outs["status"] not in {"SUCCESS", None, ""}
        assert result.outs["server_ids"] == []
        assert completion.diff(JOB, result.outs, {"job_id": JOB}).changes is True
        assert len(sim.requests) == number + 1


def test_a_refresh_tells_the_servers_that_came_later(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A refresh polls an unfinished failure, and stores and reports the servers found."""
    sim.add_job(JOB, [DYING])
    olds = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT}).outputs
    operation = Operation(keeps_partial_state=True)
    with running(operation), pytest.raises(PartialStateError) as still:
        completion.read(JOB, dict(olds))
    assert still.value.reason.startswith(f"the wait for job {JOB} has not ended\n")
    assert "Servers reported so far: b, a\n" in still.value.reason
    assert still.value.outputs == olds
    sim.add_job(JOB, [ENDED])
    with running(operation), pytest.raises(PartialStateError, match="3 servers were reported") as over:
        completion.read(JOB, dict(olds))
    assert (over.value.outputs["status"], over.value.outputs["surviving_server_ids"]) == ("FAIL", ["b", "a", "late"])


def test_a_refresh_does_not_believe_another_jobs_response(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A refresh with a response about a different job keeps the state, and gives the reason."""
    sim.add_job(JOB, [GOING])
    olds = failing(completion, {"job_id": JOB, "create_timeout_seconds": SHORT}).outputs
    foreign = messages("SUCCESS", created("SUCCESS", "x"))
    for response, says in (({**foreign, "job_id": "k"}, "about job k"), ({**foreign, "job_id": None}, "lists none of")):
        sim.add_job(JOB, [response])
        with running(Operation(keeps_partial_state=True)), pytest.raises(PartialStateError, match=says) as error:
            completion.read(JOB, dict(olds))
        assert error.value.outputs == olds


def test_after_a_read_update_finishes_the_wait(sim: Simulator, completion: JobCompletionProvider) -> None:
    """After an interrupt and a refresh, the next update finds the success by a wait."""
    sim.add_job(JOB, [DONE])
    seen = completion.read(JOB, {"job_id": JOB, "status": "RUNNING"}).outs
    assert seen is not None
    assert seen["surviving_server_ids"] == ["b", "a"]
    finished = completion.update(JOB, seen, {"job_id": JOB}).outs
    assert finished is not None
    assert (finished["status"], finished["server_ids"]) == ("SUCCESS", ["b", "a"])


def test_read_reaches_the_api_by_the_inputs_not_the_outputs(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A read connects by config and inputs, never by the stored outputs."""
    sim.add_job(JOB, [GOING])
    stored = {"job_id": JOB, "status": "RUNNING", "endpoint": "https://stored.invalid", "project_id": "stored"}
    completion.read(JOB, dict(stored))
    assert len(sim.requests) == 1
    with Simulator(token=sim.token) as other, running(Operation(inputs={"job_id": JOB, "endpoint": other.endpoint})):
        with pytest.raises(ExpectedError, match="could not be polled"):
            completion.read(JOB, dict(stored))
        assert [poll.path for poll in other.requests] == [f"/v1/{sim.project_id}/jobs/{JOB}"]
    assert len(sim.requests) == 1


@pytest.mark.parametrize(
    ("job_id", "says"),
    [("expired.1", r"Common\.0011"), ("forbidden.1", r"BMS\.0033"), ("empty.1", "empty")],
)
def test_a_poll_that_brings_no_job_is_an_error(
    sim: Simulator, completion: JobCompletionProvider, job_id: str, says: str
) -> None:
    """A failed poll in a refresh is an error that names the job, and changes nothing."""
    with pytest.raises(ExpectedError, match=rf"^job {job_id} could not be polled: .*{says}"):
        completion.read(job_id, {"job_id": job_id, "status": "RUNNING"})
    assert len(sim.requests) == 1


def test_a_poll_without_settings_is_an_error() -> None:
    """A refresh of an unfinished wait without settings is an error with the settings to set."""
    with pytest.raises(ExpectedError, match=rf"^job {JOB} could not be polled: (?s:.*)HW_AUTH_TOKEN"):
        JobCompletionProvider().read(JOB, {"job_id": JOB, "status": "RUNNING"})


def test_a_refresh_may_be_interrupted_before_its_response(sim: Simulator, completion: JobCompletionProvider) -> None:
    """A refresh gives the stored state as a checkpoint before the poll, so an interrupt loses nothing."""
    sim.add_job(JOB, [GOING])
    stored = {"job_id": JOB, "status": "RUNNING", "server_ids": [], "surviving_server_ids": ["b"]}
    kept: list[tuple[str, Any, str]] = []
    operation = Operation(keeps_partial_state=True, checkpoint=lambda *inputs: kept.append(inputs))
    with running(operation), pytest.raises(PartialStateError, match="has not ended"):
        completion.read(JOB, stored)
    ((id_, outputs, reason),) = kept
    assert (id_, reason) == (JOB, f"interrupted while job {JOB} was polled: run `pulumi up`")
    assert {name: outputs[name] for name in stored} == stored


# --- delete


@pytest.mark.parametrize("status", ["SUCCESS", "FAIL", "RUNNING", None])
def test_delete_leaves_the_cloud_alone(sim: Simulator, status: str | None) -> None:
    """A delete sends no request and needs no settings."""
    JobCompletionProvider().delete(JOB, {**STORED_SUCCESS, "status": status})
    assert sim.requests == []


# --- get_job


def test_get_job_polls_once(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """`get_job` polls once and returns the typed job, with the settings of the environment."""
    _enter(sim, monkeypatch)
    sim.add_job(JOB, [GOING])
    result = get_job(JOB)
    assert (result.status, result.server_ids, result.sub_jobs_total) == ("RUNNING", ["b", "a"], 2)
    assert len(sim.requests) == 1


def test_get_job_brings_no_other_job(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response about a different job is an error of `get_job` with both ids."""
    _enter(sim, monkeypatch)
    sim.add_job(JOB, [{**DONE, "job_id": "k"}])
    with pytest.raises(NoAnswerError, match=f"the response is about job k, not about job {JOB}"):
        get_job(JOB)


def test_get_job_can_be_told_where(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments of `get_job` come before the environment."""
    _enter(sim, monkeypatch)
    monkeypatch.setenv("BMS_ENDPOINT", "https://elsewhere.invalid")
    monkeypatch.setenv("HW_PROJECT_ID", "elsewhere")
    sim.add_job(JOB, [DONE])
    assert get_job(JOB, endpoint=sim.endpoint, project_id=sim.project_id).status == "SUCCESS"


@pytest.mark.parametrize(
    ("job_id", "where", "says"),
    [
        ("", {}, "^job_id is empty"),
        ("a/../b", {}, "^job_id must hold letters, digits"),
        (JOB, {"endpoint": "http://elsewhere.example.com"}, "^endpoint must begin with https://"),
        (JOB, {"region": "eu de"}, "^region must have"),
        (JOB, {"project_id": "a/b"}, "^project_id must have"),
    ],
)
def test_get_job_checks_its_arguments(sim: Simulator, job_id: str, where: dict[str, str], says: str) -> None:
    """A wrong argument of `get_job` is a `ValueError`, and no request is sent."""
    with pytest.raises(ValueError, match=says):
        get_job(job_id, **where)
    assert sim.requests == []


def test_get_job_raises_what_the_response_means(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """`get_job` has separate errors for missing settings, a rejected token and an unknown job, all `BmsError`."""
    with pytest.raises(SettingsError, match="is missing"):
        get_job(JOB)
    _enter(sim, monkeypatch)
    with pytest.raises(NotFoundError, match=r"Common\.0011"):
        get_job("never-submitted")
    monkeypatch.setenv("HW_AUTH_TOKEN", f"expired-{sim.token}")
    with pytest.raises(AuthenticationError, match="HW_AUTH_TOKEN"):
        get_job(JOB)
    assert issubclass(SettingsError, BmsError)
    assert issubclass(AuthenticationError, BmsError)


def _enter(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BMS_ENDPOINT", sim.endpoint)
    monkeypatch.setenv("HW_PROJECT_ID", sim.project_id)
    monkeypatch.setenv("HW_AUTH_TOKEN", sim.token)
