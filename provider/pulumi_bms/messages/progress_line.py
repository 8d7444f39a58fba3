"""The row of a resource during a wait. The count is first, because a terminal has little room."""

from __future__ import annotations

from pulumi_bms.api.models.job import JobStatus
from pulumi_bms.messages.durations import show
from pulumi_bms.messages.report import short
from pulumi_bms.waiting.outcome import Progress

LONGEST_ROW = 200
"""Characters of a row: statuses and codes are the API's, and may be of any length."""


def of_job(progress: Progress) -> str:
    """The row of one job, such as `2/3 RUNNING, sub-job 2c9e...2b61 FAILED (BMS.3037)`.

    Empty before the first response.
    """
    count = f"{progress.done}/{progress.total}" if progress.total else ""
    return " ".join(part for part in (count, _news(progress)) if part)[:LONGEST_ROW]


def of_jobs(done: int, total: int, troubled: tuple[str, Progress] | None = None) -> str:
    """The row of `total` jobs with `done` successes. `troubled` is the key and progress of a job in trouble."""
    count = f"{done}/{total} jobs"
    return f"{count}, {troubled[0]}: {of_job(troubled[1])}" if troubled else count


def in_trouble(progress: Progress) -> bool:
    """Whether a job is worth a word among many."""
    return bool(progress.failed or progress.outage or progress.status == JobStatus.FAIL)


def _news(progress: Progress) -> str:
    if progress.outage:
        return f"no response for {_rounded(progress.outage)} ({progress.trouble}), retrying"
    if not progress.status:
        return "not visible yet" if progress.trouble else ""
    if progress.status == JobStatus.PENDING_PAYMENT:
        return f"{progress.status}, the order waits for payment"
    return ", ".join(part for part in (progress.status, _failure(progress), _missing(progress)) if part)


def _failure(progress: Progress) -> str:
    if not progress.failed:
        return ""
    job_id, code = progress.failed[-1]
    more = f" and {len(progress.failed) - 1} more" if len(progress.failed) > 1 else ""
    return f"sub-job {short(job_id)}{more} FAILED" + (f" ({code})" if code else "")


def _missing(progress: Progress) -> str:
    return f"{progress.unsettled}, still polling" if progress.unsettled else ""


def _rounded(seconds: float) -> str:
    shown = show(seconds)
    return shown.removesuffix("00s") if shown.endswith("m00s") else shown
