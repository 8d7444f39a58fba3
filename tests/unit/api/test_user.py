"""Users who sign in: one token for all, renewed before its end and once after a 401."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import SETTLING_TIME, Client
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import ProjectOfToken, UserCredential
from pulumi_bms.api.jobs import JobApi

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud, Reply

PASSWORD = "Geheim-1!"
JOB = {"status": "RUNNING", "job_id": "j"}
EXPIRED = {"error_code": "APIGW.0307", "error_msg": "The token must be updated."}
WRONG = {"error": {"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"}}
HOUR = 3600.0
PATIENCE = 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Setting:
    """A user of an identity service that answers so, and the Job API beside it."""

    def __init__(self, cloud: Cloud, identity: Sequence[Reply], jobs: Sequence[Reply], **user: Any) -> None:
        self.clock = Clock()
        self.iam = cloud.responding(*identity)
        self.bms = cloud.responding(*jobs)
        self.lockout_guard = LockoutGuard()
        self.user = self.sign_in(**user)
        self.api = self.api_of(self.user)

    def sign_in(self, **changes: Any) -> UserCredential:
        known = {"user_name": "deploy", "password": PASSWORD, "domain_name": "acme", "source": "HW_USER_NAME"}
        tokens = {"tokens": Tokens(monotonic=self.clock), "lockout_guard": self.lockout_guard}
        return UserCredential(
            **{**known, "iam_endpoint": self.iam.endpoint, "project_name": "eu-de", **tokens, **changes}
        )

    def api_of(self, user: UserCredential, settling: float = 0.0) -> JobApi:
        return JobApi(
            Channel(
                Client(self.bms.endpoint, user, lockout_guard=self.lockout_guard, settling=settling), GivenProject("p")
            )
        )

    def error(self) -> ApiError:
        with pytest.raises(ApiError) as caught:
            self.api.get_job("j")
        return caught.value

    def tokens_sent(self) -> list[str]:
        return [token for seen in self.bms.seen for token in seen.all("x-auth-token")]


def token(cloud: Cloud, value: str, life: float = 24 * HOUR, **body: object) -> bytes:
    ends = f"2026-01-02T{int(life // HOUR) % 24:02d}:{int(life // 60) % 60:02d}:{int(life) % 60:02d}.000000Z"
    begins = "2026-01-01T00:00:00.000000Z" if life >= 24 * HOUR else "2026-01-02T00:00:00.000000Z"
    messages = {"issued_at": begins, "expires_at": ends, "project": {"id": "project-of-token"}, **body}
    return cloud.response(201, {"token": messages}, X_Subject_Token=value)


def polls(cloud: Cloud, number: int) -> list[Reply]:
    return [cloud.response(200, JOB)] * number


@pytest.mark.parametrize(
    ("project", "scope"),
    [
        ({"project_id": "p-1"}, {"id": "p-1"}),
        ({}, {"name": "eu-de"}),
        ({"project_id": "p-1", "project_name": "x"}, {"id": "p-1"}),
    ],
)
def test_what_is_sent_to_sign_in(cloud: Cloud, project: dict[str, str], scope: dict[str, str]) -> None:
    """Name, password, account and project go to the identity service alone; its token goes to the Job API."""
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


def test_the_project_of_the_token(cloud: Cloud) -> None:
    """The token names its project, so no poll-up is needed, and one token serves both."""
    setting = Setting(cloud, [token(cloud, "T-1")], polls(cloud, 1))
    transport = Client(setting.bms.endpoint, setting.user, lockout_guard=setting.lockout_guard)
    JobApi(Channel(transport, ProjectOfToken(setting.user))).get_job("j")
    assert setting.bms.seen[0].line == "GET /v1/project-of-token/jobs/j HTTP/1.1"
    assert setting.bms.seen[0].all("x-project-id") == ["project-of-token"]
    assert len(setting.iam.seen) == 1


def test_a_token_without_a_project(cloud: Cloud) -> None:
    """A token that names no project is an error that says what to set."""
    setting = Setting(cloud, [token(cloud, "T-1", project=None)], [])
    with pytest.raises(RefusedError, match=r"the token names no project\nSet the project id"):
        ProjectOfToken(setting.user).id()


@pytest.mark.parametrize(("life", "margin"), [(24 * HOUR, 600.0), (HOUR, 600.0), (50.0, 10.0), (5.0, 1.0)])
def test_renewed_ahead_of_its_end(cloud: Cloud, life: float, margin: float) -> None:
    """A token is used until ten minutes, or a fifth of its life, before its end: no request meets an expired one."""
    setting = Setting(cloud, [token(cloud, "T-1", life), token(cloud, "T-2", life)], polls(cloud, 3))
    setting.api.get_job("j")
    for now in (life - margin - 0.1, life - margin + 0.1):
        setting.clock.now = 1000.0 + now
        setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1", "T-2"]


@pytest.mark.parametrize(
    "messages",
    [
        {"expires_at": None},
        {"issued_at": "soon"},
        {"expires_at": 7},
        {"expires_at": "2026-01-01T00:00:00"},
        {"expires_at": "2025-01-01T00:00:00.000000Z"},
    ],
)
def test_a_life_that_is_not_told(cloud: Cloud, messages: dict[str, Any]) -> None:
    """Where the service does not say when a token ends, it is used until the API says so."""
    setting = Setting(cloud, [token(cloud, "T-1", **messages)], polls(cloud, 2))
    setting.api.get_job("j")
    setting.clock.now += 1000 * HOUR
    setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1"]


def test_an_outage_at_the_time_of_renewal(cloud: Cloud) -> None:
    """The old token is used while it holds; after its end an outage of the identity service is no news."""
    setting = Setting(
        cloud, [token(cloud, "T-1", HOUR), *[cloud.response(503)] * 3, token(cloud, "T-2")], polls(cloud, 6)
    )
    setting.api.get_job("j")
    # Tried again only after a quarter of what is left.
    for left, tries in ((400.0, 2), (301.0, 2), (299.0, 3)):
        setting.clock.now = 1000.0 + HOUR - left
        setting.api.get_job("j")
        assert len(setting.iam.seen) == tries
    setting.clock.now = 1000.0 + HOUR + 1
    assert type(setting.error()) is NoAnswerError
    setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1"] * 4 + ["T-2"]


def test_renewed_once_after_a_401(cloud: Cloud) -> None:
    """A revoked token is replaced, and the request sent again: also a second time in the life of a wait."""
    gone = cloud.response(401, EXPIRED)
    jobs = [cloud.response(200, JOB), gone, *polls(cloud, 1), gone, *polls(cloud, 1)]
    setting = Setting(cloud, [token(cloud, f"T-{number}") for number in (1, 2, 3)], jobs)
    for _ in range(3):
        setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1", "T-2", "T-2", "T-3"]


def test_a_new_token_that_is_rejected_too(cloud: Cloud) -> None:
    """After one renewal the user is rejected at that API: nothing more is sent, to either service."""
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], [cloud.response(401, EXPIRED)] * 2)
    for _ in range(3):
        error = setting.error()
        assert type(error) is AuthenticationError
        assert str(error.credential) == "user from HW_USER_NAME"
        assert "IAM endpoint and endpoint are of one region" in (error.hint or "")
    assert (len(setting.iam.seen), len(setting.bms.seen)) == (2, 2)


def known_late(cloud: Cloud, tokens: Sequence[str]) -> Setting:
    """A setting whose API knows a token only a second after it was issued."""
    issued: list[float] = []

    def issue(value: str) -> Reply:
        def send(connection: Any) -> None:
            issued.append(time.monotonic())
            connection.sendall(token(cloud, value))

        return send

    def reply(connection: Any) -> None:
        is_known = time.monotonic() - issued[-1] >= 1.0
        connection.sendall(cloud.response(200, JOB) if is_known else cloud.response(401, EXPIRED))

    return Setting(cloud, [issue(value) for value in tokens], [reply] * 9)


@pytest.mark.parametrize("call", ["poll", "submit"])
def test_a_fresh_token_that_is_not_known_yet(cloud: Cloud, call: str) -> None:
    """A token gets its first second before a second try is made with it, and the user is not barred."""
    setting = known_late(cloud, ["T-1", "T-2"])
    api = setting.api_of(setting.user, settling=SETTLING_TIME)
    if call == "poll":
        assert api.get_job("j").job.status == "RUNNING"
    else:
        assert api.submit("POST", "x", {}).job_id == "j"
    assert api.get_job("j").job.status == "RUNNING"
    assert setting.tokens_sent() == ["T-1", "T-2", "T-2"]


def test_a_token_without_the_time_to_be_known(cloud: Cloud) -> None:
    """A second try that comes too soon, at a deadline, proves nothing: the user is not barred, and sends no third."""
    setting = known_late(cloud, ["T-1", "T-2"])
    api = setting.api_of(setting.user, settling=SETTLING_TIME)
    with pytest.raises(AuthenticationError, match="HTTP 401"):
        api.get_job("j", timeout=0.3)
    assert setting.tokens_sent() == ["T-1", "T-2"]
    time.sleep(1.0)
    assert api.get_job("j").job.status == "RUNNING"


def test_a_cancel_while_a_token_settles(cloud: Cloud) -> None:
    """Nobody waits for a token to be known once the run is cancelled."""
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], [cloud.response(401, EXPIRED)] * 2)
    api = setting.api_of(setting.user, settling=1000.0)
    cancelled = lambda: len(setting.iam.seen) == 2  # noqa: E731
    with pytest.raises(NoAnswerError, match="interrupted before the request was sent"):
        api.submit("POST", "x", {}, unwanted=cancelled)
    assert setting.tokens_sent() == ["T-1"]


def test_one_password_for_many_projects(cloud: Cloud) -> None:
    """Wrong passwords count by user: one is sent for two projects at most twice, for ten at most three times."""
    setting = Setting(cloud, [cloud.response(401, WRONG)] * 10, [])
    for number in range(10):
        user = setting.sign_in(project_name=f"project-{number}", tokens=setting.user.tokens)
        with pytest.raises(AuthenticationError):
            setting.api_of(user).get_job("j")
        if number == 1:
            assert len(setting.iam.seen) <= 2
    assert len(setting.iam.seen) <= 3


def test_a_project_that_a_user_can_not_sign_in_to(cloud: Cloud) -> None:
    """A sign-in that is rejected for one project says nothing about the user's others."""
    setting = Setting(cloud, [cloud.response(401, WRONG), token(cloud, "T-1")], polls(cloud, 1))
    assert type(setting.error()) is AuthenticationError
    other = setting.sign_in(project_name="other", tokens=setting.user.tokens)
    assert setting.api_of(other).get_job("j").job.status == "RUNNING"
    assert setting.error().sent is False


def test_one_renewal_for_all_threads(cloud: Cloud) -> None:
    """Ten waits whose token is revoked at one moment cost one new token."""
    ten, gate = 10, threading.Barrier(10, timeout=PATIENCE)

    def revoked_for_all(connection: Any) -> None:
        gate.wait()
        connection.sendall(cloud.response(401, EXPIRED, Connection="close"))

    jobs: list[Reply] = [*polls(cloud, 1), *[revoked_for_all] * ten, *polls(cloud, ten)]
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], jobs)
    setting.api.get_job("j")
    with ThreadPoolExecutor(ten) as pool:
        result = list(pool.map(lambda _: setting.api.get_job("j").job.status, range(ten)))
    assert result == ["RUNNING"] * ten
    assert sorted(setting.tokens_sent()) == ["T-1"] * (ten + 1) + ["T-2"] * ten
    assert len(setting.iam.seen) == 2


def test_a_wrong_password_is_sent_once(cloud: Cloud) -> None:
    """Wrong passwords lock a user: the first rejection is the last try, for looks and submissions."""
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
    """What the identity service says is never taken for a response about a job, and nothing was submitted."""
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
    """The password is taken out of what the identity service says, the token out of what the Job API says."""
    setting = Setting(cloud, [cloud.response(401, {"error": {"code": 401, "message": f"not {PASSWORD}"}})], [])
    assert PASSWORD not in f"{setting.error()} {setting.error()!r}"
    setting = Setting(
        cloud, [token(cloud, "T-geheim")], [cloud.response(403, {"code": "X", "message": "not T-geheim"})]
    )
    error = setting.error()
    assert error.detail == "not [secret]"
    assert "T-geheim" not in f"{error} {error!r} {setting.user!r}"


def test_users_are_told_apart(cloud: Cloud) -> None:
    """Two users of one process have a token each; the same user at two APIs has one."""
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], polls(cloud, 3))
    tokens = setting.user.tokens
    other = setting.sign_in(user_name="other", tokens=tokens)
    for user in (setting.user, other, setting.sign_in(source="bms:username", tokens=tokens)):
        setting.api_of(user).get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-2", "T-1"]


def test_the_certificates_of_the_identity_service(cloud: Cloud) -> None:
    """The bundle that is set for the API counts for the identity service too: a bad one is told, not passed over."""
    setting = Setting(cloud, [token(cloud, "T-1")], polls(cloud, 1))
    user = setting.sign_in(iam_endpoint="https://127.0.0.1:1", ca_bundle="/nonexistent/bundle.pem")
    prepared = requests.Request("GET", setting.bms.endpoint).prepare()
    with pytest.raises(NoAnswerError, match="bundle"):
        user.authenticate(prepared)


def test_one_address_for_both_services(cloud: Cloud) -> None:
    """Where the identity service and the Job API have one address, the first use does not wait for itself."""
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
    """Neither a signed request, nor a password, nor a token of a user follows a redirect to another host."""
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


def test_a_token_that_was_dropped_is_not_brought_back(cloud: Cloud) -> None:
    """Where the identity service is silent just after a 401, that is no news: the rejected token is not tried again."""
    jobs = [cloud.response(200, JOB), cloud.response(401, EXPIRED), *polls(cloud, 1)]
    identity = [token(cloud, "T-1", HOUR), cloud.response(503), cloud.response(503), token(cloud, "T-2")]
    setting = Setting(cloud, identity, jobs)
    setting.api.get_job("j")
    setting.clock.now += HOUR - 60
    assert type(setting.error()) is NoAnswerError
    setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1", "T-2"]


def test_a_renewal_that_is_refused_ahead_of_the_end(cloud: Cloud) -> None:
    """While the old token holds, a hiccup of the identity service ends no wait; its pause is heeded."""
    identity = [
        token(cloud, "T-1", HOUR),
        cloud.response(429, b"", Retry_After="200"),
        cloud.response(400),
        token(cloud, "T-2"),
    ]
    setting = Setting(cloud, identity, polls(cloud, 5))
    for left, tries in ((3600.0, 1), (400.0, 2), (210.0, 2), (190.0, 3)):
        setting.clock.now = 1000.0 + HOUR - left
        setting.api.get_job("j")
        assert len(setting.iam.seen) == tries
    assert setting.tokens_sent() == ["T-1"] * 4


def test_a_refused_sign_in_is_not_repeated(cloud: Cloud) -> None:
    """However a wrong password is refused, it is sent once: not each service answers with a 401."""
    setting = Setting(cloud, [cloud.response(400, {"error": {"code": 400, "message": "m"}})] * 3, [])
    assert [type(setting.error()) for _ in range(3)] == [RefusedError] * 3
    assert len(setting.iam.seen) == 1


def test_who_has_no_time_does_not_wait_for_a_sign_in(cloud: Cloud) -> None:
    """A poll with little time gets no news in that time; the sign-in goes on, and serves the next one."""
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
    """What comes from outside becomes part of an address only if it can be an id."""
    setting = Setting(cloud, [token(cloud, "T-1", project={"id": project_id})], [])
    with pytest.raises(RefusedError, match="the token names no project"):
        ProjectOfToken(setting.user).id()
