"""A bad run is never followed by a false success: partial server ids don't become outputs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Ended, Stack, by_name, job_body

# Each wait is followed by a wait that needs the first server's id: `quick.` with any end is a job that has succeeded.
PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion

    config = pulumi.Config()
    for job_id, timeout in {timeouts!r}.items():
        timeouts = pulumi.CustomTimeouts(create=config.get("timeout") or timeout)
        opts = pulumi.ResourceOptions(custom_timeouts=timeouts)
        job = JobCompletion(job_id, job_id=job_id, opts=opts)
        JobCompletion(f"after-{{job_id}}", job_id=job.server_ids[0].apply("quick.{{}}".format))
"""
SHORT, LONG = "2s", "20m"


@dataclass(frozen=True)
class Case:
    """The end of the first run for a job, and the job's status before the next run."""

    first: str
    timeout: str
    later: str | None

    @property
    def ends_well(self) -> bool:
        return self.later == "SUCCESS"


CASES = {
    "failed": Case("FAILED", LONG, None),
    "interrupted-and-open": Case("interrupted during", LONG, "RUNNING"),
    "interrupted-and-failed": Case("interrupted during", LONG, "FAIL"),
    "interrupted-and-done": Case("interrupted during", LONG, "SUCCESS"),
    "timed-out-and-open": Case("did not finish", SHORT, "RUNNING"),
    "timed-out-and-failed": Case("did not finish", SHORT, "FAIL"),
    "timed-out-and-done": Case("did not finish", SHORT, "SUCCESS"),
}
UP = ("up", "--yes", "--skip-preview", "--continue-on-error", "--parallel", "50")


@pytest.mark.parametrize(
    "follow",
    ["up", "refresh, up", "stock refresh, up"],
)
def test_only_a_success_is_one(
    stack: Stack, simulator: Simulator, until: Callable[[Callable[[], bool]], None], follow: str
) -> None:
    """After a failed, interrupted or timed out wait, only a succeeded job ends well, with all server ids."""
    _bad_run(stack, simulator, until)
    asked_for_failed = simulator.count(path_contains="/failed")
    for job_id, case in CASES.items():
        if case.later == "SUCCESS":
            simulator.add_job(job_id, [job_body(job_id, "SUCCESS", "SUCCESS", "SUCCESS")])
        elif case.later == "FAIL":
            simulator.add_job(job_id, [job_body(job_id, "FAIL", "SUCCESS", "FAIL")])
    stack.set(timeout=SHORT)

    if follow.startswith("stock"):
        stack.serve_by("stock")
    if "refresh, " in follow:
        stack.refresh().ok()
        _check_nothing_is_green(stack)
    ended = stack.run(*UP).failed()

    state = stack.state()
    assert state.get("pending_operations", []) == []
    resources = by_name(state)
    for job_id, case in CASES.items():
        outputs = resources[job_id]["outputs"]
        assert (f"after-{job_id}" in resources) == case.ends_well, job_id
        if case.ends_well:
            assert outputs["status"] == "SUCCESS"
            assert outputs["server_ids"] == [f"{job_id}-server-0", f"{job_id}-server-1"]
            assert not resources[job_id].get("initErrors")
        else:
            assert outputs["server_ids"] == []
            assert outputs.get("status") != "SUCCESS"
            words = "did not finish within 2s" if case.later == "RUNNING" else "FAILED after 4m07s"
            assert f"job {_short(job_id)} (baremetalBatchCreate) {words}" in _errors_of(ended, job_id)
    messages = _errors_of(ended, "failed")
    assert "  ok    " in messages
    assert "  FAIL  " in messages
    assert "Check and delete the server: failed-server-0" in messages
    assert simulator.count(path_contains="/failed") == asked_for_failed


def _bad_run(stack: Stack, simulator: Simulator, until: Callable[[Callable[[], bool]], None]) -> None:
    """One `up` in which every wait ends as the case says. Ctrl-C ends the interrupted waits."""
    for job_id, case in CASES.items():
        status, last = ("FAIL", "FAIL") if case.first == "FAILED" else ("RUNNING", "RUNNING")
        simulator.add_job(job_id, [job_body(job_id, status, "SUCCESS", last)])
    stack.program(PROGRAM.format(timeouts={job_id: case.timeout for job_id, case in CASES.items()}))
    process = stack.start(*UP)
    # A wait of 2 s has at most 3 polls: a wait with a fifth poll outlives all waits of 2 s.
    until(lambda: all(simulator.count(path_contains=f"/{name}") >= 5 for name in CASES if name.startswith("inter")))
    os.killpg(process.pid, signal.SIGINT)
    ended = stack.ended(process, 60.0).failed()
    for job_id, case in CASES.items():
        assert case.first in _errors_of(ended, job_id)
    _check_nothing_is_green(stack)


def _check_nothing_is_green(stack: Stack) -> None:
    resources = stack.resources()
    for job_id in CASES:
        assert resources[job_id]["outputs"]["server_ids"] == [], job_id
        assert resources[job_id]["outputs"]["status"] != "SUCCESS", job_id
        assert f"after-{job_id}" not in resources


def _short(job_id: str) -> str:
    return job_id if len(job_id) <= 12 else f"{job_id[:4]}...{job_id[-4:]}"


def _errors_of(ended: Ended, name: str) -> str:
    """The messages of the command's diagnostics about one resource."""
    _, _, diagnostics = ended.output.partition("\nDiagnostics:\n")
    _, _, messages = diagnostics.partition(f"JobCompletion ({name}):\n")
    messages, _, _ = messages.partition("\n\n")
    return messages
