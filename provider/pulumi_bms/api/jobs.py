"""The two calls of the Job API: submit a job, poll a job.

Sources: the page "Querying Job Status" of the Bare Metal Server API reference (2,000 requests a minute), and the pages
of the calls that respond with a `job_id`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.http.redaction import secrets_of
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.sanitized import SUBMITTED
from pulumi_bms.api.http.transport import CONNECT_TIMEOUT, Transport
from pulumi_bms.api.identity.projects import Project
from pulumi_bms.api.models.job import Job, PollResult, Unreadable
from pulumi_bms.api.submission import (
    job_id_of,
    names_job,
    order_id_of,
    send_once,
)

SUBMISSION_TIMEOUT = 75.0
"""Timeout of the response to a submission, in seconds. The gateway itself waits 60 s for the service."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The API's response to a submission: the started job, and the order if the job has an order."""

    job_id: str
    order_id: str | None = None


class JobApi:
    """The Job API of one project."""

    def __init__(
        self, transport: Transport, project: Project, *, submission_timeout: float = SUBMISSION_TIMEOUT
    ) -> None:
        self._transport = transport
        self._project = project
        self._submission_timeout = submission_timeout

    @property
    def longest_submission(self) -> float:
        """Longest time between sending a submission and the outcome, in seconds."""
        return CONNECT_TIMEOUT + self._submission_timeout

    def get_job(self, job_id: str, *, timeout: float | None = None, unwanted: Unwanted = None) -> PollResult:
        """Poll a job once (`GET /v1/{project_id}/jobs/{job_id}`). `timeout` is the remaining time in seconds.

        Raises an `ApiError`. `NoAnswerError` means that the next poll may help: for example after a response about a
        wrong job, or when `unwanted` is true.
        """
        project_id = self._project.id(timeout, unwanted)
        path = f"{_root(project_id)}/jobs/{quote(job_id, safe='')}"
        submitted = SUBMITTED.all()
        request = Request("GET", path, timeout=timeout, project_id=project_id, secrets=submitted, unwanted=unwanted)
        response, document = self._transport.ask(request, _is_job)
        try:
            job = Job.read(document, (*self._transport.credential.secrets, *submitted))
            trouble = job.mismatch(job_id)
            if not trouble:
                return PollResult(job, response.retry_after)
        except Unreadable as error:
            trouble = f"unreadable: {error}"
        what = self._transport.describe(request)
        raise NoAnswerError(what, status=response.status, detail=trouble, request_id=response.request_id)

    def submit(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        unwanted: Unwanted = None,
        may_send: Callable[[str], bool] | None = None,
    ) -> Submission:
        """Send one request that starts a job, once. `path` is relative to `/v1/{project_id}/`.

        Signing in may take a while. If `unwanted` becomes true before the request leaves, nothing is sent. `may_send`
        is called right before the request leaves, with the request's method and address. If `may_send` raises, nothing
        is sent. After a 401 the request is sent once more, after another call of `may_send`.

        Raises `RefusedError` or `AuthenticationError` for a refusal, `NoAnswerError` (with `sent` False) for a request
        that never left, `OutcomeUnknownError` for a request that may have taken effect, and the errors of `may_send`.
        """
        payload = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        project_id = self._project.id(unwanted=unwanted)
        target = f"{_root(project_id)}/{quote(path, safe='/')}"
        secrets = secrets_of(body)
        SUBMITTED.add(secrets)
        request = Request(
            method,
            target,
            payload,
            project_id=project_id,
            secrets=secrets,
            unwanted=unwanted,
            may_send=may_send,
            response_timeout=self._submission_timeout,
        )
        document = send_once(self._transport, request, names_job)
        return Submission(job_id_of(document) or "", order_id_of(document))


def _root(project_id: str) -> str:
    return f"/v1/{quote(project_id, safe='')}"


def _is_job(document: Mapping[str, Any]) -> bool:
    status = document.get("status")
    return isinstance(status, str) and bool(status.strip())
