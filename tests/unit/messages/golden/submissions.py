"""The texts of submissions: refused, unresolved, taken over, left behind, changed, and the remains of a destroy."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pulumi.output import Unknown

from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.http.excerpt import Excerpt
from pulumi_bms.api.jobs import JobApi, Submission
from pulumi_bms.lifecycle import unresolved
from pulumi_bms.lifecycle.leftovers import Leftovers
from pulumi_bms.lifecycle.provider import stock_host_hint
from pulumi_bms.lifecycle.record import Order, RecordError, Records, orders_folder
from pulumi_bms.lifecycle.replacement import consequence
from pulumi_bms.lifecycle.submit import JobRequest, preview_job, submit_once
from pulumi_bms.operation import ExpectedError, Operation

POST = "POST https://bms.example.com/v1/p/baremetalservers"
ORDER = Order("acme/urn:order", "inputs")
_NOW = re.compile(r"\b20\d\d-\d\d-\d\dT[\d:]+Z")
_RECORD = re.compile(r"[0-9a-f]{32}-[0-9a-f]{32}-\w+\.json")
_ATTEMPT = {"attempt": "a", "request": POST, "sent_at": "2026-01-01T00:00:00Z", "record": "/home/me/record.json"}


class _Api:
    """A Job API with one error, or with a job."""

    longest_submission = 1.0

    def __init__(self, error: ApiError | None) -> None:
        self._error = error

    def submit(self, *_: object, may_send: Callable[[str], bool], **__: object) -> Submission:
        if self._error is None or self._error.sent:
            assert may_send(POST)
        if self._error:
            raise self._error
        return Submission("j", "CS1")


class _Home:
    """A folder of records, and the messages of submissions with the records."""

    def __init__(self, folder: Path) -> None:
        self.records = Records(folder)
        self._folder = folder

    def submit(self, error: ApiError | None = None, order: Order = ORDER) -> str:
        lines: list[str] = []
        operation = Operation(keeps_partial_state=True, warn=lines.append, note=lines.append)
        request = JobRequest("POST", "baremetalservers", {}, order)
        try:
            outcome = submit_once(request, lambda: cast("JobApi", _Api(error)), self.records, operation)
        except ExpectedError as refusal:
            lines.append(str(refusal))
        else:
            if isinstance(outcome, unresolved.Unresolved):
                lines.append(unresolved.error_text(outcome))
        return self._masked(lines)

    def preview(self) -> str:
        lines: list[str] = []
        try:
            preview_job(ORDER, self.records, Operation(preview=True, note=lines.append))
        except ExpectedError as refusal:
            lines.append(str(refusal))
        return self._masked(lines)

    def damage(self) -> None:
        """Cut every record short."""
        for path in self._folder.glob("*.json"):
            path.write_text("{")

    def lose_key(self) -> None:
        """Replace the key of the folder."""
        (self._folder / "key").write_bytes(b"k" * 32)

    def _masked(self, lines: Sequence[str]) -> str:
        text = "\n".join(lines).replace(str(self._folder), "/home/me/.pulumi/bms/orders")
        return _RECORD.sub("RECORD.json", _NOW.sub("2026-01-01T00:00:00Z", text))


def submitted() -> Iterator[tuple[str, str]]:
    """A request sent once."""
    excerpt = Excerpt('{"order_id": "CS1"}', {"order_id": "CS1", "server": "s"})
    errors = {
        "refused": RefusedError(POST, status=400, code="BMS.0018", detail="count is 0", request_id="req-1"),
        "never sent": NoAnswerError.never_sent(POST, "no connection in time"),
        "no response": OutcomeUnknownError(POST, detail="no response in time"),
        "a response without a job": OutcomeUnknownError(POST, status=504, detail="x", excerpt=excerpt),
    }
    for title, error in errors.items():
        with tempfile.TemporaryDirectory() as folder:
            home = _Home(Path(folder) / "orders")
            yield f"submission: {title}", home.submit(error)
            if isinstance(error, OutcomeUnknownError):
                yield f"submission: {title}, the next run", home.submit()
                yield f"submission: {title}, the next preview", home.preview()
                yield f"submission: {title}, changed inputs", home.submit(order=Order(ORDER.orderer, "other"))
    cancelled = Operation()
    cancelled.cancelled.set()
    request = JobRequest("POST", "baremetalservers", {}, ORDER)
    try:
        submit_once(request, lambda: cast("JobApi", _Api(None)), Records(Path("/nonexistent")), cancelled)
    except ExpectedError as error:
        yield "submission: interrupted", str(error)
    yield from _taken_over()


def _taken_over() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        home = _Home(Path(folder) / "orders")
        home.submit()
        yield "submission: an earlier run has the job", home.submit()
        yield "submission: an earlier run has the job, preview", home.preview()
        yield "submission: an earlier run has a job of other inputs", home.submit(order=Order(ORDER.orderer, "other"))
        home.lose_key()
        yield "record: another key", home.submit()
        home.damage()
        yield "record: damaged", home.submit()
    with tempfile.TemporaryDirectory() as folder:
        home = _Home(Path(folder) / "orders")
        pending = home.records.pending(ORDER)
        pending.write(POST)
        try:
            home.records.pending(ORDER).write(POST)
        except RecordError as error:
            yield "record: two runs at one moment", home._masked([str(error)])
        pending.remove()
        (Path(folder) / "file").write_text("")
        yield "record: no folder", _Home(Path(folder) / "file" / "orders").submit()
    try:
        orders_folder({"PULUMI_HOME": "~nobody-of-this-name/x"})
    except RecordError as error:
        yield "record: no home", str(error)


def kept() -> Iterator[tuple[str, str]]:
    """A request in the state."""
    stored = {"unresolved": _ATTEMPT, "order_id": "CS1"}
    earlier = unresolved.of_outputs(stored)
    assert earlier
    yield "unresolved: the run ended without a response", unresolved.error_text(earlier)
    yield "unresolved: left behind", unresolved.in_short(earlier)


def changed() -> Iterator[tuple[str, str]]:
    """The preview of a changed submission."""
    unknown = Unknown()  # type: ignore[no-untyped-call]
    order = {"path": "baremetalservers", "method": "POST", "body": {"server": {"count": 3}}}
    attach = {"path": "baremetalservers/s/attachvolume", "method": "POST"}
    job = {"job_id": "J"}
    cases: dict[str, tuple[Sequence[str], Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]] = {
        "an order of three": (["body"], job, order, order),
        "an order of one": (["body"], job, {**order, "body": {"server": {}}}, order),
        "an order, on Pulumi's own host": (["body"], job, {}, order),
        "another request": (["method", "triggers"], job, attach, attach),
        "an unknown input": (["body"], job, order, {**order, "body": unknown}),
        "an unresolved request": (["body"], {"unresolved": _ATTEMPT}, order, order),
    }
    for title, (names, olds, old_inputs, news) in cases.items():
        yield f"changed: {title}", consequence(names, olds, old_inputs, news)


def remains() -> Iterator[tuple[str, str]]:
    """The note of a destroy, and the hints for Pulumi's host."""
    jobs: dict[str, dict[str, list[str] | None]] = {
        "one server": {"j": ["a"]},
        "servers": {"j": ["a", "b"], "k": ["c"]},
        "another job": {"j": None},
        "both": {"j": ["a"], "k": None, "l": None},
    }
    for title, each in jobs.items():
        leftovers = Leftovers()
        for job_id, servers in each.items():
            leftovers.add(job_id, servers)
        yield f"destroy: {title}", leftovers.text()
    yield "Pulumi's own host", stock_host_hint({}, "posix")
    yield "Pulumi's own host, Automation API", stock_host_hint({"PULUMI_AUTOMATION_API": "true"}, "posix")
    yield "Pulumi's own host, Windows", stock_host_hint({}, "nt")


def cases() -> Iterator[tuple[str, str]]:
    """All cases of the room."""
    for group in (submitted, kept, changed, remains):
        yield from group()
