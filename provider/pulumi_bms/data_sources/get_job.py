"""`get_job`: one poll of a job by a program.

API: `GET /v1/{project_id}/jobs/{job_id}`.
"""

from __future__ import annotations

import pulumi

from pulumi_bms.api.models.job import Job
from pulumi_bms.data_sources.questions import connected, output_of
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.waiting.clock import MonotonicClock


def get_job(
    job_id: str,
    *,
    region: str | None = None,
    project_id: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
) -> Job:
    """Poll a job once, in a preview too. Without connection arguments, the config and the environment name the API.

    A job changes, so each call sends a request. Raises `ValueError` for an invalid id, `SettingsError` for missing
    settings, and an `ApiError` for any response without the job. Source: the page "Querying Job Status" of the Bare
    Metal Server API reference.
    """
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    return connected(where, input_checks.job_id_problem(job_id)).poll_once(job_id, MonotonicClock())


def get_job_output(
    job_id: pulumi.Input[str],
    *,
    region: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[Job]:
    """`get_job` for arguments that may be outputs. While an argument is not known in a preview, nothing is sent."""
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    return output_of(get_job, {"job_id": job_id, **where})
