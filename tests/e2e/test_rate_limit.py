"""The rate limit of a run, measured at the API: waits, previews and refreshes together."""

from __future__ import annotations

from collections.abc import Sequence

from bms_simulator import Simulator
from tests.e2e.conftest import Stack

COMPLETIONS = 50
PER_MINUTE = 300
BURST = PER_MINUTE // 60
"""The most requests at one moment: the requests of one second."""
PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion

    opts = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="{timeout}"))
    for number in range({number}):
        JobCompletion(f"wait-{{number}}", job_id=f"{job}.{{number}}", opts=opts)
"""
ALL_AT_ONCE = ("--parallel", str(COMPLETIONS), "--continue-on-error")


def assert_limited(times: Sequence[float]) -> None:
    """No window of the run has more requests than the limit for the window's seconds, plus one second's requests."""
    for first, begin in enumerate(times):
        for last in range(first, len(times)):
            allowed = (times[last] - begin) * PER_MINUTE / 60 + BURST
            assert last - first + 1 <= allowed + 1, f"{last - first + 1} requests in {times[last] - begin:.2f} s"


def test_waits_keep_the_limit(stack: Stack, simulator: Simulator) -> None:
    """With 300 requests a minute 50 waits poll five times a second at most, from the first poll to the last."""
    stack.configure({"maxRequestsPerMinute": str(PER_MINUTE)})
    stack.program(PROGRAM.format(timeout="10m", number=COMPLETIONS, job="ok"))
    stack.up(*ALL_AT_ONCE).ok()
    times = [request.at for request in simulator.requests]
    assert len(times) > COMPLETIONS
    assert_limited(times)


def test_a_preview_and_a_refresh_keep_the_limit(stack: Stack, simulator: Simulator) -> None:
    """A preview, waits that time out together, and a refresh keep the limit of five polls a second."""
    stack.configure({"maxRequestsPerMinute": str(PER_MINUTE)})
    stack.program(PROGRAM.format(timeout="1s", number=COMPLETIONS, job="stuck"))
    stack.preview(*ALL_AT_ONCE[:2]).ok()
    previewed = len(simulator.requests)
    stack.up(*ALL_AT_ONCE).failed()
    waited = len(simulator.requests)
    stack.refresh(*ALL_AT_ONCE[:2])
    times = [request.at for request in simulator.requests]
    assert (previewed, len(times) - waited) == (COMPLETIONS, COMPLETIONS)
    for command in (times[:previewed], times[previewed:waited], times[waited:]):
        assert_limited(command)
