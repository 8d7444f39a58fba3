"""The public names with their modules, and how a stored provider is loaded again.

A new resource or data source is one new row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pulumi_bms._imports import import_home

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider


class Home(NamedTuple):
    """The module of a public name, and the module of the provider if the name is a resource.

    Only the plugin process loads the module of a provider. The provider's class is called `NAMEProvider`.
    """

    module: str
    provider: str = ""


HOMES = {
    "Job": Home("pulumi_bms.api.models.job"),
    "JobCompletion": Home("pulumi_bms.resources.job_completion", "pulumi_bms.resources.job_completion_provider"),
    "JobCompletions": Home("pulumi_bms.resources.job_completions", "pulumi_bms.resources.job_completions_provider"),
    "JobStatus": Home("pulumi_bms.api.models.job"),
    "JobSubmission": Home("pulumi_bms.resources.job_submission", "pulumi_bms.resources.job_submission_provider"),
    "SubJob": Home("pulumi_bms.api.models.job"),
    "SubJobResult": Home("pulumi_bms.resources.job_completion"),
    "get_job": Home("pulumi_bms.data_sources.get_job"),
}


def load_provider(name: str) -> ResourceProvider:
    """The provider of the resource called `name`.

    Users' stacks hold pickles of providers. Each pickle is a call of `pulumi_bms.load_provider` with the resource's
    name: the function's name, place and argument, and the resources' names, never change.
    """
    module = import_home(HOMES[name].provider, name)
    provider: ResourceProvider = getattr(module, f"{name}Provider")()
    return provider


# Pickles name the package, not this file.
load_provider.__module__ = "pulumi_bms"
