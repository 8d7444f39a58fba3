"""A resource that waits for the cancel and keeps one value: the lowest cost of a wait."""

from __future__ import annotations

from typing import Any, NoReturn

from pulumi.dynamic import CreateResult, Resource, ResourceProvider

from pulumi_bms.operation import PartialStateError, current


class FloorProvider(ResourceProvider):
    """Serves `Floor`."""

    serialize_as_secret_always = False
    uses_operation = True

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Wait for the cancel."""
        operation = current()
        operation.report("RUNNING")
        operation.cancelled.wait()
        return _interrupted(props["job_id"])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a call of the class."""
        return FloorProvider, ()


def _interrupted(job_id: str) -> NoReturn:
    raise PartialStateError(job_id, {"job_id": job_id}, "interrupted")


class Floor(Resource, module="bench", name="Floor"):
    """A resource with a job's id."""

    def __init__(self, name: str, job_id: str) -> None:
        super().__init__(FloorProvider(), name, {"job_id": job_id})
