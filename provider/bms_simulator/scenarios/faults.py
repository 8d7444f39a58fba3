"""How a scenario spoils the answers to a job query or to an order: pure functions of the look and the honest answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from bms_simulator.http.responses import HANG, RESET, Answer, Flood, JsonObject, gateway_error, service_error

INVISIBLE_SECONDS = 3.0  # real ones: how long a gateway may lag does not depend on the length of a job
HUGE_BYTES = 104 * 1024 * 1024
DEPTH = 10_000
HTML_PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Look:
    """One query of a job: which one it is, and how old the job is in simulated and in real seconds."""

    number: int
    elapsed: float
    duration: float
    age: float

    @property
    def share(self) -> float:
        """How much of the job's nominal duration has passed."""
        return self.elapsed / self.duration


Fault: TypeAlias = Callable[[Look, JsonObject], Answer]
OrderFault: TypeAlias = Callable[[Answer], Answer]


def honest(_look: Look, job: JsonObject) -> Answer:
    """Answer with the job as it is."""
    return Answer(200, job)


def always(answer: Answer) -> Fault:
    """Give the same answer to every look."""
    return lambda _look, _job: answer


def every_second(fault: Fault) -> Fault:
    """Give an honest answer and a spoilt one in turn."""
    return lambda look, job: fault(look, job) if look.number % 2 == 0 else honest(look, job)


def until(share: float, fault: Fault) -> Fault:
    """Spoil the answers until that share of the job has passed."""
    return lambda look, job: fault(look, job) if look.share < share else honest(look, job)


def after(share: float, fault: Fault) -> Fault:
    """Spoil the answers once that share of the job has passed."""
    return lambda look, job: fault(look, job) if look.share >= share else honest(look, job)


def unavailable(_look: Look, _job: JsonObject) -> Answer:
    """Answer as a gateway without its backend."""
    return gateway_error(503, "APIGW.0613", "The service is temporarily unavailable.")


def outage(look: Look, job: JsonObject) -> Answer:
    """Be an unavailable gateway and a reset connection in turn."""
    return unavailable(look, job) if look.number % 2 else RESET


def invisible(look: Look, job: JsonObject) -> Answer:
    """Do not find the job for its first real seconds."""
    return no_such_job(404) if look.age < INVISIBLE_SECONDS else honest(look, job)


def half_a_document(_look: Look, job: JsonObject) -> Answer:
    """Send the first half of the JSON document, with the length of that half."""
    text = json.dumps(job).encode()
    return Answer(200, text[: len(text) // 2])


def half_a_transfer(_look: Look, job: JsonObject) -> Answer:
    """Send the first half of the JSON document, with the length of the whole."""
    return Answer(200, job, delivery="cut")


def trickle(_look: Look, job: JsonObject) -> Answer:
    """Send the job a few bytes at a time."""
    return Answer(200, job, delivery="trickle")


def throttled(_look: Look, _job: JsonObject) -> Answer:
    """Answer as the gateway does to too many requests."""
    message = "The throttling threshold has been reached: policy user over ratelimit,limit:2000,time:1 minute"
    return gateway_error(429, "APIGW.0308", message, {"Retry-After": "1"})


def gone(_look: Look, _job: JsonObject) -> Answer:
    """Answer that the record is no longer there."""
    return Answer(404, {"itemNotFound": {"code": 404, "message": "The job could not be found."}})


def expired_token(_look: Look, _job: JsonObject) -> Answer:
    """Answer as the gateway does to a token that has run out."""
    return gateway_error(401, "APIGW.0307", "The token must be updated.")


def no_right_at_gateway(_look: Look, _job: JsonObject) -> Answer:
    """Answer as the gateway does to a user without the right."""
    return gateway_error(403, "APIGW.0302", "The IAM user is not allowed to access the API.")


def huge(_look: Look, _job: JsonObject) -> Answer:
    """Send a running job with over 100 MB of padding."""
    return Answer(200, Flood(b'{"status": "RUNNING", "padding": "', b'"}', HUGE_BYTES))


def deep(_look: Look, _job: JsonObject) -> Answer:
    """Send a running job whose entities are lists in lists."""
    return Answer(200, b'{"status": "RUNNING", "entities": ' + b"[" * DEPTH + b"]" * DEPTH + b"}")


def redirect(_look: Look, job: JsonObject) -> Answer:
    """Redirect to another host, which must not see the token."""
    return Answer(302, "", {"Location": f"http://elsewhere.invalid/v1/jobs/{job['job_id']}"})


def no_such_job(status: int = 400) -> Answer:
    """Answer to an id that no job has, or none any more."""
    return service_error("Common.0011", "Failed to query system tasks: the job id is invalid.", status)


OVERLOADED = always(service_error("BMS.0212", "The system is overloaded. Try again later."))
QUERY_FAILED_INSIDE_200 = always(
    replace(service_error("Common.0025", "Failed to query the job. Try later."), status=200)
)
NO_RIGHT = always(service_error("BMS.0033", "The role check failed: no right to do this.", 403))
PAGE = always(Answer(200, HTML_PAGE))
EMPTY = always(Answer(200))
CUT_CONNECTION = always(RESET)
SILENCE = always(HANG)


def accepted(answer: Answer) -> Answer:
    """Leave the answer to an order as it is."""
    return answer


def lost(answer: Answer) -> Answer:
    """Cut the connection where the answer should come."""
    return replace(answer, delivery="reset")


def without_job_id(_answer: Answer) -> Answer:
    """Answer with an empty object."""
    return Answer(200, {})


def camel_case(answer: Answer) -> Answer:
    """Call the job id `jobId`."""
    body = answer.body if isinstance(answer.body, dict) else {}
    return replace(answer, body={"jobId" if key == "job_id" else key: value for key, value in body.items()})


def timed_out(_answer: Answer) -> Answer:
    """Answer as a gateway whose backend takes too long."""
    return gateway_error(504, "APIGW.0201", "Backend timeout.")


def instead(answer: Answer) -> OrderFault:
    """Give that answer, whatever the honest one is."""
    return lambda _answer: answer
