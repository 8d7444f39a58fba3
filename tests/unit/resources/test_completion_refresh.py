"""Reading a `JobCompletion`, against a simulator over sockets."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from bms_simulator import Simulator
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from tests.unit.resources.completions import (
    DONE,
    DYING,
    ENDED,
    GOING,
    JOB,
    SHORT,
    STORED_SUCCESS,
    created,
    failing,
    messages,
)


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
