"""The success rule stated a second time, without any code of the product.

`ruled` sorts each record of a tree into one of four conditions and looks up the judgement. Of earlier responses a
`Past` keeps tables of seen, announced and named things, while the product keeps a job. `wire` turns a case into the
JSON for `Job.read`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

# --- cases


@dataclass(frozen=True)
class Part:
    """A job or sub-job in a response. None is a missing field."""

    status: str | None
    below: tuple[Part, ...] = ()
    total: int | str | None = None
    names: tuple[str, ...] = ()
    nics: tuple[str, ...] = ()
    job_type: str | None = None
    job_id: str | None = None
    end_time: str | None = None
    error_code: str | None = None


def wire(part: Part) -> dict[str, Any]:
    """Return the JSON of a case, with sub-jobs and count inside `entities`, as in the API."""
    entities: list[dict[str, Any]] = [{"server_id": name} for name in part.names] or [{}]
    entities += [{"nic_id": name} for name in part.nics]
    if part.below:
        entities[0]["sub_jobs"] = [wire(child) for child in part.below]
    if part.total is not None:
        entities[0]["sub_jobs_total"] = part.total
    fields = {key: getattr(part, key) for key in ("status", "job_type", "job_id", "end_time", "error_code")}
    body: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
    return {**body, "entities": entities if len(entities) > 1 else entities[0]}


# --- the oracle

Expectation = tuple[str, str, int | None]
"""The name of the ruling, the name of the finality, and the unmet rule."""


class Condition(Enum):
    DONE = "succeeded"
    DEAD = "failed"
    LOST = "ended with an error, in a status that no page names"
    OPEN = "anything may still come"


ONE_SERVER = {"baremetalsinglecreate", "createsingleserver"}
SERVERS = ONE_SERVER | {"baremetalbatchcreate", "createserver"}


@dataclass
class Past:
    """The memory of earlier responses. `seen` are sub-jobs by id. "" is the job itself in the tables by id.

    `nameless` are sub-jobs without an id, each with the announced number of sub-jobs.
    """

    seen: dict[str, Condition] = field(default_factory=dict)
    nameless: list[tuple[Condition, int]] = field(default_factory=list)
    announced: dict[str, int] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    servers: set[str] = field(default_factory=set)
    nics: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Gone:
    """The parts missing in a response: sub-jobs by id, sub-jobs without an id, and whether a name is missing."""

    named: dict[str, Condition]
    nameless: list[tuple[Condition, int]]
    unnamed: bool

    @property
    def standings(self) -> list[Condition]:
        return [*self.named.values(), *(last for last, _ in self.nameless)]


def state_of(part: Part) -> Condition:
    status = (part.status or "").strip().upper()
    if status in {"SUCCESS", "FAIL"}:
        return Condition.DONE if status == "SUCCESS" else Condition.DEAD
    named_by_a_page = status in {"INIT", "RUNNING", "PENDING_PAYMENT"}
    return Condition.LOST if part.end_time and part.error_code and not named_by_a_page else Condition.OPEN


def everyone(part: Part) -> list[Part]:
    return [part] + [record for child in part.below for record in everyone(child)]


def with_keys(top: Part) -> list[tuple[str | None, Part]]:
    """The job as "", then every sub-job by id. None stands for a sub-job without an id."""
    return [("", top), *((record.job_id or None, record) for record in everyone(top)[1:])]


def different(records: Iterable[Part]) -> int:
    part = list(records)
    return len({record.job_id for record in part} - {None, ""}) + sum(not record.job_id for record in part)


def servers_of(top: Part) -> set[str]:
    return {name for record in everyone(top) for name in record.names if name}


def nics_of(top: Part) -> set[str]:
    return {name for record in everyone(top) for name in record.nics if name}


def type_of(part: Part, key: str | None, past: Past) -> str:
    return part.job_type or ("" if key is None else past.types.get(key, ""))


def gone_from(past: Past, top: Part) -> Gone:
    lower = everyone(top)[1:]
    named = {name: last for name, last in past.seen.items() if name not in {record.job_id for record in lower}}
    fewer = len(past.seen) + len(past.nameless) - different(lower) - len(named)
    nameless = past.nameless[-fewer:] if fewer > 0 else []
    return Gone(named, nameless, bool(past.servers - servers_of(top) or past.nics - nics_of(top)))


def remember(past: Past, top: Part) -> None:
    gone = gone_from(past, top)
    nameless = [record for record in everyone(top)[1:] if not record.job_id]
    past.nameless = [(state_of(record), int(record.total or 0)) for record in nameless] + gone.nameless
    types = {
        key: newest_type
        for key, record in with_keys(top)
        if key is not None and (newest_type := type_of(record, key, past))
    }
    past.types |= types
    past.servers |= servers_of(top)
    past.nics |= nics_of(top)
    for key, record in with_keys(top):
        if key is not None:
            past.announced[key] = max(past.announced.get(key, 0), int(record.total or 0))
        if key:
            past.seen[key] = state_of(record)


def unlisted(top: Part, past: Past, beside: int = 0) -> bool:
    """Whether fewer sub-jobs are listed than ever announced. `beside` are additional sub-jobs of the job itself."""
    for key, record in with_keys(top):
        total = max(int(record.total or 0), past.announced.get(key, 0) if key is not None else 0)
        if total > different(record.below) + (beside if key == "" else 0):
            return True
    return False


def unmet(top: Part, expected_servers: int | None, past: Past) -> int | None:
    """Return the first unmet rule of the rules 3 to 6."""
    servers = servers_of(top)
    lower = with_keys(top)[1:]
    gone = gone_from(past, top)
    too_few = not servers and type_of(top, "", past).lower() in SERVERS
    broken = {
        3: unlisted(top, past),
        4: any(type_of(record, key, past).lower() in ONE_SERVER and not any(record.names) for key, record in lower),
        5: too_few or expected_servers not in {None, len(servers)},
        6: bool(gone.standings) or gone.unnamed,
    }
    return min((rule for rule, is_broken in broken.items() if is_broken), default=None)


def finality_of_failure(top: Part, past: Past) -> str:
    gone = gone_from(past, top)
    known = {*(state_of(record) for record in everyone(top)[1:]), *gone.standings}
    # A missing sub-job has no listed sub-jobs any more.
    bereft = any(past.announced.get(name) for name in gone.named) or any(total for _, total in gone.nameless)
    if Condition.OPEN in known or bereft or unlisted(top, past, beside=len(gone.standings)):
        return "OPEN"
    is_in_doubt = Condition.LOST in {state_of(top), *known} or gone.standings or gone.unnamed
    return "SETTLING" if is_in_doubt else "FINAL"


def ruled(top: Part, expected_servers: int | None, past: Past) -> Expectation:
    """State the success rule."""
    own = state_of(top)
    lower = {state_of(record) for record in everyone(top)[1:]}
    failure = ("FAILED", finality_of_failure(top, past), None)
    if own is Condition.OPEN:
        return ("PENDING", "OPEN", None)
    if own in {Condition.LOST, Condition.DEAD} or Condition.DEAD in lower:
        return failure
    if Condition.OPEN in lower:
        return ("PENDING", "OPEN", None)
    if Condition.LOST in lower:
        return failure
    rule = unmet(top, expected_servers, past)
    return ("SUCCEEDED", "FINAL", None) if rule is None else ("INCONSISTENT", "SETTLING", rule)
