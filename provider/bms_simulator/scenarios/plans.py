"""How a scenario bends the plan of an ordinary job: pure functions from a step to a step."""

from __future__ import annotations

import math
from dataclasses import replace

from bms_simulator.ids import sub_job_id
from bms_simulator.scenarios.timeline import FAIL, RUNNING, SUCCESS, Failure, Phase, Step

NO_RESOURCES = Failure("BMS.3037", "No resources are available or the server failed to start.")
CREATE_FAILED = Failure("BMS.3004", "Failed to create the bare metal server because of an internal error.")
ODDLY_FINE = Failure("BMS.3006", "Failed to bind the elastic IP address.")

EARLY = 0.20
PAID_AT = 0.30
KNOWN_AT = 0.50
PARENT_AHEAD = 0.90
STRAGGLER_ENDS = 1.30


def ordinary(step: Step) -> Step:
    """Leave the plan as it is."""
    return step


def at_once(step: Step) -> Step:
    """Let everything be over before the first poll."""
    children = tuple(at_once(child) for child in step.children)
    return replace(step, phases=(Phase(0, step.phases[-1].status),), children=children, listed=0.0)


def ending(step: Step, status: str, seconds: float, failure: Failure | None = None) -> Step:
    """Give the step another end."""
    moving = tuple(phase for phase in step.phases[:-1] if phase.since < seconds)
    return replace(step, phases=(*moving, Phase(seconds, status)), failure=failure)


def failed(step: Step, failure: Failure = CREATE_FAILED) -> Step:
    """Let the step fail at the second of its success."""
    return ending(step, FAIL, step.ends, failure)


def endless(step: Step) -> Step:
    """Let the step and its sub-jobs run for ever."""
    children = tuple(endless(child) for child in step.children)
    return replace(step, phases=step.phases[:-1], children=children)


def with_child(step: Step, number: int, child: Step) -> Step:
    """Exchange one sub-job."""
    children = list(step.children)
    children[number] = child
    return replace(step, children=tuple(children))


def middle(step: Step) -> int:
    """Return the number of the only failing sub-job: of three neither the first nor the last."""
    return len(step.children) // 2


def all_fail(step: Step) -> Step:
    """Let every sub-job fail, and the job."""
    children = tuple(failed(child, NO_RESOURCES) for child in step.children)
    return failed(replace(step, children=children))


def one_fails(step: Step) -> Step:
    """Let one sub-job fail, and the job."""
    return failed(one_fails_unnoticed(step))


def one_fails_unnoticed(step: Step) -> Step:
    """Let one sub-job fail, and the job be a SUCCESS all the same."""
    if not step.children:
        return step
    number = middle(step)
    return with_child(step, number, failed(step.children[number], NO_RESOURCES))


def one_fails_early(step: Step) -> Step:
    """Let the first sub-job fail early, the others go on, and the job fail in the end."""
    if not step.children:
        return failed(step)
    early = ending(step.children[0], FAIL, EARLY * step.ends, NO_RESOURCES)
    return failed(with_child(step, 0, early))


def late_child(step: Step) -> Step:
    """Let the job be a SUCCESS before its last sub-job is."""
    if not step.children:
        return step
    late = ending(step.children[-1], SUCCESS, STRAGGLER_ENDS * step.ends)
    return ending(with_child(step, -1, late), SUCCESS, PARENT_AHEAD * step.ends)


def stuck_child(step: Step) -> Step:
    """Let the job be a SUCCESS, and its last sub-job never end."""
    return with_child(step, -1, endless(step.children[-1])) if step.children else step


def listed_late(step: Step) -> Step:
    """Count the last sub-job, but list it only some time after the job's SUCCESS."""
    return _listed_from(step, STRAGGLER_ENDS * step.ends)


def never_listed(step: Step) -> Step:
    """Count the last sub-job, but never list it."""
    return _listed_from(step, math.inf)


def _listed_from(step: Step, seconds: float) -> Step:
    return with_child(step, -1, replace(step.children[-1], listed=seconds)) if step.children else step


def without_children(step: Step) -> Step:
    """Make the job one of a single server, named by the job and not by a sub-job."""
    if not step.children:
        return step
    first = step.children[0]
    job_type = "createServer" if first.job_type == "baremetalSingleCreate" else step.job_type
    return replace(step, job_type=job_type, children=(), entities=first.entities, target=first.target)


def without_ids(step: Step) -> Step:
    """Let nothing tell the id of a server or port."""
    return replace(step, entities={}, children=tuple(without_ids(child) for child in step.children))


def nested(step: Step) -> Step:
    """Make all sub-jobs but the first the sub-jobs of a sub-job."""
    if not step.children:
        return step
    last = step.children[-1]
    kept = min(1, len(step.children) - 1)
    head, tail = step.children[:kept], step.children[kept:]
    group_id = sub_job_id(step.job_id, len(step.children))
    group = Step(group_id, step.job_type, last.phases, children=tail, listed=last.listed, lists_children=True)
    return replace(step, children=(*head, group))


def unknown_first(step: Step) -> Step:
    """Give the job a status without documentation for its first half."""
    waiting = Phase(0, "WAITING_EXECUTE")
    return replace(step, phases=(waiting, Phase(KNOWN_AT * step.ends, RUNNING), step.phases[-1]))


def unknown_end(step: Step) -> Step:
    """Let the job end in a status that no page knows."""
    return ending(all_fail(step), "ABORTED", step.ends, CREATE_FAILED)


def success_with_code(step: Step) -> Step:
    """Let the job be a SUCCESS with an error code."""
    return replace(step, failure=ODDLY_FINE)


def unpaid(step: Step) -> Step:
    """Let the job wait for its payment, then go on as usual."""
    later = _later(step, PAID_AT * step.ends)
    return replace(later, phases=(Phase(0, "PENDING_PAYMENT"), *later.phases[1:]))


def _later(step: Step, seconds: float) -> Step:
    phases = (step.phases[0], *(Phase(phase.since + seconds, phase.status) for phase in step.phases[1:]))
    children = tuple(replace(_later(child, seconds), listed=child.listed + seconds) for child in step.children)
    return replace(step, phases=phases, children=children)


def never_paid(step: Step) -> Step:
    """Let the job wait for its payment for ever, and make nothing."""
    return replace(step, phases=(Phase(0, "PENDING_PAYMENT"),), children=())
