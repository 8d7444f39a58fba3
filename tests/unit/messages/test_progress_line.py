"""What a resource's row shows."""

from __future__ import annotations

import pytest

from pulumi_bms.messages import progress_line
from pulumi_bms.waiting.outcome import Progress
from pulumi_bms.waiting.success_rule import Finality, Judgement, Ruling

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
PART = "2c9eb2c5544cbf6101544f0635672b61"
OVER = Judgement(Ruling.FAILED)
OPEN = Judgement(Ruling.FAILED, Finality.OPEN)


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress(JOB), ""),
        (Progress(JOB, trouble="404"), "not visible yet"),
        (Progress(JOB, "INIT"), "INIT"),
        (Progress(JOB, "RUNNING", 2, 3, makes_servers=True), "2/3 RUNNING"),
        (Progress(JOB, "RUNNING", 12, 40), "12/40 RUNNING"),
        (
            Progress(JOB, "RUNNING", 2, 3, (("a", ""), (PART, "BMS.3037"))),
            "2/3 RUNNING, sub-job 2c9e...2b61 and 1 more FAILED (BMS.3037)",
        ),
        (Progress(JOB, "RUNNING", 1, 3, ((PART, ""),)), "1/3 RUNNING, sub-job 2c9e...2b61 FAILED"),
        (Progress(JOB, "FAIL", 1, 3, ((PART, "BMS.3037"),)), "1/3 FAIL, sub-job 2c9e...2b61 FAILED (BMS.3037)"),
        (Progress(JOB, "PENDING_PAYMENT"), "PENDING_PAYMENT, the order waits for payment"),
        (Progress(JOB, "PENDING_PAYMENT", 0, 3), "0/3 PENDING_PAYMENT, the order waits for payment"),
        (Progress(JOB, "RUNNING", 2, 3, outage=60.0, trouble="503"), "2/3 no response for 1m (503), retrying"),
        (Progress(JOB, outage=75.0, trouble="503"), "no response for 1m15s (503), retrying"),
        (
            Progress(JOB, "SUCCESS", 2, 3, unsettled="3 sub-jobs are announced and 2 listed"),
            "2/3 SUCCESS, 3 sub-jobs are announced and 2 listed, still polling",
        ),
        (Progress(JOB, "SUCCESS", 3, 3, succeeded=True), "3/3 SUCCESS"),
    ],
)
def test_a_row_says_how_the_job_stands(progress: Progress, shown: str) -> None:
    """One line that begins with the count: a terminal of 80 columns has no room for more."""
    assert progress_line.of_job(progress) == shown


def test_a_row_is_bounded() -> None:
    """Statuses and codes are the API's words, of any length."""
    assert len(progress_line.of_job(Progress(JOB, "X" * 5000, 1, 3))) == progress_line.LONGEST_ROW


def test_many_jobs_have_one_row() -> None:
    """The row counts the jobs that have succeeded, and tells of one job in trouble with its key."""
    assert progress_line.of_jobs(12, 40) == "12/40 jobs"
    db = Progress(JOB, "RUNNING", 0, 2, ((PART, "BMS.3037"),))
    assert progress_line.of_jobs(1, 3, ("db", db)) == "1/3 jobs, db: 0/2 RUNNING, sub-job 2c9e...2b61 FAILED (BMS.3037)"


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
    """A failure, also one without sub-jobs, and an outage."""
    assert progress_line.in_trouble(progress) is troubled
