"""Cut the outputs of a job without success to the minimum for the next run.

Two reasons to cut. First, the engine writes the state of all resources at the end of every step. So at Ctrl-C with N
waits, each value of an interrupted wait is written N times. Second, the state of a failed step travels in the trailers
of a response, with a limited size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_bms.api.models.job import JobStatus

MOST_FAILED = 100
"""The number of failed sub-jobs to keep, if not all fit."""
LONGEST_TEXT = 200
"""The number of characters of a text to keep, if not all fit."""

_POLLED_AGAIN = ("nic_ids", "begin_time", "end_time", "duration_seconds")
_ENDED = (JobStatus.SUCCESS, JobStatus.FAIL)
_Outputs = Mapping[str, Any]


def to_go_on(outputs: _Outputs) -> dict[str, Any]:
    """The outputs of an interrupted wait, without anything that the next poll brings again.

    A final failure stays whole.
    """
    if outputs["status"] == JobStatus.FAIL:
        return dict(outputs)
    sub_jobs = [_identity(part) for part in outputs["sub_jobs"]]
    kept = {**outputs, **dict.fromkeys(_POLLED_AGAIN), "sub_jobs": sub_jobs}
    return {name: value if value != [] or name == "server_ids" else None for name, value in kept.items()}


def _identity(part: _Outputs) -> dict[str, Any]:
    """A sub-job without absent fields. Of a running, nameless sub-job only the listing is kept."""
    says_more = part["status"] in _ENDED or part.get("entities") or part.get("error_code")
    names = part.keys() if says_more else ("job_id", "job_type", "status")
    return {name: part[name] for name in names if part.get(name) not in (None, [])}


def cuts(outputs: _Outputs) -> Iterator[dict[str, Any]]:
    """One job's outputs, smaller and smaller. Servers are kept longest, because servers may be billed."""
    for cut in CUTS:
        yield cut(outputs)


def _without_details(outputs: _Outputs) -> dict[str, Any]:
    """Sub-jobs with servers, without other entities, and with the beginning of each text."""
    return {**_short(outputs), "sub_jobs": [_with_servers_only(part) for part in outputs.get("sub_jobs") or []]}


def _with_failed_only(outputs: _Outputs) -> dict[str, Any]:
    """The first failed sub-jobs. Their servers are listed separately."""
    failed = [part for part in outputs.get("sub_jobs") or [] if part.get("status") == JobStatus.FAIL]
    kept = [_with_servers_only(part) for part in failed[:MOST_FAILED]]
    return {**_whole_count(outputs), "nic_ids": [], "entities": [], "sub_jobs": kept}


def _without_sub_jobs(outputs: _Outputs) -> dict[str, Any]:
    return {**_whole_count(outputs), "nic_ids": [], "entities": [], "sub_jobs": []}


def _without_servers(outputs: _Outputs) -> dict[str, Any]:
    """The job and the status. A job without a failure is polled again."""
    status = JobStatus.FAIL if outputs.get("status") == JobStatus.FAIL else JobStatus.RUNNING
    return {**_without_sub_jobs(outputs), "status": str(status), "server_ids": [], "surviving_server_ids": []}


CUTS: tuple[Callable[[_Outputs], dict[str, Any]], ...] = (
    _without_details,
    _with_failed_only,
    _without_sub_jobs,
    _without_servers,
)
"""The cuts, from small to large."""


def _with_servers_only(part: _Outputs) -> dict[str, Any]:
    named = [entity["server_id"] for entity in part.get("entities") or [] if entity.get("server_id")]
    return _identity({**_short(part), "entities": [{"server_id": server_id} for server_id in named]})


def _whole_count(outputs: _Outputs) -> dict[str, Any]:
    """The outputs with texts cut. A final failure loses the announced count, or the failure would look unfinished."""
    count = None if outputs.get("status") == JobStatus.FAIL else outputs.get("sub_jobs_total")
    return {**_short(outputs), "sub_jobs_total": count}


def _short(fields: _Outputs) -> dict[str, Any]:
    return {name: value[:LONGEST_TEXT] if isinstance(value, str) else value for name, value in fields.items()}
