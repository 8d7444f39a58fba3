"""A request that changes things is sent once: its response, or an error that says whether the request took effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_bms.api import error_codes
from pulumi_bms.api.classification import IsExpected
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import (
    ApiError,
    NoAnswerError,
    OutcomeUnknownError,
    RefusedError,
)
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.sanitized import without_control_characters

_SEE_OTHER = range(300, 304)
"""Statuses of a response after which the request may have taken effect. The result may be at a different address."""
_JOB_ID = ("job_id", "jobId")
ORDER_ID = ("order_id", "orderId")
"""The names of an order's id in responses."""


def send_once(client: Client, request: Request, is_expected: IsExpected) -> dict[str, Any]:
    """Send one request that changes things, once, and return the requested document.

    Raises `RefusedError`, `NotFoundError` or `AuthenticationError` for a refusal, `NoAnswerError` (with `sent` False)
    for a request that never left, `OutcomeUnknownError` for a request that may have taken effect, and the errors of
    the request's `may_send`.
    """
    try:
        _, document = client.ask(replace(request, effects=(*_JOB_ID, *ORDER_ID)), is_expected)
    except NoAnswerError as error:
        raise _error_of_outcome(error) from None
    except ApiError as error:
        raise (error.recast(OutcomeUnknownError) if error.sent and _may_have_acted(error) else error) from None
    return document


def job_id_of(document: Mapping[str, Any]) -> str | None:
    """The job id in a response."""
    return _id(document, _JOB_ID)


def order_id_of(document: Mapping[str, Any]) -> str | None:
    """The order id in a response."""
    return _id(document, ORDER_ID)


def names_job(document: Mapping[str, Any]) -> bool:
    """Whether a response names a job."""
    return job_id_of(document) is not None


def _error_of_outcome(error: NoAnswerError) -> ApiError:
    """The error of a request that was sent and is never repeated: a refusal, or an unknown outcome."""
    if not error.sent:
        return error
    return error.recast(RefusedError if _says_no(error) and not _names_effect(error) else OutcomeUnknownError)


def _says_no(error: ApiError) -> bool:
    """Whether the API has certainly refused the request. Inside a 2xx only a known code is certain."""
    if error.status is None or error.status == 408 or error.status >= 500:  # noqa: PLR2004
        return False
    if error.status < 400:  # noqa: PLR2004
        return error_codes.lookup(error.code) is not None
    return error.code is not None or error.status == 429  # noqa: PLR2004


def _may_have_acted(error: ApiError) -> bool:
    """Whether a refusal leaves the outcome open: after a redirect, or if the response names a job or an order."""
    return error.status in _SEE_OTHER or _names_effect(error)


def _names_effect(error: ApiError) -> bool:
    """Whether a refusal names a job or an order nevertheless: an unpaid order may stand."""
    return error.excerpt is not None and error.excerpt.id_of(*_JOB_ID, *ORDER_ID) is not None


def _id(document: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    values = (document.get(name) for name in names)
    return next((text for value in values if (text := _text(value))), None)


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return without_control_characters(value).strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
