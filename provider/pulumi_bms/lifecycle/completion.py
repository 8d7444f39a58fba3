"""What `JobCompletion` and `JobCompletions` share: one way through create, update, preview, refresh and delete."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from pulumi_bms.lifecycle.await_jobs import await_jobs, timeout_of
from pulumi_bms.lifecycle.input_checks import is_unknown
from pulumi_bms.lifecycle.job_outputs import servers_made
from pulumi_bms.lifecycle.job_set import JobSet, JobStep, StoredJob, stored_job
from pulumi_bms.lifecycle.leftovers import leave
from pulumi_bms.lifecycle.preview import preview
from pulumi_bms.lifecycle.provider import BmsProvider
from pulumi_bms.lifecycle.refresh import refresh
from pulumi_bms.operation import current


class CompletionProvider(BmsProvider):
    """Serves a resource that waits for jobs."""

    jobs_input: ClassVar[str]
    """The input with the id or the ids of the jobs."""

    @abstractmethod
    def jobs(self, job_ids: Any) -> JobSet:
        """The jobs of a known input."""

    @abstractmethod
    def stored(self, outputs: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """The stored outputs of each job."""

    @abstractmethod
    def new_id(self, job_ids: Any, *, in_preview: bool) -> str:
        """The resource id for a create, or "" if a preview does not know the id."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the jobs. A preview polls each job once."""
        id_ = self.new_id(props.get(self.jobs_input), in_preview=current().preview)
        return CreateResult(id_, self.run(id_, props, {}))

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Wait for all new and unfinished jobs. Repeat a final failure without a request."""
        return UpdateResult(self.run(id_, news, olds))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Change nothing in the cloud. List the remaining servers."""
        jobs = {str(each["job_id"]): servers_made(each) for each in self.stored(props) if each.get("job_id")}
        if jobs:
            leave(current(), jobs)

    def run(self, id_: str, inputs: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs after a wait, or in a preview as far as known. `stored` are the outputs of an earlier run."""
        job_ids, expected = inputs.get(self.jobs_input), inputs.get("expected_servers")
        if not current().preview:
            return await_jobs(self._step(id_, inputs, job_ids, stored), timeout_of(current(), inputs), expected)
        known = {self.jobs_input: job_ids}
        if is_unknown(inputs):
            return known
        return preview(self._step(id_, inputs, job_ids, stored), known, expected) or known

    def refreshed(self, id_: str, job_ids: Any, props: dict[str, Any]) -> ReadResult:
        """Finished jobs need no request. Unfinished jobs are polled once, and stay unfinished."""
        step = self._step(id_, current().inputs, job_ids, props)
        jobs = step.stored.values()
        is_final = all(job.is_over for job in jobs) and not current().keeps_partial_state
        if is_final or all(job.has_succeeded for job in jobs):
            return ReadResult(id_, props)
        return ReadResult(id_, refresh(step))

    def _step(self, id_: str, inputs: Mapping[str, Any], job_ids: Any, outputs: Mapping[str, Any]) -> JobStep:
        jobs = self.jobs(job_ids)
        # A job may be stored in several places: a finished state counts first.
        stored = [stored_job(each) for each in self.stored(outputs)]
        by_id: dict[str, StoredJob] = {}
        for job in stored:
            if job.job_id in jobs.keys and not (job.job_id in by_id and by_id[job.job_id].is_over):
                by_id[job.job_id] = job
        return JobStep(id_, jobs, by_id, lambda: self.connection(inputs), current())
