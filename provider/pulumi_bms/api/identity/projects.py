"""The project of a request: set by id, or looked up by name with the first request.

Source: the page "Querying Project Information" of the Identity and Access Management API reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.identity.single_flight import Once, before_sending

_PROJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Project(Protocol):
    """Knows the id of a project."""

    def id(self, timeout: float | None = None, unwanted: Unwanted = None) -> str:
        """The id. Raises an `ApiError` if the lookup fails. Then nothing was submitted."""
        ...


@dataclass(frozen=True, slots=True)
class GivenProject:
    """A project with a known id."""

    project_id: str

    def id(self, timeout: float | None = None, unwanted: Unwanted = None) -> str:  # noqa: ARG002
        """The id."""
        return self.project_id


class NamedProject:
    """A project looked up by name, once. Every region has a project with the region's name."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._request = Request("GET", f"/v3/projects?name={quote(name, safe='')}")
        self._id: Once[str] = Once()

    def id(self, timeout: float | None = None, unwanted: Unwanted = None) -> str:
        """The id. The first caller sends the request, and the other callers wait for the response."""
        if self._id.made:
            return self._id.made[0]
        with before_sending(self._client.describe(self._request), "the lookup is still under way"):
            return self._id.get(self._find_id, timeout, unwanted)

    def _find_id(self) -> str:
        request = self._request
        with before_the_request():
            try:
                _, document = self._client.ask(request, _lists_projects)
            except RefusedError as error:
                # Not every user may list projects.
                ways = filter(None, (error.hint, "set the project id, which needs no lookup"))
                raise error.replaced(next_step=". Or ".join(ways)) from None
        # Not every service applies the filter by name.
        named = [each for each in document["projects"] if isinstance(each, Mapping) and each.get("name") == self._name]
        ids: list[str] = [each["id"] for each in named if is_project_id(each.get("id"))]
        if len(ids) == 1:
            return ids[0]
        many = f"{len(ids)} projects are called {self._name!r}: {', '.join(ids)}"
        raise RefusedError(
            self._client.describe(request),
            detail=many if ids else f"no project is called {self._name!r}",
            sent=False,
            credential=self._client.credential.name,
            next_step="set the project id (`bms:projectId`)" + ("" if ids else ", or the right project name"),
        )


@contextmanager
def before_the_request() -> Iterator[None]:
    """Turn an error of the identity service into an error of the request that was not sent."""
    try:
        yield
    except (NotFoundError, NoSuchApiError) as error:
        step = "check the IAM endpoint (`bms:iamEndpoint`), and the project's name or id"
        raise error.recast(RefusedError, next_step=step, sent=False) from None
    except ApiError as error:
        raise error.replaced(sent=False) from None


def is_project_id(value: object) -> bool:
    """Whether a value from a response can be a project id. The id becomes part of addresses and headers."""
    return isinstance(value, str) and _PROJECT_ID.fullmatch(value) is not None


def _lists_projects(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("projects"), list)
