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
from pulumi_bms.messages import progress_line
from pulumi_bms.operation import ExpectedError
from pulumi_bms.waiting.outcome import Progress

_Jobs = Mapping[str, Mapping[str, Any]]


class JobCompletionsProvider(CompletionProvider):
    """Serves `JobCompletions`."""

    resource_name = "JobCompletions"
    jobs_input = "job_ids"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline."""
        return input_checks.result(news, [*completions_problems(news), *self.connection_problems(news)])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """A change of the jobs is an update in place. So is unfinished work."""
        jobs: _Jobs = olds.get("jobs") or {}
        job_ids = news.get("job_ids")
        stored = {key: outputs.get("job_id") for key, outputs in jobs.items()}
        finished = all(outputs.get("status") == JobStatus.SUCCESS for outputs in jobs.values())
        return DiffResult(changes=input_checks.is_unknown(job_ids) or job_ids != stored or not finished)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Finished jobs need no request. Unfinished jobs are polled once, and stay unfinished."""
        stored: _Jobs | None = props.get("jobs")
        if stored is None:
            raise ExpectedError(
                "JobCompletions can't be imported or read by id: give each job to a JobCompletion, with opts.import_"
            )
        return self.refreshed(id_, {key: str(outputs.get("job_id")) for key, outputs in stored.items()}, props)

    def jobs(self, job_ids: Mapping[str, str]) -> ManyJobs:
        """The jobs by key."""
        return ManyJobs(job_ids)

    def stored(self, outputs: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """The outputs of each job."""
        jobs: _Jobs = outputs.get("jobs") or {}
        return jobs.values()

    def new_id(self, job_ids: object, *, in_preview: bool) -> str:  # noqa: ARG002  (the jobs may change, the id not)
        """A random id."""
        return "" if in_preview else f"jobs-{uuid.uuid4().hex}"

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs, for a host with a size limit on errors. A success keeps all ids."""
        jobs: _Jobs = outputs.get("jobs") or {}
        for cut in CUTS:
            yield _outputs({key: _cut(of_job, cut) for key, of_job in jobs.items()})


class ManyJobs:
    """The jobs of a `JobCompletions`. A job may have several keys."""

    interrupted = "interrupted; the jobs go on in the cloud: run `pulumi up` again to go on waiting"
    interrupted_poll = "interrupted while the jobs were polled"

    def __init__(self, by_key: Mapping[str, str]) -> None:
        self._by_key = by_key
        self._keys: dict[str, list[str]] = {}
        for key, job_id in by_key.items():
            self._keys.setdefault(job_id, []).append(key)

    @property
    def job_ids(self) -> Mapping[str, object]:
        """The different jobs."""
        return self._keys

    def count(self, job_id: str) -> int:
        """The number of the job's keys."""
        return len(self._keys[job_id])

    def outputs(self, jobs: _Jobs) -> dict[str, Any]:
        """The outputs by key."""
        return _outputs({key: jobs.get(job_id, {"job_id": job_id}) for key, job_id in self._by_key.items()})

    def reason(self, failures: Mapping[str, str]) -> str:
        """The reports by key, under a headline."""
        texts = [f"{key}: {failures[job_id]}" for key, job_id in self._by_key.items() if job_id in failures]
        return "\n".join([f"{len(texts)} of {len(self._by_key)} jobs did not succeed:", *texts])

    def label(self, job_id: str, text: str) -> str:
        """The text after the job's keys."""
        return f"{', '.join(self._keys[job_id])}: {text}"

    def row(self, _newest: Progress, done: int, troubled: Progress | None) -> str:
        """The number of jobs with success, and one job in trouble."""
        named = (self._keys[troubled.job_id][0], troubled) if troubled else None
        return progress_line.of_jobs(done, len(self._by_key), named)


def _outputs(jobs: _Jobs) -> dict[str, Any]:
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
