"""Messages during the wait for jobs, and afterwards."""

from __future__ import annotations

import re
from typing import Any

from bms_simulator import ScriptedResponse, Simulator
from tests.e2e.conftest import Stack, job_body


def test_rows_notes_and_warnings(stack: Stack, simulator: Simulator) -> None:
    """Progress is shown on the resource's row, the count first. A success with a code warns."""
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
        ("web", "0/3 RUNNING"),
        ("web", "1/3 RUNNING"),
        ("web", "2/3 RUNNING"),
        ("bad", "0/2 RUNNING, sub-job bad-0 FAILED (BMS.3037)"),
    ]:
        row = re.compile(rf"JobCompletion {job_id} creating \(\d+s\) {re.escape(text)}$")
        assert sum(row.search(line) is not None for line in lines) == 1, output
    # The row's last progress stays at the end, and no empty row is printed before.
    assert [line for line in lines if re.search(r"JobCompletion web created \(\d+s\) 3/3 SUCCESS$", line)], output
    assert len([line for line in lines if re.search(r"JobCompletion web creating \(\d+s\) *$", line)]) == 1, output
    assert not [line for line in lines if "pulumi:Stack" in line and "RUNNING" in line]
    _, _, messages = output.partition("Diagnostics:")
    assert "3/3" not in messages
    assert "warning: job succ...de.x succeeded, but reports BMS.3006" in messages


def test_a_destroy_says_once_what_stays(stack: Stack, simulator: Simulator) -> None:
    """A destroy prints one note a run about the remaining servers, in the stack's diagnostics."""
    simulator.add_job("bad", [job_body("bad", "FAIL", "FAIL", "SUCCESS")])
    attachment: dict[str, Any] = {
        "status": "SUCCESS",
        "job_type": "baremetalAttachVolume",
        "entities": {"server_id": "quick-0"},
    }
    simulator.add_job("attachment", [attachment])
    stack.program("""
        from pulumi_bms import JobCompletion, JobCompletions, JobSubmission
        from bms_simulator import sample_order
        order = JobSubmission("order", path="baremetalservers", body=sample_order("quick", 1))
        JobCompletion("web", job_id=order.job_id)
        JobCompletions("many", job_ids={str(number): f"quick.{number}" for number in range(7)})
        for job_id in ("bad", "attachment"):
            JobCompletion(job_id, job_id=job_id)
    """)
    stack.up("--continue-on-error").failed()
    output = stack.destroy().ok().output
    messages = [line.strip() for line in output.partition("Diagnostics:")[2].splitlines() if "in the cloud" in line]
    (note,) = messages
    head, _, rest = note.partition(": ")
    assert head == "nothing is deleted in the cloud. 23 servers stay"
    assert rest.endswith(". The effects of job attachment stay")
    assert "bad-server-1" in rest
    assert "quick-0" not in rest
