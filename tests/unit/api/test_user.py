"""Users sign in once, and a refused sign-in is not repeated."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.identity.user import ProjectOfToken
from pulumi_bms.api.identity.user_lookup import UserLookup
from pulumi_bms.api.jobs import JobApi
from tests.unit.api.signing_in import HOUR, JOB, PASSWORD, PATIENCE, WRONG, Setting, polls, token

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud


@pytest.mark.parametrize(
    ("project", "scope"),
    [
        ({"project_id": "p-1"}, {"id": "p-1"}),
        ({}, {"name": "eu-de"}),
        ({"project_id": "p-1", "project_name": "x"}, {"id": "p-1"}),
    ],
)
def test_what_is_sent_to_sign_in(cloud: Cloud, project: dict[str, str], scope: dict[str, str]) -> None:
    """Name, password, account and project go only to the identity service. The token goes to the Job API."""
    setting = Setting(cloud, [token(cloud, "T-1")], polls(cloud, 2), **project)
    for _ in range(2):
        setting.api.get_job("j")
    (sent,) = setting.iam.seen
    assert sent.line == "POST /v3/auth/tokens?nocatalog=true HTTP/1.1"
    assert sent.all("content-type") == ["application/json"]
    assert json.loads(sent.body) == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "deploy", "password": PASSWORD, "domain": {"name": "acme"}}},
            },
            "scope": {"project": scope},
        }
    }
    assert setting.tokens_sent() == ["T-1", "T-1"]
    assert PASSWORD.encode() not in b"".join(seen.body for seen in setting.bms.seen)


def test_the_user_of_the_token(cloud: Cloud) -> None:
    """The id of the user comes with the token, and is still known when a later token does not name the user."""
    setting = Setting(cloud, [token(cloud, "T-1", user={"id": " u-1 "}), token(cloud, "T-2")], polls(cloud, 1))
    lookup = UserLookup(setting.user)
    assert lookup.id() == "u-1"
    setting.clock.now += 25 * HOUR
    assert (setting.user.token().value, lookup.id()) == ("T-2", "u-1")
    assert len(setting.iam.seen) == 2


@pytest.mark.parametrize("user", [None, "u-1", {}, {"id": ""}, {"id": 3}])
def test_a_token_without_a_user(cloud: Cloud, user: object) -> None:
    """Without a user in the token, the error asks for `user_id`."""
    setting = Setting(cloud, [token(cloud, "T-1", user=user)], [])
    with pytest.raises(RefusedError) as error:
        UserLookup(setting.user).id()
    assert (error.value.sent, "`user_id`" in (error.value.next_step or "")) == (False, True)


def test_the_project_of_the_token(cloud: Cloud) -> None:
    """The project of the token is used without a lookup and without a second token."""
    setting = Setting(cloud, [token(cloud, "T-1")], polls(cloud, 1))
    transport = Client(setting.bms.endpoint, setting.user, lockout_guard=setting.lockout_guard)
    JobApi(Channel(transport, ProjectOfToken(setting.user))).get_job("j")
    assert setting.bms.seen[0].line == "GET /v1/project-of-token/jobs/j HTTP/1.1"
    assert setting.bms.seen[0].all("x-project-id") == ["project-of-token"]
    assert len(setting.iam.seen) == 1


def test_one_password_for_many_projects(cloud: Cloud) -> None:
    """A wrong password is sent at most twice for two projects, and at most three times for ten projects."""
    setting = Setting(cloud, [cloud.response(401, WRONG)] * 10, [])
    for number in range(10):
        user = setting.sign_in(project_name=f"project-{number}", tokens=setting.user.tokens)
        with pytest.raises(AuthenticationError):
            setting.api_of(user).get_job("j")
        if number == 1:
            assert len(setting.iam.seen) <= 2
    assert len(setting.iam.seen) <= 3


def test_a_project_that_a_user_can_not_sign_in_to(cloud: Cloud) -> None:
    """A sign-in rejected for one project does not stop a sign-in for a different project."""
    setting = Setting(cloud, [cloud.response(401, WRONG), token(cloud, "T-1")], polls(cloud, 1))
    assert type(setting.error()) is AuthenticationError
    other = setting.sign_in(project_name="other", tokens=setting.user.tokens)
    assert setting.api_of(other).get_job("j").job.status == "RUNNING"
    assert setting.error().sent is False


def test_a_wrong_password_is_sent_once(cloud: Cloud) -> None:
    """A wrong password is sent once, for polls and submissions, because further tries lock the user."""
    setting = Setting(cloud, [cloud.response(401, WRONG)] * 3, [])
    first = setting.error()
    assert type(first) is AuthenticationError
    assert first.what == f"POST {setting.iam.endpoint}/v3/auth/tokens?nocatalog=true"
    assert (str(first.credential), first.reason) == (
        "user from HW_USER_NAME",
        "HTTP 401 The username or password is wrong.",
    )
    assert setting.error().sent is False
    with pytest.raises(AuthenticationError) as caught:
        setting.api.submit("POST", "x", {})
    assert caught.value.sent is False
    assert (len(setting.iam.seen), len(setting.bms.seen)) == (1, 0)


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        ({"status": 404, "body": {"error": {"code": 404, "message": "m"}}}, RefusedError, "bms:iamEndpoint"),
        ({"status": 404, "body": b"<html>"}, RefusedError, "bms:iamEndpoint"),
        ({"status": 403, "body": {"error": {"code": 403, "message": "Account is frozen."}}}, RefusedError, "is frozen"),
        ({"status": 503, "body": b""}, NoAnswerError, "HTTP 503"),
        ({"status": 200, "body": b"<html>"}, NoAnswerError, "a page of HTML"),
        ({"status": 201, "body": {"token": {}}}, RefusedError, "the response has no token"),
        ({"status": 201, "body": {"token": {}}, "X_Subject_Token": "a b"}, RefusedError, "the response has no token"),
        ({"status": 302, "body": b"", "Location": "https://elsewhere.example"}, RefusedError, "redirect"),
    ],
)
def test_what_else_signing_in_may_bring(cloud: Cloud, reply: dict[str, Any], kind: type[ApiError], says: str) -> None:
    """An error of the identity service is not an error about a job, and a submission was not sent."""
    setting = Setting(cloud, [cloud.response(**reply)] * 2, [])
    error = setting.error()
    assert type(error) is kind
    assert says in str(error)
    assert "/v3/auth/tokens" in str(error)
    with pytest.raises(kind) as caught:
        setting.api.submit("POST", "x", {})
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert getattr(caught.value, "sent", False) is False
    assert setting.bms.seen == []


def test_a_service_that_repeats_the_password(cloud: Cloud) -> None:
    """The password is masked in errors of the identity service, and the token in errors of the Job API."""
    setting = Setting(cloud, [cloud.response(401, {"error": {"code": 401, "message": f"not {PASSWORD}"}})], [])
    assert PASSWORD not in f"{setting.error()} {setting.error()!r}"
    setting = Setting(
        cloud, [token(cloud, "T-geheim")], [cloud.response(403, {"code": "X", "message": "not T-geheim"})]
    )
    error = setting.error()
    assert error.detail == "not [secret]"
    assert "T-geheim" not in f"{error} {error!r} {setting.user!r}"


def test_users_are_told_apart(cloud: Cloud) -> None:
    """Two users of one process have separate tokens. The same user at two APIs has one token."""
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], polls(cloud, 3))
    tokens = setting.user.tokens
    other = setting.sign_in(user_name="other", tokens=tokens)
    for user in (setting.user, other, setting.sign_in(source="bms:username", tokens=tokens)):
        setting.api_of(user).get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-2", "T-1"]


def test_the_certificates_of_the_identity_service(cloud: Cloud) -> None:
    """The bundle of the API counts for the identity service too, and an error names a bad bundle."""
    setting = Setting(cloud, [token(cloud, "T-1")], polls(cloud, 1))
    user = setting.sign_in(iam_endpoint="https://127.0.0.1:1", ca_bundle="/nonexistent/bundle.pem")
    prepared = requests.Request("GET", setting.bms.endpoint).prepare()
    with pytest.raises(NoAnswerError, match="bundle"):
        user.authenticate(prepared)


def test_one_address_for_both_services(cloud: Cloud) -> None:
    """With one address for the identity service and the Job API, the first use does not block the sign-in."""
    server = cloud.responding(token(cloud, "T-1"), cloud.response(200, JOB))
    lockout_guard = LockoutGuard(patience=1000.0)
    setting = Setting(cloud, [], [])
    user = setting.sign_in(iam_endpoint=server.endpoint, lockout_guard=lockout_guard)
    api = JobApi(Channel(Client(server.endpoint, user, lockout_guard=lockout_guard), GivenProject("p")))
    polled = threading.Thread(target=api.get_job, args=("j",), daemon=True)
    polled.start()
    polled.join(PATIENCE)
    assert not polled.is_alive()
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_carries_nothing_away(cloud: Cloud, status: int) -> None:
    """Neither a signed request, nor a password, nor a token of a user follows a redirect to a different host."""
    elsewhere = cloud.responding(*[cloud.response(200, JOB)] * 4)
    away = cloud.response(status, b"", Location=f"{elsewhere.endpoint}/v1/p/jobs/j")
    setting = Setting(cloud, [away], [])
    assert type(setting.error()) is RefusedError
    setting = Setting(cloud, [token(cloud, "T-1")], [away])
    assert type(setting.error()) is RefusedError
    key = AccessKeyCredential("A", "S", "a test", "T")
    api = JobApi(Channel(Client(cloud.responding(away).endpoint, key, lockout_guard=LockoutGuard()), GivenProject("p")))
    with pytest.raises(RefusedError, match="a redirect"):
        api.get_job("j")
    assert elsewhere.connections == 0


def test_a_refused_sign_in_is_not_repeated(cloud: Cloud) -> None:
    """A wrong password refused with any status is sent once."""
    setting = Setting(cloud, [cloud.response(400, {"error": {"code": 400, "message": "m"}})] * 3, [])
    assert [type(setting.error()) for _ in range(3)] == [RefusedError] * 3
    assert len(setting.iam.seen) == 1


def test_who_has_no_time_does_not_wait_for_a_sign_in(cloud: Cloud) -> None:
    """A poll with a short timeout fails unsent. The sign-in continues, and serves the next poll."""
    release = threading.Event()

    def slow(connection: Any) -> None:
        release.wait(PATIENCE)
        connection.sendall(token(cloud, "T-1"))

    setting = Setting(cloud, [slow], polls(cloud, 1))
    with pytest.raises(NoAnswerError, match="the user is still being signed in") as caught:
        setting.api.get_job("j", timeout=0.2)
    assert caught.value.sent is False
    release.set()
    assert setting.api.get_job("j").job.status == "RUNNING"
    assert len(setting.iam.seen) == 1


@pytest.mark.parametrize("project_id", [12345, {}, "", " ", "a\r\nX: 1", "проект", "a/b"])
def test_a_project_id_that_is_none(cloud: Cloud, project_id: object) -> None:
    """A project id in a token is refused unless the text is a valid id."""
    setting = Setting(cloud, [token(cloud, "T-1", project={"id": project_id})], [])
    with pytest.raises(RefusedError, match="the token names no project"):
        ProjectOfToken(setting.user).id()
