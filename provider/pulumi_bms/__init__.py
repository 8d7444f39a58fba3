"""Pulumi resources that wait until a job of a Bare Metal Server API, and every sub-job of it, has succeeded.

The public names are made when they are first asked for: the plugin process and whoever needs only a part load no more
than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_bms._imports import import_home
from pulumi_bms._version import __version__

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider

    from pulumi_bms.api.models import Job, JobStatus, SubJob
    from pulumi_bms.resources.job_completion import JobCompletion, SubJobResult, get_job
    from pulumi_bms.resources.job_completions import JobCompletions
    from pulumi_bms.resources.job_submission import JobSubmission

__all__ = [
    "Job",
    "JobCompletion",
    "JobCompletions",
    "JobStatus",
    "JobSubmission",
    "SubJob",
    "SubJobResult",
    "__version__",
    "get_job",
    "load_provider",
]

_HOMES = {
    "Job": "pulumi_bms.api.models",
    "JobCompletion": "pulumi_bms.resources.job_completion",
    "JobCompletions": "pulumi_bms.resources.job_completions",
    "JobStatus": "pulumi_bms.api.models",
    "JobSubmission": "pulumi_bms.resources.job_submission",
    "SubJob": "pulumi_bms.api.models",
    "SubJobResult": "pulumi_bms.resources.job_completion",
    "get_job": "pulumi_bms.resources.job_completion",
}


def load_provider(name: str) -> ResourceProvider:
    """The provider of the resource called `name`.

    Users' stacks hold pickles of providers, and each is a call of this function: its name, place and argument, and
    the resources' names, never change.
    """
    module = import_home(_HOMES[name], name)
    provider: ResourceProvider = getattr(module, f"{name}Provider")()
    return provider


if not TYPE_CHECKING:  # which reads it as a promise of any name, misspelt ones too

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_home(_HOMES[name], name), name)


def __dir__() -> list[str]:
    return sorted(__all__)
