"""The public names with their modules, and how a stored provider is loaded again.

A new data source is one new row in `HOMES`. A new resource is one new row in `HOMES` and one in `PROVIDERS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_bms._imports import import_home

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider

HOMES = {
    "FlavorDetails": "pulumi_bms.data_sources.get_flavors",
    "Job": "pulumi_bms.api.models.job",
    "JobCompletion": "pulumi_bms.resources.job_completion",
    "JobCompletions": "pulumi_bms.resources.job_completions",
    "JobStatus": "pulumi_bms.api.models.job",
    "JobSubmission": "pulumi_bms.resources.job_submission",
    "Quota": "pulumi_bms.api.models.quota",
    "Quotas": "pulumi_bms.api.models.quota",
    "ServerDetails": "pulumi_bms.data_sources.get_server",
    "Servers": "pulumi_bms.resources.servers",
    "SubJob": "pulumi_bms.api.models.job",
    "SubJobResult": "pulumi_bms.resources.job_completion",
    "VolumeAttachment": "pulumi_bms.resources.volume_attachment",
    "get_flavors": "pulumi_bms.data_sources.get_flavors",
    "get_flavors_output": "pulumi_bms.data_sources.get_flavors",
    "get_job": "pulumi_bms.data_sources.get_job",
    "get_job_output": "pulumi_bms.data_sources.get_job",
    "get_quotas": "pulumi_bms.data_sources.get_quotas",
    "get_quotas_output": "pulumi_bms.data_sources.get_quotas",
    "get_server": "pulumi_bms.data_sources.get_server",
    "get_server_output": "pulumi_bms.data_sources.get_server",
    "get_servers": "pulumi_bms.data_sources.get_servers",
    "get_servers_output": "pulumi_bms.data_sources.get_servers",
}

PROVIDERS = {
    "JobCompletion": "pulumi_bms.resources.job_completion_provider",
    "JobCompletions": "pulumi_bms.resources.job_completions_provider",
    "JobSubmission": "pulumi_bms.resources.job_submission_provider",
    "Servers": "pulumi_bms.resources.servers_provider",
    "VolumeAttachment": "pulumi_bms.resources.volume_attachment_provider",
}
"""The modules of the providers by resource. Only the plugin process loads the modules."""


def load_provider(name: str) -> ResourceProvider:
    """The provider of the resource called `name`.

    Users' stacks hold pickles of providers. Each pickle is a call of `pulumi_bms.load_provider` with the resource's
    name: the function's name, place and argument, and the resources' names, never change.
    """
    module = import_home(PROVIDERS[name], name)
    provider: ResourceProvider = getattr(module, f"{name}Provider")()
    return provider


# Pickles name the package, not this file.
load_provider.__module__ = "pulumi_bms"
