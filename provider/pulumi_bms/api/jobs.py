"""The two calls that everything is made of: submit a job, look at a job.

Source: the page "Querying Job Status" of the Bare Metal Server API reference (2,000 requests a minute), and the pages
of the calls that answer with a `job_id`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pulumi_bms.api import codes
from pulumi_bms.api.errors import ApiError, NoNewsError, RefusedError, UnansweredError
from pulumi_bms.api.models import Job, Unreadable
from pulumi_bms.api.projects import Project
from pulumi_bms.api.redaction import secrets_of
from pulumi_bms.api.request import Request
from pulumi_bms.api.transport import CONNECT_TIMEOUT, Transport

SUBMISSION_TIMEOUT = 75.0
"""Seconds for the response to a submission. The gateway itself waits 60 s for the service."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look brought: the job, and how long to pause before the next (seconds), if the API said so."""

    job: Job
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What the API answered to a submission: the job that it started, and the order, if it made one."""

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
        """Seconds between sending a submission and the outcome, at most."""
        return CONNECT_TIMEOUT + self._submission_timeout

    def get_job(self, job_id: str, *, timeout: float | None = None) -> Look:
        """Look once at a job (`GET /v1/{project_id}/jobs/{job_id}`); `timeout` is what remains, in seconds.

        Raises an `ApiError`: `NoNewsError` where looking again may help, else what the answer means.
        """
        project_id = self._project.id(timeout)
        path = f"{_root(project_id)}/jobs/{quote(job_id, safe='')}"
        request = Request("GET", path, timeout=timeout, project_id=project_id)
        answer, document = self._transport.ask(request, _is_job)
        try:
            return Look(Job.read(document), answer.retry_after)
        except Unreadable as error:
            what = self._transport.describe(request)
            raise NoNewsError(
                what, status=answer.status, detail=f"unreadable: {error}", request_id=answer.request_id
            ) from None

    def submit(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        may_send: Callable[[str], bool] = lambda _request: True,
    ) -> Submission:
        """Send one request that starts a job, once; `path` is relative to `/v1/{project_id}/`.

        `may_send` is called at the last moment, after signing in, with the request's method and address. After False
        nothing is sent. After a 401 the request is sent once more, and `may_send` is called again.

        Raises `RefusedError` or `AuthenticationError` for a refusal, `NoNewsError` (with `sent` False) for a request
        that never left, `UnansweredError` for a request that may have taken effect, and the errors of `may_send`.
        """
        payload = None if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        project_id = self._project.id()
        target = f"{_root(project_id)}/{quote(path, safe='/')}"
        secrets = secrets_of(body)
        request = Request(
            method,
            target,
            payload,
            project_id=project_id,
            secrets=secrets,
            unwanted=lambda: not may_send(f"{method} {self._transport.endpoint}{target}"),
            response_timeout=self._submission_timeout,
        )
        try:
            _, document = self._transport.ask(request, _names_job)
        except NoNewsError as error:
            raise _after_submission(error) from None
        except RefusedError as error:
            seen_other = error.status in _SEE_OTHER and error.what == self._transport.describe(request)
            raise (error.recast(UnansweredError) if seen_other or _names_effect(error) else error) from None
        return Submission(_id(document, *_JOB_ID) or "", _id(document, *ORDER_ID))


_SEE_OTHER = range(300, 304)
"""Statuses of an answer to a submission that may mean: it was done, and there is more to see elsewhere."""
_JOB_ID = ("job_id", "jobId")
ORDER_ID = ("order_id", "orderId")
"""The names of an order's id in responses."""


def _root(project_id: str) -> str:
    return f"/v1/{quote(project_id, safe='')}"


def _after_submission(error: NoNewsError) -> ApiError:
    """A submission is never repeated: what would be looked at again is either a refusal or unknown here."""
    if not error.sent:
        return error
    return error.recast(RefusedError if _says_no(error) and not _names_effect(error) else UnansweredError)


def _says_no(error: ApiError) -> bool:
    """Whether the API has surely not taken the request: inside a 2xx only a code that is known can say so."""
    if error.status is None or error.status == 408 or error.status >= 500:  # noqa: PLR2004
        return False
    if error.status < 400:  # noqa: PLR2004
        return codes.lookup(error.code) is not None
    return error.code is not None or error.status == 429  # noqa: PLR2004


def _names_effect(error: ApiError) -> bool:
    """Whether a refusal names a job or an order all the same: an unpaid order may stand."""
    return error.excerpt is not None and error.excerpt.id_of(*_JOB_ID, *ORDER_ID) is not None


def _is_job(document: Mapping[str, Any]) -> bool:
    status = document.get("status")
    return isinstance(status, str) and bool(status.strip())


def _names_job(document: Mapping[str, Any]) -> bool:
    return _id(document, *_JOB_ID) is not None


def _id(document: Mapping[str, Any], *names: str) -> str | None:
    found = (document.get(name) for name in names)
    return next((text for value in found if (text := _text(value))), None)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
