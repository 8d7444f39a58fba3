"""Pulumi resources that wait until a job of a Bare Metal Server API, and every sub-job, has succeeded.

A public name is loaded at first use. So the plugin process, and programs that need only a part, load no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_bms._imports import import_home
from pulumi_bms._version import __version__
from pulumi_bms.registry import HOMES, load_provider

if TYPE_CHECKING:
    from pulumi_bms.api.models.job import Job, JobStatus, SubJob
    from pulumi_bms.api.models.quota import Quota, Quotas
    from pulumi_bms.data_sources.get_flavors import FlavorDetails, get_flavors, get_flavors_output
    from pulumi_bms.data_sources.get_job import get_job, get_job_output
    from pulumi_bms.data_sources.get_quotas import get_quotas, get_quotas_output
    from pulumi_bms.data_sources.get_server import ServerDetails, get_server, get_server_output
    from pulumi_bms.data_sources.get_servers import get_servers, get_servers_output
    from pulumi_bms.resources.job_completion import JobCompletion, SubJobResult
    from pulumi_bms.resources.job_completions import JobCompletions
    from pulumi_bms.resources.job_submission import JobSubmission
    from pulumi_bms.resources.servers import Servers
    from pulumi_bms.resources.volume_attachment import VolumeAttachment

__all__ = [
    "FlavorDetails",
    "Job",
    "JobCompletion",
    "JobCompletions",
    "JobStatus",
    "JobSubmission",
    "Quota",
    "Quotas",
    "ServerDetails",
    "Servers",
    "SubJob",
    "SubJobResult",
    "VolumeAttachment",
    "__version__",
    "get_flavors",
    "get_flavors_output",
    "get_job",
    "get_job_output",
    "get_quotas",
    "get_quotas_output",
    "get_server",
    "get_server_output",
    "get_servers",
    "get_servers_output",
    "load_provider",
]

if not TYPE_CHECKING:  # a type checker would accept any name, even a misspelt name

    def __getattr__(name: str) -> object:
        if name not in HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_home(HOMES[name], name), name)


def __dir__() -> list[str]:
    return sorted(__all__)
