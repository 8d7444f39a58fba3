"""A resource with one job: the job's outputs are the resource's, and the job's id is the resource's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.dynamic import ReadResult

from pulumi_bms.lifecycle.completion import CompletionProvider
from pulumi_bms.lifecycle.cut_outputs import cuts
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.messages import progress_line, report
from pulumi_bms.waiting.outcome import Progress


class OneJobProvider(CompletionProvider):
    """Serves a resource that waits for one job."""

    jobs_input = "job_id"

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A finished job needs no request. An unfinished job is polled once, and stays unfinished."""
        return self.refreshed(id_, props.get("job_id"), props)

    def jobs(self, job_ids: str) -> OneJob:
        """The job."""
        return OneJob(job_ids)

    def stored(self, outputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The outputs are the job's."""
        return [outputs]

    def new_id(self, job_ids: object, *, in_preview: bool) -> str:  # noqa: ARG002  (the id is known in a preview too)
        """The job's id."""
        return job_ids if isinstance(job_ids, str) else ""

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs of a job without success, for a host with a size limit on errors."""
        return cuts(outputs)


@dataclass(frozen=True, slots=True)
class OneJob:
    """The job of a resource with one job."""

    job_id: str

    @property
    def job_ids(self) -> tuple[str, ...]:
        """The job."""
        return (self.job_id,)

    @property
    def interrupted(self) -> str:
        """The reason of an interrupted wait."""
        return report.interrupted(self.job_id)

    @property
    def interrupted_poll(self) -> str:
        """The reason of an interrupted preview or refresh."""
        return f"interrupted while job {self.job_id} was polled"

    def count(self, _job_id: str) -> int:
        """One."""
        return 1

    def outputs(self, jobs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The job's outputs."""
        return stored_outputs(jobs.get(self.job_id, {"job_id": self.job_id}))

    def reason(self, failures: Mapping[str, str]) -> str:
        """The report of the job."""
        return failures[self.job_id]

    def label(self, _job_id: str, text: str) -> str:
        """The text alone: the row names the resource."""
        return text

    def row(self, newest: Progress, _done: int, _troubled: Progress | None) -> str:
        """The progress of the job."""
        return progress_line.of_job(newest)


def stored_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The job's outputs alone, with None for absent outputs."""
    return {name: outputs.get(name) for name in ("job_id", *OUTPUTS)}
