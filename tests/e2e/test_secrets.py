"""No secret in the output of commands, or in the state."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    body = sample_order({name!r}, 1)
    del body["server"]["key_name"]
    body["server"]["adminPass"] = "PLAIN-Passw0rd"
    body["server"]["metadata"]["note"] = pulumi.Output.secret("MARKED-secret")
    order = JobSubmission("order", path="baremetalservers", body=body)
    done = JobCompletion("done", job_id=order.job_id)
"""
TOKEN = "t0ken-that-nobody-may-see"


@pytest.mark.parametrize(("host", "name"), [("stock", "web"), ("own", "fail-one")])
def test_secrets_reach_neither_output_nor_state(stack: Stack, simulator: Simulator, name: str) -> None:
    """The token, and passwords in a body, are in no output and not readable in the state."""
    stack.program(PROGRAM.format(name=name))
    up = stack.up()
    assert (up.code == 0) is (name == "web"), up.output
    shown = [up, stack.refresh(), stack.preview("--diff"), stack.run("stack", "export")]
    for secret in (simulator.token, "PLAIN-Passw0rd", "MARKED-secret"):
        assert not any(secret in ended.output for ended in shown)


def test_a_rejected_token_is_named_by_its_source_only(stack: Stack, simulator: Simulator) -> None:
    """The error for a 401 names the variable of the token, not the token. The request is not sent again."""
    stack.environment["HW_AUTH_TOKEN"] = TOKEN
    stack.program(PROGRAM.format(name="web"))
    output = stack.up().failed().output
    assert "HW_AUTH_TOKEN" in output
    assert "APIGW.0301" in output
    assert TOKEN not in output
    assert len(simulator.requests) == 1


def test_the_trace_shows_requests_and_no_secret(stack: Stack) -> None:
    """`pulumi up --debug` has one line per request, with the status, and neither token nor body."""
    stack.program(PROGRAM.format(name="web"))
    token = stack.environment["HW_AUTH_TOKEN"]
    output = stack.up("--debug").ok().output
    assert re.search(r"POST http://127\.0\.0\.1:\d+/v1/\w+/baremetalservers: HTTP 200, \d+ bytes", output)
    assert re.search(r"GET http://127\.0\.0\.1:\d+/v1/\w+/jobs/\w+: HTTP 200, \d+ bytes", output)
    for secret in (token, "PLAIN-Passw0rd", "MARKED-secret"):
        assert secret not in output


REPEATS = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    body = sample_order("quick", 1)
    del body["server"]["key_name"]
    body["server"]["adminPass"] = "PLAIN-Passw0rd"
    order = JobSubmission("order", path="baremetalservers", body=body)
    JobCompletion("told", job_id="told", opts=pulumi.ResourceOptions(depends_on=[order]))
"""


def test_a_job_that_repeats_secrets(stack: Stack, simulator: Simulator) -> None:
    """No token, no submitted password and no control character of a job is on the screen or in the state."""
    bad = f"\x1b[2J\u202e{simulator.token} and PLAIN-Passw0rd"
    part: dict[str, Any] = {"job_id": "part", "status": "FAIL", "fail_reason": bad, "entities": {bad: [{"note": bad}]}}
    entities: dict[str, Any] = {"sub_jobs": [part], "errorcode_message": bad}
    simulator.add_job("told", [{"status": "FAIL", "fail_reason": bad, "more": {bad: bad}, "entities": entities}])
    stack.program(REPEATS)
    screen = stack.up().failed().output
    kept = stack.resources()["told"]
    assert "[2J[secret] and [secret]" in screen
    assert kept["outputs"]["fail_reason"] == "[2J[secret] and [secret]"
    for shown in (screen, json.dumps(kept, ensure_ascii=False)):
        for text in (simulator.token, "PLAIN-Passw0rd", "\x1b", "\\u001b", "\u202e"):
            assert text not in shown
