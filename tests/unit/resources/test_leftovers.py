"""The note of a destroy about the remaining things in the cloud."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_bms.api.models.job import Job
from pulumi_bms.lifecycle.job_outputs import outputs_of
from pulumi_bms.lifecycle.leftovers import Leftovers
from pulumi_bms.operation import Operation, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider


def stored(job_id: str, status: str, *servers: str, kind: str = "baremetalBatchCreate") -> dict[str, Any]:
    """The stored outputs of a job. A sub-job names each server."""
    children = [{"status": "SUCCESS", "entities": {"server_id": server}} for server in servers]
    job = Job.read({"status": status, "job_type": kind, "entities": {"sub_jobs": children}})
    return outputs_of(job_id, job, status)


def note_of(*deletes: Callable[[], None]) -> str:
    """The note at the end of a run with the deletes. No earlier message is allowed."""
    asked: list[Callable[[], str]] = []
    messages: list[str] = []
    operation = Operation(
        keeps_partial_state=True, note=messages.append, warn=messages.append, note_at_end=asked.append
    )
    with running(operation):
        for delete in deletes:
            delete()
    (text,) = {*asked}
    assert messages == []
    return text()


def completion(*arguments: Any, **more: Any) -> Callable[[], None]:
    return lambda: JobCompletionProvider().delete("id", stored(*arguments, **more))


def submission(job_id: str) -> Callable[[], None]:
    return lambda: JobSubmissionProvider().delete("id", {"job_id": job_id})


@pytest.mark.parametrize(
    ("deletes", "text"),
    [
        ([completion("j", "SUCCESS", "a")], "nothing is deleted in the cloud. 1 server stays: a"),
        (
            [submission("j"), completion("j", "SUCCESS", "a", "b"), completion("k", "FAIL", "c")],
            "nothing is deleted in the cloud. 3 servers stay: a, b, c",
        ),
        (
            [completion("j", "SUCCESS", "a", kind="baremetalAttachVolume"), submission("j")],
            "nothing is undone in the cloud. The effects of job j stay",
        ),
        (
            [completion("j", "SUCCESS", "a"), submission("k"), submission("l")],
            "nothing is deleted in the cloud. 1 server stays: a. The effects of 2 jobs stay: k, l",
        ),
        ([completion("j", "RUNNING")], "nothing is undone in the cloud. The effects of job j stay"),
        ([completion("j", "FAIL"), submission("j")], ""),
        (
            [completion("j", "SUCCESS", "a"), completion("j", "SUCCESS", "a")],
            "nothing is deleted in the cloud. 1 server stays: a",
        ),
    ],
    ids=["one server", "servers", "attachment", "both", "unfinished", "failed without servers", "one job twice"],
)
def test_one_note_tells_of_all(deletes: list[Callable[[], None]], text: str) -> None:
    """A single note names the servers of jobs that create servers. For further jobs the note names the job."""
    assert note_of(*deletes) == text


def test_many_jobs_leave_their_servers() -> None:
    """`JobCompletions` has the notes of all jobs."""
    jobs = {"a": stored("j", "SUCCESS", "s"), "b": stored("k", "SUCCESS", "t"), "c": stored("l", "RUNNING")}
    text = note_of(lambda: JobCompletionsProvider().delete("id", {"jobs": jobs}))
    assert text == "nothing is deleted in the cloud. 2 servers stay: s, t. The effects of job l stay"


def test_an_import_that_was_never_read_leaves_nothing() -> None:
    """A delete after an import without a read leaves no note."""
    asked: list[Callable[[], str]] = []
    with running(Operation(keeps_partial_state=True, note_at_end=asked.append)):
        JobCompletionProvider().delete("id", {})
        JobSubmissionProvider().delete("id", {})
    assert asked == []


def test_a_note_tells_each_thing_once() -> None:
    """A note names each thing once. A delete after the note has a new note."""
    leftovers = Leftovers()
    leftovers.add("j", ["a"])
    assert leftovers.text() == "nothing is deleted in the cloud. 1 server stays: a"
    assert leftovers.text() == ""
    leftovers.add("k", ["b"])
    assert leftovers.text() == "nothing is deleted in the cloud. 1 server stays: b"
