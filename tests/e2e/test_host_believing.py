"""Responses that `pulumi up` accepts: about the right job, final failures, and refusals that persist."""

from __future__ import annotations

from bms_simulator import Simulator
from bms_simulator.cloud.jobs import ScriptedResponse
from bms_simulator.http.responses import Response, gateway_error, service_error
from tests.e2e.conftest import Stack, by_name, job_body

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion

    for job_id in {job_ids!r}:
        timeouts = pulumi.CustomTimeouts(create="{timeout}")
        done = JobCompletion(job_id, job_id=job_id, opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
        pulumi.export(job_id, done.server_ids)
"""


def test_neither_another_jobs_success_nor_one_no_ends_a_wait(stack: Stack, simulator: Simulator) -> None:
    """Server ids of a different job never become outputs. A single 404, 403 or HTML page does not end a wait."""
    simulator.add_job(
        "strange",
        [
            ScriptedResponse(job_body("other", "SUCCESS", "SUCCESS"), polls=2),
            ScriptedResponse(job_body("strange", "RUNNING", "RUNNING", "RUNNING"), polls=1),
            ScriptedResponse(job_body("other", "SUCCESS", "SUCCESS"), polls=2),
            ScriptedResponse({"status": "SUCCESS"}, polls=2),
            job_body("strange", "SUCCESS", "SUCCESS", "SUCCESS"),
        ],
    )
    running = ScriptedResponse(job_body("refusing", "RUNNING", "RUNNING"))
    noes = [
        service_error("Common.0011", "unknown", 404),
        service_error("BMS.0033", "no right", 403),
        gateway_error(404, "APIG.0101", "no such API"),
        Response(404, "<html>Not Found</html>"),
    ]
    frames = [frame for no in noes for frame in (running, no)]
    simulator.add_job("refusing", [*frames, job_body("refusing", "SUCCESS", "SUCCESS")])
    stack.program(PROGRAM.format(job_ids=["strange", "refusing"], timeout="5m"))
    stack.up().ok()
    assert stack.outputs()["strange"] == ["strange-server-0", "strange-server-1"]
    assert stack.outputs()["refusing"] == ["refusing-server-0"]


def test_servers_that_come_after_the_failure_are_told(stack: Stack, simulator: Simulator) -> None:
    """A failure with running sub-jobs is polled again. The refresh and the next `up` report servers that came later."""
    simulator.add_job("dying", [job_body("dying", "FAIL", "SUCCESS", "FAIL", "RUNNING")])
    stack.program(PROGRAM.format(job_ids=["dying"], timeout="3s"))
    output = stack.up().failed().output
    assert "job dying (baremetalBatchCreate) FAILED" in output
    assert "Run `pulumi up` to poll job dying again" in output
    assert "submit again" not in output
    assert "triggers" not in output
    assert "Servers reported so far: dying-server-0" in output
    assert by_name(stack.state())["dying"]["outputs"]["status"] == "RUNNING"

    assert "FAIL, `pulumi up` waits: 1 sub-job has not ended" in stack.preview("--diff").ok().output
    output = stack.refresh().ok().output
    assert "the wait for job dying has not ended" in output
    simulator.add_job("dying", [job_body("dying", "FAIL", "SUCCESS", "FAIL", "SUCCESS")])
    messages = "2 servers were reported by their sub-jobs, and may exist and be billed"
    output = stack.up().failed().output
    assert messages in output
    assert "dying-server-0, dying-server-2" in output
    asked = len(simulator.requests)
    assert messages in stack.refresh().ok().output
    assert messages in stack.up().failed().output
    assert len(simulator.requests) == asked
