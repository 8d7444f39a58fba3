"""What a resource's row shows while its job is waited for."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_bms.api.models import JobStatus
from pulumi_bms.resources.durations import show
from pulumi_bms.resources.report import short
from pulumi_bms.waiting.outcome import Progress


def text(progress: Progress) -> str:
    """One job's row."""
    if progress.outage:
        return f"no answer from the API for {_rounded(progress.outage)} ({progress.trouble}), still trying"
    if progress.status == JobStatus.PENDING_PAYMENT:
        return "waiting for the order to be paid"
    if progress.failed:
        job_id, code = progress.failed[-1]
        why = f" ({code})" if code else ""
        more = f" and {len(progress.failed) - 1} more" if len(progress.failed) > 1 else ""
        rest = "" if progress.is_over else ", waiting for the others"
        return f"sub-job {short(job_id)}{more} FAILED{why}{rest}"
    if not progress.status:
        return "not visible yet" if progress.trouble else ""
    things = "servers" if progress.makes_servers else "sub-jobs"
    done = f", {progress.done} of {progress.total} {things} done" if progress.total else ""
    return f"{progress.status}{done}" + (f"; {progress.unsettled}, looking on" if progress.unsettled else "")


def of_many(progresses: Sequence[tuple[str, Progress]]) -> str:
    """The row of many jobs: how many are over, and what the first one in trouble says."""
    over = sum(progress.is_over for _, progress in progresses)
    trouble = next((f"; {key}: {text(found)}" for key, found in progresses if found.failed or found.outage), "")
    return f"{over} of {len(progresses)} jobs are over{trouble}"


def _rounded(seconds: float) -> str:
    shown = show(seconds)
    return shown.removesuffix("00s") if shown.endswith("m00s") else shown
