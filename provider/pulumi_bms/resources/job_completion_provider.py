"""`JobCompletion` in the plugin process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.dynamic import CheckResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api.models.job import JobStatus
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.completion_inputs import completion_problems
from pulumi_bms.lifecycle.one_job import OneJobProvider, stored_outputs
from pulumi_bms.operation import ExpectedError, Purpose, current


class JobCompletionProvider(OneJobProvider):
    """Serves `JobCompletion`."""

    resource_name = "JobCompletion"

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
            return UpdateResult(stored_outputs(olds))
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
        return super().read(id_, props)

    def _import(self, id_: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if id_ != inputs.get("job_id"):
            raise ExpectedError(f"import_ is {id_!r}, and job_id {inputs.get('job_id')!r}: write the same id for both")
        return self.run(id_, inputs, {})


def _check_expectation(olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    expected, brought = news.get("expected_servers"), len(olds.get("server_ids") or [])
    if expected is not None and not input_checks.is_unknown(expected) and expected != brought:
        raise ExpectedError(
            f"expected_servers is {expected:g}, but job {olds.get('job_id')} has finished with {brought}: "
            f"write {brought}, or leave expected_servers out"
        )
