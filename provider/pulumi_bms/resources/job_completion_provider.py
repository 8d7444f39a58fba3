"""`JobCompletion` in the plugin process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.dynamic import CheckResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api.models.job import JobStatus
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.completion import CompletionProvider
from pulumi_bms.lifecycle.completion_inputs import completion_problems
from pulumi_bms.lifecycle.cut_outputs import cuts
from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.messages import progress_line, report
from pulumi_bms.operation import ExpectedError, Purpose, current
from pulumi_bms.waiting.outcome import Progress


class JobCompletionProvider(CompletionProvider):
    """Serves `JobCompletion`."""

    resource_name = "JobCompletion"
    jobs_input = "job_id"

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline. Fills in no defaults, so a preview without config shows no change."""
        return input_checks.result(news, [*completion_problems(news), *self.connection_problems(news)])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Only a change of the job replaces. A stored status other than SUCCESS is a change, because work is left."""
        if input_checks.is_unknown(news.get("job_id")) or news.get("job_id") != olds.get("job_id"):
            return DiffResult(changes=None, replaces=["job_id"])
        if olds.get("status") != JobStatus.SUCCESS:
            return DiffResult(changes=True)
        _check_expectation(olds, news)
        return DiffResult(changes=False)

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Go on with an unfinished wait. A success stays as it is, also with inputs that are not known yet."""
        if olds.get("status") == JobStatus.SUCCESS:
            return UpdateResult(_stored(olds))
        return super().update(id_, olds, news)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """A finished wait is final and needs no request. An unfinished wait is polled once, and stays unfinished."""
        operation = current()
        if operation.purpose is Purpose.IMPORT:
            return ReadResult(id_, self._import(id_, props))
        # The engine drops nulls. A wait without any response is stored without a status, but with empty lists.
        if not props.get("status") and (
            "job_id" not in props or (operation.inputs and not props.keys() & {"status", "server_ids"})
        ):
            raise ExpectedError("JobCompletion can't be read by opts.id: give the id as job_id, or use opts.import_")
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

    def _import(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if id_ != inputs.get("job_id"):
            raise ExpectedError(f"import_ is {id_!r}, and job_id {inputs.get('job_id')!r}: write the same id for both")
        return self.run(id_, inputs, {})


@dataclass(frozen=True, slots=True)
class OneJob:
    """The job of a `JobCompletion`."""

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
        return _stored(jobs.get(self.job_id, {"job_id": self.job_id}))

    def reason(self, failures: Mapping[str, str]) -> str:
        """The report of the job."""
        return failures[self.job_id]

    def label(self, _job_id: str, text: str) -> str:
        """The text alone: the row names the resource."""
        return text

    def row(self, newest: Progress, _done: int, _troubled: Progress | None) -> str:
        """The progress of the job."""
        return progress_line.of_job(newest)


def _stored(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: outputs.get(name) for name in ("job_id", *OUTPUTS)}


def _check_expectation(olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    expected, brought = news.get("expected_servers"), len(olds.get("server_ids") or [])
    if expected is not None and not input_checks.is_unknown(expected) and expected != brought:
        raise ExpectedError(
            f"expected_servers is {expected:g}, but job {olds.get('job_id')} has finished with {brought}: "
            "write that number, or leave it out"
        )
