"""`get_job`: one poll of a job by a program.

API: `GET /v1/{project_id}/jobs/{job_id}`.
"""

from __future__ import annotations

from typing import Unpack

import pulumi

from pulumi_bms.api.models.job import Job
from pulumi_bms.data_sources.questions import connected, output_of
from pulumi_bms.lifecycle.completion_inputs import job_id_problems
from pulumi_bms.lifecycle.connection_args import CONNECTION, ConnectionArgs, refuse_unknown
from pulumi_bms.waiting.clock import MonotonicClock


def get_job(job_id: str, **args: Unpack[ConnectionArgs[str]]) -> Job:
    """Poll a job once, in a preview too.

    A job changes, so each call sends a request.

    :param job_id: the job's id from the API's response.
    :param args: the API: see `ConnectionArgs`.
    :raises ValueError: an invalid id or argument.
    :raises SettingsError: missing or wrong settings.
    :raises ApiError: any response without the job.

    Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """
    refuse_unknown("get_job", args, CONNECTION)
    wrong = map(str, job_id_problems({"job_id": job_id}))
    return connected({**args}, *wrong).poll_once(job_id, MonotonicClock())


def get_job_output(job_id: pulumi.Input[str], **args: Unpack[ConnectionArgs[pulumi.Input[str]]]) -> pulumi.Output[Job]:
    """`get_job` for arguments that may be outputs. While an argument is not known in a preview, nothing is sent."""
    refuse_unknown("get_job_output", args, CONNECTION)
    return output_of(get_job, {"job_id": job_id, **args})
