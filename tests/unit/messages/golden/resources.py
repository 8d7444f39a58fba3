"""The texts of the resources: failed checks, previews, imports, and wrong uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pulumi import Archive, Asset

from pulumi_bms.lifecycle.provider import BmsProvider
from pulumi_bms.messages import durations
from pulumi_bms.operation import ExpectedError, Operation, Purpose, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider

ROOT = Path(__file__).parents[4]
_J = {"job_id": "j"}
_P = {"path": "baremetalservers"}
_CHECKS: dict[str, tuple[type[BmsProvider], Mapping[str, Any]]] = {
    "no job id": (JobCompletionProvider, {}),
    "a job id of another type": (JobCompletionProvider, {"job_id": 5}),
    "a long job id": (JobCompletionProvider, {"job_id": "j" * 129}),
    "a job id with a path": (JobCompletionProvider, {"job_id": "a/../b"}),
    "expected servers": (JobCompletionProvider, {**_J, "expected_servers": 0.5}),
    "a timeout": (JobCompletionProvider, {**_J, "create_timeout_seconds": -1}),
    "an endpoint": (JobCompletionProvider, {**_J, "endpoint": "http://elsewhere.example.com"}),
    "a region": (JobCompletionProvider, {**_J, "region": "a b"}),
    "a project of another type": (JobCompletionProvider, {**_J, "project_id": 5}),
    "a profile and a region": (JobCompletionProvider, {**_J, "profile": "eu", "region": "eu-de"}),
    "no jobs": (JobCompletionsProvider, {"job_ids": {}}),
    "a wrong id among jobs": (JobCompletionsProvider, {"job_ids": {"web": "a b"}}),
    "no path": (JobSubmissionProvider, {}),
    "an absolute path": (JobSubmissionProvider, {"path": "/v1/p/x"}),
    "a path with ..": (JobSubmissionProvider, {"path": "a/../b"}),
    "a path with a query": (JobSubmissionProvider, {"path": "a?b"}),
    "a method": (JobSubmissionProvider, {**_P, "method": "GET"}),
    "a body of another type": (JobSubmissionProvider, {**_P, "body": [1]}),
    "a large number in a body": (JobSubmissionProvider, {**_P, "body": {"n": float(2**53)}}),
}


def checks() -> Iterator[tuple[str, str]]:
    """Failed checks."""
    for title, (kind, inputs) in _CHECKS.items():
        failures = kind().check({}, dict(inputs)).failures
        yield f"check: {title}", "\n".join(failure.reason for failure in failures)
    values = {"a": float("inf"), "b": Asset(), "c": Archive(), "d": object()}
    failures = JobSubmissionProvider().check({}, {**_P, "body": values}).failures
    yield "check: not JSON", "\n".join(failure.reason for failure in failures)
    for value in ("2 hours", "0s"):
        yield f"timeout {value}", _refusal(partial(durations.parse, "custom_timeouts.create", value))


def _refusal(call: Callable[[], object]) -> str:
    try:
        call()
    except (ExpectedError, ValueError) as error:
        return str(error)
    raise AssertionError("not refused")


def previews() -> Iterator[tuple[str, str]]:
    """Notes and errors of previews, from a separate process, because some notes are shown once a process."""
    command = [sys.executable, "-m", "tests.unit.messages.golden.previews"]
    # Without the settings of the user at the machine.
    environment = {"PATH": os.environ.get("PATH", ""), "no_proxy": "*"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=100)
    yield from json.loads(result.stdout)


def uses() -> Iterator[tuple[str, str]]:
    """Unsupported uses of resources."""
    single, many, order = JobCompletionProvider(), JobCompletionsProvider(), JobSubmissionProvider()
    with running(Operation(purpose=Purpose.GET, inputs={"job_id": "j"})):
        yield "JobCompletion by opts.id", _refusal(lambda: single.read("j", {}))
        yield "JobCompletions by opts.id", _refusal(lambda: many.read("j", {}))
        yield "JobSubmission by opts.id", _refusal(lambda: order.read("j", {}))
    with running(Operation(purpose=Purpose.IMPORT)):
        yield "import_ and job_id differ", _refusal(lambda: single.read("i", {"job_id": "j"}))
    failed = {"job_id": "k", "status": "FAIL", "error_code": "BMS.3004"}
    with running(Operation(preview=True)):
        jobs = {"a": {"job_id": "j", "status": "SUCCESS"}, "b": failed}
        news = {"job_ids": {"a": "j", "b": "k"}}
        yield "JobCompletions with a stored failure", _refusal(lambda: many.update("x", {"jobs": jobs}, news))
    done = {"job_id": "j", "status": "SUCCESS", "server_ids": ["a", "b"]}
    expectation = {"job_id": "j", "expected_servers": 3.0}
    yield "expected_servers after the end", _refusal(lambda: single.diff("j", done, expectation))


def cases() -> Iterator[tuple[str, str]]:
    """All cases of the room."""
    for group in (checks, previews, uses):
        yield from group()
