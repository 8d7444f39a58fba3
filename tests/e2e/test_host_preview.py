"""A preview polls jobs: ids of finished jobs are known, other ids stay unknown, and an unknown id stops no preview."""

from __future__ import annotations

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, job_body

WAITS = """
    import pulumi
    from pulumi_bms import JobCompletion

    for job_id in {job_ids!r}:
        JobCompletion(job_id, job_id=job_id)
"""
MANY = [f"hang.{number}" for number in range(20)]
AT_ONCE = 8
"""Resources that the engine creates at the same time."""


def test_a_preview_knows_what_is_finished(stack: Stack, simulator: Simulator) -> None:
    """A preview shows the real server ids of finished jobs. Other ids are unknown, and a line gives the reason."""
    simulator.add_job("done", [job_body("done", "SUCCESS", "SUCCESS", "SUCCESS")])
    simulator.add_job("moving", [job_body("moving", "RUNNING", "SUCCESS", "RUNNING")])
    simulator.add_job("short", [job_body("short", "SUCCESS", "SUCCESS", total=2)])
    stack.program("""
        import pulumi
        from pulumi.dynamic import CreateResult, Resource, ResourceProvider
        from pulumi_bms import JobCompletion, JobSubmission

        class Foreign(ResourceProvider):
            def create(self, props):
                return CreateResult("made", props)

        class Echo(Resource):
            said: pulumi.Output[str]

        for job_id in ("done", "moving", "short"):
            job = JobCompletion(job_id, job_id=job_id)
            JobSubmission(f"stop-{job_id}", path="baremetalservers/action",
                          body={"os-stop": {"servers": [{"id": job.server_ids[0]}]}})
            pulumi.export(f"ids-of-{job_id}", job.server_ids)
            pulumi.export(f"first-of-{job_id}", job.server_ids[0])
        pulumi.export("echoed", Echo(Foreign(), "echo", {"said": "what-was-given"}, None).said)
    """)
    output = stack.preview("--diff").ok().output
    _, _, outputs = output.partition("--outputs:--")
    assert '[0]: "done-server-0"' in outputs
    assert '[1]: "done-server-1"' in outputs
    assert 'first-of-done  : "done-server-0"' in outputs
    assert 'echoed         : "what-was-given"' in outputs
    for job_id in ("moving", "short"):
        assert f"first-of-{job_id}: [unknown]" in " ".join(outputs.split()).replace(" :", ":")
        assert f"{job_id}-server-0" not in output
    assert output.count("done-server-0") > outputs.count("done-server-0")
    assert "RUNNING, `pulumi up` waits" in output
    assert "SUCCESS, `pulumi up` waits: 2 sub-jobs are announced and 1 listed" in output
    assert simulator.count("POST") == 0


def test_a_preview_fails_where_up_would(stack: Stack, simulator: Simulator) -> None:
    """A failed job fails the preview with the tree of sub-jobs. A refused poll or credential fails the preview too."""
    simulator.add_job("failed", [job_body("failed", "FAIL", "SUCCESS", "FAIL")])
    stack.program(WAITS.format(job_ids=["failed"]))
    output = stack.preview().failed().output
    assert "job failed (baremetalBatchCreate) FAILED after 4m07s: BMS.3004" in output
    assert "  ok    failed-0  server failed-server-0" in output
    assert "  FAIL  failed-1  BMS.3037" in output
    assert "Traceback" not in output

    stack.program(WAITS.format(job_ids=["forbidden.x"]))
    output = stack.preview().failed().output
    assert "the API refused the poll of job forbidden.x: " in output
    assert "BMS.0033" in output

    stack.environment["HW_AUTH_TOKEN"] = "another"
    stack.program(WAITS.format(job_ids=["quick.x"]))
    output = stack.preview().failed().output
    assert "the API rejected the credential: " in output
    assert "APIGW.0301" in output
    assert "HW_AUTH_TOKEN" in output
    assert simulator.count("POST") == 0


def test_a_preview_after_a_bad_run(stack: Stack, simulator: Simulator) -> None:
    """A stored failure fails the preview without a request. A new job_id, or a job that ended since, has real ids."""
    program = """
        import pulumi
        from pulumi_bms import JobCompletion

        opts = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="2s"))
        for name, job_id in {jobs!r}.items():
            pulumi.export(name, JobCompletion(name, job_id=job_id, opts=opts).server_ids)
    """
    simulator.add_job("failed", [job_body("failed", "FAIL", "SUCCESS", "FAIL")])
    simulator.add_job("slow", [job_body("slow", "RUNNING", "SUCCESS", "RUNNING")])
    stack.program(program.format(jobs={"one": "failed", "two": "slow"}))
    stack.up("--continue-on-error", "--parallel", "10").failed()
    asked = simulator.count(path_contains="/failed")
    assert "job failed (baremetalBatchCreate) FAILED after 4m07s: BMS.3004" in stack.preview().failed().output
    assert simulator.count(path_contains="/failed") == asked

    for job_id in ("good", "slow"):
        simulator.add_job(job_id, [job_body(job_id, "SUCCESS", "SUCCESS", "SUCCESS")])
    stack.program(program.format(jobs={"one": "good", "two": "slow"}))
    output = stack.preview().ok().output
    assert "1 to replace" in output
    assert "1 to update" in output
    for job_id in ("good", "slow"):
        assert f'[1]: "{job_id}-server-1"' in output


@pytest.mark.parametrize("trouble", ["never answered", "no credential"])
def test_a_preview_without_the_api_ends_well_and_soon(stack: Stack, simulator: Simulator, trouble: str) -> None:
    """A preview without a response or a credential ends well, with one note a run and at most one round of polls."""
    if trouble == "no credential":
        del stack.environment["HW_AUTH_TOKEN"]
    stack.program(WAITS.format(job_ids=MANY))
    output = stack.preview("--parallel", str(AT_ONCE)).ok().output
    assert f"{len(MANY) + 1} to create" in output
    _, _, messages = output.partition("Diagnostics:")
    words = {
        "never answered": "the API sent no response, so the server ids stay unknown: ",
        "no credential": "this preview does not poll the API: ",
    }[trouble]
    assert messages.count(words) == 1, output
    assert messages.count("JobCompletion (") == 1, output
    # At most the polls that were under way when the first poll was given up: no further resource waits.
    assert simulator.count() <= AT_ONCE
