"""The first use of a credential is made alone, and a rejected credential is not used again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LOCKOUT_GUARD, CredentialState, LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    RefusedError,
)
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi

if TYPE_CHECKING:
    import socket

    from tests.unit.api.conftest import Cloud, RawServer, Reply

HERE, THERE = "https://bms.example", "https://ecs.example"
TOKEN = TokenCredential("geheim-token", "HW_AUTH_TOKEN")
PATIENCE = 10.0
JOB = {"status": "RUNNING", "job_id": "j"}
TEN = 10
GRACE = 0.3


class Held:
    """A response held back until the release, with an event for the arrival of the request."""

    def __init__(self, response: bytes) -> None:
        self.came = threading.Event()
        self.release = threading.Event()
        self._response = response

    def __call__(self, connection: socket.socket) -> None:
        self.came.set()
        self.release.wait(PATIENCE)
        connection.sendall(self._response)


def api_of(server: RawServer, lockout_guard: LockoutGuard) -> JobApi:
    return JobApi(Channel(Client(server.endpoint, TOKEN, lockout_guard=lockout_guard), GivenProject("p")))


def poll(api: JobApi) -> ApiError | None:
    try:
        api.get_job("j")
    except ApiError as error:
        return error
    return None


def submit(api: JobApi) -> ApiError | None:
    try:
        api.submit("POST", "x", {})
    except ApiError as error:
        return error
    return None


Call = Callable[[JobApi], ApiError | None]


def together(server: RawServer, first: Held, calls: list[Call]) -> list[ApiError | None]:
    """Make the first call. During the first call start all other calls. Then release the first response."""
    api, queued = api_of(server, LockoutGuard()), threading.Barrier(len(calls))

    def queue(call: Call) -> ApiError | None:
        queued.wait(PATIENCE)
        return call(api)

    with ThreadPoolExecutor(len(calls)) as pool:
        started_at: list[Future[ApiError | None]] = [pool.submit(calls[0], api)]
        assert first.came.wait(PATIENCE)
        started_at += [pool.submit(queue, call) for call in calls[1:]]
        queued.wait(PATIENCE)
        # Time for the last call to get from the barrier to the guard.
        time.sleep(GRACE)
        first.release.set()
        return [future.result(PATIENCE) for future in started_at]


def test_ten_with_a_wrong_credential_send_one_request(cloud: Cloud) -> None:
    """Ten polls and submissions at once with a wrong credential send one request."""
    rejection = Held(cloud.response(401, {"error_code": "APIGW.0301", "error_msg": "no"}))
    server = cloud.responding(rejection, *[cloud.response(200, JOB)] * TEN)
    errors = together(server, rejection, [poll, *[poll, submit, poll] * 3])
    assert {type(error) for error in errors} == {AuthenticationError}
    assert sum(error is not None and not error.sent for error in errors) == TEN - 1
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [200, 404, 403])
def test_after_the_first_response_all_go_at_once(cloud: Cloud, status: int) -> None:
    """A response that proves the credential, good or bad, releases all waiting requests."""
    first = Held(cloud.response(status, {**JOB, "code": "BMS.0040"}, Connection="close"))
    gate = threading.Barrier(TEN, timeout=PATIENCE)

    def together_only(connection: socket.socket) -> None:
        gate.wait()
        connection.sendall(cloud.response(200, JOB, Connection="close"))

    rest: list[Reply] = [together_only] * TEN
    server = cloud.responding(first, *rest)
    errors = together(server, first, [poll] * (TEN + 1))
    assert [error for error in errors[1:] if error] == []
    assert len(server.seen) == TEN + 1


def test_who_waited_shares_a_silence(cloud: Cloud) -> None:
    """If the first use gets no response, all waiting polls fail unsent."""
    first = Held(b"")
    server = cloud.responding(first, *[cloud.response(200, JOB)] * TEN)
    errors = together(server, first, [poll] * TEN)
    assert {type(error) for error in errors} == {NoAnswerError}
    assert [getattr(error, "sent", None) for error in errors] == [True] + [False] * (TEN - 1)
    assert len(server.seen) == 1


def test_a_response_about_one_job_is_not_shared(cloud: Cloud) -> None:
    """A 503 may concern one job only: the waiting polls are sent in turn."""
    first = Held(cloud.response(503, Connection="close"))
    server = cloud.responding(first, *[cloud.response(200, JOB)] * TEN)
    errors = together(server, first, [poll] * TEN)
    assert [type(error) for error in errors] == [NoAnswerError, *[type(None)] * (TEN - 1)]


def test_a_submission_does_not_share_a_silence(cloud: Cloud) -> None:
    """A submission is sent in turn, even if an earlier poll got no response."""
    first = Held(b"")
    server = cloud.responding(first, cloud.response(200, {"job_id": "j"}))
    errors = together(server, first, [poll, submit])
    assert [type(error) for error in errors] == [NoAnswerError, type(None)]


def test_who_has_no_time_does_not_wait(cloud: Cloud) -> None:
    """A poll waits for the first use only within the poll's timeout."""
    first = Held(cloud.response(200, JOB, Connection="close"))
    server = cloud.responding(first)
    api = api_of(server, LockoutGuard(patience=1000.0))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(poll, api)
        assert first.came.wait(PATIENCE)
        with pytest.raises(NoAnswerError, match="the first request with this credential has no response yet") as caught:
            api.get_job("j", timeout=0.1)
        assert caught.value.sent is False
        first.release.set()
        assert slow.result(PATIENCE) is None


def test_no_more_than_three_go_ahead(cloud: Cloud) -> None:
    """With slow first responses at most three requests are sent with a wrong credential."""
    held = [Held(cloud.response(401, Connection="close")) for _ in range(3)]
    server = cloud.responding(*held, *[cloud.response(401)] * TEN)
    api = api_of(server, LockoutGuard(patience=0.05))
    with ThreadPoolExecutor(TEN) as pool:
        polls = [pool.submit(poll, api) for _ in range(TEN)]
        assert all(each.came.wait(PATIENCE) for each in held)
        time.sleep(GRACE)
        for each in held:
            each.release.set()
        assert {type(each.result(PATIENCE)) for each in polls} == {AuthenticationError}
    assert len(server.seen) == 3


def test_a_silent_response_does_not_hold_up_the_rest(cloud: Cloud) -> None:
    """If the first use gets no response for a while, one more request is sent, and releases all waiting requests."""
    first = Held(cloud.response(200, JOB, Connection="close"))
    server = cloud.responding(first, *[cloud.response(200, JOB)] * TEN)
    api = api_of(server, LockoutGuard(patience=0.2))
    with ThreadPoolExecutor(TEN + 1) as pool:
        hanging = pool.submit(poll, api)
        assert first.came.wait(PATIENCE)
        others = [pool.submit(poll, api) for _ in range(TEN)]
        assert [other.result(PATIENCE) for other in others] == [None] * TEN
        first.release.set()
        assert hanging.result(PATIENCE) is None


def test_who_overtakes_does_so_alone(cloud: Cloud) -> None:
    """During a slow rejection one more request is sent, and the second rejection holds for all waiting requests."""
    first = Held(cloud.response(401))
    server = cloud.responding(first, *[cloud.response(401)] * TEN)
    api = api_of(server, LockoutGuard(patience=0.5))
    with ThreadPoolExecutor(TEN + 1) as pool:
        slow = pool.submit(poll, api)
        assert first.came.wait(PATIENCE)
        others = [pool.submit(poll, api) for _ in range(TEN)]
        assert {type(other.result(PATIENCE)) for other in others} == {AuthenticationError}
        first.release.set()
        assert isinstance(slow.result(PATIENCE), AuthenticationError)
    assert len(server.seen) == 2


def test_no_news_proves_nothing(cloud: Cloud) -> None:
    """After an outage the next call is a first use again, and is sent."""
    server = cloud.responding(cloud.response(503), cloud.response(200, JOB))
    api = api_of(server, LockoutGuard())
    assert isinstance(poll(api), NoAnswerError)
    assert poll(api) is None


# Projects


def api_in(server: RawServer, lockout_guard: LockoutGuard, project: str) -> JobApi:
    return JobApi(Channel(Client(server.endpoint, TOKEN, lockout_guard=lockout_guard), GivenProject(project)))


OTHER_PROJECT = {"error": {"code": "Common.0018", "message": "The project id in the path is not that of the token."}}
BAD_SIGNATURE = {"error_code": "APIGW.0301", "error_msg": "verify aksk signature fail"}


@pytest.mark.parametrize("message", [OTHER_PROJECT, BAD_SIGNATURE, None], ids=["service", "gateway", "nothing"])
@pytest.mark.parametrize("is_known", [True, False], ids=["accepted before", "never used"])
def test_a_rejection_holds_for_one_project(cloud: Cloud, message: object, *, is_known: bool) -> None:
    """A 401 for one project does not stop requests for a different project with the same credential."""
    first = [cloud.response(200, JOB)] if is_known else []
    server = cloud.responding(*first, cloud.response(401, message), cloud.response(200, JOB))
    lockout_guard = LockoutGuard()
    good, bad = api_in(server, lockout_guard, "good"), api_in(server, lockout_guard, "bad")
    assert [poll(good) for _ in first] == [None] * len(first)
    for _ in range(3):
        assert isinstance(poll(bad), AuthenticationError)
    assert poll(good) is None
    assert sum("/v1/bad/" in seen.line for seen in server.seen) == 1


@pytest.mark.parametrize("message", [BAD_SIGNATURE, None], ids=["gateway", "nothing"])
@pytest.mark.parametrize(("projects", "most"), [(1, 1), (2, 2), (10, 3)])
def test_a_wrong_credential_in_many_projects(cloud: Cloud, message: object, projects: int, most: int) -> None:
    """For any number of projects at once, at most three requests are sent with a wrong credential."""
    server = cloud.responding(*[cloud.response(401, message)] * 30)
    lockout_guard, gate = LockoutGuard(), threading.Barrier(TEN * projects)

    def begin(project: int) -> ApiError | None:
        api = api_in(server, lockout_guard, f"p{project}")
        gate.wait(PATIENCE)
        return poll(api)

    with ThreadPoolExecutor(TEN * projects) as pool:
        errors = list(pool.map(begin, [*range(projects)] * TEN))
    assert {type(error) for error in errors} == {AuthenticationError}
    assert len(server.seen) <= most


def test_each_project_has_a_first_use(cloud: Cloud) -> None:
    """Ten calls for a wrong project send one request, although a different project accepts the credential."""
    rejection = Held(cloud.response(401, OTHER_PROJECT))
    server = cloud.responding(cloud.response(200, JOB), rejection, *[cloud.response(401)] * TEN)
    lockout_guard = LockoutGuard(patience=1000.0)
    assert poll(api_in(server, lockout_guard, "good")) is None
    bad = api_in(server, lockout_guard, "bad")
    with ThreadPoolExecutor(TEN) as pool:
        calls = [pool.submit(poll, bad)]
        assert rejection.came.wait(PATIENCE)
        calls += [pool.submit(poll, bad) for _ in range(TEN - 1)]
        time.sleep(GRACE)
        rejection.release.set()
        assert {type(each.result(PATIENCE)) for each in calls} == {AuthenticationError}
    assert len(server.seen) == 2


def test_projects_do_not_wait_for_each_other(cloud: Cloud) -> None:
    """After a credential is accepted, a slow project does not delay a different project."""
    slow = Held(cloud.response(200, JOB, Connection="close"))
    server = cloud.responding(cloud.response(200, JOB), slow, *[cloud.response(200, JOB)] * 2)
    lockout_guard = LockoutGuard(patience=1000.0)
    assert poll(api_in(server, lockout_guard, "good")) is None
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(poll, api_in(server, lockout_guard, "slow"))
        assert slow.came.wait(PATIENCE)
        assert [poll(api_in(server, lockout_guard, project)) for project in ("good", "third")] == [None, None]
        slow.release.set()
        assert hanging.result(PATIENCE) is None


def first_use(state_of: CredentialState, *, repeatable: bool = True) -> None:
    with state_of.first_use(TOKEN, "GET mine", Request("GET" if repeatable else "POST", "/")):
        pass


def test_the_first_rejection_is_told_each_time() -> None:
    """Every later call gets a new error with the first rejection's reason, also after a second rejection."""
    state_of = CredentialState()
    first = AuthenticationError("GET x", status=401, code="APIGW.0301", detail="no", request_id="r-1")
    state_of.reject(first)
    state_of.reject(AuthenticationError("GET y"))
    for _ in range(2):
        with pytest.raises(AuthenticationError) as caught:
            first_use(state_of)
        assert caught.value is not first
        assert caught.value.what.startswith("GET mine (not sent")
        assert (caught.value.sent, caught.value.reason) == (False, first.reason)
        assert str(caught.value.credential) == "token from HW_AUTH_TOKEN"


def test_an_accepted_credential_can_still_be_rejected() -> None:
    """A credential rejected after an accepted use is not used again."""
    state_of = CredentialState()
    state_of.accept()
    first_use(state_of)
    state_of.reject(AuthenticationError("GET x"))
    with pytest.raises(AuthenticationError):
        first_use(state_of)


def test_an_error_lets_the_next_one_in() -> None:
    """After any error of a first use the next use starts."""
    state_of = CredentialState()
    for error in (RefusedError("x"), RuntimeError("y"), NoAnswerError("z")):
        with pytest.raises(type(error)), state_of.first_use(TOKEN, "GET mine", Request("GET", "/")):
            raise error
    first_use(state_of)


def test_a_rejection_holds_for_one_credential_at_one_endpoint() -> None:
    """A rejection holds for the credential at one endpoint. A different credential or endpoint may be used."""
    lockout_guard = LockoutGuard()
    lockout_guard.state_of(HERE, TOKEN).reject(AuthenticationError("GET x"))
    first_use(lockout_guard.state_of(HERE, TokenCredential("another", "HW_AUTH_TOKEN")))
    first_use(lockout_guard.state_of(THERE, TOKEN))
    with pytest.raises(AuthenticationError):
        first_use(lockout_guard.state_of(HERE, TokenCredential(TOKEN.token, "bms:token")))


def test_the_memory_of_the_process_is_empty() -> None:
    """At the start of a process no credential is rejected."""
    first_use(LOCKOUT_GUARD.state_of(HERE, TOKEN))
