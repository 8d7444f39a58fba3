"""The texts of errors, complete.

- An error has the request, then status, code and words of the response, the request id, and the next step.
- An unknown part leaves no trace: no "None", no double blank, no empty pair of brackets.
- Errors form one tree, survive a pickle, and show in the repr only the request.
"""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    BmsError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    SettingsError,
)

DIRECT = (NoAnswerError, NotFoundError, AuthenticationError, RefusedError, OutcomeUnknownError)
API_ERRORS = (ApiError, *DIRECT, NoSuchApiError)
KNOWN, HINT = "BMS.3037", "try another flavor or availability zone"
LINE = "Try another flavor or availability zone."
MEANING = "no resources or the server failed to start"

TEXTS: list[tuple[dict[str, Any], str]] = [
    ({}, "GET x"),
    ({"status": 500}, "GET x: HTTP 500"),
    ({"detail": "no response in time"}, "GET x: no response in time"),
    ({"request_id": "r-1"}, "GET x: (request id r-1)"),
    ({"status": 500, "request_id": "r-1"}, "GET x: HTTP 500 (request id r-1)"),
    ({"status": 500, "detail": "oh"}, "GET x: HTTP 500 oh"),
    ({"status": 500, "detail": "oh", "request_id": "r-1"}, "GET x: HTTP 500 oh (request id r-1)"),
    ({"status": 400, "code": "Any.1"}, "GET x: HTTP 400 Any.1"),
    ({"status": 400, "code": "Any.1", "detail": "oh"}, "GET x: HTTP 400 Any.1 oh"),
    ({"code": KNOWN}, f"GET x: {KNOWN} {MEANING}\n{LINE}"),
    ({"status": 400, "code": KNOWN}, f"GET x: HTTP 400 {KNOWN} {MEANING}\n{LINE}"),
    ({"status": 400, "code": KNOWN, "detail": "oh"}, f"GET x: HTTP 400 {KNOWN} oh\n{LINE}"),
    (
        {"status": 400, "code": KNOWN, "detail": "oh", "request_id": "r-1"},
        f"GET x: HTTP 400 {KNOWN} oh (request id r-1)\n{LINE}",
    ),
    (
        {"status": 400, "code": KNOWN, "request_id": "r-1"},
        f"GET x: HTTP 400 {KNOWN} {MEANING} (request id r-1)\n{LINE}",
    ),
    ({"status": 400, "code": "bms.3037", "detail": "oh"}, f"GET x: HTTP 400 bms.3037 oh\n{LINE}"),
    ({"status": 429, "retry_after": 7.0}, "GET x: HTTP 429"),
    ({"status": 400, "code": "", "detail": "", "request_id": ""}, "GET x: HTTP 400"),
    ({"status": 400, "detail": "d" * 501}, f"GET x: HTTP 400 {'d' * 500}"),
    (
        {"status": 400, "code": "c" * 101, "request_id": "r" * 101},
        f"GET x: HTTP 400 {'c' * 100} (request id {'r' * 100})",
    ),
]


@pytest.mark.parametrize("kind", API_ERRORS)
@pytest.mark.parametrize(("parts", "text"), TEXTS)
def test_the_text_of_an_api_error(kind: type[ApiError], parts: dict[str, Any], text: str) -> None:
    """The text of an error has all known parts in a fixed order, for every class."""
    assert str(kind("GET x", **parts)) == text


@pytest.mark.parametrize("kind", API_ERRORS)
@pytest.mark.parametrize(("parts", "text"), TEXTS)
def test_the_reason_is_the_text_without_address_and_hint(
    kind: type[ApiError], parts: dict[str, Any], text: str
) -> None:
    """The reason of an error is the text without the request and the hint."""
    error = kind("GET x", **parts)
    head = ": ".join(part for part in ("GET x", error.reason) if part)
    assert "\n".join(part for part in (head, error.next_line) if part) == text


def test_the_hint_of_a_code() -> None:
    """The hint of an error is the hint of the code. An unknown code has no hint."""
    assert ApiError("GET x", code=KNOWN).hint == HINT
    assert ApiError("GET x", code="Any.1").hint is None
    assert ApiError("GET x").hint is None


def test_the_tree() -> None:
    """All errors have one root, and each error of a request is a separate kind of `ApiError`."""
    assert BmsError.__mro__[1] is Exception
    assert {*BmsError.__subclasses__()} >= {SettingsError, ApiError}
    assert {*ApiError.__subclasses__()} == {*DIRECT}
    assert {kind: kind.__subclasses__() for kind in API_ERRORS[1:]} == {
        **{kind: [] for kind in API_ERRORS[1:]},
        RefusedError: [NoSuchApiError],
    }


@pytest.mark.parametrize("kind", API_ERRORS)
def test_errors_can_be_pickled_and_copied(kind: type[ApiError]) -> None:
    """A pickled or copied error equals the original."""
    parts: dict[str, Any] = {"status": 400, "code": KNOWN, "detail": "d", "request_id": "r", "retry_after": 2.0}
    error = kind("GET x", sent=False, **parts)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  (our own bytes)
        assert (type(twin), str(twin), vars(twin)) == (kind, str(error), vars(error))


@pytest.mark.parametrize("kind", API_ERRORS)
def test_the_repr_shows_what_was_tried(kind: type[ApiError]) -> None:
    """The repr shows only the request, because the server's words may contain a password."""
    error = kind("GET x", status=400, detail="geheim").replaced(detail="[secret]")
    assert repr(error) == f"{kind.__name__}('GET x')"
    assert "geheim" not in f"{error} {error!r} {error.args}"


@pytest.mark.parametrize("kind", API_ERRORS)
def test_an_error_is_never_changed(kind: type[ApiError]) -> None:
    """The fields of an error can't be changed. `replaced` makes a new error with different fields."""
    error = kind("GET x", status=400)
    for name in ApiError.__annotations__:
        with pytest.raises(AttributeError, match="`replaced`"):
            setattr(error, name, None)
    other = error.replaced(detail="d", status=404)
    assert (type(other), other.status, other.detail, error.status, error.detail) == (kind, 404, "d", 400, None)
    with pytest.raises(kind):
        raise error
