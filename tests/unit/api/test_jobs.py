"""Looking at a job, and submitting one.

- One poll is one request; a response that is no job has the class that says what to do next.
- A rejected credential is renewed once where it can be, and after that never sent again.
- A submission is sent once. Where it may have taken effect the error says that nobody knows.
- What the server repeats of a body's secrets is taken out before anybody reads it.
"""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests

from pulumi_bms.api.auth.credential import Credential, TokenCredential
from pulumi_bms.api.auth.credential_name import CredentialKind, CredentialName
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import SUBMISSION_TIMEOUT, Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import (
    JobApi,
    Submission,
)
from pulumi_bms.api.models.job import PollResult

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud, RawServer, Reply

TOKEN = "geheim-token"
JOB = {"status": "RUNNING", "job_id": "j"}
REJECTION = {"error": {"code": "APIGW.0301", "message": "Incorrect IAM authentication information"}}
RULES = "check access key, secret key, region and clock, or the token, and that the account is not frozen"
RIGHTS = "ask the account's administrator for the right to do this"
BODY: dict[str, Any] = {"server": {"name": "web", "adminPass": "Geheim-1!"}}


class RenewableCredential:
    """A credential that gets a new secret as often as it is asked to."""

    name = CredentialName(CredentialKind.USER, "a test")
    fingerprint = "fingerprint"
    secrets = ()

    def __init__(self) -> None:
        self.secret = 0
        self.rejected: list[str | None] = []

    def authenticate(
        self, request: requests.PreparedRequest, timeout: float | None = None, unwanted: Unwanted = None
    ) -> None:
        del timeout, unwanted
        request.headers["X-Auth-Token"] = f"secret-{self.secret}"

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        self.rejected.append(rejected.headers.get("X-Auth-Token"))
        self.secret += 1
        return True


def api_of(
    server: RawServer, credential: Credential | None = None, lockout_guard: LockoutGuard | None = None
) -> JobApi:
    """Make an API of the project p at this server."""
    credential = credential or TokenCredential(TOKEN, "HW_AUTH_TOKEN")
    return JobApi(
        Channel(
            Client(server.endpoint, credential, lockout_guard=lockout_guard or LockoutGuard(), settling=0.0),
            GivenProject("p"),
        ),
    )


Call = Callable[[JobApi], object]
POLL: Call = lambda api: api.get_job("j")  # noqa: E731
SUBMIT: Call = lambda api: api.submit("POST", "baremetalservers", BODY)  # noqa: E731
BOTH = pytest.mark.parametrize("call", [POLL, SUBMIT], ids=["poll", "submit"])


def failure(call: Call, api: JobApi) -> ApiError:
    """Make a call that fails, and hand back its error, which must not show a secret."""
    with pytest.raises(ApiError) as caught:
        call(api)
    error = caught.value
    assert TOKEN not in f"{error} {error!r} {pickle.dumps(error)!r}"
    return error


# Looking


def test_a_poll(cloud: Cloud) -> None:
    """A poll brings the job, and the pause that the API asks for."""
    server = cloud.responding(cloud.response(200, JOB, Retry_After="7"), cloud.response(200, JOB))
    first, second = (api_of(server).get_job("j") for _ in range(2))
    assert first == PollResult(first.job, 7.0)
    assert (first.job.status, first.job.job_id, second.retry_after) == ("RUNNING", "j", None)


def test_a_job_that_repeats_secrets(cloud: Cloud) -> None:
    """Neither the token nor a password that was submitted is in the job that a poll brings; nor in its error."""
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


def test_the_ids_of_a_submission_hold_no_control_characters(cloud: Cloud) -> None:
    """They are shown and stored."""
    server = cloud.responding(cloud.response(200, {"job_id": "j\x1b[2J", "order_id": "\u202eo"}))
    assert api_of(server).submit("POST", "baremetalservers", BODY) == Submission("j[2J", "o")


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
    """Whatever stands in an id, it stays one part of the path."""
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
    """A job that could be mistaken is no news."""
    server = cloud.responding(cloud.response(200, body, X_Request_Id="r-1"))
    error = failure(POLL, api_of(server))
    assert (type(error), error.status, error.detail, error.request_id) == (NoAnswerError, 200, detail, "r-1")
    assert str(error) == f"GET {server.endpoint}/v1/p/jobs/j: HTTP 200 {detail} (request id r-1)"


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (200, {}, NoAnswerError, "HTTP 200 the response is JSON, but neither a job nor an error"),
        (200, {"status": "  "}, NoAnswerError, "HTTP 200 the response is JSON, but neither a job nor an error"),
        (200, {"status": 1}, NoAnswerError, "HTTP 200 the response is JSON, but neither a job nor an error"),
        (200, b"<html>", NoAnswerError, "HTTP 200 the response is a page of HTML or XML, and not JSON"),
        (200, {"job_id": "j"}, NoAnswerError, "HTTP 200 the response is JSON, but neither a job nor an error"),
        (202, {"code": "Common.0024", "message": "m"}, NoAnswerError, "HTTP 202 Common.0024 m"),
        (429, b"", NoAnswerError, "HTTP 429 the response is empty"),
        (503, b"", NoAnswerError, "HTTP 503 the response is empty"),
        (404, b"", NotFoundError, "HTTP 404 the response is empty"),
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
    """The error of a poll has its class, and says which request it was."""
    server = cloud.responding(cloud.response(status, body))
    error = failure(POLL, api_of(server))
    assert type(error) is kind
    assert (error.what, error.reason) == (f"GET {server.endpoint}/v1/p/jobs/j", text)


def test_a_job_that_looks_like_an_error(cloud: Cloud, payload: Callable[[str], bytes]) -> None:
    """A body with a status is a job, whatever else it holds."""
    server = cloud.responding(cloud.response(200, payload("error_of_the_query_beside_a_job")))
    assert api_of(server).get_job("4d1f0c6e8b0a4d21a9f7c35e0b9d1a01").job.code == "Common.0025"


@pytest.mark.parametrize("job_id", ["2c9eb2c5544cbf6101544f0602af2b4f", "2c9eb2c5544cbf6101544f0635672b60"])
def test_the_id_of_a_job_and_of_its_sub_job_bring_the_job(
    cloud: Cloud, payload: Callable[[str], bytes], job_id: str
) -> None:
    """The page's own sample asks for a sub-job, and is answered with its job."""
    server = cloud.responding(cloud.response(200, payload("page_sample")))
    assert api_of(server).get_job(job_id).job.job_id == "2c9eb2c5544cbf6101544f0602af2b4f"


@pytest.mark.parametrize("body", [{"status": "SUCCESS", "job_id": "k"}, {"status": "SUCCESS", "job_id": 7}])
def test_a_response_about_another_job_is_no_news(cloud: Cloud, body: dict[str, Any]) -> None:
    """Whatever it says, it says nothing about the job that was asked for; the error names both."""
    server = cloud.responding(cloud.response(200, body, X_Request_Id="r-1", Retry_After="600"))
    error = failure(POLL, api_of(server))
    assert (type(error), error.status, error.request_id, error.retry_after) == (NoAnswerError, 200, "r-1", None)
    assert error.detail == f"the response is about job {body['job_id']}, not about job j"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "RUNNING", "entities": {"sub_jobs_total": TOKEN}},
        {"status": "RUNNING", "entities": {"sub_jobs": [TOKEN]}},
        {"status": "RUNNING", "entities": {"sub_jobs": [{"entities": {"sub_jobs": TOKEN}}]}},
    ],
)
def test_a_response_that_can_not_be_read_is_not_repeated(cloud: Cloud, body: object) -> None:
    """The text of a failed validation says where, not what: there might be anything in it."""
    error = failure(POLL, api_of(cloud.responding(cloud.response(200, body))))
    assert type(error) is NoAnswerError
    assert "unreadable" in str(error)
    assert TOKEN not in f"{error} {error!r} {pickle.dumps(error)!r} {''.join(traceback.format_exception(error))}"


# Rejected credentials


@BOTH
def test_a_rejected_token(cloud: Cloud, call: Call) -> None:
    """A 401 is the last request with this token: it says where the token came from, and a second call sends nothing."""
    server = cloud.responding(cloud.response(401, REJECTION, X_Request_Id="r-1"), cloud.response(200, JOB))
    lockout_guard = LockoutGuard()
    first = failure(call, api_of(server, lockout_guard=lockout_guard))
    assert type(first) is AuthenticationError
    message = "HTTP 401 APIGW.0301 Incorrect IAM authentication information (request id r-1)"
    assert first.what.startswith(("GET http://", "POST http://"))
    assert (str(first.credential), first.reason, first.hint) == ("token from HW_AUTH_TOKEN", message, RULES)

    for again in (POLL, SUBMIT):
        error = failure(again, api_of(server, lockout_guard=lockout_guard))
        assert type(error) is AuthenticationError
        assert (error.sent, error.what.startswith(("GET http://", "POST http://"))) == (False, True)
        assert (str(error.credential), error.reason, error.hint) == ("token from HW_AUTH_TOKEN", message, RULES)
    assert (server.connections, len(server.seen)) == (1, 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b""),
        (401, {"error": {"code": 401, "message": "m", "title": "Unauthorized"}}),
        (200, REJECTION),
        (400, {"error_code": "APIG.0307", "error_msg": "The token must be updated"}),
        (200, {"error": {"code": 401, "message": "m"}}),
    ],
)
@BOTH
def test_every_way_to_reject(cloud: Cloud, call: Call, status: int, body: object) -> None:
    """However the API rejects a token, it is not sent again."""
    server = cloud.responding(cloud.response(status, body))
    lockout_guard = LockoutGuard()
    for _ in range(3):
        assert type(failure(call, api_of(server, lockout_guard=lockout_guard))) is AuthenticationError
    assert len(server.seen) == 1


def test_another_token_is_tried(cloud: Cloud) -> None:
    """A new token is sent, even after another one was rejected."""
    server = cloud.responding(cloud.response(401), cloud.response(200, JOB))
    lockout_guard = LockoutGuard()
    failure(POLL, api_of(server, lockout_guard=lockout_guard))
    fresh = TokenCredential("another", "bms:token")
    assert api_of(server, fresh, lockout_guard).get_job("j").job.status == "RUNNING"


def test_a_forbidden_request_rejects_no_credential(cloud: Cloud) -> None:
    """A 403 is about a right, not about the token: later requests are sent."""
    server = cloud.responding(cloud.response(403, {"error": {"code": "BMS.0033"}}), cloud.response(200, JOB))
    api = api_of(server)
    error = failure(POLL, api)
    assert type(error) is RefusedError
    assert (error.code, str(error.credential), error.hint) == ("BMS.0033", "token from HW_AUTH_TOKEN", RIGHTS)
    assert api.get_job("j").job.status == "RUNNING"


@BOTH
def test_a_renewed_credential(cloud: Cloud, call: Call) -> None:
    """A credential that can be renewed is, once, and the request goes out once more with the new one."""
    server = cloud.responding(cloud.response(401, REJECTION), cloud.response(200, {**JOB}))
    credential = RenewableCredential()
    call(api_of(server, credential))
    assert [seen.all("x-auth-token") for seen in server.seen] == [["secret-0"], ["secret-1"]]
    assert len({(seen.line, seen.body) for seen in server.seen}) == 1
    assert credential.rejected == ["secret-0"]


@BOTH
def test_a_renewal_that_does_not_help(cloud: Cloud, call: Call) -> None:
    """After one renewal there is no third request, and none later."""
    server = cloud.responding(*[cloud.response(401, REJECTION)] * 5)
    credential = RenewableCredential()
    api = api_of(server, credential)
    error = failure(call, api)
    assert type(error) is AuthenticationError
    assert str(error.credential) == "user from a test"
    assert (len(server.seen), credential.secret) == (2, 1)
    assert failure(call, api).sent is False
    assert (len(server.seen), credential.secret) == (2, 1)


@BOTH
def test_no_news_after_a_renewal(cloud: Cloud, call: Call) -> None:
    """What happens after the renewal counts as it does anywhere else."""
    server = cloud.responding(cloud.response(401), cloud.response(400, {"code": "Any.1", "message": "m"}))
    assert type(failure(call, api_of(server, RenewableCredential()))) is RefusedError


def test_a_submission_reset_after_a_renewal(cloud: Cloud) -> None:
    """The second try of a submission may have taken effect too."""
    server = cloud.responding(cloud.response(401), cloud.reset, cloud.response(200, JOB))
    assert type(failure(SUBMIT, api_of(server, RenewableCredential()))) is OutcomeUnknownError
    assert server.connections == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(202, "BMS.3011"), (400, "BMS.3011"), (200, "APIGW.0301"), (404, "BMS.0032"), (400, "Common.0013")],
)
def test_a_submission_that_a_service_behind_the_gateway_rejects(cloud: Cloud, status: int, code: str) -> None:
    """Only a 401 shows that nothing was done: after any other rejection a submission is not sent again."""
    rejection = cloud.response(status, {"error": {"code": code, "message": "m"}})
    server = cloud.responding(rejection, rejection, *[cloud.response(200, {"job_id": "j", **JOB})] * 2)
    credential = RenewableCredential()
    api = api_of(server, credential)
    assert type(failure(SUBMIT, api)) is AuthenticationError
    assert (len(server.seen), credential.secret) == (1, 1)
    # A poll is harmless, and is.
    assert api.get_job("j").job.status == "RUNNING"
    assert len(server.seen) == 3


def test_nothing_is_sent_that_is_not_wanted_any_more(cloud: Cloud) -> None:
    """Signing in takes a while: who gives up meanwhile has submitted nothing."""
    server = cloud.responding(cloud.response(200, {"job_id": "j"}))
    with pytest.raises(NoAnswerError, match="interrupted before the request was sent") as caught:
        api_of(server).submit("POST", "x", {}, may_send=lambda _: False)
    assert caught.value.sent is False
    assert server.connections == 0


# Submitting


@pytest.mark.parametrize(
    ("status", "body", "submission"),
    [
        (200, {"job_id": "j"}, Submission("j")),
        (202, {"job_id": "j"}, Submission("j")),
        (200, {"jobId": "j"}, Submission("j")),
        (200, {"job_id": " j\n"}, Submission("j")),
        (200, {"job_id": None, "jobId": "j"}, Submission("j")),
        (200, {"job_id": "j", "jobId": "k"}, Submission("j")),
        (200, {"job_id": "j", "order_id": "o"}, Submission("j", "o")),
        (200, {"job_id": "j", "orderId": "o"}, Submission("j", "o")),
        (200, {"job_id": "j", "order_id": None}, Submission("j")),
        (200, {"job_id": "j", "order_id": 7}, Submission("j", "7")),
        (200, {"job_id": 7}, Submission("7")),
        (200, {"job_id": 2**70, "order_id": True}, Submission(str(2**70))),
        (200, {"job_id": "j", "serverIds": ["s"], "code": "BMS.0018", "message": "m"}, Submission("j")),
    ],
)
def test_a_submission(cloud: Cloud, status: int, body: object, submission: Submission) -> None:
    """A submission brings the job's id, and the order's where there is one."""
    server = cloud.responding(cloud.response(status, body))
    assert api_of(server).submit("POST", "baremetalservers", BODY) == submission


@pytest.mark.parametrize(
    ("method", "path", "line"),
    [
        ("POST", "baremetalservers", "POST /v1/p/baremetalservers HTTP/1.1"),
        ("POST", "baremetalservers/s/attachvolume", "POST /v1/p/baremetalservers/s/attachvolume HTTP/1.1"),
        ("DELETE", "baremetalservers/s/detachvolume/v", "DELETE /v1/p/baremetalservers/s/detachvolume/v HTTP/1.1"),
        ("PUT", "a b?c=d#e", "PUT /v1/p/a%20b%3Fc%3Dd%23e HTTP/1.1"),
        ("POST", "a\r\nX-Evil: 1", "POST /v1/p/a%0D%0AX-Evil%3A%201 HTTP/1.1"),
    ],
)
def test_paths_are_quoted(cloud: Cloud, method: str, path: str, line: str) -> None:
    """A path keeps its slashes; all else in it is quoted."""
    server = cloud.responding(cloud.response(200, JOB))
    api_of(server).submit(method, path, None)
    assert (server.seen[0].line, server.seen[0].body) == (line, b"")


def test_a_response_may_take_as_long_as_its_gateway(cloud: Cloud) -> None:
    """The gateway gives up after 60 s: until then there is a response to wait for, and then there is an end."""
    assert SUBMISSION_TIMEOUT > 60
    server = cloud.responding(cloud.be_silent)
    transport = Client(server.endpoint, TokenCredential(TOKEN, "s"), lockout_guard=LockoutGuard())
    api = JobApi(Channel(transport, GivenProject("p"), submission_timeout=1.0))
    error = failure(SUBMIT, api)
    assert (type(error), error.detail) == (OutcomeUnknownError, "no response in time")
    assert api.longest_submission > 1.0


def test_the_last_word_has_who_calls(cloud: Cloud) -> None:
    """At the last moment before each sending the caller is told what is sent, and may still say no."""
    server = cloud.responding(cloud.response(401, REJECTION), cloud.response(200, {"job_id": "j"}))
    asked: list[str] = []

    def may_send(request: str) -> bool:
        asked.append(f"{request} after {len(server.seen)}")
        return True

    api_of(server, RenewableCredential()).submit("POST", "x", BODY, may_send=may_send)
    assert asked == [f"POST {server.endpoint}/v1/p/x after {number}" for number in (0, 1)]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_response_without_a_job_is_quoted(cloud: Cloud, status: int) -> None:
    """What it names is with the error; a refusal that names an order is none."""
    body = {"code": "BMS.0018", "message": "odd", "order_id": "CS1", "adminPass": "Geheim-1!", "token": TOKEN}
    error = failure(SUBMIT, api_of(cloud.responding(cloud.response(status, body))))
    assert type(error) is OutcomeUnknownError
    assert error.excerpt is not None
    assert error.excerpt.ids == {"order_id": "CS1"}
    assert "Geheim" not in error.excerpt.text
    assert TOKEN not in error.excerpt.text


def test_the_body_of_a_submission(cloud: Cloud) -> None:
    """A body is compact JSON in UTF-8: texts in any script, whole numbers as such, its length in bytes."""
    body = {"名": "服务器 é 😀", "count": 3, "ratio": 0.5, "big": 2**60, "yes": True, "none": None, "list": [1, ["a"]]}
    server = cloud.responding(cloud.response(200, JOB))
    api_of(server).submit("POST", "x", body)
    (seen,) = server.seen
    assert seen.body.decode() == (
        '{"名":"服务器 é 😀","count":3,"ratio":0.5,"big":1152921504606846976,"yes":true,"none":null,"list":[1,["a"]]}'
    )
    assert seen.all("content-length") == [str(len(seen.body))]
    assert json.loads(seen.body) == body


FLOW_CONTROL = {"error": {"code": "Common.0024", "message": "exceeds flow over limit"}}
WHOLE = "the connection ended before the response was complete"

UNLUCKY: list[tuple[str, type[ApiError], str]] = [
    ("an empty object", OutcomeUnknownError, "HTTP 200 the response is JSON, but neither a job nor an error"),
    ("an order only", OutcomeUnknownError, "HTTP 200 the response is JSON, but neither a job nor an error"),
    ("a blank id", OutcomeUnknownError, "HTTP 200 the response is JSON, but neither a job nor an error"),
    ("a truth value", OutcomeUnknownError, "HTTP 200 the response is JSON, but neither a job nor an error"),
    ("a job without id", OutcomeUnknownError, "HTTP 200 the response is JSON, but neither a job nor an error"),
    ("a page", OutcomeUnknownError, "HTTP 200 the response is a page of HTML or XML, and not JSON"),
    ("nothing", OutcomeUnknownError, "HTTP 204 the response is empty"),
    ("cut off", OutcomeUnknownError, WHOLE),
    ("reset", OutcomeUnknownError, "Connection reset by peer"),
    ("hung up", OutcomeUnknownError, WHOLE),
    ("too large", OutcomeUnknownError, "HTTP 200 the response is larger than 8 MiB"),
    ("500", OutcomeUnknownError, "HTTP 500 the response is empty"),
    ("503 with a code", OutcomeUnknownError, "HTTP 503 Common.1503 m"),
    ("504", OutcomeUnknownError, "HTTP 504 the response is empty"),
    ("408", OutcomeUnknownError, "HTTP 408 the response is empty"),
    ("408 with a code", OutcomeUnknownError, "HTTP 408 Any.1 m"),
    ("429", RefusedError, "HTTP 429 the response is empty"),
    ("429 with a code", RefusedError, "HTTP 429 APIGW.0308 m"),
    ("202 with flow control", RefusedError, "HTTP 202 Common.0024 exceeds flow over limit"),
    ("400 overloaded", RefusedError, "HTTP 400 BMS.0212 m"),
    ("200 with an unknown code", OutcomeUnknownError, "HTTP 200 Any.1 m"),
    ("200 with a refusal", RefusedError, "HTTP 200 BMS.0018 m"),
    ("400", RefusedError, "HTTP 400 the response is empty"),
    ("409", RefusedError, "HTTP 409 the response is empty"),
    (
        "302",
        OutcomeUnknownError,
        "HTTP 302 a redirect, not followed: a credential must not travel to another host",
    ),
    (
        "307",
        RefusedError,
        "HTTP 307 a redirect, not followed: a credential must not travel to another host",
    ),
    ("404", NotFoundError, "HTTP 404 the response is empty"),
]


def replies_of(cloud: Cloud) -> dict[str, Reply]:
    """What the server does in each of the unlucky cases."""
    return {
        "an empty object": cloud.response(200, {}),
        "an order only": cloud.response(200, {"order_id": "o"}),
        "a blank id": cloud.response(200, {"job_id": " "}),
        "a truth value": cloud.response(200, {"job_id": True}),
        "a job without id": cloud.response(200, {"status": "SUCCESS"}),
        "a page": cloud.response(200, b"<html>Sign in</html>"),
        "nothing": cloud.response(204),
        "cut off": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"job_id":"j"}',
        "reset": cloud.reset,
        "hung up": cloud.hang_up,
        "too large": cloud.response(200, b" " * (8 * 2**20) + b'{"job_id":"j"}'),
        "500": cloud.response(500),
        "503 with a code": cloud.response(503, {"error": {"code": "Common.1503", "message": "m"}}),
        "504": cloud.response(504),
        "408": cloud.response(408),
        "408 with a code": cloud.response(408, {"error": {"code": "Any.1", "message": "m"}}),
        "429": cloud.response(429),
        "429 with a code": cloud.response(429, {"error_code": "APIGW.0308", "error_msg": "m"}),
        "202 with flow control": cloud.response(202, FLOW_CONTROL),
        "400 overloaded": cloud.response(400, {"error": {"code": "BMS.0212", "message": "m"}}),
        "200 with an unknown code": cloud.response(200, {"error": {"code": "Any.1", "message": "m"}}),
        "200 with a refusal": cloud.response(200, {"error": {"code": "BMS.0018", "message": "m"}}),
        "400": cloud.response(400),
        "409": cloud.response(409),
        "302": cloud.response(302, b"", Location="https://elsewhere.example/"),
        "307": cloud.response(307, b"", Location="https://elsewhere.example/"),
        "404": cloud.response(404),
    }


@pytest.mark.parametrize(("case", "kind", "text"), UNLUCKY, ids=[case for case, _, _ in UNLUCKY])
def test_a_submission_without_a_job(cloud: Cloud, case: str, kind: type[ApiError], text: str) -> None:
    """A submission is sent once; it ends as refused, or as one of which nobody knows whether it took effect."""
    server = cloud.responding(replies_of(cloud)[case], cloud.response(200, {"job_id": "another"}))
    error = failure(SUBMIT, api_of(server))
    assert type(error) is kind
    assert (error.what, error.reason) == (f"POST {server.endpoint}/v1/p/baremetalservers", text)
    assert (server.connections, len(server.seen)) == (1, 1)


def test_every_unlucky_case_is_tried(cloud: Cloud) -> None:
    """The table and the replies name the same cases."""
    assert list(replies_of(cloud)) == [case for case, _, _ in UNLUCKY]


def test_a_submission_that_never_left(cloud: Cloud) -> None:
    """Where no connection stood, a submission has not taken effect, and the error says so."""
    endpoint = cloud.refusing()
    transport = Client(endpoint, TokenCredential(TOKEN, "s"), lockout_guard=LockoutGuard())
    error = failure(SUBMIT, JobApi(Channel(transport, GivenProject("p"))))
    assert isinstance(error, NoAnswerError)
    assert error.sent is False
    assert str(error) == f"POST {endpoint}/v1/p/baremetalservers: Connection refused"


def test_what_an_error_keeps(cloud: Cloud) -> None:
    """Request id, code and pause survive the change of class."""
    reply = cloud.response(429, {"error_code": "APIGW.0308", "error_msg": "m"}, X_Request_Id="r-1", Retry_After="7")
    error = failure(SUBMIT, api_of(cloud.responding(reply)))
    assert (error.status, error.code, error.detail) == (429, "APIGW.0308", "m")
    assert (error.request_id, error.retry_after) == ("r-1", 7.0)


# Secrets of the body

SECRETS: list[tuple[object, str, str]] = [
    ({"adminPass": "Geheim-1!"}, "adminPass Geheim-1! is weak", "adminPass [secret] is weak"),
    ({"adminpass": "Geheim-1!"}, "Geheim-1!Geheim-1!", "[secret][secret]"),
    ({"reset-password": {"new_password": "Geheim"}}, "Geheim", "[secret]"),
    ({"server": {"user_data": "R2VoZWlt"}}, "user_data R2VoZWlt", "user_data [secret]"),
    ({"metadata": {"admin_pass": "Geheim"}}, "Geheim", "[secret]"),
    ({"personality": [{"contents": "Geheim"}]}, "Geheim", "[secret]"),
    ({"login": {"pwd": "Geheim"}}, "Geheim", "[secret]"),
    ({"token": ["Geheim", {"x": "Tief"}]}, "Geheim Tief", "[secret] [secret]"),
    ({"TOKEN": ("Geheim",)}, "Geheim", "[secret]"),
    ({"servers": [{"adminPass": "Geheim"}, {"adminPass": "Tief"}]}, "Geheim Tief", "[secret] [secret]"),
    ({"pass": 12345678}, "12345678 is weak", "[secret] is weak"),
    ({"pass": "密码"}, "密码 is weak", "[secret] is weak"),
    ({"a_pass": "Ge", "b_pass": "Geheim"}, "Geheim Ge", "[secret] [secret]"),
    ({"pass": "secret", "b_pass": "e"}, "secret e", "[secret] [secret]"),
    ({"private_key": "-----BEGIN\nGeheim  Tief\n-----END\n"}, "-----BEGIN\nGeheim  Tief\n-----END", "[secret]"),
    ({"pass": 'Ge"he\\im'}, 'body {"pass":' + json.dumps('Ge"he\\im') + "}", 'body {"pass":"[secret]"}'),
    ({"pass": "Gehéim"}, 'body {"pass":' + json.dumps("Gehéim") + "}", 'body {"pass":"[secret]"}'),
    ({"pass": "a.c"}, "abc a.c", "abc [secret]"),
    ({"pass": ""}, "words", "words"),
    ({"pass": " \n "}, "two words", "two words"),
    ({"pass": None, "b_pass": True, "c_pass": {}}, "None True {}", "None True {}"),
    ({"name": "web"}, "web is taken", "web is taken"),
    (None, "web is taken", "web is taken"),
]


@pytest.mark.parametrize(("body", "message", "text"), SECRETS)
@pytest.mark.parametrize("status", [200, 400, 401, 429, 504])
def test_repeated_secrets(cloud: Cloud, status: int, body: dict[str, Any] | None, message: str, text: str) -> None:
    """What the server repeats of the passwords of a body is taken out of the error, everywhere in it."""
    server = cloud.responding(cloud.response(status, {"error": {"code": "BMS.3026", "message": message}}))
    error = failure(lambda api: api.submit("POST", "x", body), api_of(server))
    assert error.detail == text
    if text != message:
        assert " ".join(message.split()) not in f"{error} {error!r} {pickle.dumps(error)!r}"


@pytest.mark.parametrize("start", range(480, 502))
def test_a_secret_at_the_end_of_long_words(cloud: Cloud, start: int) -> None:
    """Long words are cut after their secrets are out: no beginning of one is left at the end."""
    server = cloud.responding(cloud.response(400, {"code": "Any.1", "message": "." * start + "Geheim-1!" + "." * 99}))
    text = str(failure(SUBMIT, api_of(server)))
    assert "Ge" not in text
    assert text.endswith(("." * start + "[secret]" + "." * 99)[:500])


def test_a_secret_in_a_rejection(cloud: Cloud) -> None:
    """What is remembered of a rejection is clean as well."""
    server = cloud.responding(cloud.response(401, {"code": "APIGW.0301", "message": "Geheim-1!"}))
    api = api_of(server)
    for _ in range(2):
        error = failure(SUBMIT, api)
        assert error.detail == "[secret]"
