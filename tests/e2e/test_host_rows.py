"""What is told while jobs are waited for, and after."""

from __future__ import annotations

import pytest

from bms_simulator import ScriptedResponse, Simulator
from tests.e2e.conftest import Stack, job_body

pytestmark = pytest.mark.parametrize("host", ["own"])


def test_rows_notes_and_warnings(stack: Stack, simulator: Simulator) -> None:
    """Progress is told on the resource's own row; a success with a code warns; a destroy says which servers stay."""
    states = [("RUNNING", "RUNNING", "RUNNING"), ("SUCCESS", "RUNNING", "RUNNING"), ("SUCCESS", "SUCCESS", "RUNNING")]
    frames = [ScriptedResponse(job_body("web", "RUNNING", *parts), polls=2) for parts in states]
    simulator.add_job("web", [*frames, job_body("web", "SUCCESS", *["SUCCESS"] * 3)])
    odd = [("RUNNING", "RUNNING"), ("FAIL", "RUNNING")]
    frames = [ScriptedResponse(job_body("bad", "RUNNING", *parts), polls=2) for parts in odd]
    simulator.add_job("bad", [*frames, job_body("bad", "FAIL", "FAIL", "SUCCESS")])
    stack.program("""
        from pulumi_bms import JobCompletion
        for job_id in ("web", "bad", "success-with-code.x"):
            JobCompletion(job_id, job_id=job_id)
    """)
    output = stack.up("--continue-on-error", "--parallel", "20").failed().output
    lines = output.partition("Diagnostics:")[0].splitlines()
    for job_id, text in [
        ("web", "RUNNING, 0 of 3 servers done"),
        ("web", "RUNNING, 1 of 3 servers done"),
        ("web", "RUNNING, 2 of 3 servers done"),
        ("bad", "sub-job bad-0 FAILED (BMS.3037), waiting for the others"),
    ]:
        assert sum(f"JobCompletion {job_id} " in line and text in line for line in lines) == 1, output
    assert not [line for line in lines if "pulumi:Stack" in line and ("servers done" in line or "sub-job" in line)]
    _, _, told = output.partition("Diagnostics:")
    assert "servers done" not in told
    assert "warning: job succ...de.x succeeded, but reports BMS.3006" in told

    output = stack.destroy().ok().output
    assert "nothing is deleted in the cloud; 3 servers stay: web-server-0, web-server-1, web-server-2" in output
    assert "nothing is deleted in the cloud; 1 server stays: bad-server-1" in output
