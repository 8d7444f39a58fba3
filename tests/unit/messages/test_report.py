"""Parts of a report beyond a file of examples. The texts are in tests/data/messages/waits.txt."""

from __future__ import annotations

import pytest

from pulumi_bms.api.models.job import Job
from pulumi_bms.messages import report
from pulumi_bms.messages.durations import show
from pulumi_bms.waiting.outcome import End
from tests.unit.messages.golden.samples import (
    DOWN,
    JOB,
    SERVER,
    job,
    ok,
    outcome,
    part,
)


def test_a_report_is_bounded() -> None:
    """A report of many sub-jobs and long texts has a limited length. The rest is counted or cut."""
    failing = [part(n, "FAIL", job_id=f"f{n}", fail_reason="x" * 5000) for n in range(60)]
    moving = [part(n, "RUNNING", job_id=f"m{n}") for n in range(70)]
    made = [part(n, "SUCCESS", f"s{n}", job_id=f"o{n}") for n in range(300)]
    lines = report.describe_outcome(outcome(End.FAILED, job("FAIL", *failing, *moving, *made))).splitlines()
    for mark in ("  FAIL  f", "  ...   m"):
        assert len([line for line in lines if line.startswith(mark)]) == report.MOST_OTHER_LINES
    assert [int(line.split()[1]) for line in lines if line.startswith(("  ok ", "  FAIL  1", "  ...   2"))] == [
        300,
        10,
        20,
    ]
    assert max(map(len, lines)) < report.LONGEST_REASON + 100
    assert len([line for line in lines if "s199" in line and "s200" not in line]) == 1


@pytest.mark.parametrize(
    "result",
    [
        job("FAIL", ok(60, SERVER), part(61, "RUNNING")),
        job("FAIL", ok(60, SERVER), sub_jobs_total=2),
        job("SUCCESS", ok(60, SERVER), part(61, "FAIL"), part(62, "RUNNING")),
        job("RUNNING", ok(60, SERVER), part(61, "FAIL")),
        job("ERROR", ok(60, SERVER), error_code="BMS.3004", end_time="2019-04-25T20:08:54Z"),
    ],
    ids=["moving", "unlisted", "only a sub-job", "running", "unknown status"],
)
def test_an_open_failure_advises_neither_to_submit_again_nor_to_delete(result: Job) -> None:
    """The report of an open failure names the servers, and advises neither a new submission nor a delete."""
    shown = report.describe_outcome(outcome(End.FAILED, result))
    assert SERVER in shown
    assert "triggers" not in shown
    assert report.survivors_text([SERVER]) not in shown


@pytest.mark.parametrize(
    "end", [end for end in End if end not in (End.SUCCEEDED, End.FAILED)], ids=lambda end: end.name
)
def test_only_a_failure_advises_to_delete_servers(end: End) -> None:
    """Any end except a failure names the known servers and does not advise a delete."""
    many = job("RUNNING", *[ok(n) for n in range(1, 8)], part(61, "RUNNING"))
    shown = report.describe_outcome(outcome(end, many, error=DOWN, outage=60.0))
    assert report.survivors_text(many.server_ids) not in shown
    assert "server-1, server-2, server-3" in shown
    assert JOB in shown


def test_a_short_id_is_shown_whole() -> None:
    """An id of more than twelve characters is cut to both ends. A shorter id is shown whole."""
    assert report.short("2c9eb2c5544c") == "2c9eb2c5544c"
    assert report.short("2c9eb2c5544cb") == "2c9e...44cb"
    assert report.short(None) == report.short("")


def test_a_success_without_codes_has_no_warnings() -> None:
    """Only a successful record with an error code has a warning."""
    assert report.warnings(job("SUCCESS", ok(60))) == []
    assert report.survivors_text([]) == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1.0, "0s"),
        (0.0, "0s"),
        (0.4, "0s"),
        (0.6, "1s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (60.0, "1m00s"),
        (247.0, "4m07s"),
        (3599.4, "59m59s"),
        (3599.6, "1h00m00s"),
        (5400.0, "1h30m00s"),
        (90061.0, "25h01m01s"),
    ],
)
def test_durations_are_rounded_to_the_second(seconds: float, shown: str) -> None:
    """Durations are rounded first, so no text shows 60 s or 60 min."""
    assert show(seconds) == shown
