"""What a resource's row shows."""

from __future__ import annotations

import pytest

from pulumi_bms.resources import rows
from pulumi_bms.waiting.outcome import Progress
from pulumi_bms.waiting.verdict import Finality, Ruling, Verdict

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
PART = "2c9eb2c5544cbf6101544f0635672b61"
OVER = Verdict(Ruling.FAILED)
OPEN = Verdict(Ruling.FAILED, Finality.OPEN)


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (Progress(JOB), ""),
        (Progress(JOB, trouble="404"), "not visible yet"),
        (Progress(JOB, "INIT"), "INIT"),
        (Progress(JOB, "RUNNING", 2, 3, makes_servers=True), "RUNNING, 2 of 3 servers done"),
        (Progress(JOB, "RUNNING", 2, 3), "RUNNING, 2 of 3 sub-jobs done"),
        (
            Progress(JOB, "RUNNING", 1, 3, ((PART, "BMS.3037"),)),
            "sub-job 2c9e...2b61 FAILED (BMS.3037), waiting for the others",
        ),
        (
            Progress(JOB, "RUNNING", 1, 3, (("a", ""), (PART, ""))),
            "sub-job 2c9e...2b61 and 1 more FAILED, waiting for the others",
        ),
        (Progress(JOB, "FAIL", 1, 3, ((PART, "BMS.3037"),), verdict=OVER), "sub-job 2c9e...2b61 FAILED (BMS.3037)"),
        (
            Progress(JOB, "FAIL", 1, 3, ((PART, "BMS.3037"),), verdict=OPEN),
            "sub-job 2c9e...2b61 FAILED (BMS.3037), waiting for the others",
        ),
        (Progress(JOB, "PENDING_PAYMENT"), "waiting for the order to be paid"),
        (
            Progress(JOB, "RUNNING", 2, 3, outage=60.0, trouble="503"),
            "no answer from the API for 1m (503), still trying",
        ),
        (Progress(JOB, "RUNNING", outage=75.0, trouble="503"), "no answer from the API for 1m15s (503), still trying"),
        (
            Progress(JOB, "SUCCESS", 2, 3, unsettled="3 sub-jobs are announced and 2 listed"),
            "SUCCESS, 2 of 3 sub-jobs done; 3 sub-jobs are announced and 2 listed, looking on",
        ),
    ],
)
def test_a_row_says_how_the_job_stands(progress: Progress, shown: str) -> None:
    """One line, the worst news first."""
    assert rows.text(progress) == shown


def test_many_jobs_have_one_row() -> None:
    """It counts those that are over in every part, and tells the first trouble with its key."""
    progresses = [
        ("web", Progress(JOB, "SUCCESS", succeeded=True)),
        ("late", Progress(JOB, "SUCCESS", 1, 2)),
        ("failed", Progress(JOB, "FAIL", verdict=OVER)),
        ("failing", Progress(JOB, "FAIL", verdict=OPEN)),
        ("db", Progress(JOB, "RUNNING", 0, 2, ((PART, "BMS.3037"),))),
        ("cache", Progress(JOB, "RUNNING", 0, 2)),
    ]
    assert rows.of_many(progresses) == (
        "2 of 6 jobs are over; db: sub-job 2c9e...2b61 FAILED (BMS.3037), waiting for the others"
    )
