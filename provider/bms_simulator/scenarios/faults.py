"""How a scenario spoils the response to a poll or to an order: pure functions of the poll and the honest response."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from bms_simulator.http.responses import HANG, RESET, HugeBody, JsonObject, Response, gateway_error, service_error

INVISIBLE_SECONDS = 3.0  # real ones: how long a gateway may lag does not depend on the length of a job
HUGE_BYTES = 104 * 1024 * 1024
DEPTH = 10_000
HTML_PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a job: its number, and the age of the job in simulated and in real seconds."""

    number: int
    elapsed: float
    duration: float
    age: float

    @property
    def share(self) -> float:
        """How much of the job's nominal duration has passed."""
        return self.elapsed / self.duration


Fault: TypeAlias = Callable[[Poll, JsonObject], Response]
OrderFault: TypeAlias = Callable[[Response], Response]


def honest(_poll: Poll, job: JsonObject) -> Response:
    """Respond with the job as it is."""
    return Response(200, job)


def always(response: Response) -> Fault:
    """Give the same response to every poll."""
    return lambda _poll, _job: response


def every_second(fault: Fault) -> Fault:
    """Give an honest response and a spoilt one in turn."""
    return lambda poll, job: fault(poll, job) if poll.number % 2 == 0 else honest(poll, job)


def until(share: float, fault: Fault) -> Fault:
    """Spoil the responses until that share of the job has passed."""
    return lambda poll, job: fault(poll, job) if poll.share < share else honest(poll, job)


def after(share: float, fault: Fault) -> Fault:
    """Spoil the responses once that share of the job has passed."""
    return lambda poll, job: fault(poll, job) if poll.share >= share else honest(poll, job)


def unavailable(_poll: Poll, _job: JsonObject) -> Response:
    """Respond as a gateway without its backend."""
    return gateway_error(503, "APIGW.0613", "The service is temporarily unavailable.")


def outage(poll: Poll, job: JsonObject) -> Response:
    """Be an unavailable gateway and a reset connection in turn."""
    return unavailable(poll, job) if poll.number % 2 else RESET


def invisible(poll: Poll, job: JsonObject) -> Response:
    """Do not find the job for its first real seconds."""
    return no_such_job(404) if poll.age < INVISIBLE_SECONDS else honest(poll, job)


def half_a_document(_poll: Poll, job: JsonObject) -> Response:
    """Send the first half of the JSON document, with the length of that half."""
    text = json.dumps(job).encode()
    return Response(200, text[: len(text) // 2])


def half_a_transfer(_poll: Poll, job: JsonObject) -> Response:
    """Send the first half of the JSON document, with the length of the whole."""
    return Response(200, job, delivery="cut")


def trickle(_poll: Poll, job: JsonObject) -> Response:
    """Send the job a few bytes at a time."""
    return Response(200, job, delivery="trickle")


def throttled(_poll: Poll, _job: JsonObject) -> Response:
    """Respond as the gateway does to too many requests."""
    message = "The throttling threshold has been reached: policy user over ratelimit,limit:2000,time:1 minute"
    return gateway_error(429, "APIGW.0308", message, {"Retry-After": "1"})


def gone(_poll: Poll, _job: JsonObject) -> Response:
    """Respond that the record is no longer there."""
    return Response(404, {"itemNotFound": {"code": 404, "message": "The job could not be found."}})


def expired_token(_poll: Poll, _job: JsonObject) -> Response:
    """Respond as the gateway does to a token that has run out."""
    return gateway_error(401, "APIGW.0307", "The token must be updated.")


def no_right_at_gateway(_poll: Poll, _job: JsonObject) -> Response:
    """Respond as the gateway does to a user without the right."""
    return gateway_error(403, "APIGW.0302", "The IAM user is not allowed to access the API.")


def huge(_poll: Poll, _job: JsonObject) -> Response:
    """Send a running job with over 100 MB of padding."""
    return Response(200, HugeBody(b'{"status": "RUNNING", "padding": "', b'"}', HUGE_BYTES))


def deep(_poll: Poll, _job: JsonObject) -> Response:
    """Send a running job whose entities are lists in lists."""
    return Response(200, b'{"status": "RUNNING", "entities": ' + b"[" * DEPTH + b"]" * DEPTH + b"}")


def redirect(_poll: Poll, job: JsonObject) -> Response:
    """Redirect to another host, which must not see the token."""
    return Response(302, "", {"Location": f"http://elsewhere.invalid/v1/jobs/{job['job_id']}"})


def no_such_job(status: int = 400) -> Response:
    """Respond to an id that no job has, or none any more."""
    return service_error("Common.0011", "Failed to query system tasks: the job id is invalid.", status)


OVERLOADED = always(service_error("BMS.0212", "The system is overloaded. Try again later."))
QUERY_FAILED_INSIDE_200 = always(
    replace(service_error("Common.0025", "Failed to query the job. Try later."), status=200)
)
NO_RIGHT = always(service_error("BMS.0033", "The role check failed: no right to do this.", 403))
PAGE = always(Response(200, HTML_PAGE))
EMPTY = always(Response(200))
CUT_CONNECTION = always(RESET)
SILENCE = always(HANG)


def accepted(response: Response) -> Response:
    """Leave the response to an order as it is."""
    return response


def lost(response: Response) -> Response:
    """Cut the connection where the response should come."""
    return replace(response, delivery="reset")


def without_job_id(_response: Response) -> Response:
    """Respond with an empty object."""
    return Response(200, {})


def camel_case(response: Response) -> Response:
    """Call the job id `jobId`."""
    body = response.body if isinstance(response.body, dict) else {}
    return replace(response, body={"jobId" if key == "job_id" else key: value for key, value in body.items()})


def timed_out(_response: Response) -> Response:
    """Respond as a gateway whose backend takes too long."""
    return gateway_error(504, "APIGW.0201", "Backend timeout.")


def instead(response: Response) -> OrderFault:
    """Give that response in place of the honest response."""
    return lambda _response: response
