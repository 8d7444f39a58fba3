"""Jobs, outcomes and errors to render."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pulumi_bms.api.errors import ApiError, NoAnswerError
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.success_rule import judge

Wire: TypeAlias = Mapping[str, Any]

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
SERVER = "bae51750-0089-41a1-9b18-5c777978ff6d"
URL = f"GET https://bms.example.com/v1/p/jobs/{JOB}"
DOWN = NoAnswerError(URL, status=503, request_id="req-1")
ENDED = "2019-04-25T20:08:54Z"


def part(number: int, status: str, *servers: str, kind: str = "baremetalSingleCreate", **fields: Any) -> Wire:
    """A sub-job. The id ends in the two digits of the number."""
    return {
        "job_id": f"2c9eb2c5544cbf6101544f0602af2b{number:02}",
        "job_type": kind,
        "status": status,
        "entities": [{"server_id": server} for server in servers],
        **fields,
    }


def job(status: str, *parts: Wire, kind: str | None = "baremetalBatchCreate", **fields: Any) -> Job:
    """A job with all sub-jobs listed, unless `sub_jobs_total` differs."""
    body = {"job_id": JOB, "job_type": kind, "status": status, "sub_jobs": list(parts), "sub_jobs_total": len(parts)}
    return Job.read({**body, **fields})


def outcome(end: End, result: Job | None = None, *, error: ApiError | None = None, **fields: Any) -> Outcome:
    """An outcome after four minutes and seven seconds of an hour, with the judgement of the job."""
    judgement = None if result is None else judge(result)
    values = {"elapsed": 247.0, "timeout": 3600.0, "judgement": judgement, **fields}
    return Outcome(end=end, job_id=JOB, job=result, error=error, **values)


def ok(number: int, server: str | None = None) -> Wire:
    """A sub-job with a server after 3 min 34 s."""
    started_at, over = "2019-04-25T20:04:50.000Z", "2019-04-25T20:08:24.000Z"
    return part(number, "SUCCESS", server or f"server-{number}", begin_time=started_at, end_time=over)


RUNNING = job("RUNNING", ok(60, SERVER), part(61, "RUNNING"))
