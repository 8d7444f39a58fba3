"""What the responses about one job have told so far, as one job. No clock, no I/O.

A later response may have less than an earlier one: replicas lag, lists are cut, records are dropped. What was
announced, listed or named once stays known. The merged job keeps it, and `missing` says what a response lacks of it.
A stack stores the merged job, with the sub-jobs of all levels in one, so the next run knows it too.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from pulumi_bms.api.models.job import Job, Record, SubJob

Kind = TypeVar("Kind", bound=Record)
_Key: TypeAlias = str | None
"""By what a record is found again in another response: its id; "" without one, and None for the job itself."""


def stranger(job_id: str, earlier: Record | None, job: Job) -> str:
    """Why a response to a poll of `job_id` is not about that job; "" where nothing contradicts it."""
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
    """The response `job` with the counts and the types that earlier responses gave its records; no record is added."""
    return job if earlier is None else _completed(job, _totals(earlier), _types(earlier), None)


def merged(earlier: Record | None, job: Kind) -> Kind:
    """The response `job` with all that only earlier responses told; `job` itself where nothing is to be added.

    Missing sub-jobs of any level stand directly below the job, behind the others, as they were last seen. Missing
    servers and network interfaces stand in entities of the job's own.
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
    """What the response `job` lacks of all that earlier responses listed or named, in words; "" for nothing."""
    if earlier is None:
        return ""
    return (
        _not_listed(earlier, job)
        or _not_named("server", _without(earlier.server_ids, job.server_ids))
        or _not_named("network interface", _without(earlier.nic_ids, job.nic_ids))
    )


def unlisted(job: Record) -> str:
    """Which sub-jobs are announced and not listed, in words; "" for none."""
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
    """How many different sub-jobs there are, at all levels together: a stack stores them in one."""
    return len(_ids(job)) + sum(not part.job_id for part in job.descendants())


def _known(job: Record) -> list[tuple[_Key, Record]]:
    """The job and its sub-jobs by their keys, without those that can't be found again."""
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
    """The sub-jobs that a response no longer lists, as they were last seen, each without sub-jobs of its own."""
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
