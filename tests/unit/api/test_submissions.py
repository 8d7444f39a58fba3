"""Submissions: sent once, and no secret of a body is repeated."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import SUBMISSION_TIMEOUT, Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError, NoAnswerError, NotFoundError, OutcomeUnknownError, RefusedError
from pulumi_bms.api.http.background import INTERRUPTED
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi, Submission
from tests.unit.api.calling import (
    BODY,
    JOB,
    NEITHER,
    REJECTION,
    SUBMIT,
    TOKEN,
    RenewableCredential,
    api_of,
    failure,
)
from tests.unit.api.conftest import Cloud, Reply


@pytest.mark.parametrize(
    ("status", "body", "submission"),
    [
        (200, {"job_id": "j"}, Submission("j")),
        (202, {"job_id": "j"}, Submission("j")),
        (200, {"jobId": "j"}, Submission("j")),
        (200, {"job_id": " j\n"}, Submission("j")),
        (200, {"job_id": "j", "jobId": "k"}, Submission("j")),
        (200, {"job_id": "j", "order_id": "o"}, Submission("j", "o")),
        (200, {"job_id": "j", "orderId": "o"}, Submission("j", "o")),
        (200, {"job_id": "j", "order_id": 7}, Submission("j", "7")),
        (200, {"job_id": 7}, Submission("7")),
        (200, {"job_id": 2**70, "order_id": True}, Submission(str(2**70))),
        (200, {"job_id": "j", "serverIds": ["s"], "code": "BMS.0018", "message": "m"}, Submission("j")),
    ],
)
def test_a_submission(cloud: Cloud, status: int, body: object, submission: Submission) -> None:
    """A submission has the id of the job, and of the order if present."""
    server = cloud.responding(cloud.response(status, body))
    assert api_of(server).submit("POST", "baremetalservers", BODY) == submission


def test_the_ids_of_a_submission_hold_no_control_characters(cloud: Cloud) -> None:
    """The ids of a submission have no control characters."""
    server = cloud.responding(cloud.response(200, {"job_id": "j\x1b[2J", "order_id": "\u202eo"}))
    assert api_of(server).submit("POST", "baremetalservers", BODY) == Submission("j[2J", "o")


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
    """A path keeps the slashes. All other special characters are quoted."""
    server = cloud.responding(cloud.response(200, JOB))
    api_of(server).submit(method, path, None)
    assert (server.seen[0].line, server.seen[0].body) == (line, b"")


def test_the_body_of_a_submission(cloud: Cloud) -> None:
    """A body is compact JSON in UTF-8: texts in any script, whole numbers as integers, the length in bytes."""
    body = {"名": "服务器 é 😀", "count": 3, "ratio": 0.5, "big": 2**60, "yes": True, "none": None, "list": [1, ["a"]]}
    server = cloud.responding(cloud.response(200, JOB))
    api_of(server).submit("POST", "x", body)
    (seen,) = server.seen
    assert seen.body.decode() == (
        '{"名":"服务器 é 😀","count":3,"ratio":0.5,"big":1152921504606846976,"yes":true,"none":null,"list":[1,["a"]]}'
    )
    assert seen.all("content-length") == [str(len(seen.body))]
    assert json.loads(seen.body) == body


def test_nothing_is_sent_that_is_not_wanted_any_more(cloud: Cloud) -> None:
    """A submission cancelled before the sending is not sent."""
    server = cloud.responding(cloud.response(200, {"job_id": "j"}))
    with pytest.raises(NoAnswerError, match=INTERRUPTED) as caught:
        api_of(server).submit("POST", "x", {}, may_send=lambda _: False)
    assert caught.value.sent is False
    assert server.connections == 0


def test_the_last_word_has_who_calls(cloud: Cloud) -> None:
    """Before each sending, `may_send` gets the request and may refuse."""
    server = cloud.responding(cloud.response(401, REJECTION), cloud.response(200, {"job_id": "j"}))
    asked: list[str] = []

    def may_send(request: str) -> bool:
        asked.append(f"{request} after {len(server.seen)}")
        return True

    api_of(server, RenewableCredential()).submit("POST", "x", BODY, may_send=may_send)
    assert asked == [f"POST {server.endpoint}/v1/p/x after {number}" for number in (0, 1)]


def test_a_response_may_take_as_long_as_its_gateway(cloud: Cloud) -> None:
    """A submission waits longer than the gateway's 60 s for a response, and then the outcome is unknown."""
    assert SUBMISSION_TIMEOUT > 60
    server = cloud.responding(cloud.be_silent)
    transport = Client(server.endpoint, TokenCredential(TOKEN, "s"), lockout_guard=LockoutGuard())
    api = JobApi(Channel(transport, GivenProject("p"), submission_timeout=1.0))
    error = failure(SUBMIT, api)
    assert (type(error), error.detail) == (OutcomeUnknownError, "no response in time")
    assert api.longest_submission > 1.0


def test_a_submission_that_never_left(cloud: Cloud) -> None:
    """Without a connection a submission was not sent, and the error says so."""
    endpoint = cloud.refusing()
    transport = Client(endpoint, TokenCredential(TOKEN, "s"), lockout_guard=LockoutGuard())
    error = failure(SUBMIT, JobApi(Channel(transport, GivenProject("p"))))
    assert isinstance(error, NoAnswerError)
    assert error.sent is False
    assert str(error) == f"POST {endpoint}/v1/p/baremetalservers: Connection refused"


FLOW_CONTROL = {"error": {"code": "Common.0024", "message": "exceeds flow over limit"}}
REDIRECT = "a redirect, not followed: a credential must not travel to another host"
OUTCOMES: dict[str, tuple[Reply, type[ApiError], str]] = {
    "an order only": (Cloud.response(200, {"order_id": "o"}), OutcomeUnknownError, f"HTTP 200 {NEITHER}"),
    "a blank id": (Cloud.response(200, {"job_id": " "}), OutcomeUnknownError, f"HTTP 200 {NEITHER}"),
    "a truth value": (Cloud.response(200, {"job_id": True}), OutcomeUnknownError, f"HTTP 200 {NEITHER}"),
    "a job without id": (Cloud.response(200, {"status": "SUCCESS"}), OutcomeUnknownError, f"HTTP 200 {NEITHER}"),
    "nothing": (Cloud.response(204), OutcomeUnknownError, "HTTP 204 the response is empty"),
    "reset": (Cloud.reset, OutcomeUnknownError, "Connection reset by peer"),
    "too large": (
        Cloud.response(200, b" " * (8 * 2**20) + b'{"job_id":"j"}'),
        OutcomeUnknownError,
        "HTTP 200 the response is larger than 8 MiB",
    ),
    "504": (Cloud.response(504), OutcomeUnknownError, "HTTP 504 the response is empty"),
    "408": (Cloud.response(408), OutcomeUnknownError, "HTTP 408 the response is empty"),
    "200 with an unknown code": (
        Cloud.response(200, {"error": {"code": "Any.1", "message": "m"}}),
        OutcomeUnknownError,
        "HTTP 200 Any.1 m",
    ),
    "302": (
        Cloud.response(302, b"", Location="https://elsewhere.example/"),
        OutcomeUnknownError,
        f"HTTP 302 {REDIRECT}",
    ),
    "307": (Cloud.response(307, b"", Location="https://elsewhere.example/"), RefusedError, f"HTTP 307 {REDIRECT}"),
    "429": (Cloud.response(429), RefusedError, "HTTP 429 the response is empty"),
    "202 with flow control": (
        Cloud.response(202, FLOW_CONTROL),
        RefusedError,
        "HTTP 202 Common.0024 exceeds flow over limit",
    ),
    "200 with a refusal": (
        Cloud.response(200, {"error": {"code": "BMS.0018", "message": "m"}}),
        RefusedError,
        "HTTP 200 BMS.0018 m",
    ),
    "400": (Cloud.response(400), RefusedError, "HTTP 400 the response is empty"),
    "404": (Cloud.response(404), NotFoundError, "HTTP 404 the response is empty"),
}


@pytest.mark.parametrize(("reply", "kind", "text"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_a_submission_without_a_job(cloud: Cloud, reply: Reply, kind: type[ApiError], text: str) -> None:
    """A submission is sent once, and ends as refused or with an unknown outcome."""
    server = cloud.responding(reply, cloud.response(200, {"job_id": "another"}))
    error = failure(SUBMIT, api_of(server))
    assert type(error) is kind
    assert (error.what, error.reason) == (f"POST {server.endpoint}/v1/p/baremetalservers", text)
    assert (server.connections, len(server.seen)) == (1, 1)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_response_without_a_job_is_quoted(cloud: Cloud, status: int) -> None:
    """The error has the ids of a response, and a refusal with an order id is an unknown outcome."""
    body = {"code": "BMS.0018", "message": "odd", "order_id": "CS1", "adminPass": "Geheim-1!", "token": TOKEN}
    error = failure(SUBMIT, api_of(cloud.responding(cloud.response(status, body))))
    assert type(error) is OutcomeUnknownError
    assert error.excerpt is not None
    assert error.excerpt.ids == {"order_id": "CS1"}
    assert "Geheim" not in error.excerpt.text
    assert TOKEN not in error.excerpt.text


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
@pytest.mark.parametrize("status", [200, 401, 504])
def test_repeated_secrets(cloud: Cloud, status: int, body: dict[str, Any] | None, message: str, text: str) -> None:
    """Passwords of a body are masked everywhere in the error."""
    server = cloud.responding(cloud.response(status, {"error": {"code": "BMS.3026", "message": message}}))
    error = failure(lambda api: api.submit("POST", "x", body), api_of(server))
    assert error.detail == text
    if text != message:
        assert " ".join(message.split()) not in f"{error} {error!r} {pickle.dumps(error)!r}"


@pytest.mark.parametrize("start", range(486, 502, 3))
def test_a_secret_at_the_end_of_long_words(cloud: Cloud, start: int) -> None:
    """Long words are cut after the masking: no part of a secret is left at the cut."""
    server = cloud.responding(cloud.response(400, {"code": "Any.1", "message": "." * start + "Geheim-1!" + "." * 99}))
    text = str(failure(SUBMIT, api_of(server)))
    assert "Ge" not in text
    assert text.endswith(("." * start + "[secret]" + "." * 99)[:500])
