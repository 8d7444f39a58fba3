"""The outputs of a job in a program: names and types, without the API's models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

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
