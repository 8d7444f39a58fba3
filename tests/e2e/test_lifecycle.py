"""Steps after the first `pulumi up`: up again, changes, refresh, destroy, kill."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, on_both_hosts

# One state per release: `pulumi stack export` after an up of PROGRAM, without source positions and stack traces.
STATES = Path(__file__).parents[1] / "data" / "states"

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    config = pulumi.Config()
    order = JobSubmission("order", path="baremetalservers", body=sample_order("web", 2), triggers=config.get("again"))
    timeouts = pulumi.CustomTimeouts(create=config.get("timeout") or "30m")
    web = JobCompletion("web", job_id=order.job_id, expected_servers=config.get_int("expected"),
                        endpoint=config.get("endpoint"),
                        opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
    pulumi.export("server_ids", web.server_ids)
    pulumi.export("job_id", web.job_id)
"""

CHANGED = "--expect-no-changes"


def test_a_second_up_changes_nothing(stack: Stack, simulator: Simulator) -> None:
    """Without a change `up` sends no request. Only a new job replaces the wait."""
    stack.program(PROGRAM)
    stack.up().ok()
    first = stack.outputs()
    seen = len(simulator.requests)

    stack.up(CHANGED).ok()
    stack.environment["HW_AUTH_TOKEN"] = "another"
    stack.set(timeout="45m")
    stack.set(expected="2")
    stack.set(endpoint="https://bms.example.com")
    stack.preview(CHANGED).ok()
    stack.up(CHANGED).ok()
    assert len(simulator.requests) == seen

    stack.set(expected="3")
    assert "expected_servers is 3, but job" in stack.preview().failed().output

    stack.connect(simulator)
    stack.unset("expected")
    stack.unset("endpoint")
    stack.set(again="1")
    output = stack.up().ok().output
    assert "2 replaced" in output
    assert stack.outputs()["job_id"] != first["job_id"]
    assert simulator.count("POST") == 2


def test_finished_jobs_need_no_api(stack: Stack, simulator: Simulator) -> None:
    """Refresh and destroy of finished jobs work with the API down and without credentials."""
    stack.program(PROGRAM)
    stack.up().ok()
    seen = len(simulator.requests)
    simulator.stop()
    stack.disconnect()
    stack.refresh(CHANGED).ok()
    stack.up(CHANGED).ok()
    stack.destroy().ok()
    assert stack.resources() == {}
    assert len(simulator.requests) == seen


@on_both_hosts
def test_the_state_of_each_release_stays_good(stack: Stack, simulator: Simulator) -> None:
    """A stack deployed by an earlier release shows no change in this release, and is destroyed without the API."""
    stack.program(PROGRAM)
    states = sorted(STATES.glob("*.json"))
    assert states
    for state in states:
        stack.run("stack", "import", "--file", str(state)).ok()
        stack.up("--refresh", CHANGED).ok()
        stack.destroy().ok()
    assert simulator.requests == []


@on_both_hosts
def test_a_killed_wait_goes_on_with_the_same_job(
    stack: Stack, simulator: Simulator, until: Callable[[Callable[[], bool]], None]
) -> None:
    """After kill -9 of the CLI the README's three commands wait for the submitted job, and submit nothing."""
    stack.program(PROGRAM)
    stack.set(timeout="10m")
    process = stack.start("up", "--yes", "--skip-preview")
    until(lambda: simulator.count("GET") > 0)
    # The state is written after each step. The state must contain the order's job id.
    until(lambda: "JobSubmission" in json.dumps([path.read_text() for path in stack.folder.rglob("test.json")]))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    stack.run("cancel", "--yes").ok()
    stack.refresh("--clear-pending-creates").ok()
    stack.up().ok()
    assert len(stack.outputs()["server_ids"]) == 2
    assert simulator.count("POST") == 1
    assert stack.state().get("pending_operations", []) == []
