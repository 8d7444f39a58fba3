"""The jobs there are: placed by an order, ready-made, or scripted; and what each look at one is answered with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bms_simulator.clock import Moment, Stamp
from bms_simulator.http.responses import RESET, Answer, Json, JsonObject
from bms_simulator.scenarios.catalogue import Scenario
from bms_simulator.scenarios.faults import Look, no_such_job
from bms_simulator.scenarios.shapes import plain
from bms_simulator.scenarios.timeline import Step, render, walk

Shown: TypeAlias = Mapping[str, Json] | Answer | Literal["reset"]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a scripted job shows, for that many looks or, if `seconds` is given, simulated seconds."""

    show: Shown
    looks: int = 1
    seconds: float | None = None

    def answer(self) -> Answer:
        """Return the answer that shows it."""
        if isinstance(self.show, Answer):
            return self.show
        return RESET if isinstance(self.show, str) else Answer(200, self.show)


class Script:
    """A job that shows one frame after the other; the last one stays."""

    def __init__(self, frames: Sequence[Shown | Frame]) -> None:
        """Begin with the first of `frames`, at the first look."""
        if not frames:
            message = "a scripted job needs at least one frame"
            raise ValueError(message)
        self._frames = [frame if isinstance(frame, Frame) else Frame(frame) for frame in frames]
        self._current = 0
        self._looks = 0
        self._since = 0.0

    def look(self, moment: Moment) -> Answer:
        """Return the frame that this look falls on."""
        if self._looks == 0 and self._current == 0:
            self._since = moment.simulated
        while self._current < len(self._frames) - 1 and self._is_over(moment.simulated):
            self._next(moment.simulated)
        self._looks += 1
        return self._frames[self._current].answer()

    def _is_over(self, now: float) -> bool:
        frame = self._frames[self._current]
        return self._looks >= frame.looks if frame.seconds is None else now - self._since >= frame.seconds

    def _next(self, now: float) -> None:
        seconds = self._frames[self._current].seconds
        self._since = now if seconds is None else self._since + seconds
        self._current += 1
        self._looks = 0


@dataclass(slots=True)
class PlacedJob:
    """A job or sub-job that can be asked for, and how often it has been."""

    step: Step
    scenario: Scenario
    placed: Moment
    stamp: Stamp
    duration: float
    is_sub_job: bool
    looks: int = 0

    def look(self, moment: Moment) -> Answer:
        """Return the answer to one more look."""
        self.looks += 1
        elapsed = moment.simulated - self.placed.simulated
        look = Look(self.looks, elapsed, self.duration, moment.real - self.placed.real)
        shape = plain if self.is_sub_job else self.scenario.shape
        job: JsonObject = shape(render(self.step, elapsed, self.stamp))
        return self.scenario.fault(look, job)


class JobBook:
    """All jobs by id, sub-jobs among them."""

    def __init__(self, time_scale: float) -> None:
        """Begin empty."""
        self._time_scale = time_scale
        self._jobs: dict[str, PlacedJob | Script] = {}

    def __contains__(self, job_id: str) -> bool:
        """Whether the job is known."""
        return job_id in self._jobs

    def place(self, base: Step, scenario: Scenario, moment: Moment) -> Step:
        """Let a job begin now; the plan that it follows is `base` as bent by the scenario."""
        plan = scenario.plan(base)
        stamp = Stamp(moment.wall, self._time_scale)
        for step in walk(plan):
            is_sub_job = step is not plan
            self._jobs[step.job_id] = PlacedJob(step, scenario, moment, stamp, base.ends, is_sub_job)
        return plan

    def script(self, job_id: str, frames: Sequence[Shown | Frame]) -> None:
        """Let `job_id` show those frames."""
        self._jobs[job_id] = Script(frames)

    def look(self, job_id: str, moment: Moment) -> Answer:
        """Return the answer to a query of that job."""
        job = self._jobs.get(job_id)
        return job.look(moment) if job else no_such_job()
