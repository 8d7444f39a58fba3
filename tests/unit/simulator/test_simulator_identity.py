"""The identity service: tokens for passwords, and lists of projects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import pytest

from bms_simulator import Simulator

Headers: TypeAlias = Mapping[str, str]
Sign: TypeAlias = Callable[..., dict[str, str]]
Call: TypeAlias = Callable[..., tuple[int, Any, Headers]]
LogIn: TypeAlias = Callable[..., tuple[int, Any, Headers]]

TOKENS = "/v3/auth/tokens?nocatalog=true"
LISTS = ["/v3/projects", "/v3/auth/projects"]


def body_of(user: str = "deploy", phrase: str = "right horse", account: str = "acme", **project: str) -> dict[str, Any]:
    who = {"name": user, "password": phrase, "domain": {"name": account}}
    scope = {"project": project or {"name": "lab"}}
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}}


@pytest.fixture
def log_in(bank: Simulator, call: Call) -> LogIn:
    """Return a function that requests a token with a password."""

    def ask(*arguments: str, **project: str) -> tuple[int, Any, Headers]:
        return call(bank, "POST", TOKENS, None, body_of(*arguments, **project))

    return ask


def refusal(response: tuple[int, Any, Headers]) -> tuple[int, str, str]:
    """Return the status, title and message of an error with the status as code and no further field."""
    status, body, headers = response
    assert body["error"].keys() == {"code", "message", "title"}
    assert body["error"]["code"] == status
    assert "X-Subject-Token" not in headers
    return status, body["error"]["title"], body["error"]["message"]


def test_a_password_gets_a_token(bank: Simulator, call: Call, log_in: LogIn) -> None:
    """The token is in a header, the body has life and user, and the Job API accepts the token until the end."""
    status, body, headers = log_in(name="lab")
    token = body["token"]
    assert (status, token["methods"]) == (201, ["password"])
    assert (token["project"]["id"], token["project"]["name"]) == ("lab", "lab")
    assert (token["project"]["domain"]["name"], token["user"]["name"]) == ("acme", "deploy")
    assert token["user"]["domain"] == token["project"]["domain"]
    assert token["user"]["id"] != token["user"]["domain"]["id"]
    access = {"x-auth-token": headers["X-Subject-Token"]}
    assert call(bank, "GET", "/v1/lab/jobs/ok", access)[0] == 200
    bank.advance(3600.0)
    assert call(bank, "GET", "/v1/lab/jobs/ok", access)[1]["error_code"] == "APIGW.0307"


def test_times_are_written_with_microseconds(log_in: LogIn) -> None:
    """A token ends after the tokens' life, in the time of the Date header."""
    _, body, headers = log_in()
    times = [datetime.strptime(body["token"][name], "%Y-%m-%dT%H:%M:%S.%f%z") for name in ("issued_at", "expires_at")]
    assert times[1] - times[0] == timedelta(hours=1)
    assert all(len(body["token"][name]) == len("2020-01-04T09:05:22.701000Z") for name in ("issued_at", "expires_at"))
    assert parsedate_to_datetime(headers["Date"]) >= times[0].replace(microsecond=0)


def test_a_project_is_named_by_its_id(log_in: LogIn) -> None:
    """The project id decides, with any project name."""
    assert log_in(id="north-too", name="lab")[1]["token"]["project"]["id"] == "north-too"


def test_a_name_of_several_projects_is_refused(log_in: LogIn) -> None:
    """A project name of two projects of the account is refused."""
    status, title, message = refusal(log_in(name="cn-north-4"))
    assert (status, title) == (400, "Bad Request")
    assert "several projects have this name" in message


@pytest.mark.parametrize("project", [{"id": "theirs"}, {"id": "nowhere"}, {"name": "nowhere"}])
def test_unknown_projects_are_unauthorized(project: dict[str, str], log_in: LogIn) -> None:
    """Projects of a different account get the same error as unknown projects."""
    wanted = (401, "Unauthorized", "The project does not exist, or the user has no role in it.")
    assert refusal(log_in(**project)) == wanted


@pytest.mark.parametrize(
    "arguments", [("deploy", "wrong", "acme"), ("nobody", "right horse", "acme"), ("deploy", "right horse", "nobody")]
)
def test_wrong_names_and_passwords_look_the_same(arguments: tuple[str, str, str], log_in: LogIn) -> None:
    """A wrong user, password or account gets the same error."""
    assert refusal(log_in(*arguments)) == (401, "Unauthorized", "The username or password is wrong.")


def test_five_wrong_passwords_lock_a_user(bank: Simulator, log_in: LogIn) -> None:
    """Five wrong passwords lock a user for fifteen minutes, with the reason in the error. Further users stay valid."""
    for _ in range(5):
        assert "wrong" in refusal(log_in("deploy", "wrong"))[2]
    bank.advance(899.0)
    status, title, message = refusal(log_in())
    assert (status, title) == (401, "Unauthorized")
    assert "locked" in message
    assert log_in("guest", "guest")[0] == 201
    bank.advance(1.0)
    assert log_in()[0] == 201


def test_a_right_password_forgives_the_wrong_ones(log_in: LogIn) -> None:
    """Only successive failures are counted."""
    for _ in range(3):
        assert [log_in("deploy", "wrong")[0] for _ in range(4)] == [401] * 4
        assert log_in()[0] == 201


def test_a_frozen_account_gets_no_token(log_in: LogIn) -> None:
    """A frozen account gets an error with the reason, but only with the right password."""
    assert refusal(log_in("deploy", "right horse", "ice", name="cold"))[:2] == (403, "Forbidden")
    assert "frozen" in refusal(log_in("deploy", "right horse", "ice", name="cold"))[2]
    assert refusal(log_in("deploy", "wrong", "ice", name="cold"))[0] == 401


def test_issued_tokens_are_all_different_and_good(bank: Simulator, call: Call, log_in: LogIn) -> None:
    """Logins at the same time get separate tokens, and a later token does not end an earlier token."""
    with ThreadPoolExecutor(20) as pool:
        tokens = {headers["X-Subject-Token"] for _, _, headers in pool.map(lambda _: log_in(), range(40))}
    assert len(tokens) == 40
    assert {call(bank, "GET", "/v1/lab/jobs/ok", {"x-auth-token": token})[0] for token in tokens} == {200}


def test_issued_tokens_can_be_revoked(bank: Simulator, call: Call, log_in: LogIn) -> None:
    """`revoke_tokens` also revokes tokens issued for a password."""
    _, _, headers = log_in()
    bank.revoke_tokens()
    status, body, _ = call(bank, "GET", "/v1/lab/jobs/ok", {"x-auth-token": headers["X-Subject-Token"]})
    assert (status, body["error_msg"].endswith("decrypt token fail")) == (401, True)


def without(*path: str) -> dict[str, Any]:
    """Return a valid body without the field at the path."""
    body = body_of()
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return body


USER = ("auth", "identity", "password", "user")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        [],
        "auth",
        {"auth": []},
        {"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}, "scope": {"project": {"id": "lab"}}}},
        without("auth", "identity", "methods"),
        without(*USER),
        without(*USER, "name"),
        without(*USER, "password"),
        without(*USER, "domain"),
        without("auth", "scope"),
        without("auth", "scope", "project"),
        without("auth", "scope", "project", "name"),
        body_of(id=""),
    ],
)
def test_malformed_bodies_are_refused(body: object, bank: Simulator, call: Call) -> None:
    """Unsupported methods of a login, missing fields and a missing scope are 400."""
    assert refusal(call(bank, "POST", TOKENS, None, body))[:2] == (400, "Bad Request")


@pytest.mark.parametrize("path", LISTS)
def test_projects_are_listed(path: str, bank: Simulator, call: Call, sign: Sign) -> None:
    """The projects of the account are listed, for a signature and for a token, all or by name."""
    status, body, _ = call(bank, "GET", path, sign(bank, "GET", path))
    assert (status, [each["id"] for each in body["projects"]]) == (200, ["north", "north-too", "lab", "south"])
    assert body["links"].keys() == {"self", "previous", "next"}
    assert all(each["enabled"] and each["domain_id"] for each in body["projects"])
    named = f"{path}?name=cn-north-4"
    for headers in (sign(bank, "GET", named), {"x-auth-token": "ready"}):
        listed = call(bank, "GET", named, headers)[1]["projects"]
        assert [(each["id"], each["name"]) for each in listed] == [("north", "cn-north-4"), ("north-too", "cn-north-4")]
    assert call(bank, "GET", f"{path}?name=nowhere", {"x-auth-token": "ready"})[1]["projects"] == []


@pytest.mark.parametrize("path", LISTS)
def test_projects_are_not_listed_for_everybody(path: str, bank: Simulator, call: Call, sign: Sign) -> None:
    """Without a credential, with a wrong credential and for a frozen account the gateway refuses."""
    for headers in ({}, {"x-auth-token": "x"}, {"x-auth-token": "ice"}, sign(bank, "GET", path, key=("AK", "x"))):
        status, body, _ = call(bank, "GET", path, headers)
        assert (status, body["error_code"]) == (401, "APIGW.0301")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v3/auth/tokens", 405),
        ("DELETE", "/v3/auth/tokens", 405),
        ("POST", "/v3/projects", 405),
        ("GET", "/v3", 404),
        ("GET", "/v3/auth", 404),
        ("GET", "/v3/projects/lab", 404),
        ("POST", "/v3/auth/tokens/x", 404),
    ],
)
def test_the_rest_of_the_identity_service_is_not_there(
    method: str, path: str, status: int, bank: Simulator, call: Call
) -> None:
    """A wrong method is 405, an unknown path 404."""
    assert call(bank, method, path, {"x-auth-token": "ready"})[0] == status


def test_passwords_are_not_recorded(bank: Simulator, log_in: LogIn) -> None:
    """The record of a login has all fields except the password, right or wrong."""
    log_in()
    log_in("deploy", "wrong horse")
    expected = body_of(phrase="***")
    assert [request.body for request in bank.requests] == [expected, expected]
    assert [request.status for request in bank.requests] == [201, 401]
    assert "horse" not in repr([(request, request.headers, request.body) for request in bank.requests])


@pytest.mark.parametrize(
    "body",
    [
        {"auth": {"identity": {"methods": ["token"], "token": {"id": "hidden"}}}},
        {"auth": {"identity": {"password": "hidden", "token": "hidden", "totp": {"user": {"passcode": "hidden"}}}}},
        {"auth": [{"identity": {"password": ["hidden", {"user": "hidden"}]}}]},
        {"user": {"password": "hidden", "original_password": "hidden"}},
        {"credential": {"secret": {"a": "hidden"}, "SecretKey": "hidden"}},
    ],
)
@pytest.mark.parametrize("path", ["/v3/auth/tokens", "/v3/users", "/v3.0/OS-USER/users", "/iam/v3/auth/tokens"])
def test_no_secret_of_any_shape_is_recorded(body: object, path: str, bank: Simulator, call: Call) -> None:
    """Every value of a password, passcode or token is hidden in the record, on every path outside the Job API."""
    call(bank, "POST", path, None, body)
    (request,) = bank.requests
    assert request.body is not None
    assert "hidden" not in json.dumps(request.body)


def test_depths_of_a_body_are_not_recorded(bank: Simulator, call: Call) -> None:
    """A body nested too deep for the search is not recorded."""
    call(bank, "POST", TOKENS, None, b'{"password": ' + b"[" * 900 + b'"hidden"' + b"]" * 900 + b"}")
    assert "hidden" not in repr([request.body for request in bank.requests])
