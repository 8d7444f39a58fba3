"""The two calls of the Job API: submit a job, poll a job.

Sources: the page "Querying Job Status" of the Bare Metal Server API reference (2,000 requests a minute), and the pages
of the calls that respond with a `job_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.http.transport import CONNECT_TIMEOUT
from pulumi_bms.api.models.job import Job, PollResult, Unreadable
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.submission import job_id_of, names_job, order_id_of


@dataclass(frozen=True, slots=True)
class Submission:
    """The API's response to a submission: the started job, and the order if the job has an order."""

    job_id: str
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobApi:
    """The Job API of one project."""

    channel: Channel

    @property
    def longest_submission(self) -> float:
        """Longest time between sending a submission and the outcome, in seconds."""
        return CONNECT_TIMEOUT + self.channel.submission_timeout

    def get_job(self, job_id: str, *, timeout: float | None = None, unwanted: Unwanted = None) -> PollResult:
        """GET /v1/{project_id}/jobs/{job_id} (2000 a minute, page "Querying Job Status"). `timeout` is in seconds.

        The rate limit is the caller's: `SharedPolls` waits for a turn. Raises an `ApiError`. `NoAnswerError` means
        that the next poll may help: for example after a response about a wrong job, or when `unwanted` is true.
        """
        channel = self.channel.within(timeout, unwanted)
        request = channel.request(operations.GET_JOB, {"job_id": job_id})
        response, document = channel.client.ask(request, _is_job)
        try:
            job = Job.read(document, (*channel.client.credential.secrets, *request.secrets))
            trouble = job.mismatch(job_id)
            if not trouble:
                return PollResult(job, response.retry_after)
        except Unreadable as error:
            trouble = f"unreadable: {error}"
        what = channel.client.describe(request)
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
        operation = Operation("submit a job", method, f"/v1/{{project_id}}/{quote(path, safe='/')}")
        document = self.channel.within(None, unwanted, may_send).send(operation, names_job, body=body)
        return Submission(job_id_of(document) or "", order_id_of(document))


def _is_job(document: Mapping[str, Any]) -> bool:
    status = document.get("status")
    return isinstance(status, str) and bool(status.strip())
