"""Waits that end early on this project's host: Ctrl-C, a timeout, a killed process."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from bms_simulator import Simulator
from bms_simulator.http.responses import HANG
from tests.e2e.conftest import Stack, by_name, host_of, job_body

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    timeouts = pulumi.CustomTimeouts(create={timeout!r})
    order = JobSubmission("order", path="baremetalservers", body=sample_order("web", 2))
    web = JobCompletion("web", job_id=order.job_id, opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
    pulumi.export("server_ids", web.server_ids)
    for job_id in {others!r}:
        JobCompletion(job_id, job_id=job_id, opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
"""
BACK_BY = 10.0
"""The CLI is back within this number of seconds after Ctrl-C. About one second is usual."""
GONE_BY = 10.0
"""The plugin process is gone within this number of seconds after the end of the CLI. About two seconds are usual."""

Until = Callable[..., None]


def test_ctrl_c_ends_a_wait_and_the_next_up_goes_on(
    stack: Stack, simulator_with: Callable[..., Simulator], until: Until
) -> None:
    """Ctrl-C ends the CLI soon, also during a hanging request. A refresh keeps the wait. In all one POST is sent."""
    simulator = simulator_with(time_scale=1.0)
    stack.connect(simulator)
    stack.program(PROGRAM.format(timeout="30m", others=["hang.x"]))
    process = stack.start("up", "--yes", "--skip-preview")
    until(lambda: simulator.count("GET", path_contains="hang.x") > 0 and simulator.count("GET") > 1)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    pressed = time.monotonic()
    output = stack.ended(process, 60.0).failed().output
    assert time.monotonic() - pressed < BACK_BY

    state = stack.state()
    assert state.get("pending_operations", []) == []
    result = by_name(state)
    job_id = result["order"]["id"]
    assert (result["web"]["id"], result["web"]["outputs"]["job_id"]) == (job_id, job_id)
    assert (result["hang.x"]["id"], result["hang.x"]["outputs"]["job_id"]) == ("hang.x", "hang.x")
    for waited_for in (job_id, "hang.x"):
        words = f"interrupted during the wait for job {waited_for}"
        assert words in output
        assert output.count(words) == 1
    assert "Traceback" not in output

    simulator.advance(3600.0)
    simulator.add_job("hang.x", [job_body("hang.x", "SUCCESS", "SUCCESS")])
    output = stack.refresh().ok().output
    for waited_for in (job_id, "hang.x"):
        assert f"the wait for job {waited_for} has not ended" in output
    stack.up().ok()
    assert len(stack.outputs()["server_ids"]) == 2
    assert simulator.count("POST") == 1


def test_a_timeout_says_so_and_the_next_up_goes_on(stack: Stack, simulator: Simulator) -> None:
    """After a timeout by `custom_timeouts` the error says that the job continues. The next `up` completes the wait."""
    simulator.add_job("slow", [job_body("slow", "RUNNING", "SUCCESS", "RUNNING")])
    stack.program("""
        import pulumi
        from pulumi_bms import JobCompletion
        timeouts = pulumi.CustomTimeouts(create="2s")
        slow = JobCompletion("slow", job_id="slow", opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
        pulumi.export("server_ids", slow.server_ids)
    """)
    output = stack.up().failed().output
    assert "job slow (baremetalBatchCreate) did not finish within 2s" in output
    assert "Servers reported so far: slow-server-0" in output
    assert "The job continues in the cloud. Run `pulumi up` to wait for job slow." in output
    assert stack.state().get("pending_operations", []) == []

    simulator.add_job("slow", [job_body("slow", "SUCCESS", "SUCCESS", "SUCCESS")])
    stack.up().ok()
    assert stack.outputs()["server_ids"] == ["slow-server-0", "slow-server-1"]


def test_a_killed_host_leaves_nothing_pending(
    stack: Stack, simulator_with: Callable[..., Simulator], until: Until
) -> None:
    """After kill -9 of the plugin process `up` fails, and the next `up` waits for the same job."""
    simulator = simulator_with(time_scale=1.0)
    stack.connect(simulator)
    stack.program(PROGRAM.format(timeout="30m", others=[]))
    process = stack.start("up", "--yes", "--skip-preview")
    until(lambda: simulator.count("GET") > 0)
    os.kill(host_of(process), signal.SIGKILL)
    stack.ended(process, 60.0).failed()
    state = stack.state()
    assert state.get("pending_operations", []) == []
    job_id = by_name(state)["order"]["id"]

    simulator.advance(3600.0)
    stack.up().ok()
    assert by_name(stack.state())["web"]["id"] == job_id
    assert simulator.count("POST") == 1


def test_the_host_ends_with_a_killed_cli(stack: Stack, simulator_with: Callable[..., Simulator], until: Until) -> None:
    """After kill -9 of the CLI the plugin process ends soon. The README's three commands wait for the same job."""
    simulator = simulator_with(time_scale=1.0)
    stack.connect(simulator)
    stack.program(PROGRAM.format(timeout="30m", others=[]))
    process = stack.start("up", "--yes", "--skip-preview")
    until(lambda: simulator.count("GET") > 0)
    until(lambda: "JobSubmission" in json.dumps([path.read_text() for path in stack.folder.rglob("test.json")]))
    host_id = host_of(process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not _lives(host_id), GONE_BY)
    process.communicate()

    simulator.advance(3600.0)
    stack.run("cancel", "--yes").ok()
    stack.refresh("--clear-pending-creates").ok()
    stack.up().ok()
    assert len(stack.outputs()["server_ids"]) == 2
    assert simulator.count("POST") == 1
    assert stack.state().get("pending_operations", []) == []


def _lives(process_id: int) -> bool:
    """Whether the process runs. A process that has ended and was not waited for does not run."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_ctrl_c_ends_a_preview_that_polls(stack: Stack, simulator: Simulator, until: Until) -> None:
    """Ctrl-C ends a preview that waits for the response to a poll, and nothing is stored."""
    stack.program("""
        from pulumi_bms import JobCompletion, JobCompletions
        JobCompletion("one", job_id="hang.x")
        JobCompletions("many", job_ids={"a": "hang.y"})
    """)
    process = stack.start("preview")
    until(lambda: all(simulator.count("GET", path_contains=name) > 0 for name in ("hang.x", "hang.y")))
    os.killpg(process.pid, signal.SIGINT)
    output = stack.ended(process, 60.0).failed().output
    assert "interrupted while job hang.x was polled" in output
    assert "interrupted while the jobs were polled" in output
    assert stack.resources() == {}


def test_ctrl_c_ends_a_refresh_that_polls(stack: Stack, simulator: Simulator, until: Until) -> None:
    """Ctrl-C ends a refresh that waits for a response, and the state keeps the wait."""
    simulator.add_job("web", [job_body("web", "RUNNING", "SUCCESS", "RUNNING")])
    stack.program("""
        import pulumi
        from pulumi_bms import JobCompletion
        timeouts = pulumi.CustomTimeouts(create="1s")
        web = JobCompletion("web", job_id="web", opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
        pulumi.export("server_ids", web.server_ids)
    """)
    stack.up().failed()
    simulator.add_job("web", [HANG])
    polled = simulator.count("GET")
    process = stack.start("refresh", "--yes", "--skip-preview")
    until(lambda: simulator.count("GET") > polled)
    os.killpg(process.pid, signal.SIGINT)
    pressed = time.monotonic()
    output = stack.ended(process, 60.0).output
    assert time.monotonic() - pressed < BACK_BY
    assert "interrupted while job web was polled: run `pulumi up`" in output
    kept = stack.resources()["web"]
    assert (kept["outputs"]["status"], kept["outputs"]["surviving_server_ids"]) == ("RUNNING", ["web-server-0"])
    assert len(kept["initErrors"]) == 1
