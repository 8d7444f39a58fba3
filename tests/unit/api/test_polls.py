"""Polls of a job: one request per poll. The class of an error decides the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError, NoAnswerError, NotFoundError, RefusedError
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.models.job import PollResult
from tests.unit.api.calling import JOB, NEITHER, POLL, SUBMIT, TOKEN, api_of, failure

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud


def test_a_poll(cloud: Cloud) -> None:
    """A poll returns the job, and the pause of the `Retry-After` header."""
    server = cloud.responding(cloud.response(200, JOB, Retry_After="7"), cloud.response(200, JOB))
    first, second = (api_of(server).get_job("j") for _ in range(2))
    assert first == PollResult(first.job, 7.0)
    assert (first.job.status, first.job.job_id, second.retry_after) == ("RUNNING", "j", None)


def test_a_job_that_repeats_secrets(cloud: Cloud) -> None:
    """Neither the token nor a submitted password is in the job of a poll, or in a poll's error."""
    messages = {**JOB, "fail_reason": f"\x1b[2J{TOKEN} and Geheim-1!", "entities": {"Geheim-1!": [f"{TOKEN}"]}}
    refusal = {"error": {"code": "BMS.0033", "message": "password Geheim-1! is refused"}}
    server = cloud.serve(
        [cloud.response(200, {"job_id": "j"})], [cloud.response(200, messages), cloud.response(403, refusal)]
    )
    api = api_of(server)
    SUBMIT(api)
    job = api.get_job("j").job
    assert job.fail_reason == "[2J[secret] and [secret]"
    assert (TOKEN in repr(job), "Geheim" in repr(job)) == (False, False)
    assert "Geheim" not in str(failure(POLL, api))


@pytest.mark.parametrize(
    ("project_id", "job_id", "line"),
    [
        ("p", "2c9eb2c5-54_4.c~b", "GET /v1/p/jobs/2c9eb2c5-54_4.c~b HTTP/1.1"),
        ("p", "a/b", "GET /v1/p/jobs/a%2Fb HTTP/1.1"),
        ("p", "a/../b", "GET /v1/p/jobs/a%2F..%2Fb HTTP/1.1"),
        ("p", "a?b=c&d#e", "GET /v1/p/jobs/a%3Fb%3Dc%26d%23e HTTP/1.1"),
        ("p", "a b\r\nX-Evil: 1", "GET /v1/p/jobs/a%20b%0D%0AX-Evil%3A%201 HTTP/1.1"),
        ("p", "a%2Fb", "GET /v1/p/jobs/a%252Fb HTTP/1.1"),
        ("p", "作业", "GET /v1/p/jobs/%E4%BD%9C%E4%B8%9A HTTP/1.1"),
        ("p/../q?", "j", "GET /v1/p%2F..%2Fq%3F/jobs/j HTTP/1.1"),
    ],
)
def test_ids_are_quoted(cloud: Cloud, project_id: str, job_id: str, line: str) -> None:
    """An id of any characters stays a single part of the path."""
    server = cloud.responding(cloud.response(200, {"status": "RUNNING"}))
    transport = Client(server.endpoint, TokenCredential(TOKEN, "s"), lockout_guard=LockoutGuard())
    JobApi(Channel(transport, GivenProject(project_id))).get_job(job_id)
    assert server.seen[0].line == line


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {"status": "SUCCESS", "entities": {"sub_jobs_total": "many"}},
            "unreadable: job: Value error, sub_jobs_total must be a whole number",
        ),
        (
            {"status": "SUCCESS", "entities": {"sub_jobs": ["geheim"]}},
            "unreadable: sub_jobs must be a list of objects",
        ),
    ],
)
def test_an_unreadable_job(cloud: Cloud, body: object, detail: str) -> None:
    """An unreadable job is an error without news about the job."""
    server = cloud.responding(cloud.response(200, body, X_Request_Id="r-1"))
    error = failure(POLL, api_of(server))
    assert (type(error), error.status, error.detail, error.request_id) == (NoAnswerError, 200, detail, "r-1")
    assert str(error) == f"GET {server.endpoint}/v1/p/jobs/j: HTTP 200 {detail} (request id r-1)"


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (200, {}, NoAnswerError, f"HTTP 200 {NEITHER}"),
        (200, {"status": "  "}, NoAnswerError, f"HTTP 200 {NEITHER}"),
        (202, {"code": "Common.0024", "message": "m"}, NoAnswerError, "HTTP 202 Common.0024 m"),
        (
            400,
            {"error": {"code": "Common.0011", "message": "m"}},
            NotFoundError,
            "HTTP 400 Common.0011 m",
        ),
        (400, {"error": {"code": "Any.1", "message": "m"}}, RefusedError, "HTTP 400 Any.1 m"),
    ],
)
def test_a_poll_that_brings_no_job(cloud: Cloud, status: int, body: object, kind: type[ApiError], text: str) -> None:
    """The error of a poll has a class, the request and the response's own words."""
    server = cloud.responding(cloud.response(status, body))
    error = failure(POLL, api_of(server))
    assert type(error) is kind
    assert (error.what, error.reason) == (f"GET {server.endpoint}/v1/p/jobs/j", text)


@pytest.mark.parametrize("body", [{"status": "SUCCESS", "job_id": "k"}, {"status": "SUCCESS", "job_id": 7}])
def test_a_response_about_another_job_is_no_news(cloud: Cloud, body: dict[str, Any]) -> None:
    """A response about a different job is an error, with both ids."""
    server = cloud.responding(cloud.response(200, body, X_Request_Id="r-1", Retry_After="600"))
    error = failure(POLL, api_of(server))
    assert (type(error), error.status, error.request_id, error.retry_after) == (NoAnswerError, 200, "r-1", None)
    assert error.detail == f"the response is about job {body['job_id']}, not about job j"
