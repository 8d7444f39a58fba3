"""All errors of this package, as one tree.

BmsError
├── SettingsError            a required setting is missing or malformed
└── ApiError                 one request failed
    ├── NoAnswerError          the state of the job is unknown: poll again
    ├── NotFoundError        the API does not know the id
    ├── AuthenticationError  the API does not accept the credential
    ├── RefusedError         the API refused the request
    │   └── NoSuchApiError   the endpoint does not have this API
    └── OutcomeUnknownError      a request that changes things was sent, and the outcome is unknown
"""

from __future__ import annotations

from typing import TypeVar

from pulumi_bms.api import error_codes
from pulumi_bms.api.http.excerpt import Excerpt

LONGEST_DETAIL = 500
"""Characters of the server's own words in an error."""
LONGEST_NAME = 100
"""Characters of a code or a request id in an error."""


Kind = TypeVar("Kind", bound="ApiError")


class BmsError(Exception):
    """The root of every error that this package raises on purpose."""


class SettingsError(BmsError):
    """A required setting is missing or malformed."""


class ApiError(BmsError):
    """One request failed.

    `status` is the HTTP status. `code` and `detail` come from the body. `request_id` is the header `X-Request-Id`.
    `retry_after` is the pause that the server asks for, in seconds. `credential` names the credential of the request
    if the credential matters. `advice` is the next step for this error. `excerpt` is the start of a response to a
    submission. Every field may be None.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        code: str | None = None,
        detail: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        credential: str | None = None,
        next_step: str | None = None,
        excerpt: Excerpt | None = None,
    ) -> None:
        # Only values that are never secret: the arguments show in the repr, and pickle calls the class with them.
        super().__init__(what)
        self.what = what
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        self.credential = credential
        self.next_step = next_step
        self.excerpt = excerpt

    def recast(self, kind: type[Kind]) -> Kind:
        """Copy this error as another class."""
        return kind(
            self.what,
            status=self.status,
            code=self.code,
            detail=self.detail,
            request_id=self.request_id,
            retry_after=self.retry_after,
            credential=self.credential,
            next_step=self.next_step,
            excerpt=self.excerpt,
        )

    @property
    def hint(self) -> str | None:
        """The next step: the advice of this error, else the hint of the vendor code."""
        if self.next_step:
            return self.next_step
        known = error_codes.lookup(self.code)
        return known.hint or None if known else None

    @property
    def reason(self) -> str:
        """Status, code and message of the response, without the hint."""
        known = error_codes.lookup(self.code)
        detail_text = self.detail[:LONGEST_DETAIL] if self.detail else (known.meaning if known else "")
        # The identity service repeats the status as the code.
        code = "" if self.code == str(self.status) else self.code or ""
        words = (
            f"HTTP {self.status}" if self.status else "",
            code[:LONGEST_NAME],
            detail_text,
            f"(request id {self.request_id[:LONGEST_NAME]})" if self.request_id else "",
        )
        return " ".join(word for word in words if word)

    def __str__(self) -> str:
        signed = f" ({self.credential})" if self.credential else ""
        reason = self.reason.removesuffix(".") if self.hint else self.reason
        return ": ".join(part for part in (self.what + signed, reason, self.hint) if part)


class NoAnswerError(ApiError):
    """The state of the job is unknown: poll again.

    `sent` is False if the connection failed. Then the request can't have taken effect.
    """

    sent: bool = True

    @classmethod
    def never_sent(cls, what: str, why: str) -> NoAnswerError:
        """The error of a request that was never sent, with the reason."""
        error = cls(what, detail=why)
        error.sent = False
        return error


class NotFoundError(ApiError):
    """The API does not know the id: not yet, or no longer. Records of ended jobs are kept about a day."""


class AuthenticationError(ApiError):
    """The API does not accept the credential."""


class RefusedError(ApiError):
    """The API refused the request."""


class NoSuchApiError(RefusedError):
    """The endpoint does not have this API. The error says nothing about a job."""


class OutcomeUnknownError(ApiError):
    """A request that changes things was sent, and the outcome is unknown."""
