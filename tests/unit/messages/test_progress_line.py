"""The rules of a row. The texts are in tests/data/messages/waits.txt."""

from __future__ import annotations

import pytest

from pulumi_bms.messages import progress_line
from pulumi_bms.waiting.outcome import Progress

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
PART = "2c9eb2c5544cbf6101544f0635672b61"


@pytest.mark.parametrize("status", ["INIT", "RUNNING", "PENDING_PAYMENT", "SUCCESS", "FAIL"])
@pytest.mark.parametrize("outage", [0.0, 60.0])
def test_a_row_begins_with_the_count(status: str, outage: float) -> None:
    """A row begins with the count and has one line, for a narrow terminal. Without a response the row is empty."""
    failed = ((PART, "BMS.3037"),)
    row = progress_line.of_job(Progress(JOB, status, 2, 3, failed, outage=outage, trouble="503"))
    assert row.startswith("2/3 ")
    assert "\n" not in row
    assert progress_line.of_job(Progress(JOB)) == ""


def test_a_row_is_bounded() -> None:
    """A row has a limited length, although statuses and codes of the API may have any length."""
    assert len(progress_line.of_job(Progress(JOB, "X" * 5000, 1, 3))) == progress_line.LONGEST_ROW


def test_many_jobs_have_one_row() -> None:
    """The row of many jobs counts the succeeded jobs, and has the key and row of a job in trouble."""
    db = Progress(JOB, "RUNNING", 0, 2, ((PART, "BMS.3037"),))
    assert progress_line.of_jobs(1, 3, ("db", db)).endswith(f"db: {progress_line.of_job(db)}")


@pytest.mark.parametrize(
    ("progress", "troubled"),
    [
        (Progress(JOB, "RUNNING", 0, 2), False),
        (Progress(JOB, "SUCCESS", 2, 2, succeeded=True), False),
        (Progress(JOB, "RUNNING", 0, 2, ((PART, ""),)), True),
        (Progress(JOB, "RUNNING", outage=60.0, trouble="503"), True),
        (Progress(JOB, "FAIL"), True),
    ],
)
def test_what_trouble_is(progress: Progress, *, troubled: bool) -> None:
    """Trouble is a failure, also without sub-jobs, or an outage."""
    assert progress_line.in_trouble(progress) is troubled
