"""`get_job`: one poll of a job by a program.

API: `GET /v1/{project_id}/jobs/{job_id}`.
"""

from __future__ import annotations

from typing import Unpack, cast

import pulumi

from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.completion_inputs import job_id_problems
from pulumi_bms.lifecycle.connection import connect
from pulumi_bms.lifecycle.connection_args import CONNECTION, ConnectionArgs, refuse_unknown
from pulumi_bms.waiting.clock import MonotonicClock


def get_job(job_id: str, **args: Unpack[ConnectionArgs[str]]) -> Job:
    """Poll a job once, in a preview too.

    :param job_id: the job's id from the API's response.
    :param args: the API: see `ConnectionArgs`.
    :raises ValueError: an invalid id or argument.
    :raises SettingsError: missing or wrong settings.
    :raises ApiError: any response without the job.

    Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """
    refuse_unknown("get_job", args, CONNECTION)
    inputs = {**args}
    for problem in (*job_id_problems({"job_id": job_id}), *input_checks.connection_problems(inputs)):
        raise ValueError(str(problem))
    return connect(inputs, _program_config).poll_once(job_id, MonotonicClock())


def _program_config(key: str) -> object:
    namespace, _, name = key.partition(":")
    return cast("object", pulumi.Config(namespace).get(name))
