"""A job as a resource's outputs, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_bms.api.models.job import Job, JobStatus, Record
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.success_rule import Judgement, Ruling, judge, may_make_servers, survivors

INCONSISTENT = "INCONSISTENT"
"""The stored status of a job with SUCCESS everywhere, but with an incomplete response."""

_TEXTS = ("job_type", "begin_time", "end_time", "error_code", "fail_reason", "message", "code")


@pulumi.output_type
class SubJobResult(dict[str, Any]):
    """One sub-job as a stack output: the fields of the API's table 3, with None for absent fields.

    `entities` is a list. Each entry has all keys from the API, such as `server_id` and `nic_id`.
    """

    status: str
    entities: Sequence[Mapping[str, Any]]
    job_id: str | None
    job_type: str | None
    begin_time: str | None
    end_time: str | None
    error_code: str | None
    fail_reason: str | None
    message: str | None
    code: str | None


OUTPUTS = (
    "job_type",
    "status",
    "begin_time",
    "end_time",
    "duration_seconds",
    "error_code",
    "fail_reason",
    "message",
    "code",
    "sub_jobs_total",
    "server_ids",
    "nic_ids",
    "surviving_server_ids",
    "sub_jobs",
    "entities",
)
"""The outputs of a completion besides `job_id`. Stored in users' stacks: the names never change."""


def outputs_of(job_id: str, job: Job | None, status: str) -> dict[str, Any]:
    """All outputs for a job in this state. `status` is the status to store, and may differ from the parent's status."""
    if job is None:
        empty: dict[str, Any] = dict.fromkeys(OUTPUTS)
        lists: dict[str, Any] = {name: [] for name in _LISTS}
        return {**empty, **lists, "job_id": job_id, "status": status or None}
    succeeded = status == JobStatus.SUCCESS
    return {
        "job_id": job_id,
        **{name: getattr(job, name) for name in _TEXTS},
        "status": status,
        "duration_seconds": job.duration_seconds,
        "sub_jobs_total": job.sub_jobs_total,
        "server_ids": job.server_ids if succeeded else [],
        "nic_ids": job.nic_ids if succeeded else [],
        "surviving_server_ids": [] if succeeded else survivors(job),
        "sub_jobs": [_sub_job(record) for record in job.descendants()],
        "entities": list(job.entities),
    }


_LISTS = ("server_ids", "nic_ids", "surviving_server_ids", "sub_jobs", "entities")


def _sub_job(record: Record) -> dict[str, Any]:
    texts = {name: getattr(record, name) for name in ("job_id", *_TEXTS)}
    return {"status": record.status, "entities": list(record.entities), **texts}


def job_of(outputs: Mapping[str, Any]) -> Job | None:
    """Rebuild the job from its outputs, with the sub-jobs in one level. None if no response ever showed the job.

    A stored server without a stored sub-job becomes an entity of the job.
    """
    if not outputs.get("status"):
        return None
    job = Job.read(outputs)
    stored = [*(outputs.get("server_ids") or []), *(outputs.get("surviving_server_ids") or [])]
    named = set(job.server_ids)
    missing = tuple({"server_id": server_id} for server_id in dict.fromkeys(stored) if server_id not in named)
    return job.model_copy(update={"entities": (*job.entities, *missing)}) if missing else job


def failure_of(outputs: Mapping[str, Any]) -> Job | None:
    """The job of a final stored failure. None if the job is unfinished or has succeeded.

    A status FAIL with unfinished sub-jobs, as stored by version 0.1.0, is not final.
    """
    job = job_of(outputs)
    return job if job and job.status == JobStatus.FAIL and judge(job).is_final_failure else None


def servers_made(outputs: Mapping[str, Any]) -> list[str] | None:
    """The servers made by a job with these stored outputs.

    None if the job makes no servers, is unfinished, or was never in a response.
    """
    made = [*(outputs.get("server_ids") or []), *(outputs.get("surviving_server_ids") or [])]
    job = job_of(outputs)
    if job is None or not may_make_servers(job):
        return None
    return made if made or job.status == JobStatus.FAIL else None


def stored_status(outcome: Outcome) -> str:
    """The status to store after a wait. SUCCESS and FAIL are final, any other status is polled again."""
    match outcome.end:
        case End.SUCCEEDED:
            return JobStatus.SUCCESS
        case End.INCONSISTENT:
            return INCONSISTENT
    return unfinished_status(outcome.job, outcome.judgement)


def unfinished_status(job: Job | None, judgement: Judgement | None = None) -> str:
    """The stored status of an unfinished job: the API's status, unless the status looks final.

    FAIL is stored only if all parts of the job have ended. `judgement` is of the newest response, with the gaps of
    the response. Without a judgement the job is judged as stored.
    """
    if job is None:
        return ""
    judgement = judgement or judge(job)
    if judgement.is_final_failure:
        return JobStatus.FAIL
    if judgement.ruling is Ruling.INCONSISTENT:
        return INCONSISTENT
    return JobStatus.RUNNING if job.status in (JobStatus.SUCCESS, JobStatus.FAIL) else job.status
