"""The jobs there are: placed by an order, ready-made, or scripted. And how each poll is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bms_simulator.clock import Moment, Stamp
from bms_simulator.http.responses import RESET, Json, JsonObject, Response
from bms_simulator.scenarios.catalogue import Scenario
from bms_simulator.scenarios.faults import Poll, no_such_job
from bms_simulator.scenarios.shapes import plain
from bms_simulator.scenarios.timeline import Phase, Step, render, walk

Shown: TypeAlias = Mapping[str, Json] | Response | Literal["reset"]


@dataclass(frozen=True, slots=True)
class ScriptedResponse:
    """One response of a scripted job, for a number of polls or, with `seconds`, of simulated seconds."""

    show: Shown
    polls: int = 1
    seconds: float | None = None

    def response(self) -> Response:
        """Return the response of the script."""
        if isinstance(self.show, Response):
            return self.show
        return RESET if isinstance(self.show, str) else Response(200, self.show)


class Script:
    """A job that shows one response after the other. The last response stays."""

    def __init__(self, responses: Sequence[Shown | ScriptedResponse]) -> None:
        """Begin with the first of `responses`, at the first poll."""
        if not responses:
            message = "a scripted job needs at least one response"
            raise ValueError(message)
        self._responses = [
            shown if isinstance(shown, ScriptedResponse) else ScriptedResponse(shown) for shown in responses
        ]
        self._current = 0
        self._polls = 0
        self._since = 0.0

    def poll(self, moment: Moment) -> Response:
        """Return the response to one poll."""
        if self._polls == 0 and self._current == 0:
            self._since = moment.simulated
        while self._current < len(self._responses) - 1 and self._is_over(moment.simulated):
            self._next(moment.simulated)
        self._polls += 1
        return self._responses[self._current].response()

    def _is_over(self, now: float) -> bool:
        response = self._responses[self._current]
        return self._polls >= response.polls if response.seconds is None else now - self._since >= response.seconds

    def _next(self, now: float) -> None:
        seconds = self._responses[self._current].seconds
        self._since = now if seconds is None else self._since + seconds
        self._current += 1
        self._polls = 0


@dataclass(slots=True)
class PlacedJob:
    """A job or sub-job, and the number of polls so far."""

    step: Step
    scenario: Scenario
    placed: Moment
    stamp: Stamp
    duration: float
    is_sub_job: bool
    polls: int = 0

    def poll(self, moment: Moment) -> Response:
        """Return the response to one more poll."""
        self.polls += 1
        elapsed = moment.simulated - self.placed.simulated
        poll = Poll(self.polls, elapsed, self.duration, moment.real - self.placed.real)
        shape = plain if self.is_sub_job else self.scenario.shape
        job: JsonObject = shape(render(self.step, elapsed, self.stamp))
        return self.scenario.fault(poll, job)


class JobStore:
    """All jobs by id, sub-jobs among them."""

    def __init__(self, time_scale: float) -> None:
        """Begin empty."""
        self._time_scale = time_scale
        self._jobs: dict[str, PlacedJob | Script] = {}

    def __contains__(self, job_id: str) -> bool:
        """Whether the job is known."""
        return job_id in self._jobs

    def place(self, base: Step, scenario: Scenario, moment: Moment) -> Step:
        """Let a job begin now, with `base` as bent by the scenario as its plan."""
        plan = scenario.plan(base)
        stamp = Stamp(moment.wall, self._time_scale)
        for step in walk(plan):
            is_sub_job = step is not plan
            self._jobs[step.job_id] = PlacedJob(step, scenario, moment, stamp, base.ends, is_sub_job)
        return plan

    def script(self, job_id: str, responses: Sequence[Shown | ScriptedResponse]) -> None:
        """Let `job_id` show those responses."""
        self._jobs[job_id] = Script(responses)

    def phase(self, job_id: str, moment: Moment) -> Phase | None:
        """Return the phase of a job, None for a scripted or unknown job."""
        job = self._jobs.get(job_id)
        return job.step.phase_at(moment.simulated - job.placed.simulated) if isinstance(job, PlacedJob) else None

    def placed(self, job_id: str) -> float:
        """Return the simulated second of a job's beginning, 0 for a scripted or unknown job."""
        job = self._jobs.get(job_id)
        return job.placed.simulated if isinstance(job, PlacedJob) else 0.0

    def poll(self, job_id: str, moment: Moment) -> Response:
        """Return the response to a query of that job."""
        job = self._jobs.get(job_id)
        return job.poll(moment) if job else no_such_job()
