"""A project known by name is looked up once, with errors for no project and for several projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    RefusedError,
)
from pulumi_bms.api.identity.projects import NamedProject
from pulumi_bms.api.jobs import JobApi

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud, RawServer, Reply

JOB = {"status": "RUNNING", "job_id": "j"}
TOKEN = TokenCredential("geheim-token", "OS_TOKEN")


def project_at(server: RawServer, name: str = "eu-de", lockout_guard: LockoutGuard | None = None) -> NamedProject:
    return NamedProject(Client(server.endpoint, TOKEN, lockout_guard=lockout_guard or LockoutGuard()), name)


def error_of(project: NamedProject) -> ApiError:
    with pytest.raises(ApiError) as caught:
        project.id()
    return caught.value


def result(*ids: object, name: str = "eu-de") -> dict[str, object]:
    return {"projects": [{"id": each, "name": name} for each in ids], "links": {}}


def test_looked_up_once(cloud: Cloud) -> None:
    """The first request looks up the project id, and all later requests use the same id."""
    iam, bms = cloud.responding(cloud.response(200, result("p-1"))), cloud.responding(*[cloud.response(200, JOB)] * 2)
    api = JobApi(Channel(Client(bms.endpoint, TOKEN, lockout_guard=LockoutGuard()), project_at(iam)))
    for _ in range(2):
        api.get_job("j")
    assert [seen.line for seen in iam.seen] == ["GET /v3/projects?name=eu-de HTTP/1.1"]
    assert iam.seen[0].all("x-auth-token") == ["geheim-token"]
    assert {seen.line for seen in bms.seen} == {"GET /v1/p-1/jobs/j HTTP/1.1"}


def test_a_name_of_any_letters(cloud: Cloud) -> None:
    """A project name is quoted: no letter of the name becomes a new parameter."""
    server = cloud.responding(cloud.response(200, result("p-1", name="a b&c=d/é")))
    assert project_at(server, "a b&c=d/é").id() == "p-1"
    assert server.seen[0].line == "GET /v3/projects?name=a%20b%26c%3Dd%2F%C3%A9 HTTP/1.1"


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (
            [],
            "no project is called 'eu-de'",
        ),
        (["p-1", "p-2"], "2 projects are called 'eu-de': p-1, p-2"),
    ],
)
def test_none_and_several(cloud: Cloud, ids: list[str], says: str) -> None:
    """The error for an unknown or ambiguous project name has the setting and the credential."""
    server = cloud.responding(cloud.response(200, result(*ids)))
    error = error_of(project_at(server))
    assert type(error) is RefusedError
    assert (error.what, error.reason) == (f"GET {server.endpoint}/v3/projects?name=eu-de", says)
    assert str(error.credential) == "token from OS_TOKEN"
    assert "bms:projectId" in (error.hint or "")


def test_others_are_not_counted(cloud: Cloud) -> None:
    """Projects with a different name or an invalid id in the response are ignored."""
    projects = [{"id": "p-2", "name": "other"}, {"id": 7, "name": "eu-de"}, {"id": "a/../b", "name": "eu-de"}, "eu-de"]
    server = cloud.responding(cloud.response(200, {"projects": [*projects, {"id": "p-1", "name": "eu-de"}]}))
    assert project_at(server).id() == "p-1"
    server = cloud.responding(cloud.response(200, {"projects": projects}))
    assert "no project is called 'eu-de'" in str(error_of(project_at(server)))


@pytest.mark.parametrize(
    ("status", "body", "kind", "says"),
    [
        (503, b"", NoAnswerError, "HTTP 503"),
        (404, b"", RefusedError, "bms:iamEndpoint"),
        (404, b"<html>", RefusedError, "bms:iamEndpoint"),
        (404, {"error_code": "APIGW.0101", "error_msg": "m"}, RefusedError, "bms:iamEndpoint"),
        (403, b"", RefusedError, "Or set the project id, which needs no lookup"),
        (401, b"", AuthenticationError, "token from OS_TOKEN"),
    ],
)
def test_a_look_up_that_fails(cloud: Cloud, status: int, body: object, kind: type[ApiError], says: str) -> None:
    """A failed lookup is not an error about a job, and the submission is not sent."""
    iam, bms = cloud.responding(*[cloud.response(status, body)] * 2), cloud.responding()
    api = JobApi(Channel(Client(bms.endpoint, TOKEN, lockout_guard=LockoutGuard()), project_at(iam)))
    for call in (lambda: api.get_job("j"), lambda: api.submit("POST", "x", {})):
        with pytest.raises(kind, match=says) as caught:
            call()
        assert type(caught.value) is kind
        assert getattr(caught.value, "sent", False) is False
    assert bms.seen == []


def test_an_outage_is_not_kept(cloud: Cloud) -> None:
    """After a failed lookup the next request repeats the lookup."""
    replies: list[Reply] = [
        cloud.response(503),
        cloud.response(200, {"projects": "none"}),
        cloud.response(200, result("p-1")),
    ]
    project = project_at(cloud.responding(*replies))
    assert [type(error_of(project)) for _ in range(2)] == [NoAnswerError] * 2
    assert project.id() == "p-1"
