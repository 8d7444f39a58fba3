"""The wire: a job and its sub-jobs, read tolerantly.

Source: the page "Querying Job Status" of the Bare Metal Server API reference. Real responses differ from the page, and
are read too: missing fields, null, "", entities as a list, nested or top-level sub-jobs, undocumented fields, types and
statuses. Only an ambiguous response is refused (`Unreadable`): sub-jobs must be a list of objects, and their count must
be a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pulumi_bms.api.errors import LONGEST_NAME
from pulumi_bms.api.http.redaction import cleaned
from pulumi_bms.api.http.sanitized import sanitized

MAX_DEPTH = 16
"""Levels of sub-jobs to read. The API documents one level."""


class JobStatus(StrEnum):
    """The documented statuses. The API has others, so the `status` of a record is any text."""

    INIT = "INIT"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    PENDING_PAYMENT = "PENDING_PAYMENT"


class Unreadable(ValueError):  # noqa: N818  (it names a property of the response)
    """A response that can only be read by guessing."""


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)


def _status(value: object) -> str:
    # Fold only ASCII: the upper case of a sharp s is SS too.
    bare = value.strip() if isinstance(value, str) else ""
    return bare.upper() if bare.isascii() else bare


def _count(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch("0*[0-9]{1,15}", value.strip()):
        return int(value.strip()[-15:])
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**15 and value == int(value):
        return int(value)
    raise Unreadable("sub_jobs_total must be a whole number")


def _objects(value: object, name: str) -> list[dict[str, Any]]:
    if value is None or value in ("", {}, []):
        return []
    items = value if isinstance(value, list) else [value]
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        raise Unreadable(f"{name} must be a list of objects")
    return objects


def _entities(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict) and item]


_LIFTED = frozenset({"sub_jobs", "sub_jobs_total"})
Text = Annotated[str | None, BeforeValidator(_text)]


class Record(BaseModel):
    """The common fields of a job and a sub-job. Times are ISO 8601 texts in UTC. "" is None.

    `entities` is always a list. Every entity keeps all keys but the two about sub-jobs.
    """

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    status: Annotated[str, BeforeValidator(_status)] = ""
    entities: tuple[dict[str, Any], ...] = ()
    job_id: Text = None
    job_type: Text = None
    begin_time: Text = None
    end_time: Text = None
    error_code: Text = None
    fail_reason: Text = None
    message: Text = None
    code: Text = None
    sub_jobs_total: int | None = None
    sub_jobs: tuple[SubJob, ...] = Field(default=())

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, wire: Any) -> Any:
        """Bring sub-jobs and their count to one place, from anywhere in the response."""
        if not isinstance(wire, Mapping):
            return wire
        entities = _entities(wire.get("entities"))
        holders = [*entities, wire]
        totals = [total for holder in holders if (total := _count(holder.get("sub_jobs_total"))) is not None]
        return {
            **wire,
            "entities": [
                rest for entity in entities if (rest := {k: v for k, v in entity.items() if k not in _LIFTED})
            ],
            "sub_jobs_total": max(totals, default=None),
            "sub_jobs": [child for holder in holders for child in _objects(holder.get("sub_jobs"), "sub_jobs")],
        }

    @property
    def known_status(self) -> JobStatus | None:
        """The status if documented, else None."""
        return JobStatus(self.status) if self.status in set(JobStatus) else None

    @property
    def own_server_ids(self) -> list[str]:
        """The servers in the entities of this record, without the servers of sub-jobs."""
        return _ids(self.entities, "server_id")

    @property
    def server_ids(self) -> list[str]:
        """All servers, depth first, without duplicates. The servers of this record come first."""
        return list(dict.fromkeys(i for record in self.walk() for i in record.own_server_ids))

    @property
    def nic_ids(self) -> list[str]:
        """All network interfaces, in the order of `server_ids`."""
        return list(dict.fromkeys(i for record in self.walk() for i in _ids(record.entities, "nic_id")))

    @property
    def listed(self) -> int:
        """The number of different sub-jobs directly below. A repeated sub-job counts once."""
        named = {child.job_id for child in self.sub_jobs if child.job_id}
        return len(named) + sum(1 for child in self.sub_jobs if not child.job_id)

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from `begin_time` to `end_time`. None if either time is missing or malformed."""
        begin, end = _moment(self.begin_time), _moment(self.end_time)
        if begin is None or end is None or (begin.tzinfo is None) != (end.tzinfo is None):
            return None
        seconds = (end - begin).total_seconds()
        return seconds if seconds >= 0 else None

    @property
    def failure_text(self) -> str | None:
        """Why this record failed, in the API's words: `fail_reason`, and every `errorcode_message` with more to say."""
        reasons = [self.fail_reason, *(_text(entity.get("errorcode_message")) for entity in self.entities)]
        return "; ".join(_without_repeats([text for text in reasons if text])) or None

    def walk(self) -> Iterator[Record]:
        """The record itself, then all records below, depth first."""
        yield self
        for child in self.sub_jobs:
            yield from child.walk()

    def descendants(self) -> list[Record]:
        """All records below this record, depth first."""
        return list(self.walk())[1:]


class SubJob(Record):
    """One sub-job (table 3 of the page), for example one server of a batch."""


class Job(Record):
    """One job (table 1 of the page): the response to a query."""

    def mismatch(self, job_id: str) -> str:
        """Why this document can't be a response to a query of `job_id`, or "".

        The id may be the id of a sub-job, as in the sample of the page. A document without an id is accepted.
        """
        named = {record.job_id.lower() for record in self.walk() if record.job_id}
        if self.job_id is None or job_id.lower() in named:
            return ""
        return f"the response is about job {cleaned(self.job_id)[:LONGEST_NAME]}, not about job {job_id}"

    @classmethod
    def read(cls, wire: Mapping[str, Any], secrets: Iterable[str] = ()) -> Job:
        """Read a JSON object of the API without its control characters, with `secrets` masked.

        Raises `Unreadable` for an ambiguous object.
        """
        _check_depth(wire)
        try:
            return cls.model_validate(sanitized(wire, secrets))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise Unreadable(f"{'.'.join(map(str, first['loc'])) or 'job'}: {first['msg']}") from None


def _without_repeats(texts: list[str]) -> list[str]:
    """The texts without duplicates and without texts contained in other texts."""
    kept: list[str] = []
    for text in texts:
        if not any(_bare(text) in other for other in kept):
            kept = [*(other for other in kept if _bare(other) not in text), text]
    return kept


def _bare(text: str) -> str:
    return text.rstrip(".")


def _ids(entities: tuple[dict[str, Any], ...], key: str) -> list[str]:
    return [text for entity in entities if isinstance(entity.get(key), str) and (text := entity[key].strip())]


def _moment(text: str | None) -> datetime | None:
    try:
        # Digits alone are a count of milliseconds. As a date the digits would name another century.
        return datetime.fromisoformat(text) if text and not text.isdigit() else None
    except ValueError:
        return None


def _check_depth(wire: Mapping[str, Any]) -> None:
    level: list[object] = [wire]
    for _ in range(MAX_DEPTH + 1):
        level = [child for record in level for child in _below(record)]
        if not level:
            return
    raise Unreadable(f"sub-jobs are nested more than {MAX_DEPTH} deep")


def _below(record: object) -> list[object]:
    if not isinstance(record, dict):
        return []
    holders = [*_entities(record.get("entities")), record]
    return [child for holder in holders for child in _objects(holder.get("sub_jobs"), "sub_jobs")]


Record.model_rebuild()


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll: the job, and the pause in seconds before the next poll if the API asks for a pause."""

    job: Job
    retry_after: float | None = None
