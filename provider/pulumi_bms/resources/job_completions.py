"""`JobCompletions`: one resource that waits for many jobs. The program's side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

import pulumi

from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection_args import ResourceArgs, connection_props
from pulumi_bms.lifecycle.resource import BmsResource, ProviderName
from pulumi_bms.messages.durations import create_timeout


class JobCompletions(BmsResource, module="bms", name="JobCompletions"):
    """Waits for many jobs as one resource: for the end of each job, even after a failure.

    A new key is waited for in place, and a removed key drops out. A finished job is never polled again. All else is as
    in `JobCompletion`. The resource takes one of the engine's parallel slots for any number of jobs.
    """

    job_ids: pulumi.Output[Mapping[str, str]]
    """The jobs waited for, as given."""
    server_ids: pulumi.Output[Mapping[str, Sequence[str]]]
    """The servers of each job, by key."""
    jobs: pulumi.Output[Mapping[str, Mapping[str, Any]]]
    """The outputs of each job, by key, as in a `JobCompletion` of the job."""

    def __init__(
        self,
        name: str,
        *,
        job_ids: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        **args: Unpack[ResourceArgs],
    ) -> None:
        """Wait for jobs.

        :param job_ids: the jobs' ids, each under a key of your choice.
        :param args: the API, and Pulumi's options: see `ResourceArgs`. `custom_timeouts` in `opts` sets the timeout of
            the whole wait, by default 3 hours.
        :raises ValueError: a timeout must be a duration above zero.
        """
        where = connection_props("JobCompletions", args)
        warn_of_config()
        inputs: dict[str, Any] = {
            "job_ids": job_ids,
            **where,
            "create_timeout_seconds": create_timeout(args.get("opts")),
        }
        super().__init__(ProviderName("JobCompletions"), name, ("server_ids", "jobs"), inputs, args.get("opts"))
