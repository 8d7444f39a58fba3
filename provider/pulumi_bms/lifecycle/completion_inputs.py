"""The inputs of a wait for jobs as typed values, and all their problems: offline, in the plugin process only."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_bms.lifecycle.model_reading import Inputs, OrUnknown, Problem, Whole, items, known, read, shown

LONGEST_JOB_ID = 128
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ID = "write the id from the API's response, such as 2c9eb2c5544cbf6101544f0602af2b4f"
REMEDIES = {
    "job_id": _ID,
    "job_ids": 'write {"web": "2c9eb2c5544cbf6101544f0602af2b4f"}',
    "job_ids.*": _ID,
    "expected_servers": "write 1 or more, or leave the property out",
    "create_timeout_seconds": "set custom_timeouts.create instead",
}


class JobIdInputs(Inputs):
    """The id of one job."""

    job_id: OrUnknown[str]


class CompletionInputs(JobIdInputs):
    """The inputs of `JobCompletion`, without the connection inputs."""

    expected_servers: OrUnknown[Whole] | None = None
    create_timeout_seconds: OrUnknown[float] | None = None


class CompletionsInputs(Inputs):
    """The inputs of `JobCompletions`, without the connection inputs."""

    job_ids: OrUnknown[dict[str, OrUnknown[str]]]
    create_timeout_seconds: OrUnknown[float] | None = None


def job_id_problems(inputs: Mapping[str, Any]) -> list[Problem]:
    """All problems of the id of one job."""
    model, wrong = read(JobIdInputs, inputs, REMEDIES)
    return [*wrong, *_id("job_id", known(model.job_id))]


def completion_problems(inputs: Mapping[str, Any]) -> list[Problem]:
    """All problems of the inputs of `JobCompletion`. Unknown values cause no problem."""
    model, wrong = read(CompletionInputs, inputs, REMEDIES)
    ids = _id("job_id", known(model.job_id))
    return [*wrong, *ids, *_number(known(model.expected_servers)), *_timeout(known(model.create_timeout_seconds))]


def completions_problems(inputs: Mapping[str, Any]) -> list[Problem]:
    """All problems of the inputs of `JobCompletions`. Unknown values cause no problem."""
    model, wrong = read(CompletionsInputs, inputs, REMEDIES)
    job_ids = known(model.job_ids)
    return [*wrong, *_ids(inputs, job_ids), *_timeout(known(model.create_timeout_seconds))]


def _ids(inputs: Mapping[str, Any], job_ids: Mapping[str, Any] | None) -> Iterator[Problem]:
    if job_ids is None:
        return
    if not inputs["job_ids"]:
        yield Problem("job_ids", f"must hold at least one job: {REMEDIES['job_ids']}")
    for key, value in inputs["job_ids"].items():
        if value is None:
            yield Problem(shown(("job_ids", key)), f"is missing: {_ID}")
    for path, job_id in items("job_ids", job_ids):
        yield from _id(path, job_id)


def _id(path: str, job_id: str | None) -> Iterator[Problem]:
    if job_id is None:
        return
    if not job_id.strip():
        yield Problem(path, f"is empty: {_ID}")
    elif len(job_id) > LONGEST_JOB_ID:
        yield Problem(path, f"must have at most {LONGEST_JOB_ID} characters, not {len(job_id)}: {_ID}")
    elif not _JOB_ID.fullmatch(job_id) or ".." in job_id:
        yield Problem(path, f"must hold letters, digits and . - _ only, not {job_id!r}: {_ID}")


def _number(expected_servers: int | None) -> Iterator[Problem]:
    if expected_servers is not None and expected_servers < 1:
        yield Problem("expected_servers", f"must not be {expected_servers}: {REMEDIES['expected_servers']}")


def _timeout(seconds: float | None) -> Iterator[Problem]:
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        text = f"must be a number above zero: {REMEDIES['create_timeout_seconds']}"
        yield Problem("create_timeout_seconds", text)
