"""Timelines of responses for waits in virtual time: a script is a function of the virtual second."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.models.job import Job
from pulumi_bms.waiting.outcome import End

if TYPE_CHECKING:
    from tests.unit.waiting.conftest import Ran

Wire: TypeAlias = Mapping[str, Any]
Script: TypeAlias = Callable[[float], Wire | ApiError]

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
WHAT = f"GET https://bms.example.com/v1/p/jobs/{JOB}"
END_TIME = "2019-04-25T20:08:40Z"


def job(status: str, *parts: Wire, total: int | None = None, **fields: Any) -> Wire:
    """Return a job of a type without creations: only statuses and numbers count."""
    counted = {"sub_jobs_total": len(parts) if total is None else total} if parts or total else {}
    entities = {**counted, "sub_jobs": list(parts)}
    return {"job_type": "baremetalBatchOperate", "status": status, "entities": entities, **fields}


def part(status: str, number: int = 1, *parts: Wire, **fields: Any) -> Wire:
    """Return a sub-job."""
    below = {"sub_jobs": list(parts)} if parts else {}
    return {"job_id": f"sub-{number}", "job_type": "baremetalSingleOperate", "status": status, **fields, **below}


def created(status: str, *names: str, total: int | None = None) -> Wire:
    """Return a job that creates servers, with a successful sub-job for each name."""
    made = [
        {**part("SUCCESS", number), "job_type": "baremetalSingleCreate", "entities": {"server_id": name}}
        for number, name in enumerate(names)
    ]
    return {**job(status, *made, total=total), "job_type": "baremetalBatchCreate"}


def steps(*responses: tuple[float, Wire | ApiError]) -> Script:
    """Return a script: each response counts from the response's second on, the first response also before."""

    def script(now: float) -> Wire | ApiError:
        started = [response for since, response in responses if since <= now]
        return started[-1] if started else responses[0][1]

    return script


def lasting(seconds: float) -> Script:
    """Return a job that runs for `seconds`, then succeeds."""
    return steps((0, RUNNING), (seconds, SUCCESS))


def every_second(bad: ApiError, good: Script) -> Script:
    """Return a script with an error at every second poll, from the second poll on."""
    polls = iter(range(10**6))
    return lambda now: bad if next(polls) % 2 else good(now)


def ended(ran: Ran) -> tuple[End, float]:
    return ran.outcome.end, ran.ended


def gaps(moments: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(moments)]


RUNNING = job("RUNNING")
SUCCESS = job("SUCCESS")
OLD = Job.read(RUNNING)
MOVING_PART = job("FAIL", part("FAIL"), part("RUNNING", 2))
DOUBTFUL = job("FAIL", part("ERROR", end_time=END_TIME, error_code="BMS.3004"))
"""A failure with a settling time."""
NO_NEWS = NoAnswerError(WHAT, status=503)
UNKNOWN = NotFoundError(WHAT, status=404)
REFUSALS = {
    "404": (UNKNOWN, End.GONE),
    "403": (RefusedError(WHAT, status=403), End.REQUEST_REFUSED),
    "BMS.0018 in 200": (RefusedError(WHAT, status=200, code="BMS.0018"), End.REQUEST_REFUSED),
    "404 APIGW.0101": (NoSuchApiError(WHAT, status=404, code="APIGW.0101"), End.NO_SUCH_API),
}
"""Refusals, and the end of a wait after each refusal."""
