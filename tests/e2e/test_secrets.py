"""Nothing secret in what commands print, or in the state."""

from __future__ import annotations

from collections.abc import Callable

from bms_simulator import Simulator
from tests.e2e.conftest import Stack

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    body = sample_order({name!r}, 1)
    body["server"]["adminPass"] = "PLAIN-Passw0rd"
    body["server"]["metadata"]["note"] = pulumi.Output.secret("MARKED-secret")
    order = JobSubmission("order", path="baremetalservers", body=body)
    done = JobCompletion("done", job_id=order.job_id)
"""
TOKEN = "t0ken-that-nobody-may-see"


def _commands(stack: Stack) -> str:
    shown = [stack.preview(), stack.up(), stack.refresh(), stack.preview("--diff"), stack.run("stack", "export")]
    return "\n".join(ended.output for ended in shown)


def test_secrets_reach_neither_output_nor_state(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator]
) -> None:
    """A token from config or environment, and passwords in a body, are in no output and not readable in the state."""
    for source, name in (("config", "web"), ("environment", "web"), ("config", "fail-one"), ("config", "forbidden")):
        simulator = simulator_with(token=TOKEN)
        stack = make_stack(f"{source}-{name}")
        stack.connect(simulator)
        if source == "config":
            del stack.environment["HW_AUTH_TOKEN"]
            stack.secret("token", TOKEN)
        stack.program(PROGRAM.format(name=name))
        printed = _commands(stack)
        assert simulator.count("POST") >= 1
        for secret in (TOKEN, "PLAIN-Passw0rd", "MARKED-secret"):
            assert secret not in printed, (source, name)


def test_a_rejected_token_is_named_by_its_source_only(stack: Stack, simulator: Simulator) -> None:
    """A 401 is told with the variable that held the token, not the token, and is not tried again."""
    stack.environment["HW_AUTH_TOKEN"] = TOKEN
    stack.program(PROGRAM.format(name="web"))
    output = stack.up().failed().output
    assert "HW_AUTH_TOKEN" in output
    assert "APIGW.0301" in output
    assert TOKEN not in output
    assert len(simulator.requests) == 1
