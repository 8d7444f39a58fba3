"""The state of a job after a number of simulated seconds: pure functions, apart from HTTP and from the world.

A job is a `Step` with phases. Its sub-jobs are steps too. `render` writes what the API would show of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bms_simulator.http.responses import Json, JsonObject
from bms_simulator.ids import sub_job_id

SUCCESS = "SUCCESS"
FAIL = "FAIL"
INIT = "INIT"
RUNNING = "RUNNING"
MOVING = frozenset({INIT, RUNNING, "PENDING_PAYMENT", "WAITING_EXECUTE"})

# Simulated seconds of a job from the order to the end.
CREATE_SECONDS = 240.0
DISK_SECONDS = 24.0
POWER_SECONDS = 60.0
REINSTALL_SECONDS = 300.0
NIC_SECONDS = 30.0
DELETE_SECONDS = 120.0

# Shares of that: when the job leaves INIT, when its sub-jobs do, and when the first and the last of them end.
PARENT_STARTS = 0.02
CHILDREN_START = 0.05
FIRST_CHILD_ENDS = 0.60
ONLY_CHILD_ENDS = 0.85
LAST_CHILD_ENDS = 0.95

WriteTime: TypeAlias = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Phase:
    """A status and the simulated second it begins at."""

    since: float
    status: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed, as the API tells it."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A job or a sub-job: phases in order of time, and the result at the end."""

    job_id: str
    job_type: str
    phases: tuple[Phase, ...]
    entities: Mapping[str, Json] = field(default_factory=dict[str, Json])
    target: str = ""
    failure: Failure | None = None
    children: tuple[Step, ...] = ()
    listed: float = 0.0
    lists_children: bool = False

    def phase_at(self, elapsed: float) -> Phase:
        """Return the phase it is in after `elapsed` seconds."""
        started = [phase for phase in self.phases if phase.since <= elapsed]
        return started[-1] if started else self.phases[0]

    @property
    def starts(self) -> float:
        """The second of the beginning of the work."""
        return next((phase.since for phase in self.phases if phase.status == RUNNING), self.phases[0].since)

    @property
    def ends(self) -> float:
        """The second of the end, infinity for never."""
        return next((phase.since for phase in self.phases if phase.status not in MOVING), math.inf)

    @property
    def succeeds(self) -> bool:
        """Whether its work is done in the end."""
        return self.phases[-1].status == SUCCESS


def walk(step: Step) -> Iterator[Step]:
    """Return the step and everything under it, depth first."""
    yield step
    for child in step.children:
        yield from walk(child)


def single(job_id: str, job_type: str, target: str, entities: Mapping[str, Json], seconds: float) -> Step:
    """Return a job without sub-jobs."""
    phases = (Phase(0, INIT), Phase(PARENT_STARTS * seconds, RUNNING), Phase(seconds, SUCCESS))
    return Step(job_id, job_type, phases, entities, target, lists_children=True)


def batch(job_id: str, types: tuple[str, str], parts: Sequence[tuple[str, Mapping[str, Json]]], seconds: float) -> Step:
    """Return a job with one sub-job for each target, ending one after the other. `types` are the job's and theirs."""
    phases = (Phase(0, INIT), Phase(PARENT_STARTS * seconds, RUNNING), Phase(seconds, SUCCESS))
    children = tuple(
        Step(
            sub_job_id(job_id, number),
            types[1],
            (
                Phase(0, INIT),
                Phase(CHILDREN_START * seconds, RUNNING),
                Phase(_child_ends(number, len(parts)) * seconds, SUCCESS),
            ),
            entities,
            target,
            listed=PARENT_STARTS * seconds,
        )
        for number, (target, entities) in enumerate(parts)
    )
    return Step(job_id, types[0], phases, children=children, lists_children=True)


def _child_ends(number: int, count: int) -> float:
    if count == 1:
        return ONLY_CHILD_ENDS
    return FIRST_CHILD_ENDS + (LAST_CHILD_ENDS - FIRST_CHILD_ENDS) * number / (count - 1)


def render(step: Step, elapsed: float, write_time: WriteTime) -> JsonObject:
    """Return the body that the API responds with, `elapsed` simulated seconds after the order."""
    phase = step.phase_at(elapsed)
    over = phase.status not in MOVING
    body: JsonObject = {
        "status": phase.status,
        "entities": _entities(step, phase.status, elapsed, write_time),
        "job_id": step.job_id,
        "job_type": step.job_type,
        "begin_time": write_time(step.listed),
        "end_time": write_time(phase.since) if over else "",
    }
    return body | _ending(step.failure) if over else body


def _ending(failure: Failure | None) -> JsonObject:
    # Real responses leave the two out while a job runs, and say null when it succeeded.
    if failure is None:
        return {"error_code": None, "fail_reason": None}
    return {"error_code": failure.code, "fail_reason": failure.reason}


def _entities(step: Step, status: str, elapsed: float, write_time: WriteTime) -> JsonObject:
    shown: JsonObject = dict(step.entities) if status == SUCCESS else {}
    if status == FAIL and step.failure and not step.lists_children:
        shown["errorcode_message"] = step.failure.reason
    if not step.lists_children or elapsed < step.starts:
        return shown
    listed = [render(child, elapsed, write_time) for child in step.children if child.listed <= elapsed]
    return {"sub_jobs_total": len(step.children), "sub_jobs": listed, **shown}
