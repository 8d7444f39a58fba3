"""Everything that goes wrong, as one tree.

BmsError
├── SettingsError            what is needed to reach the API is missing or malformed
└── ApiError                 one request did not bring what it was sent for
    ├── NoNewsError          nothing was learned about the job: look again
    ├── NotFoundError        the API does not know the id
    ├── AuthenticationError  the API does not accept the credential
    ├── RefusedError         the API understood, and said no
    │   └── NoSuchApiError   the endpoint does not have this API
    └── UnansweredError      a request that changes things was sent; whether it took effect is unknown
"""

from __future__ import annotations

from typing import TypeVar

from pulumi_bms.api import error_codes
from pulumi_bms.api.http.excerpt import Excerpt

LONGEST_DETAIL = 500
"""Characters of a server's own words that an error repeats."""
LONGEST_NAME = 100
"""Characters of a code or a request id that an error repeats."""


Kind = TypeVar("Kind", bound="ApiError")


class BmsError(Exception):
    """The root of every error that this package raises on purpose."""


class SettingsError(BmsError):
    """What is needed to reach the API is missing or malformed."""


class ApiError(BmsError):
    """One request did not bring what it was sent for.

    `status` is the HTTP status, `code` and `detail` are what the body says, `request_id` is the header
    `X-Request-Id`, and `retry_after` the pause in seconds that the server asks for. `credential` says by what the
    request was signed, where that matters, and `advice` what to do about this error. `excerpt` is what the response
    to a submission says. Each may be None.
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
        advice: str | None = None,
        excerpt: Excerpt | None = None,
    ) -> None:
        # Only what is never secret: the arguments show in the repr, and pickle calls the class with them.
        super().__init__(what)
        self.what = what
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after
        self.credential = credential
        self.advice = advice
        self.excerpt = excerpt

    def recast(self, kind: type[Kind]) -> Kind:
        """The same said of the same request, but another kind of error: it means something else where it is met."""
        return kind(
            self.what,
            status=self.status,
            code=self.code,
            detail=self.detail,
            request_id=self.request_id,
            retry_after=self.retry_after,
            credential=self.credential,
            advice=self.advice,
            excerpt=self.excerpt,
        )

    @property
    def hint(self) -> str | None:
        """What to do: the advice for this error, else what the table of vendor codes says, if it knows the code."""
        if self.advice:
            return self.advice
        known = error_codes.lookup(self.code)
        return known.hint or None if known else None

    @property
    def reason(self) -> str:
        """Status, code and message of the answer, without the hint."""
        known = error_codes.lookup(self.code)
        said = self.detail[:LONGEST_DETAIL] if self.detail else (known.meaning if known else "")
        # The identity service gives the status once more as the code.
        code = "" if self.code == str(self.status) else self.code or ""
        words = (
            f"HTTP {self.status}" if self.status else "",
            code[:LONGEST_NAME],
            said,
            f"(request id {self.request_id[:LONGEST_NAME]})" if self.request_id else "",
        )
        return " ".join(word for word in words if word)

    def __str__(self) -> str:
        signed = f" ({self.credential})" if self.credential else ""
        reason = self.reason.removesuffix(".") if self.hint else self.reason
        return ": ".join(part for part in (self.what + signed, reason, self.hint) if part)


class NoNewsError(ApiError):
    """Nothing was learned about the job: look again.

    `sent` is False where the connection never stood, so that the request can't have taken effect.
    """

    sent: bool = True

    @classmethod
    def never_sent(cls, what: str, why: str) -> NoNewsError:
        """The error of a request that has not left, and why not."""
        error = cls(what, detail=why)
        error.sent = False
        return error


class NotFoundError(ApiError):
    """The API does not know the id: not yet, or no longer (records of ended jobs are kept about a day)."""


class AuthenticationError(ApiError):
    """The API does not accept the credential."""


class RefusedError(ApiError):
    """The API understood, and said no."""


class NoSuchApiError(RefusedError):
    """The endpoint does not have this API: nothing is said about any job."""


class UnansweredError(ApiError):
    """A request that changes things was sent; whether it took effect is unknown."""
