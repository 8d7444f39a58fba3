"""`JobSubmission`: one request with a job id as the response. The program's side."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Unpack

import pulumi

from pulumi_bms.lifecycle.body_values import mark_secrets, without_resources
from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection_args import ResourceArgs, connection_props
from pulumi_bms.lifecycle.orderer import ORDERED_BY, orderer
from pulumi_bms.lifecycle.record import RecordError, Records, orders_folder
from pulumi_bms.lifecycle.resource import BmsResource, ProviderName

_NO_CHECKPOINTS = "PULUMI_SKIP_CHECKPOINTS"
"""The variable for an engine with a saved state at the end of a run only."""
_TYPE = "pulumi-python:dynamic/bms:JobSubmission"


class JobSubmission(BmsResource, module="bms", name="JobSubmission"):
    """Sends one request with a `job_id` as the response. `JobCompletion` waits for the job.

    The id is in the stack's state at once, so a killed wait goes on with the same job. A change of `path`, `method`,
    `body` or `triggers` submits anew. Deleting the resource undoes nothing in the cloud.

    The request is on record in Pulumi's home folder before sending, so a killed run orders nothing twice. After a
    response without a job the request is not repeated: the request may have taken effect.
    """

    job_id: pulumi.Output[str]
    """The job of the request."""
    order_id: pulumi.Output[str | None]
    """The order of the request, for yearly and monthly billing."""

    def __init__(
        self,
        name: str,
        *,
        path: pulumi.Input[str],
        body: pulumi.Input[Mapping[str, Any]] | None = None,
        method: pulumi.Input[str] = "POST",
        triggers: Any = None,
        **args: Unpack[ResourceArgs],
    ) -> None:
        """Submit a job.

        :param path: the address, relative to `/v1/{project_id}/`, such as `baremetalservers`.
        :param body: the JSON object to send. Secrets inside (`adminPass`, `user_data`, ...) are marked secret. None
            fields are left out.
        :param method: POST, PUT or DELETE.
        :param triggers: any value of strings, numbers, lists and dicts. A change submits anew.
        :param args: the API, and Pulumi's options: see `ResourceArgs`.
        :raises TypeError: a resource in `body` or `triggers`. Write an output of the resource.
        """
        where = connection_props("JobSubmission", args)
        warn_of_config()
        opts = args.get("opts")
        ordered_by = orderer(_TYPE, name, opts)
        inputs: dict[str, Any] = {
            ORDERED_BY: ordered_by,
            "path": path,
            "body": mark_secrets(without_resources("body", body)),
            "method": method,
            "triggers": without_resources("triggers", triggers),
            **where,
        }
        # The digests would let a short password in the body be guessed, so the digests are kept secret too.
        kept = pulumi.ResourceOptions(additional_secret_outputs=["digests"])
        opts = pulumi.ResourceOptions.merge(kept, opts)
        super().__init__(ProviderName("JobSubmission"), name, ("job_id", "order_id", "digests"), inputs, opts)
        if not pulumi.runtime.is_dry_run() and not os.environ.get(_NO_CHECKPOINTS):
            # The engine answers the program once the resource is in the saved state: then the record is done.
            pulumi.Output.all(self.job_id, ordered_by).apply(lambda known: _forget_own(*known))


def _forget_own(job_id: object, ordered_by: str) -> None:
    with suppress(RecordError):
        Records(orders_folder(os.environ)).settle(job_id=job_id, orderer=ordered_by)
