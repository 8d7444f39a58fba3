"""The jobs of one resource: what is stored of each job, and how the resource holds the jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from pulumi_bms.api.models.job import Job, JobStatus
from pulumi_bms.lifecycle.connection import Connection
from pulumi_bms.lifecycle.job_outputs import job_of, outputs_of, unfinished_status
from pulumi_bms.messages import progress_line, report
from pulumi_bms.operation import Operation
from pulumi_bms.waiting.outcome import Progress
from pulumi_bms.waiting.success_rule import Judgement, judge

Outputs: TypeAlias = Mapping[str, Mapping[str, Any]]
"""The outputs of several jobs."""
_NEXT_STEP = "The jobs continue in the cloud. Run `pulumi up` to wait for the jobs."


@dataclass(frozen=True, slots=True)
class StoredJob:
    """One job in a resource's outputs, judged once.

    `job` is the job as stored, or None after a success or without any response. `has_failed` is whether the failure is
    final.
    """

    outputs: Mapping[str, Any]
    job: Job | None = None
    has_failed: bool = False

    @property
    def job_id(self) -> str:
        """The job's id."""
        return str(self.outputs.get("job_id"))

    @property
    def has_succeeded(self) -> bool:
        """Whether a wait has ended with success."""
        return bool(self.outputs.get("status") == JobStatus.SUCCESS)

    @property
    def is_over(self) -> bool:
        """Whether no poll is needed any more."""
        return self.has_succeeded or self.has_failed

    def report(self, trouble: str = "") -> str:
        """The reason why the job is no success. `trouble` is the error of the newest poll."""
        if self.has_failed and self.job:
            return report.failed(self.job_id, self.job)
        return report.unfinished(self.job_id, self.job, trouble)


def stored_job(outputs: Mapping[str, Any]) -> StoredJob:
    """A job from stored outputs.

    A status FAIL with unfinished sub-jobs, as stored by version 0.1.0, is not final.
    """
    if outputs.get("status") == JobStatus.SUCCESS:
        return StoredJob(outputs)
    job = job_of(outputs)
    has_failed = job is not None and job.status == JobStatus.FAIL and judge(job).is_final_failure
    return StoredJob(outputs, job, has_failed)


def polled_job(job_id: str, job: Job, judgement: Judgement) -> StoredJob:
    """A job from a response outside a wait. The outputs never show success: only a wait ends with success."""
    outputs = outputs_of(job_id, job, unfinished_status(job, judgement))
    return StoredJob(outputs, job, judgement.is_final_failure)


@dataclass(frozen=True)
class JobSet:
    """The jobs of one resource by key. A job may have several keys.

    `combine` makes the resource's outputs of the outputs by key. `names_keys` is whether texts name the keys: the only
    job of a resource needs no key.
    """

    by_key: Mapping[str, str]
    combine: Callable[[Outputs], dict[str, Any]]
    names_keys: bool = True

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """The keys of each different job."""
        keys: dict[str, list[str]] = {}
        for key, job_id in self.by_key.items():
            keys.setdefault(job_id, []).append(key)
        return keys

    @property
    def interrupted(self) -> str:
        """The reason of an interrupted wait."""
        if self.names_keys:
            return f"interrupted during the wait for the jobs\n{self.next_step}"
        return report.interrupted(*self.keys)

    @property
    def next_step(self) -> str:
        """The next step after a wait without an end."""
        return _NEXT_STEP if self.names_keys else report.go_on(*self.keys)

    @property
    def interrupted_poll(self) -> str:
        """The reason of an interrupted preview or refresh."""
        what = "the jobs were" if self.names_keys else f"job {next(iter(self.keys))} was"
        return f"interrupted while {what} polled"

    def outputs(self, jobs: Outputs) -> dict[str, Any]:
        """The resource's outputs, from the outputs by job id."""
        return self.combine({key: jobs.get(job_id, {"job_id": job_id}) for key, job_id in self.by_key.items()})

    def reason(self, failures: Mapping[str, str]) -> str:
        """The reports of the jobs without success as one text."""
        failed = [(key, failures[job_id]) for key, job_id in self.by_key.items() if job_id in failures]
        if not self.names_keys:
            return "\n".join(text for _, text in failed)
        head = f"{len(failed)} of {len(self.by_key)} jobs did not succeed:"
        return "\n".join([head, *(f"{key}: {text}" for key, text in failed)])

    def label(self, job_id: str, text: str) -> str:
        """A text about one job."""
        return f"{', '.join(self.keys[job_id])}: {text}" if self.names_keys else text

    def row(self, newest: Progress, done: int, troubled: Progress | None) -> str:
        """The resource's row. `done` counts the keys of jobs with success, `troubled` is a job worth a word."""
        if not self.names_keys:
            return progress_line.of_job(newest)
        named = (self.keys[troubled.job_id][0], troubled) if troubled else None
        return progress_line.of_jobs(done, len(self.by_key), named)


@dataclass(frozen=True, slots=True)
class JobStep:
    """One step of a resource: the jobs, their stored state as far as known, and the way to the API."""

    id: str
    jobs: JobSet
    stored: Mapping[str, StoredJob]
    connect: Callable[[], Connection]
    operation: Operation

    def unfinished(self) -> list[str]:
        """The jobs that a wait has to poll."""
        return [job_id for job_id in self.jobs.keys if not self._is_over(job_id)]

    def failures(self) -> dict[str, str]:
        """The reports of the final failures."""
        return {job_id: job.report() for job_id, job in self.stored.items() if job.has_failed}

    def outputs(self, newer: Outputs) -> dict[str, Any]:
        """The resource's outputs: the stored outputs of each job, or the newer outputs."""
        return self.jobs.outputs({**{job_id: job.outputs for job_id, job in self.stored.items()}, **newer})

    def _is_over(self, job_id: str) -> bool:
        return job_id in self.stored and self.stored[job_id].is_over
