"""The needs of `pulumi preview`, and the inputs and settings that a preview refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, on_both_hosts

CHAINED = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission

    order = JobSubmission("order", path="baremetalservers", body={"server": {"name": "web", "count": 3}})
    web = JobCompletion("web", job_id=order.job_id, expected_servers=3)
    for i in range(3):
        stop = JobSubmission(f"stop-{i}", path="baremetalservers/action",
                             body={"os-stop": {"servers": [{"id": web.server_ids[i]}]}})
        JobCompletion(f"stopped-{i}", job_id=stop.job_id)
    pulumi.export("first", web.server_ids[0])
"""

REFUSED = {
    "from the API's response": 'JobCompletion("web", job_id="../etc")',
    "endpoint must not contain a user": 'JobCompletion("web", job_id="ok", endpoint="https://u:PASSWORD@h")',
    "body must hold only numbers below 2**53": (
        'JobSubmission("web", path="a", body=pulumi.Output.secret({"PASSWORD": 2**60}))'
    ),
}


@on_both_hosts
def test_preview_needs_neither_network_nor_credentials(stack: Stack) -> None:
    """Without endpoint, project and token a preview ends well, and dependent values are unknown."""
    stack.disconnect()
    stack.program(CHAINED)
    output = stack.preview().ok().output
    assert "first: [unknown]" in " ".join(output.split())
    assert "8 to create" in output or "+ 9 to create" in output


@pytest.mark.parametrize("reason", REFUSED)
def test_preview_refuses_what_can_never_work(stack: Stack, simulator: Simulator, reason: str) -> None:
    """A bad input fails the preview. The error has the reason and no secret. Nothing is sent."""
    stack.program(f"""
        import pulumi
        from pulumi_bms import JobCompletion, JobSubmission
        {REFUSED[reason]}
    """)
    output = stack.preview().failed().output
    assert reason in output
    assert "PASSWORD" not in output
    assert simulator.requests == []


def test_preview_refuses_settings_that_can_never_work(stack: Stack, simulator: Simulator) -> None:
    """A preview without a credential names all wrong settings with the values at once. Nothing is sent."""
    stack.disconnect()
    stack.configure({"region": "cn-noth-4", "maxRequestsPerMinute": "many", "caBundle": "/nonexistent"})
    stack.environment["HW_PROJECT_ID"] = "a b"
    stack.program(CHAINED)
    output = stack.preview().failed().output
    for text in (
        "bms:region 'cn-noth-4' is not a known region",
        "If 'cn-north-4' is meant, write 'cn-north-4'",
        "bms:maxRequestsPerMinute 'many' must be a whole number of at least 1",
        "bms:caBundle '/nonexistent' must be the path of an existing file",
        "HW_PROJECT_ID 'a b' must have 1 to 64 letters",
    ):
        assert text in output, text
    assert simulator.requests == []


def test_preview_refuses_a_key_that_no_profile_has(stack: Stack, simulator: Simulator) -> None:
    """An unknown key of a profile fails the preview, with the known key."""
    stack.configure({"profiles.eu.projectID": "p"})
    stack.program("""
        from pulumi_bms import JobCompletion
        JobCompletion("web", job_id="ok", profile="eu")
    """)
    assert "bms:profiles.eu has the unknown keys projectID (write projectId)" in stack.preview().failed().output
    assert simulator.requests == []


def test_keys_of_the_config_that_nothing_reads(make_stack: Callable[..., Stack], simulator: Simulator) -> None:
    """Each unknown key of the config is one warning a run, with the nearest known key."""
    stack = make_stack()
    stack.connect(simulator)
    stack.configure({"regoin": "eu-de", "colour": "red"})
    stack.program(CHAINED)
    _, _, output = stack.preview().ok().output.partition("Diagnostics:")
    assert output.count("bms:regoin is not read: bms:region may be meant") == 1
    assert output.count("bms:colour is not read: no known key has a similar name") == 1


def test_a_timeout_that_is_no_duration_is_refused(stack: Stack) -> None:
    """An invalid duration in `custom_timeouts` is a ValueError that names the timeout."""
    stack.program("""
        import pulumi
        from pulumi_bms import JobCompletion
        timeouts = pulumi.CustomTimeouts(create="soon")
        JobCompletion("web", job_id="ok", opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
    """)
    output = stack.preview().failed().output
    assert """custom_timeouts.create must be a duration such as "90m", "1h30m" or "5400s", not 'soon'""" in output


def test_what_is_missing_is_named_at_up(stack: Stack) -> None:
    """An `up` without settings names all missing settings, and both ways to give each setting."""
    stack.disconnect()
    stack.program(CHAINED)
    output = stack.up().failed().output
    for text in ("bms:region", "bms:endpoint", "HW_REGION_NAME", "BMS_ENDPOINT", "bms:projectId", "HW_PROJECT_ID",
                 "HW_AUTH_TOKEN", "bms:token"):  # fmt: skip
        assert text in output, text
