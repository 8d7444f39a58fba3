"""All responses about one job so far, merged into one job. No clock, no I/O.

A later response may have less than an earlier response: replicas lag, lists are cut, records are dropped. The merged
job keeps every record, number and name of earlier responses. `missing` describes the gaps of the newest response.

A stack stores the merged job for the next run, with the sub-jobs of all levels in one list.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from pulumi_bms.api.models.job import Job, Record, SubJob

Kind = TypeVar("Kind", bound=Record)
_Key: TypeAlias = str | None
"""The id of a record, to find the record in other responses. "" for a record without id, None for the job itself."""


def stranger(job_id: str, earlier: Record | None, job: Job) -> str:
    """The reason why a response to a poll of `job_id` is about a different job, or ""."""
    mismatch = job.mismatch(job_id)
    if mismatch or job.job_id is not None or earlier is None:
        return mismatch
    if job.job_type and earlier.job_type and job.job_type.lower() != earlier.job_type.lower():
        return f"the response names no job and has job_type {job.job_type}, and job {job_id} has {earlier.job_type}"
    here, before = _ids(job), _ids(earlier)
    if here and before and not here & before:
        return f"the response names no job and lists none of the sub-jobs of job {job_id}"
    return ""


def completed(earlier: Record | None, job: Kind) -> Kind:
    """The response `job` with the counts and types of earlier responses. No record is added."""
    return job if earlier is None else _completed(job, _totals(earlier), _types(earlier), None)


def merged(earlier: Record | None, job: Kind) -> Kind:
    """The response `job` with everything that only earlier responses had, or `job` itself if nothing is missing.

    Missing sub-jobs of any level are added at the end of the job's own list, in their last known state. Missing servers
    and network interfaces become entities of the job.
    """
    if earlier is None:
        return job
    whole = completed(earlier, job)
    lost = _lost(earlier, job)
    if lost:
        whole = whole.model_copy(update={"sub_jobs": (*whole.sub_jobs, *lost)})
    unnamed = (
        *({"server_id": name} for name in _without(earlier.server_ids, whole.server_ids)),
        *({"nic_id": name} for name in _without(earlier.nic_ids, whole.nic_ids)),
    )
    return whole.model_copy(update={"entities": (*whole.entities, *unnamed)}) if unnamed else whole


def missing(earlier: Record | None, job: Record) -> str:
    """The records and names of earlier responses that the response `job` lacks, in words, or ""."""
    if earlier is None:
        return ""
    return (
        _not_listed(earlier, job)
        or _not_named("server", _without(earlier.server_ids, job.server_ids))
        or _not_named("network interface", _without(earlier.nic_ids, job.nic_ids))
    )


def unlisted(job: Record) -> str:
    """The sub-jobs that are announced but not listed, in words, or ""."""
    for record in job.walk():
        if record.listed < (record.sub_jobs_total or 0):
            return f"{record.sub_jobs_total} sub-jobs are announced and {record.listed} listed"
    return ""


def _key(job: Record, record: Record) -> _Key:
    return None if record is job else record.job_id or ""


def _ids(job: Record) -> set[str]:
    """The ids of all sub-jobs."""
    return {part.job_id for part in job.descendants() if part.job_id}


def _number(job: Record) -> int:
    """The number of different sub-jobs at all levels together: a stack stores all levels in one list."""
    return len(_ids(job)) + sum(not part.job_id for part in job.descendants())


def _known(job: Record) -> list[tuple[_Key, Record]]:
    """The job and the sub-jobs by key. Sub-jobs without id are left out."""
    keyed = [(_key(job, record), record) for record in job.walk()]
    return [(key, record) for key, record in keyed if key != ""]


def _totals(job: Record) -> dict[_Key, int]:
    totals: dict[_Key, int] = {}
    for key, record in _known(job):
        totals[key] = max(totals.get(key, 0), record.sub_jobs_total or 0)
    return totals


def _types(job: Record) -> dict[_Key, str]:
    return {key: record.job_type for key, record in _known(job) if record.job_type}


def _completed(record: Kind, totals: Mapping[_Key, int], types: Mapping[_Key, str], key: _Key) -> Kind:
    parts = tuple(_completed(part, totals, types, part.job_id or "") for part in record.sub_jobs)
    total = max(record.sub_jobs_total or 0, totals.get(key, 0)) or record.sub_jobs_total
    job_type = record.job_type or types.get(key)
    is_same = (total, job_type) == (record.sub_jobs_total, record.job_type)
    if is_same and all(map(operator.is_, parts, record.sub_jobs)):
        return record
    return record.model_copy(update={"sub_jobs": parts, "sub_jobs_total": total, "job_type": job_type})


def _lost(earlier: Record, job: Record) -> list[SubJob]:
    """The sub-jobs missing from a response, in their last known state. Their own sub-jobs are left out."""
    here = _ids(job) | {job.job_id or ""}
    parts = [part for part in earlier.descendants() if isinstance(part, SubJob)]
    named = {part.job_id: part for part in parts if part.job_id and part.job_id not in here}
    nameless = [part for part in parts if not part.job_id]
    fewer = _number(earlier) - _number(job) - len(named)
    lost = [*named.values(), *nameless[max(0, len(nameless) - max(0, fewer)) :]]
    return [part.model_copy(update={"sub_jobs": ()}) for part in lost]


def _not_listed(earlier: Record, job: Record) -> str:
    lost = _lost(earlier, job)
    name = next((part.job_id for part in lost if part.job_id), None)
    if name:
        return f"sub-job {name} was listed before and is missing"
    return f"{_number(earlier)} sub-jobs were listed before and {_number(job)} are listed" if lost else ""


def _not_named(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]} was named before and is missing" if names else ""


def _without(names: Iterable[str], others: Iterable[str]) -> list[str]:
    there = set(others)
    return [name for name in names if name not in there]
