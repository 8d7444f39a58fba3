"""`get_job`: one poll of a job by a program.

API: `GET /v1/{project_id}/jobs/{job_id}`.
"""

from __future__ import annotations

from typing import cast

import pulumi

from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.connection import connect
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

    Raises `ValueError` for an invalid id, `SettingsError` for missing settings, and an `ApiError` for any response
    without the job. Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """
    inputs = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    problem = next(filter(None, [input_checks.job_id_problem(job_id), *input_checks.connection_problems(inputs)]), None)
    if problem:
        raise ValueError(problem)
    return connect(inputs, _program_config).poll_once(job_id, MonotonicClock())


def _program_config(key: str) -> object:
    namespace, _, name = key.partition(":")
    return cast("object", pulumi.Config(namespace).get(name))
