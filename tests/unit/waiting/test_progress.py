"""Progress of a wait: each change once, outages with growing pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.waiting.outcome import End, Progress
from tests.unit.waiting.timelines import (
    JOB,
    NO_NEWS,
    RUNNING,
    SUCCESS,
    UNKNOWN,
    Script,
    job,
    part,
    steps,
)

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import Ran, WaitFor


def statuses(ran: Ran) -> list[str]:
    return [progress.status for _, progress in ran.messages]


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        (steps((0, UNKNOWN), (20, RUNNING), (60, SUCCESS)), ["", "RUNNING", "SUCCESS"]),
        (steps((0, job("WAITING_EXECUTE")), (300, SUCCESS)), ["WAITING_EXECUTE", "SUCCESS"]),
        (
            steps((0, job("PENDING_PAYMENT")), (300, RUNNING), (600, SUCCESS)),
            ["PENDING_PAYMENT", "RUNNING", "SUCCESS"],
        ),
    ],
    ids=["not visible yet", "undocumented status", "unpaid"],
)
def test_each_status_is_shown_once(wait_for: WaitFor, script: Script, shown: list[str]) -> None:
    """A status is shown once for all polls with the same status."""
    assert statuses(wait_for(script)) == shown


def test_each_change_is_shown_once(wait_for: WaitFor) -> None:
    """Each change of the counts is one message, also at the end."""
    ran = wait_for(
        steps(
            (0, job("INIT")),
            (50, job("RUNNING", part("RUNNING"), part("INIT", 2))),
            (90, job("RUNNING", part("SUCCESS"), part("RUNNING", 2))),
            (200, job("SUCCESS", part("SUCCESS"), part("SUCCESS", 2))),
        )
    )
    assert len(ran.polls) > 30
    assert [progress for _, progress in ran.messages] == [
        Progress(JOB, "INIT"),
        Progress(JOB, "RUNNING", 0, 2),
        Progress(JOB, "RUNNING", 1, 2),
        Progress(JOB, "SUCCESS", 2, 2, succeeded=True),
    ]


def test_a_failed_sub_job_is_shown_at_once_and_waited_through(wait_for: WaitFor) -> None:
    """The next poll shows a FAIL sub-job at any level, and the parent decides the end."""
    below = part("RUNNING", 1, part("FAIL", 2, error_code="BMS.3037"))
    ran = wait_for(steps((0, job("RUNNING", part("RUNNING"))), (50, job("RUNNING", below)), (400, job("FAIL"))))
    assert ran.outcome.end is End.FAILED
    at, progress = ran.messages[1]
    assert 50 <= at <= 52
    assert progress == Progress(JOB, "RUNNING", 0, 1, (("sub-2", "BMS.3037"),))


def test_a_missing_sub_job_is_shown(wait_for: WaitFor) -> None:
    """The progress of an incomplete success has the unmet condition."""
    ran = wait_for(steps((0, job("SUCCESS", part("SUCCESS"), total=2)), (50, job("FAIL"))))
    assert ran.messages[0][1] == Progress(JOB, "SUCCESS", 1, 2, unsettled="2 sub-jobs are announced and 1 listed")


# --- outages


def test_an_outage_is_shown_at_15_s_and_then_ever_more_rarely(wait_for: WaitFor) -> None:
    """The first message comes 15 s into an outage, and further messages follow with doubling pauses."""
    ran = wait_for(steps((0, job("RUNNING", part("RUNNING"))), (0.5, NO_NEWS)))
    shown = [progress.outage for _, progress in ran.messages]
    assert shown == [0.0, 15.0, 31.0, 63.0, 183.0, 423.0, 900.0][: len(shown)]
    assert len(shown) >= 6
    assert {progress.trouble for _, progress in ran.messages[1:]} == {"503"}
    assert {(progress.status, progress.total) for _, progress in ran.messages} == {("RUNNING", 1)}


def test_lasting_refusals_are_shown_as_an_outage(wait_for: WaitFor) -> None:
    """From 15 s on the progress has the time without a good response, and the status of the refusal."""
    ran = wait_for(steps((0, RUNNING), (0.5, UNKNOWN)))
    shown = [(progress.outage, progress.trouble) for _, progress in ran.messages[:3]]
    assert shown == [(0, ""), (15, "404"), (31, "404")]


def test_an_outage_keeps_failures_and_drops_the_unmet_condition(wait_for: WaitFor) -> None:
    """In an outage failed sub-jobs stay shown, and a missing sub-job may have come meanwhile."""
    failing = wait_for(steps((0, job("RUNNING", part("FAIL"))), (0.5, NO_NEWS)), timeout=60.0)
    assert failing.messages[1][1].failed == (("sub-1", ""),)
    missing = wait_for(steps((0, job("SUCCESS", part("SUCCESS"), total=2)), (0.5, NO_NEWS)), timeout=60.0)
    assert [progress.unsettled != "" for _, progress in missing.messages[:2]] == [True, False]


def test_the_end_of_a_shown_outage_is_shown(wait_for: WaitFor) -> None:
    """A good response after a shown outage is a message, and a short outage is not shown at all."""
    long = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (20, RUNNING), (60, SUCCESS)))
    assert [progress.outage > 0 for _, progress in long.messages] == [False, True, False, False]
    brief = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (10, RUNNING), (60, SUCCESS)))
    assert statuses(brief) == ["RUNNING", "SUCCESS"]


def test_each_outage_is_counted_by_itself(wait_for: WaitFor) -> None:
    """A second outage is shown 15 s after the start of the second outage."""
    ran = wait_for(steps((0, RUNNING), (0.5, NO_NEWS), (20, RUNNING), (100, NO_NEWS), (300, SUCCESS)))
    at, lasted = next((at, progress.outage) for at, progress in ran.messages if at > 100 and progress.outage)
    assert 15 <= lasted <= 32
    assert 100 <= at - lasted <= 104


def test_slow_polls_show_an_outage_too(wait_for: WaitFor) -> None:
    """An outage with polls as long as the request timeout is shown after the first poll."""
    ran = wait_for(lambda _: NO_NEWS, cost=30.0)
    assert ran.messages[0] == (30.0, Progress(JOB, outage=30.0, trouble="503"))
