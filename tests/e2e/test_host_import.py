"""Waits for existing jobs: `import_`, and ways to import that are refused."""

from __future__ import annotations

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, job_body

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion

    web = JobCompletion("web", job_id={job_id!r}, expected_servers=2, opts=pulumi.ResourceOptions({option}))
    pulumi.export("server_ids", web.server_ids)
"""
CHANGED = "--expect-no-changes"


def test_a_finished_job_is_imported(stack: Stack, simulator: Simulator) -> None:
    """`import_` imports a finished job with all server ids, and the next `up` has nothing to do."""
    simulator.add_job("done", [job_body("done", "SUCCESS", "SUCCESS", "SUCCESS")])
    stack.program(PROGRAM.format(job_id="done", option='import_="done"'))
    stack.up().ok()
    assert stack.outputs()["server_ids"] == ["done-server-0", "done-server-1"]
    assert stack.resources()["web"]["id"] == "done"
    asked = len(simulator.requests)

    stack.up(CHANGED).ok()
    stack.program(PROGRAM.format(job_id="done", option=""))
    stack.preview(CHANGED).ok()
    assert len(simulator.requests) == asked
    assert simulator.count("POST") == 0


def test_a_failed_job_is_not_imported_as_a_success(stack: Stack, simulator: Simulator) -> None:
    """`import_` of a failed job fails with the tree, and again at the next `up`."""
    simulator.add_job("failed", [job_body("failed", "FAIL", "SUCCESS", "FAIL")])
    stack.program(PROGRAM.format(job_id="failed", option='import_="failed"'))
    for _ in range(2):
        assert "job failed (baremetalBatchCreate) FAILED" in stack.up().failed().output
        assert stack.state().get("pending_operations", []) == []


def test_a_failed_import_leaves_nothing_that_stays(stack: Stack, simulator: Simulator) -> None:
    """An import without settings fails, can be destroyed, and succeeds at the next `up` with settings."""
    simulator.add_job("done", [job_body("done", "SUCCESS", "SUCCESS", "SUCCESS")])
    stack.program(PROGRAM.format(job_id="done", option='import_="done"'))
    stack.disconnect()
    assert "The endpoint is missing" in stack.up().failed().output
    stack.destroy().ok()
    assert "The endpoint is missing" in stack.up().failed().output
    stack.connect(simulator)
    stack.up().ok()
    assert len(stack.outputs()["server_ids"]) == 2


OTHERS = """
    import pulumi
    from pulumi_bms import JobCompletions, JobSubmission

    for option in ("import_", "id"):
        opts = pulumi.ResourceOptions(**{option: "done"})
        JobCompletions(f"many-{option}", job_ids={"a": "done"}, opts=opts)
        JobSubmission(f"order-{option}", path="x", body={}, opts=opts)
"""


def test_a_resource_that_has_no_import_names_the_way(stack: Stack, simulator: Simulator) -> None:
    """The error for a submission and for a map of jobs, by `import_` and by `opts.id`, names JobCompletion."""
    stack.program(OTHERS)
    output = stack.up("--continue-on-error", "--parallel", "20").failed().output
    for name in ("many-import_", "order-import_", "many-id", "order-id"):
        _, _, message = output.partition("\nDiagnostics:\n")[2].partition(f"({name}):\n")
        message, _, _ = message.partition("\n\n")
        assert "can't be imported or read by" in message, output
        assert "to a JobCompletion" in message
        assert "with opts.import_" in message
    assert simulator.requests == []


def test_the_command_import_names_the_option(stack: Stack, simulator: Simulator) -> None:
    """`pulumi import` has no provider, so the message names `import_`. Nothing is sent."""
    output = stack.run("import", "pulumi-python:dynamic/bms:JobCompletion", "web", "done", "--yes").failed().output
    assert "`pulumi import` brings none along" in output
    assert "opts=pulumi.ResourceOptions(import_=ID)" in output
    assert simulator.requests == []


def test_an_id_that_is_not_the_job_is_refused(stack: Stack, simulator: Simulator) -> None:
    """`import_` with an id other than `job_id` is refused. `opts.id` is refused too."""
    simulator.add_job("done", [job_body("done", "SUCCESS", "SUCCESS", "SUCCESS")])
    stack.program(PROGRAM.format(job_id="done", option='import_="other"'))
    assert "import_ is 'other', and job_id 'done': write the same id for both" in stack.up().failed().output
    stack.refresh().ok()
    stack.destroy().ok()

    stack.program(PROGRAM.format(job_id="done", option='id="done"'))
    words = "JobCompletion can't be read by opts.id: give the id as job_id, or use opts.import_"
    assert words in stack.preview().failed().output
    assert words in stack.up().failed().output
    assert simulator.requests == []
