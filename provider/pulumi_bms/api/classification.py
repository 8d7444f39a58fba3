"""The meaning of a response: the requested JSON object, or one error. Pure functions.

Sources: the pages "Status Codes" and "Error Codes" of the Bare Metal Server API reference. The six shapes of error
bodies come from the API, its gateway, VPC, IAM, Nova and older services. All of them respond at the same address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from pulumi_bms.api.http.response import Response, identifier, is_page, parsed

IsExpected = Callable[[Mapping[str, Any]], bool]
"""Recognises the requested JSON object."""

_HTTP_ERROR = re.compile("[45][0-9]{2}")
_NOVA = re.compile(r'\\?"itemNotFound\\?"\s*:')
"""The error of the service behind the API, as JSON inside a message."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The content of an error body."""

    code: str | None = None
    message: str | None = None
    request_id: str | None = None


def read_object(response: Response, what: str, is_expected: IsExpected) -> dict[str, Any]:
    """The JSON object of a successful response. Raises the error of any other response.

    `is_expected` recognises the requested object. A recognised body counts as success, with any other content.
    """
    document = parsed(response.body)
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
    return ErrorBody(code, message, identifier(_first(outer, "request_id", "requestId")))


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
        error_body = ErrorBody(message="a redirect, not followed: a credential must not travel to another host")
    elif not error_body.code and not error_body.message:
        error_body = ErrorBody(message=_shape(response.body, None))
    kind = _class_of(response.status, error_body)
    # The API writes JSON. A page comes from a gateway or a web server without the API.
    is_elsewhere = kind is NotFoundError and is_page(response.body)
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
        is_page=not error_body.code and is_page(response.body),
        is_missing_in_nova=_NOVA.search(error_body.message or "") is not None,
    )


def _shape(body: bytes, document: object) -> str:
    if not body[:200].strip():
        return "the response is empty"
    if is_page(body):
        return "the response is a page of HTML or XML, and not JSON"
    if document is None:
        return "the response is not a complete JSON document"
    return "the response is JSON, but neither a job nor an error"


def _first(source: Mapping[str, Any], *names: str) -> str | None:
    return next((text for name in names if (text := _words(source.get(name)))), None)


def _words(value: object) -> str | None:
    return cleaned(str(value)) or None if isinstance(value, str | int) and not isinstance(value, bool) else None
