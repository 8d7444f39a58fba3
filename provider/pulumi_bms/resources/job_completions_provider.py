"""`JobCompletions` in the plugin process: a `JobCompletion` with a map of jobs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pulumi.dynamic import CheckResult, DiffResult, ReadResult

from pulumi_bms.api.models.job import JobStatus
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.completion import CompletionProvider
from pulumi_bms.lifecycle.completion_inputs import completions_problems
from pulumi_bms.lifecycle.cut_outputs import CUTS
from pulumi_bms.lifecycle.job_set import JobSet, Outputs
from pulumi_bms.operation import ExpectedError


class JobCompletionsProvider(CompletionProvider):
    """Serves `JobCompletions`."""

    resource_name = "JobCompletions"
    jobs_input = "job_ids"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline."""
        return input_checks.result(news, [*completions_problems(news), *self.connection_problems(news)])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """A change of the jobs is an update in place. So is unfinished work."""
        jobs: Outputs = olds.get("jobs") or {}
        job_ids = news.get("job_ids")
        stored = {key: outputs.get("job_id") for key, outputs in jobs.items()}
        finished = all(outputs.get("status") == JobStatus.SUCCESS for outputs in jobs.values())
        return DiffResult(changes=input_checks.is_unknown(job_ids) or job_ids != stored or not finished)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Finished jobs need no request. Unfinished jobs are polled once, and stay unfinished."""
        stored: Outputs | None = props.get("jobs")
        if stored is None:
            raise ExpectedError(
                "JobCompletions can't be imported or read by id: give each job to a JobCompletion, with opts.import_"
            )
        return self.refreshed(id_, {key: str(outputs.get("job_id")) for key, outputs in stored.items()}, props)

    def jobs(self, job_ids: Mapping[str, str]) -> JobSet:
        """The jobs by key."""
        return JobSet(job_ids, _outputs)

    def stored(self, outputs: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """The outputs of each job."""
        jobs: Outputs = outputs.get("jobs") or {}
        return jobs.values()

    def new_id(self, job_ids: object, *, in_preview: bool) -> str:  # noqa: ARG002  (the jobs may change, the id not)
        """A random id."""
        return "" if in_preview else f"jobs-{uuid.uuid4().hex}"

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs, for a host with a size limit on errors. A success keeps all ids."""
        jobs: Outputs = outputs.get("jobs") or {}
        for cut in CUTS:
            yield _outputs({key: _cut(of_job, cut) for key, of_job in jobs.items()})


def _outputs(jobs: Outputs) -> dict[str, Any]:
    return {
        "job_ids": {key: outputs.get("job_id") for key, outputs in jobs.items()},
        "server_ids": {key: outputs.get("server_ids") or [] for key, outputs in jobs.items()},
        "jobs": dict(jobs),
    }


def _cut(outputs: Mapping[str, Any], cut: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    # A finished job is never polled again, so a success must keep what other resources use.
    if outputs.get("status") == JobStatus.SUCCESS:
        return {**outputs, "sub_jobs": [], "entities": []}
    return cut(outputs)
