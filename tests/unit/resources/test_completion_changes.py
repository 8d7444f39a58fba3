"""Changes of a `JobCompletion`: diff and update, against a simulator over sockets."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import UNKNOWN

from bms_simulator import Simulator
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.operation import ExpectedError, Operation, Outputs, PartialStateError, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from tests.unit.resources.completions import (
    DEAD,
    DONE,
    DYING,
    ENDED,
    GOING,
    JOB,
    LIAR,
    SHORT,
    STORED_SUCCESS,
    computed,
    created,
    failing,
    messages,
)


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
