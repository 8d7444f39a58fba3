"""A resource with one job: the job's outputs are the resource's, and the job's id is the resource's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.dynamic import ReadResult

from pulumi_bms.lifecycle.completion import CompletionProvider
from pulumi_bms.lifecycle.cut_outputs import cuts
from pulumi_bms.lifecycle.job_set import JobSet
from pulumi_bms.lifecycle.output_types import OUTPUTS


class OneJobProvider(CompletionProvider):
    """Serves a resource that waits for one job."""

    jobs_input = "job_id"

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A finished job needs no request. An unfinished job is polled once, and stays unfinished."""
        return self.refreshed(id_, props.get("job_id"), props)

    def jobs(self, job_ids: str) -> JobSet:
        """The job."""
        return JobSet({"": job_ids}, lambda outputs: stored_outputs(outputs[""]), names_keys=False)

    def stored(self, outputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The outputs are the job's."""
        return [outputs]

    def new_id(self, job_ids: object, *, in_preview: bool) -> str:  # noqa: ARG002  (the id is known in a preview too)
        """The job's id."""
        return job_ids if isinstance(job_ids, str) else ""

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs of a job without success, for a host with a size limit on errors."""
        return cuts(outputs)


def stored_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The job's outputs alone, with None for absent outputs."""
    return {name: outputs.get(name) for name in ("job_id", *OUTPUTS)}
