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
    from pulumi_bms.data_sources.get_job import get_job
    from pulumi_bms.resources.job_completion import JobCompletion, SubJobResult
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

if not TYPE_CHECKING:  # a type checker would accept any name, even a misspelt name

    def __getattr__(name: str) -> object:
        if name not in HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_home(HOMES[name], name), name)


def __dir__() -> list[str]:
    return sorted(__all__)
