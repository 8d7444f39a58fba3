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

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pulumi_bms.api import error_codes
from pulumi_bms.api.auth.credential_name import CredentialName
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
    """One request failed. An error is a value: `replaced` makes another error, and no error is changed.

    `what` is the request in words. `status` is the HTTP status. `code` and `detail` come from the body. `request_id` is
    the header `X-Request-Id`. `retry_after` is the pause that the server asks for, in seconds. `sent` is False if the
    request certainly never left. `credential` names the credential of the request if the credential matters.
    `next_step` is the next step for this error. `excerpt` is the start of a response to a submission. `is_page` is
    whether the body was a page of HTML or XML. `is_missing_in_nova` is whether the service behind the API reports that
    the server does not exist.
    """

    what: str
    status: int | None
    code: str | None
    detail: str | None
    request_id: str | None
    retry_after: float | None
    sent: bool
    credential: CredentialName | None
    next_step: str | None
    excerpt: Excerpt | None
    is_page: bool
    is_missing_in_nova: bool

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        code: str | None = None,
        detail: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        sent: bool = True,
        credential: CredentialName | None = None,
        next_step: str | None = None,
        excerpt: Excerpt | None = None,
        is_page: bool = False,
        is_missing_in_nova: bool = False,
    ) -> None:
        # Only values that are never secret: the arguments show in the repr.
        super().__init__(what)
        self.__dict__.update(
            what=what,
            status=status,
            code=code,
            detail=detail,
            request_id=request_id,
            retry_after=retry_after,
            sent=sent,
            credential=credential,
            next_step=next_step,
            excerpt=excerpt,
            is_page=is_page,
            is_missing_in_nova=is_missing_in_nova,
        )

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse all but the attributes that Python itself sets, such as `__traceback__`."""
        if not name.startswith("__"):
            raise AttributeError(f"an error is not changed: use `replaced` to make another error with this {name}")
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the class and the fields, because an error can't be filled in after its creation."""
        return _made, (type(self), self._fields())

    def replaced(self, **changes: Any) -> Self:
        """Make another error of the same class, with these fields changed."""
        return self.recast(type(self), **changes)

    def recast(self, kind: type[Kind], **changes: Any) -> Kind:
        """Make an error of another class with the same fields, except for the changes."""
        return _made(kind, {**self._fields(), **changes})

    def _fields(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ApiError.__annotations__}

    @property
    def hint(self) -> str | None:
        """The next step of this error, else the hint of the vendor code."""
        if self.next_step:
            return self.next_step
        known = error_codes.lookup(self.code)
        return known.hint or None if known else None

    @property
    def next_line(self) -> str:
        """The hint as a line of its own, or ""."""
        return sentence(self.hint or "")

    @property
    def reason(self) -> str:
        """Status, code, message and request id of the response, without the hint."""
        return " ".join(filter(None, (self.cause, self._request_id)))

    @property
    def request_line(self) -> str:
        """The request and its id, as a line of its own."""
        return " ".join(filter(None, (f"Request: {self.what}", self._request_id)))

    @property
    def cause(self) -> str:
        """Status, code and message of the response."""
        known = error_codes.lookup(self.code)
        message = self.detail[:LONGEST_DETAIL] if self.detail else (known.meaning if known else "")
        # The identity service repeats the status as the code.
        code = "" if self.code == str(self.status) else self.code or ""
        return " ".join(filter(None, (f"HTTP {self.status}" if self.status else "", code[:LONGEST_NAME], message)))

    @property
    def _request_id(self) -> str:
        return f"(request id {self.request_id[:LONGEST_NAME]})" if self.request_id else ""

    def __str__(self) -> str:
        """Two lines: the request with the reason, and the next step."""
        sender = f" with the {self.credential}" if self.credential else ""
        head = ": ".join(filter(None, (self.what + sender, self.reason)))
        return "\n".join(filter(None, (head, self.next_line)))


def sentence(text: str) -> str:
    """A text as a sentence: with a capital at the start and a full stop at the end. "" stays ""."""
    ended = text.rstrip(".") + "." if text else ""
    return ended[:1].upper() + ended[1:]


def in_one_line(text: str) -> str:
    """The lines of a text as sentences of one line, for a row, a note or a warning."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join([*(line if line.endswith((".", ":")) else f"{line}." for line in lines[:-1]), *lines[-1:]])


def _made(kind: type[Kind], fields: Mapping[str, Any]) -> Kind:
    return kind(**fields)


class NoAnswerError(ApiError):
    """The state of the job is unknown: poll again. With `sent` False, the request can't have taken effect."""

    @classmethod
    def never_sent(cls, what: str, why: str) -> NoAnswerError:
        """The error of a request that was never sent, with the reason."""
        return cls(what, detail=why, sent=False)


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
