"""The meaning of an HTTP response: the requested JSON object, or one error. Pure functions.

Sources: the pages "Status Codes" and "Error Codes" of the Bare Metal Server API reference. The six shapes of error
bodies come from the API, its gateway, VPC, IAM, Nova and older services. All of them respond at the same address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from pulumi_bms.api import error_codes
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.http.redaction import cleaned

DEEPEST = 64
"""Levels of objects and lists to read. One level of sub-jobs has three."""
TOO_DEEP = "[nested too deeply]"
"""The text in place of deeper levels."""
_LARGEST_WHOLE = 2**53
_MOST_DIGITS = 17
_HTTP_ERROR = re.compile("[45][0-9]{2}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][\w.:-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Response:
    """One complete HTTP response. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """The id of the request, for the cloud's support."""
        return _identifier(self.headers.get("x-request-id"))

    @property
    def retry_after(self) -> float | None:
        """The pause that the server asks for, in seconds.

        The header has seconds, milliseconds, or a date beside `Date`.
        """
        milliseconds = _number(self.headers.get("retry-after-ms") or self.headers.get("x-ms-retry-after-ms"))
        if milliseconds is not None:
            return milliseconds / 1000
        error_body = self.headers.get("retry-after")
        seconds = _number(error_body)
        return seconds if seconds is not None else self._until(error_body)

    @property
    def date(self) -> datetime | None:
        """The time of the response on the server's clock."""
        return _date(self.headers.get("date"))

    def _until(self, error_body: str | None) -> float | None:
        # Measure the server's date by the server's clock: the local clock may jump.
        until, now = _date(error_body), self.date
        return max(0.0, (until - now).total_seconds()) if until and now else None


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The content of an error body."""

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


def read_object(response: Response, what: str, is_expected: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """The JSON object of a successful response. Raises the error of any other response.

    `wanted` recognises the requested object. A recognised body counts as success, with any other content.
    """
    document = _parse(response.body)
    if response.status // 100 != 2:  # noqa: PLR2004
        raise _error(response, error_body_of(document), what)
    if not response.body.strip():
        # A successful change may have a status and an empty body.
        document = {}
    if isinstance(document, dict) and is_expected(document):
        return document
    raise _error_in_success(response, document, what)


def error_body_of(document: object) -> ErrorBody:
    """The content of an error body in any of the six shapes. Empty for any other body."""
    if not isinstance(document, dict):
        return ErrorBody()
    inner = document.get("error")
    if isinstance(inner, dict):
        return _error_body(inner, document)
    if isinstance(inner, str):
        return ErrorBody(None, _words(document.get("error_description")) or _words(inner), None)
    flat = _error_body(document, document)
    if flat.code or flat.message:
        return flat
    if len(document) == 1:
        ((name, value),) = document.items()
        if isinstance(value, dict) and "message" in value:
            return ErrorBody(_words(name), _words(value["message"]), None)
    return flat


def _error_body(inner: Mapping[str, Any], outer: Mapping[str, Any]) -> ErrorBody:
    code = _first(inner, "code", "error_code", "errorCode")
    message = _first(inner, "message", "error_msg", "errorMsg", "title")
    return ErrorBody(code, message, _identifier(_first(outer, "request_id", "requestId")))


def _error_in_success(response: Response, document: object, what: str) -> ApiError:
    error_body = error_body_of(document)
    known = error_codes.lookup(error_body.code)
    if known and not known.transient:
        return _make(_class_of(400, error_body), response, error_body, what)
    if error_body.code and _HTTP_ERROR.fullmatch(error_body.code):
        return _make(_class_of(int(error_body.code), error_body), response, error_body, what)
    if error_body.code or error_body.message:
        return _make(NoAnswerError, response, error_body, what)
    return _make(NoAnswerError, response, ErrorBody(message=_shape(response.body, document)), what)


def _error(response: Response, error_body: ErrorBody, what: str) -> ApiError:
    if response.status // 100 == 3:  # noqa: PLR2004
        error_body = ErrorBody(
            message="a redirect, which is not followed: a credential must not travel to another host"
        )
    elif not error_body.code and not error_body.message:
        error_body = ErrorBody(message=_shape(response.body, None))
    kind = _class_of(response.status, error_body)
    # The API writes JSON. A page comes from a gateway or a web server without the API.
    is_elsewhere = kind is NotFoundError and _is_page(response.body)
    return _make(NoSuchApiError if is_elsewhere else kind, response, error_body, what)


def _class_of(status: int, error_body: ErrorBody) -> type[ApiError]:
    known = error_codes.lookup(error_body.code)
    code = error_codes.normalise(error_body.code)
    if status in (408, 429) or status >= 500:  # noqa: PLR2004
        return NoAnswerError
    if status == 401 or (code in error_codes.REJECTED_CREDENTIAL_CODES and status != 403):  # noqa: PLR2004
        return AuthenticationError
    if code in error_codes.NO_SUCH_API_CODES:
        return NoSuchApiError
    if status == 404 or code in error_codes.NOT_FOUND_CODES:  # noqa: PLR2004
        return NotFoundError
    return NoAnswerError if known and known.transient and status != 403 else RefusedError  # noqa: PLR2004


def _make(kind: type[ApiError], response: Response, error_body: ErrorBody, what: str) -> ApiError:
    return kind(
        what,
        status=response.status,
        code=error_body.code,
        detail=error_body.message,
        request_id=response.request_id or error_body.request_id,
        retry_after=response.retry_after,
    )


def _parse(body: bytes) -> object:
    """The document, or None for text that is not JSON, or JSON that could not be written again.

    A value that no state can hold becomes text: a number beyond floats, or a value nested too deeply.
    """
    try:
        document = json.loads(body, parse_constant=_refuse, parse_int=_whole, parse_float=_fraction)
        _cut(document)
        if b"\\ud" in body.lower():
            # Half a surrogate pair can't stand in a state or a message.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} must not stand in JSON")


def _whole(digits: str) -> int | str:
    """The number if a float holds the number exactly: states keep numbers as floats."""
    return int(digits) if len(digits) <= _MOST_DIGITS and abs(int(digits)) <= _LARGEST_WHOLE else digits


def _fraction(digits: str) -> float | str:
    number = float(digits)
    return number if isfinite(number) else digits


def _cut(document: object) -> None:
    """Replace values more than `DEEPEST` levels deep: the code that reads and stores a document recurses."""
    level = [document]
    for _ in range(DEEPEST - 1):
        level = [inner for outer in level for _, inner in _inside(outer)]
    for outer in level:
        for key, inner in _inside(outer):
            if isinstance(inner, dict | list):
                outer[key] = TOO_DEEP  # type: ignore[index]  # it has an inside


def _inside(value: object) -> list[tuple[Any, object]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def _is_page(body: bytes) -> bool:
    return body[:200].lstrip().startswith(b"<")


def _shape(body: bytes, document: object) -> str:
    if not body[:200].strip():
        return "the answer is empty"
    if _is_page(body):
        return "the answer is a page of HTML or XML, no JSON"
    if document is None:
        return "the answer is not a complete JSON document"
    return "the answer is JSON, but neither a job nor an error"


def _first(source: Mapping[str, Any], *names: str) -> str | None:
    return next((text for name in names if (text := _words(source.get(name)))), None)


def _words(value: object) -> str | None:
    return cleaned(str(value)) or None if isinstance(value, str | int) and not isinstance(value, bool) else None


def _identifier(text: str | None) -> str | None:
    """An id in safe characters, else None. Other text could rewrite the terminal."""
    return text if text and _IDENTIFIER.fullmatch(text) else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) and number >= 0 else None


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment if moment and moment.tzinfo else None
