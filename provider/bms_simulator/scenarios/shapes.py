"""Other ways to write the same job down: pure functions from a body to a body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from bms_simulator.http.responses import Json, JsonObject

Shape: TypeAlias = Callable[[JsonObject], JsonObject]


def plain(job: JsonObject) -> JsonObject:
    """Leave the body as the page shows it."""
    return job


def _sub_jobs(job: Mapping[str, Json]) -> list[JsonObject]:
    entities = job["entities"]
    listed = entities.get("sub_jobs", ()) if isinstance(entities, Mapping) else ()
    return [dict(cast("Mapping[str, Json]", sub_job)) for sub_job in cast("Sequence[Json]", listed)]


def _with_sub_jobs(job: JsonObject, sub_jobs: list[JsonObject]) -> JsonObject:
    entities = cast("Mapping[str, Json]", job["entities"])
    return job | {"entities": {**entities, "sub_jobs": sub_jobs}} if "sub_jobs" in entities else job


def entities_as_lists(job: JsonObject) -> JsonObject:
    """Make the entities of sub-jobs lists of objects."""
    return _with_sub_jobs(job, [sub_job | {"entities": [sub_job["entities"]]} for sub_job in _sub_jobs(job)])


def empty_entities_as_null(job: JsonObject) -> JsonObject:
    """Make entities that tell nothing null."""
    job = _with_sub_jobs(job, [empty_entities_as_null(sub_job) for sub_job in _sub_jobs(job)])
    return job | {"entities": job["entities"] or None}


def sub_jobs_at_top_level(job: JsonObject) -> JsonObject:
    """Put the sub-jobs beside the entities instead of into them, and do not count them."""
    entities = cast("Mapping[str, Json]", job["entities"])
    kept = {key: value for key, value in entities.items() if not key.startswith("sub_jobs")}
    return job | {"entities": kept, "sub_jobs": _sub_jobs(job)}


def odd_case(job: JsonObject) -> JsonObject:
    """Write each status in lower case, with blanks around it."""
    job = _with_sub_jobs(job, [odd_case(sub_job) for sub_job in _sub_jobs(job)])
    return job | {"status": f" {str(job['status']).lower()} "}


def last_repeats_first(job: JsonObject) -> JsonObject:
    """List the first sub-job again in place of the last one."""
    sub_jobs = _sub_jobs(job)
    return _with_sub_jobs(job, [*sub_jobs[:-1], sub_jobs[0]]) if sub_jobs else job


def wrong_types(job: JsonObject) -> JsonObject:
    """Give every field a wrong type."""
    return {
        "status": [job["status"]],
        "entities": "none",
        "job_id": 42,
        "job_type": {"name": job["job_type"]},
        "begin_time": 1556222687,
        "end_time": False,
        "error_code": {"code": 0},
        "fail_reason": [[]],
    }
