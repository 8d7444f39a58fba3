"""`JobCompletion`: a resource that only waits for a job. The program's side."""

# Without `from __future__ import annotations`: the SDK evaluates the annotations of a class at each registration.

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import pulumi

from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection_args import ResourceArgs, connection_props
from pulumi_bms.lifecycle.output_types import OUTPUTS, SubJobResult
from pulumi_bms.lifecycle.resource import BmsResource, ProviderName
from pulumi_bms.messages.durations import create_timeout

__all__ = ["JobCompletion", "SubJobResult"]


class JobCompletion(BmsResource, module="bms", name="JobCompletion"):
    """Waits until a job, and every sub-job, has succeeded. Then the server IDs are outputs.

    The resource is only a wait. Creating the resource submits nothing, and deleting the resource leaves the job's
    servers as they are. A change of `job_id` replaces the resource, and no other input changes anything. A resource
    that must come after the servers uses an output, such as `server_ids[0]`, or `depends_on`.

    A failed job, or a job without an end before the timeout, is an error. The error has the state of each sub-job and
    the surviving servers. Source: the page "Querying Job Status" of the Bare Metal Server API reference.
    """

    job_id: pulumi.Output[str]
    """The job waited for, as given."""
    job_type: pulumi.Output[str | None]
    """The job's type, such as baremetalBatchCreate."""
    status: pulumi.Output[str]
    """SUCCESS after the wait, and FAIL after a failure with all sub-jobs at an end. Both are final.

    Until then the last status from the API, or RUNNING if the API's status looks final.
    """
    begin_time: pulumi.Output[str | None]
    """When the job began: ISO 8601, UTC."""
    end_time: pulumi.Output[str | None]
    """When the job ended: ISO 8601, UTC."""
    duration_seconds: pulumi.Output[float | None]
    """From `begin_time` to `end_time`, in seconds."""
    error_code: pulumi.Output[str | None]
    """Why the job failed, as a code of the API's page "Error Codes"."""
    fail_reason: pulumi.Output[str | None]
    """Why the job failed, in the API's words."""
    message: pulumi.Output[str | None]
    """The API's text about an error of the query itself."""
    code: pulumi.Output[str | None]
    """The code of an error of the query itself."""
    sub_jobs_total: pulumi.Output[int | None]
    """How many sub-jobs the job announced."""
    server_ids: pulumi.Output[Sequence[str]]
    """The servers, in the order of the sub-jobs, fixed at success. Empty unless `status` is SUCCESS."""
    nic_ids: pulumi.Output[Sequence[str]]
    """The network interfaces, likewise."""
    surviving_server_ids: pulumi.Output[Sequence[str]]
    """Existing servers of a failed or unfinished job. The servers may be billed."""
    sub_jobs: pulumi.Output[Sequence[SubJobResult]]
    """Every sub-job at any level, depth first."""
    entities: pulumi.Output[Sequence[Mapping[str, Any]]]
    """The entities of the job itself, without the sub-jobs."""

    def __init__(
        self,
        name: str,
        *,
        job_id: pulumi.Input[str],
        expected_servers: int | None = None,
        **args: Unpack[ResourceArgs],
    ) -> None:
        """Wait for a job.

        :param job_id: the job's id from the API's response.
        :param expected_servers: the number of server ids needed for success.
        :param args: the API, and Pulumi's options: see `ResourceArgs`. `custom_timeouts` in `opts` sets the timeout of
            the wait, by default 3 hours.
        :raises ValueError: a timeout must be a duration above zero.
        """
        where = connection_props("JobCompletion", args)
        warn_of_config()
        inputs: dict[str, Any] = {
            "job_id": job_id,
            "expected_servers": expected_servers,
            **where,
            "create_timeout_seconds": create_timeout(args.get("opts")),
        }
        super().__init__(ProviderName("JobCompletion"), name, OUTPUTS, inputs, args.get("opts"))
