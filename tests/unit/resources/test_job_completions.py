"""Many jobs as one resource, called as by a plugin process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from pulumi import UNKNOWN
from pulumi.dynamic import ConfigureRequest

from bms_simulator import Simulator
from bms_simulator.http.responses import service_error
from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle.job_outputs import outputs_of
from pulumi_bms.operation import ExpectedError, Operation, Outputs, PartialStateError, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.waiting.success_rule import judge


def _job(*servers: str) -> dict[str, Any]:
    children = [{"status": "SUCCESS", "job_id": f"s-{name}", "entities": {"server_id": name}} for name in servers]
    return {"status": "SUCCESS", "job_type": "baremetalBatchCreate", "entities": {"sub_jobs": children}}


FAILED = {
    "status": "FAIL",
    "job_type": "baremetalBatchCreate",
    "error_code": "BMS.3004",
    "begin_time": "2019-04-25T20:04:34.604Z",
    "end_time": "2019-04-25T20:08:41.593Z",
}


@pytest.fixture
def provider(configured: ConfigureRequest) -> JobCompletionsProvider:
    provider = JobCompletionsProvider()
    provider.configure(configured)
    return provider


def test_all_jobs_are_waited_for_and_told_by_key(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """Each key has the servers and all outputs of the key's job."""
    sim.add_job("one", [{"status": "RUNNING"}, _job("a", "b")])
    sim.add_job("two", [_job("c")])
    made = provider.create({"job_ids": {"web": "one", "db": "two"}})
    assert made.outs is not None
    assert made.outs["server_ids"] == {"web": ["a", "b"], "db": ["c"]}
    assert made.outs["job_ids"] == {"web": "one", "db": "two"}
    assert made.outs["jobs"]["web"]["job_type"] == "baremetalBatchCreate"
    assert provider.diff(made.id, made.outs, {"job_ids": {"web": "one", "db": "two"}}).changes is False


def test_one_failure_does_not_end_the_others(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """One failure does not end the wait for further jobs. The error has all failures, and the state has all jobs."""
    sim.add_job("bad", [FAILED])
    sim.add_job("slow", [{"status": "RUNNING"}, _job("a")])
    with pytest.raises(PartialStateError, match=r"1 of 2 jobs did not succeed:\nbad: job bad .* FAILED") as error:
        provider.create({"job_ids": {"bad": "bad", "slow": "slow"}})
    jobs = error.value.outputs["jobs"]
    assert (jobs["bad"]["status"], jobs["slow"]["status"]) == ("FAIL", "SUCCESS")
    assert error.value.outputs["server_ids"] == {"bad": [], "slow": ["a"]}


def test_only_what_is_new_or_unfinished_is_asked_for(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """An update polls only new and unfinished jobs. A removed key is removed from the outputs."""
    for name in ("one", "two", "three"):
        sim.add_job(name, [_job(name)])
    made = provider.create({"job_ids": {"a": "one", "b": "two"}})
    olds, asked = made.outs or {}, len(sim.requests)
    news = {"job_ids": {"a": "one", "c": "three"}}
    assert provider.diff(made.id, olds, news).changes is True
    assert not provider.diff(made.id, olds, news).replaces
    outs = provider.update(made.id, olds, news).outs or {}
    assert outs["server_ids"] == {"a": ["one"], "c": ["three"]}
    assert [request.path.rsplit("/", 1)[1] for request in sim.requests[asked:]] == ["three"]


def test_a_stored_failure_is_told_again_without_a_request(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A stored failure is reported again without a request, by an update and by a refresh."""
    sim.add_job("bad", [FAILED])
    with pytest.raises(PartialStateError) as first:
        provider.create({"job_ids": {"web": "bad"}})
    olds, asked = first.value.outputs, len(sim.requests)
    assert provider.diff("id", olds, {"job_ids": {"web": "bad"}}).changes is True
    with pytest.raises(PartialStateError) as second:
        provider.update("id", olds, {"job_ids": {"web": "bad"}})
    assert str(second.value) == str(first.value)
    with running(Operation(keeps_partial_state=True)), pytest.raises(PartialStateError, match="FAILED"):
        provider.read("id", olds)
    assert len(sim.requests) == asked


def _failing(*servers: str, moving: bool) -> dict[str, Any]:
    made = _job(*servers)["entities"]["sub_jobs"]
    late = {"status": "RUNNING", "job_id": "late"} if moving else {**_job("late")["entities"]["sub_jobs"][0]}
    return {**FAILED, "entities": {"sub_jobs": [*made, {**late, "job_id": "late"}]}}


def test_a_failure_whose_parts_still_run_is_gone_on_with(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A failure with running parts is stored unfinished. The refresh and the next `up` poll only the failed job."""
    sim.add_job("bad", [_failing("a", moving=True)])
    sim.add_job("one", [_job("b")])
    inputs = {"job_ids": {"web": "bad", "db": "one"}}
    with pytest.raises(PartialStateError, match=r"web: job bad .* FAILED") as first:
        provider.create({**inputs, "create_timeout_seconds": 0.05})
    assert "submit again" not in first.value.reason
    olds, asked = first.value.outputs, len(sim.requests)
    assert {key: job["status"] for key, job in olds["jobs"].items()} == {"web": "RUNNING", "db": "SUCCESS"}

    sim.add_job("bad", [_failing("a", moving=False)])
    with running(Operation(keeps_partial_state=True)), pytest.raises(PartialStateError) as refreshed:
        provider.read("id", olds)
    with pytest.raises(PartialStateError) as again:
        provider.update("id", olds, inputs)
    for error in (refreshed.value, again.value):
        assert error.outputs["jobs"]["web"]["status"] == "FAIL"
        assert error.outputs["jobs"]["web"]["surviving_server_ids"] == ["a", "late"]
        assert "2 servers were reported by their sub-jobs" in error.reason
        assert error.outputs["server_ids"] == {"web": [], "db": ["b"]}
    assert {request.path.rsplit("/", 1)[1] for request in sim.requests[asked:]} == {"bad"}


def test_a_refresh_that_learns_nothing_keeps_all(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A refresh without news keeps the state. An error names the job, an outage stops the polls, and no wait ends."""
    for name in ("one", "two", "three"):
        sim.add_job(name, [{"status": "RUNNING"}])
    inputs = {"job_ids": {"a": "one", "b": "two", "c": "three"}}
    with pytest.raises(PartialStateError) as first:
        provider.create({**inputs, "create_timeout_seconds": 0.05})
    olds, asked = first.value.outputs, len(sim.requests)

    def refreshed(provider: JobCompletionsProvider) -> PartialStateError:
        with running(Operation(keeps_partial_state=True)), pytest.raises(PartialStateError) as error:
            provider.read("id", olds)
        return error.value

    sim.add_job("one", [service_error("BMS.0033", "no right", 403)])
    sim.add_job("two", [_job("x")])
    sim.add_job("three", ["reset"])
    error = refreshed(provider)
    assert "a: the wait for job one has not ended\nThe job could not be polled: GET " in error.reason
    assert "BMS.0033" in error.reason
    assert "c: the wait for job three has not ended\nThe job could not be polled: " in error.reason
    assert {key: job["status"] for key, job in error.outputs["jobs"].items()} == dict.fromkeys("abc", "RUNNING")
    assert error.outputs["server_ids"] == {"a": [], "b": [], "c": []}
    assert error.outputs["jobs"]["b"]["surviving_server_ids"] == ["x"]
    assert len(sim.requests) == asked + 3

    sim.add_job("one", ["reset"])
    assert refreshed(provider).outputs == olds
    assert len(sim.requests) == asked + 4
    assert "The endpoint is missing" in refreshed(JobCompletionsProvider()).reason


def test_a_cancelled_refresh_polls_no_more(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A cancelled refresh keeps the stored state and sends no request."""
    jobs = {"a": {"job_id": "one", "status": "RUNNING"}}
    operation = Operation(keeps_partial_state=True)
    operation.cancelled.set()
    with running(operation), pytest.raises(PartialStateError) as error:
        provider.read("id", {"jobs": jobs})
    assert error.value.outputs["jobs"] == jobs
    assert error.value.reason == "interrupted while the jobs were polled: run `pulumi up`"
    assert sim.requests == []


def test_an_outage_does_not_forget_what_an_earlier_run_knew(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A checkpoint before the first good response of a run has the servers of the earlier run."""
    stored = {"jobs": {"web": outputs_of("bad", Job.read(_failing("a", moving=True)), "RUNNING")}}
    sim.add_job("bad", [service_error("Common.0011", "unknown", 404)])
    kept: list[Outputs] = []
    operation = Operation(keeps_partial_state=True, checkpoint=lambda _id, outputs, _reason: kept.append(outputs))
    with running(operation), pytest.raises(PartialStateError):
        provider.update("id", stored, {"job_ids": {"web": "bad"}, "create_timeout_seconds": 0.05})
    assert kept
    assert all(_made(outputs)["jobs"]["web"]["surviving_server_ids"] == ["a"] for outputs in kept)


def test_a_preview_knows_all_or_nothing(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A preview has real ids only if every job has succeeded. A failed job fails the preview."""
    sim.add_job("one", [_job("a")])
    sim.add_job("slow", [{"status": "RUNNING"}])
    sim.add_job("bad", [FAILED])
    with running(Operation(preview=True)):
        known = provider.create({"job_ids": {"web": "one"}}).outs or {}
        assert known["server_ids"] == {"web": ["a"]}
        assert "server_ids" not in (provider.create({"job_ids": {"web": "one", "db": "slow"}}).outs or {})
        assert "server_ids" not in (provider.create({"job_ids": {"web": UNKNOWN}}).outs or {})
        with pytest.raises(ExpectedError, match="FAILED"):
            provider.create({"job_ids": {"web": "bad"}})


def _made(outputs: Outputs) -> dict[str, Any]:
    return outputs() if callable(outputs) else outputs


@pytest.mark.parametrize("job_ids", [None, {}, "one", ["one"], {"web": ""}, {"web": "a/b"}, {"web": None}])
def test_bad_maps_are_refused(provider: JobCompletionsProvider, job_ids: object) -> None:
    """A map without a job, or with an invalid id, is refused. An unknown id is accepted."""
    assert provider.check({}, {"job_ids": job_ids}).failures
    assert not provider.check({}, {"job_ids": {"web": UNKNOWN}}).failures


def test_a_checkpoint_holds_every_job(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A checkpoint has the finished jobs as finished, and the unfinished jobs as unfinished."""
    sim.add_job("one", [_job("a")])
    sim.add_job("slow", [{"status": "RUNNING"}])
    kept: list[Outputs] = []
    operation = Operation(keeps_partial_state=True, checkpoint=lambda _id, outputs, _reason: kept.append(outputs))
    with running(operation), pytest.raises(PartialStateError, match="did not finish within 2s"):
        provider.create({"job_ids": {"web": "one", "db": "slow"}, "create_timeout_seconds": 2.0})
    (compute,) = kept
    assert callable(compute)
    result = compute()
    assert {key: job["status"] for key, job in result["jobs"].items()} == {"web": "SUCCESS", "db": "RUNNING"}
    assert result["server_ids"] == {"web": ["a"], "db": []}


def test_a_change_costs_no_outputs(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """The outputs of each job are made once, at the end, after any number of changes."""
    names = [f"job-{number}" for number in range(12)]
    for name in names:
        moving: list[dict[str, Any]] = [
            {"status": "RUNNING", "entities": {"sub_jobs_total": total}} for total in (1, 2, 3)
        ]
        sim.add_job(name, [{"status": "INIT"}, *moving, _job(name, f"{name}-2", f"{name}-3")])
    rows: list[str] = []
    made: list[str] = []

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is outputs_of.__code__:
            made.append(frame.f_locals["job_id"])

    with running(Operation(keeps_partial_state=True, report=rows.append)):
        sys.setprofile(count)
        try:
            provider.create({"job_ids": {name: name for name in names}})
        finally:
            sys.setprofile(None)
    assert len(rows) == 5 * len(names)
    assert sorted(made) == sorted(names)


def test_two_keys_of_one_job_are_one_wait(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """Two keys of the same job are one wait, and both keys get the job's outcome."""
    sim.add_job("one", [{"status": "RUNNING"}, _job("a")])
    made = provider.create({"job_ids": {"web": "one", "db": "one"}}).outs or {}
    assert made["server_ids"] == {"web": ["a"], "db": ["a"]}
    assert made["jobs"]["web"] == made["jobs"]["db"]
    assert len(sim.requests) == 2
    sim.add_job("bad", [FAILED])
    with pytest.raises(
        PartialStateError, match=r"2 of 2 jobs did not succeed:\nx: job bad .*\n.*\ny: job bad"
    ) as error:
        provider.create({"job_ids": {"x": "bad", "y": "bad"}})
    assert {key: job["status"] for key, job in error.value.outputs["jobs"].items()} == {"x": "FAIL", "y": "FAIL"}
    assert len(sim.requests) == 3


def test_a_finished_job_is_known_under_another_key(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A new key for a finished job needs no request and no settings."""
    sim.add_job("one", [_job("a")])
    made = provider.create({"job_ids": {"web": "one"}})
    renamed = JobCompletionsProvider().update(made.id, made.outs or {}, {"job_ids": {"www": "one", "db": "one"}})
    assert (renamed.outs or {})["server_ids"] == {"www": ["a"], "db": ["a"]}
    assert len(sim.requests) == 1


def test_a_machine_without_threads_keeps_the_jobs(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """A machine without threads is an error with a remedy. The state has the jobs, and the next run continues."""
    for name in ("one", "two"):
        sim.add_job(name, [{"status": "RUNNING"}, _job(name)])
    inputs = {"job_ids": {"a": "one", "b": "two"}}
    usual = threading.stack_size(2**46)
    try:
        with pytest.raises(PartialStateError, match=r"thread.*\n.*`pulumi up`.*\Z") as error:
            provider.create(inputs)
    finally:
        threading.stack_size(usual)
    assert error.value.outputs["job_ids"] == inputs["job_ids"]
    ended = provider.update("id", error.value.outputs, inputs).outs or {}
    assert ended["server_ids"] == {"a": ["one"], "b": ["two"]}


def test_a_response_is_judged_once(
    provider: JobCompletionsProvider, completion: JobCompletionProvider, sim: Simulator
) -> None:
    """Each response is judged once, in a wait, a preview and a refresh."""
    judged: list[object] = []

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is judge.__code__:
            judged.append(frame)

    def judgements(step: Callable[[], object]) -> tuple[int, int]:
        """The number of judgements and of requests of a step."""
        judged.clear()
        before = len(sim.requests)
        threading.setprofile(count)
        sys.setprofile(count)
        try:
            with suppress(ExpectedError):
                step()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        return len(judged), len(sim.requests) - before

    sim.add_job("bad", [{"status": "RUNNING"}, _failing("a", moving=False)])
    sim.add_job("ok", [{"status": "RUNNING"}, _job("b")])
    assert judgements(lambda: provider.create({"job_ids": {"a": "bad", "b": "ok"}})) == (4, 4)
    sim.add_job("alone", [_failing("a", moving=False)])
    assert judgements(lambda: completion.create({"job_id": "alone"})) == (1, 1)
    with running(Operation(preview=True)):
        assert judgements(lambda: completion.create({"job_id": "ok"})) == (1, 1)
    with running(Operation(keeps_partial_state=True)):
        # Both jobs have no response yet, so nothing stored is judged.
        stored = {"job_id": "bad", "server_ids": []}
        assert judgements(lambda: completion.read("bad", stored)) == (1, 1)


def test_the_row_counts_all_jobs(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """The row counts all jobs, also jobs finished by an earlier run, once per key, and names the key in trouble."""
    sim.add_job("one", [_job("a")])
    sim.add_job("two", [{"status": "RUNNING"}, _job("b")])
    sim.add_job("bad", [FAILED])
    made = provider.create({"job_ids": {"a": "one"}})
    rows: list[str] = []
    is_expected = {"job_ids": {"a": "one", "b": "two", "c": "two", "d": "bad"}}
    with running(Operation(report=rows.append)), pytest.raises(PartialStateError):
        provider.update(made.id, made.outs or {}, is_expected)
    assert rows[-1] == "3/4 jobs, d: FAIL"


def test_an_interrupted_wait_stores_what_it_goes_on_with(provider: JobCompletionsProvider, sim: Simulator) -> None:
    """An interrupted wait stores an unfinished job in short form and a finished job in full. The next run continues."""
    sim.add_job("one", [_job("a")])
    done = provider.create({"job_ids": {"a": "one"}})
    sim.add_job("slow", [{"status": "RUNNING", "entities": {"sub_jobs": [{"job_id": "s", "status": "RUNNING"}]}}])
    operation = Operation(keeps_partial_state=True, report=lambda _: operation.cancelled.set())
    with (
        running(operation),
        pytest.raises(PartialStateError, match="interrupted during the wait for job slow") as error,
    ):
        provider.update(done.id, done.outs or {}, {"job_ids": {"a": "one", "b": "slow"}})
    jobs = error.value.outputs["jobs"]
    assert jobs["a"] == (done.outs or {})["jobs"]["a"]
    assert jobs["b"]["sub_jobs"] == [{"job_id": "s", "status": "RUNNING"}]
    made: dict[str, Any] = {"job_id": "s", "status": "SUCCESS", "entities": {"server_id": "b"}}
    sim.add_job("slow", [{"status": "SUCCESS", "entities": {"sub_jobs": [made]}}])
    ended = provider.update(done.id, error.value.outputs, {"job_ids": {"a": "one", "b": "slow"}}).outs or {}
    assert ended["server_ids"] == {"a": ["a"], "b": ["b"]}
