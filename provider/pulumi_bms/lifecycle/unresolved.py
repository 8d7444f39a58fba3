"""A sent request without a known job: as a value, as outputs, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pulumi_bms.lifecycle.record import Record

OUTPUT = "unresolved"
"""The output for a request without a known job. Stored in users' stacks: the name never changes."""
ID_PREFIX = "unresolved-"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A request without a known job.

    `request` is method and address, `sent_at` a time in UTC, `attempt` the name of the record in the file `record`.
    `error` is the fault of the response, or "" without a response. `order_id`, `ids` and `text` are from the response.
    """

    attempt: str
    request: str
    sent_at: str
    record: str = ""
    error: str = ""
    order_id: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    sent_now: bool = False
    """Whether the running process has sent the request. Not stored."""

    @property
    def resource_id(self) -> str:
        """The id of the resource in the state."""
        return ID_PREFIX + self.attempt

    def outputs(self) -> dict[str, Any]:
        """The outputs `job_id`, `order_id` and `unresolved`."""
        kept = {name: value for name, value in asdict(self).items() if name not in ("order_id", "sent_now")}
        return {"job_id": None, "order_id": self.order_id, OUTPUT: kept}


def of_record(record: Record) -> Unresolved:
    """The request of a record without a job."""
    return Unresolved(
        attempt=record.attempt,
        request=record.request,
        sent_at=record.sent_at,
        record=str(record.path),
        error=record.error,
        order_id=record.order_id,
        ids=record.ids,
        text=record.text,
    )


def of_outputs(outputs: Mapping[str, Any]) -> Unresolved | None:
    """The request in stored outputs, or None for the outputs of a job."""
    kept = outputs.get(OUTPUT)
    if not isinstance(kept, Mapping):
        return None
    return Unresolved(
        attempt=str(kept.get("attempt")),
        request=str(kept.get("request")),
        sent_at=str(kept.get("sent_at")),
        record=str(kept.get("record") or ""),
        error=str(kept.get("error") or ""),
        order_id=outputs.get("order_id"),
        ids=kept.get("ids") or {},
        text=str(kept.get("text") or ""),
    )


def error_text(unresolved: Unresolved) -> str:
    """The error of the run with the request, and of every later run. Later runs send nothing."""
    head = [] if unresolved.sent_now else ["nothing was sent: an earlier request of this resource is unresolved."]
    return "\n".join([*head, *_facts(unresolved), *_ways_on(unresolved)])


def in_short(unresolved: Unresolved) -> str:
    """The request in a sentence, for a run that leaves the request behind."""
    names = f" (the response named {_named(unresolved)})" if _named(unresolved) else ""
    return (
        f"the outcome of {unresolved.request}, sent at {unresolved.sent_at}, is unknown{names}. Servers of the request "
        "may exist and be billed. Check the cloud's console (servers, orders, operation log)"
    )


def _facts(unresolved: Unresolved) -> list[str]:
    lines = [
        _what_happened(unresolved),
        "The outcome is unknown: the request may have started a job, and the job may make servers that are billed.",
    ]
    if named := _named(unresolved):
        lines.append(f"The response names {named}.")
    if unresolved.text:
        lines.append(f"The response begins: {unresolved.text}")
    return lines


def _what_happened(unresolved: Unresolved) -> str:
    if unresolved.error:
        return f"{unresolved.request} was sent at {unresolved.sent_at}: {unresolved.error}"
    return (
        f"{unresolved.request} was sent, or about to be sent, at {unresolved.sent_at}: the run ended without a response"
    )


def _named(unresolved: Unresolved) -> str:
    named = dict(unresolved.ids)
    if unresolved.order_id and unresolved.order_id not in named.values():
        named = {"order_id": unresolved.order_id, **named}
    return ", ".join(f"{name} {value}" for name, value in named.items())


def _ways_on(unresolved: Unresolved) -> list[str]:
    order = f"order {unresolved.order_id}, " if unresolved.order_id else ""
    lines = [
        f"Check the cloud's console ({order}servers, orders, operation log). Then:",
        "- If the job exists, remove this resource from the program, and give the job id to a JobCompletion.",
        "- If nothing was created, change `triggers`: the next `pulumi up` sends a new request.",
        "Until then, no run sends a request for this resource.",
    ]
    return [*lines, f"Record of the request: {unresolved.record}"] if unresolved.record else lines
