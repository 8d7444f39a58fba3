"""A cancel ends a call at once, except a sent submission. A thread that can't start is an error of one call."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError, NoAnswerError
from pulumi_bms.api.http.background import INTERRUPTED
from pulumi_bms.api.identity.projects import GivenProject, NamedProject, Project
from pulumi_bms.api.identity.user import ProjectOfToken
from pulumi_bms.api.jobs import JobApi
from tests.unit.api.sending import PATIENCE, exchanges, transport_to, user_at, wait_until

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud, Listen

TOKEN = TokenCredential("geheim-token", "HW_AUTH_TOKEN")
JOB = {"status": "RUNNING", "job_id": "j"}


def interrupted(call: Callable[[], object], cancelled: threading.Event, came: Callable[[], bool]) -> ApiError:
    """Cancel a call after the request has arrived, and return the call's error, soon."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        assert wait_until(came)
        cancelled.set()
        error = future.exception(PATIENCE)
    assert isinstance(error, ApiError)
    return error


@pytest.mark.parametrize("call", ["poll", "submit"])
@pytest.mark.parametrize("where", ["sign-in", "project of the token", "project by name"])
def test_a_cancel_before_the_request(cloud: Cloud, where: str, call: str) -> None:
    """A cancel ends the wait for a silent identity service at once: nothing was sent."""
    identity, bms, cancelled = cloud.responding(cloud.be_silent), cloud.responding(), threading.Event()
    user = user_at(identity.endpoint)
    projects: dict[str, Project] = {
        "sign-in": GivenProject("p"),
        "project of the token": ProjectOfToken(user),
        "project by name": NamedProject(transport_to(identity.endpoint), "eu-de"),
    }
    api = JobApi(Channel(Client(bms.endpoint, user, lockout_guard=LockoutGuard()), projects[where]))
    calls: dict[str, Callable[[], object]] = {
        "poll": lambda: api.get_job("j", unwanted=cancelled.is_set),
        "submit": lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set),
    }
    error = interrupted(calls[call], cancelled, lambda: bool(identity.seen))
    assert isinstance(error, NoAnswerError)
    assert (error.sent, error.detail) == (False, INTERRUPTED)
    assert bms.seen == []


def test_a_cancel_behind_the_first_use(cloud: Cloud) -> None:
    """A cancel ends the wait for the first use of a credential too."""
    cancelled, release = threading.Event(), threading.Event()

    def slow(connection: socket.socket) -> None:
        release.wait(2 * PATIENCE)
        connection.sendall(cloud.response(200, JOB))

    server = cloud.responding(slow)
    api = JobApi(
        Channel(Client(server.endpoint, TOKEN, lockout_guard=LockoutGuard(patience=1000.0)), GivenProject("p"))
    )
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api.get_job, "j")
        submit = lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set)  # noqa: E731
        error = interrupted(submit, cancelled, lambda: bool(server.seen))
        assert (getattr(error, "sent", None), error.detail) == (False, INTERRUPTED)
        assert len(server.seen) == 1
        release.set()
        assert first.result(PATIENCE).job.status == "RUNNING"


def test_a_cancel_within_a_poll(cloud: Cloud) -> None:
    """A cancel ends a poll under way at once."""
    server, cancelled = cloud.responding(cloud.be_silent), threading.Event()
    api = JobApi(Channel(transport_to(server.endpoint), GivenProject("p")))
    error = interrupted(lambda: api.get_job("j", unwanted=cancelled.is_set), cancelled, lambda: bool(server.seen))
    assert error.detail == "interrupted"
    assert wait_until(lambda: exchanges() == 0)


def test_a_cancel_within_a_handshake(listen: Listen) -> None:
    """A cancel during the connection's handshake ends a submission at once, and the submission is never sent."""
    came, cancelled = threading.Event(), threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.recv(65536)
        came.set()

    api = JobApi(Channel(transport_to(f"https://{listen(stall).host}"), GivenProject("p")))
    submit = lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set)  # noqa: E731
    error = interrupted(submit, cancelled, came.is_set)
    assert (getattr(error, "sent", None), error.detail) == (False, INTERRUPTED)


def test_a_submission_on_its_way_is_waited_for(cloud: Cloud) -> None:
    """A cancel does not end a sent submission: the call returns the response."""
    came, cancelled, release = threading.Event(), threading.Event(), threading.Event()

    def slow(connection: socket.socket) -> None:
        came.set()
        release.wait(PATIENCE)
        connection.sendall(cloud.response(200, {"job_id": "j-1"}))

    api = JobApi(Channel(transport_to(cloud.responding(slow).endpoint), GivenProject("p")))
    with ThreadPoolExecutor(1) as pool:
        submitted = pool.submit(lambda: api.submit("POST", "x", {}, unwanted=cancelled.is_set))
        assert came.wait(PATIENCE)
        cancelled.set()
        # Time for several checks of the cancel.
        time.sleep(0.5)
        release.set()
        assert submitted.result(PATIENCE).job_id == "j-1"


@pytest.fixture
def no_threads() -> Iterator[Callable[[], object]]:
    """Return a switch for thread starts: the first call makes thread starts fail, the second call restores them."""
    usual = threading.stack_size()
    refuses = [False]

    def switch() -> None:
        refuses[0] = not refuses[0]
        threading.stack_size(2**46 if refuses[0] else usual)

    yield switch
    threading.stack_size(usual)


@pytest.mark.parametrize("where", ["exchange", "sign-in", "project by name"])
def test_a_thread_that_can_not_be_started(cloud: Cloud, no_threads: Callable[[], object], where: str) -> None:
    """A thread that can't start fails only the request, and the request is never sent. The next request succeeds."""
    token = cloud.response(201, {"token": {"project": {"id": "p"}}}, X_Subject_Token="T-1")
    user = user_at(cloud.serve([token]).endpoint)
    listed = cloud.response(200, {"projects": [{"id": "p", "name": "eu-de"}]})
    bms = cloud.serve([cloud.response(200, JOB)])
    apis = {
        "exchange": JobApi(Channel(transport_to(bms.endpoint), GivenProject("p"))),
        "sign-in": JobApi(Channel(Client(bms.endpoint, user, lockout_guard=LockoutGuard()), GivenProject("p"))),
        "project by name": JobApi(
            Channel(transport_to(bms.endpoint), NamedProject(transport_to(cloud.serve([listed]).endpoint), "eu-de"))
        ),
    }
    # The threads of the servers must run already.
    api = apis[where]
    no_threads()
    with pytest.raises(NoAnswerError, match="this machine can't start another thread: raise its limit") as caught:
        api.get_job("j")
    assert caught.value.sent is False
    no_threads()
    assert api.get_job("j").job.status == "RUNNING"
