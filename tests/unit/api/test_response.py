"""The meaning of an HTTP response.

- An error body is read in each of the six shapes of the API and of the gateways.
- Every row of the table "responses without a job" has an error class, inside a 2xx too.
- A response without news, of any form, never becomes a job and never a crash.
- The server's own words are repeated, up to a limit.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_bms.api.classification import ErrorBody, error_body_of, read_object
from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.http.response import (
    DEEPEST,
    TOO_DEEP,
    Response,
)

WHAT = "GET https://bms.example/v1/p/jobs/j"


def is_job(document: Any) -> bool:
    """Recognise a job."""
    return isinstance(document.get("status"), str)


def response(status: int, body: object = b"", **headers: str) -> Response:
    """Build a response. `retry_after` stands for the header `retry-after`."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, payload)


def error_of(got: Response) -> ApiError:
    """Read a response without a job, and return the error."""
    with pytest.raises(ApiError) as caught:
        read_object(got, WHAT, is_job)
    return caught.value


# The six shapes of an error body

SHAPES: dict[str, tuple[Any, ErrorBody]] = {
    "service": (
        {"error": {"code": "BMS.0018", "message": "nics is invalid"}},
        ErrorBody("BMS.0018", "nics is invalid"),
    ),
    "service with details": (
        {"error": {"code": "Ecs.0201", "message": "m", "details": [{"code": "x", "message": "y"}]}},
        ErrorBody("Ecs.0201", "m"),
    ),
    "gateway": (
        {"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information", "request_id": "r-1"},
        ErrorBody("APIGW.0301", "Incorrect IAM authentication information", "r-1"),
    ),
    "gateway inside error": (
        {"error": {"error_code": "APIG.0308", "error_msg": "throttled"}, "request_id": "r-2"},
        ErrorBody("APIG.0308", "throttled", "r-2"),
    ),
    "flat": ({"code": "VPC.0201", "message": "no such subnet"}, ErrorBody("VPC.0201", "no such subnet")),
    "identity": (
        {"error": {"code": 401, "message": "The request needs a token", "title": "Unauthorized"}},
        ErrorBody("401", "The request needs a token"),
    ),
    "identity, title only": ({"error": {"code": 403, "title": "Forbidden"}}, ErrorBody("403", "Forbidden")),
    "compute": (
        {"itemNotFound": {"code": 404, "message": "no such instance"}},
        ErrorBody("itemNotFound", "no such instance"),
    ),
    "camel case": (
        {"errorCode": "BMS.0040", "errorMsg": "gone", "requestId": "r-3"},
        ErrorBody("BMS.0040", "gone", "r-3"),
    ),
    "oauth": (
        {"error": "invalid_token", "error_description": "it has expired"},
        ErrorBody(None, "it has expired"),
    ),
    "framework": ({"error": "Not Found", "status": 404, "path": "/v1"}, ErrorBody(None, "Not Found")),
    "code only": ({"code": "BMS.0001"}, ErrorBody("BMS.0001", None)),
    "message only": ({"message": "oh"}, ErrorBody(None, "oh")),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_an_error_body(shape: str) -> None:
    """Code, message and request id of each shape are in the error, inside a 2xx too."""
    body, error_body = SHAPES[shape]
    assert error_body_of(body) == error_body
    for status in (400, 200):
        error = error_of(response(status, body))
        assert (error.what, error.status, error.code) == (WHAT, status, error_body.code)
        assert (error.detail, error.request_id) == (error_body.message, error_body.request_id)


@pytest.mark.parametrize(
    "document",
    [
        *(None, True, 0, 1.5, "text", [], ["x"], {}, {"error": None}, {"error": []}, {"error": {}}, {"error": ""}),
        *({"error": {"code": None, "message": None}}, {"code": [], "message": {}}, {"code": True}, {"x": {"y": 1}}),
        *({"x": {"message": "m"}, "y": 1}, {"x": "message"}, {"error": {"code": "", "message": "  "}}),
        [{"error": {"code": "BMS.0018", "message": "m"}}],
    ],
)
def test_no_shape_at_all(document: object) -> None:
    """A document in none of the shapes gives an empty error body."""
    assert error_body_of(document) == ErrorBody()


def test_words_are_made_one_line() -> None:
    """Line breaks and runs of blanks in the server's words become one blank."""
    assert error_body_of({"message": " one\r\n two\t\t three "}).message == "one two three"


# The table: responses without a job

TRANSIENT = ("BMS.0212", "BMS.0008", "Common.0021", "Common.0024", "Common.0025", "APIGW.0308", "APIG.0613")
UNAUTHENTICATED = ("APIGW.0301", "APIG.0301", "APIGW.0303", "APIGW.0305", "APIGW.0307", "BMS.0032", "Common.0013")
FINAL = ("BMS.0018", "BMS.0005", "BMS.3004", "BMS.0040", "Common.0018")
NO_SUCH_API = ("APIGW.0101", "APIG.0101", " apig.0101 ", "APIGW.0103", "APIG.0104", "APIGW.0105")
FORBIDDEN = ("BMS.0033", "BMS.0288", "APIGW.0302", "APIGW.0802")

ROWS: list[tuple[int, str | None, type[ApiError]]] = [
    *((status, None, NoAnswerError) for status in (408, 429, 500, 501, 502, 503, 504, 599)),
    *((status, "BMS.0018", NoAnswerError) for status in (408, 429, 500, 503)),
    *((429, code, NoAnswerError) for code in TRANSIENT),
    (429, "APIGW.0301", NoAnswerError),
    *((400, code, NoAnswerError) for code in TRANSIENT),
    *((409, code, NoAnswerError) for code in TRANSIENT),
    (401, None, AuthenticationError),
    (401, "Any.0001", AuthenticationError),
    (401, "BMS.0212", AuthenticationError),
    *((400, code, AuthenticationError) for code in UNAUTHENTICATED),
    (404, None, NotFoundError),
    *((status, code, NoSuchApiError) for status in (400, 404, 405) for code in NO_SUCH_API),
    *((status, code, NoAnswerError) for status in (429, 500, 503) for code in NO_SUCH_API),
    (400, "Common.0011", NotFoundError),
    (400, " common.0011 ", NotFoundError),
    (403, None, RefusedError),
    *((403, code, RefusedError) for code in (*FORBIDDEN, *UNAUTHENTICATED, *TRANSIENT, "Any.0001")),
    *((400, code, RefusedError) for code in (*FINAL, "Any.0001", "400", None)),
    *((status, None, RefusedError) for status in (405, 406, 407, 409, 410, 413, 414, 422, 494)),
    (404, "APIGW.0301", AuthenticationError),
]


@pytest.mark.parametrize(("status", "code", "kind"), ROWS)
def test_what_an_error_status_means(status: int, code: str | None, kind: type[ApiError]) -> None:
    """Status and code together decide the class."""
    error = error_of(response(status, {"error": {"code": code, "message": "words"}}))
    assert (type(error), error.status, error.detail) == (kind, status, "words")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, b"<html><body>nginx</body></html>", NoSuchApiError),
        (404, b"\r\n <!DOCTYPE html>", NoSuchApiError),
        (404, b'<?xml version="1.0"?><Error/>', NoSuchApiError),
        (404, b"", NotFoundError),
        (404, b"404 page not found", NotFoundError),
        (404, b'{"message": "<html>"}', NotFoundError),
        (400, b"<html>", RefusedError),
        (403, b"<html>", RefusedError),
        (401, b"<html>", AuthenticationError),
        (503, b"<html>", NoAnswerError),
        (200, b"<html>", NoAnswerError),
    ],
)
def test_a_page_that_is_not_found_says_nothing_about_a_job(status: int, body: bytes, kind: type[ApiError]) -> None:
    """A 404 of HTML or XML comes from a server without the API, because the API sends JSON."""
    assert type(error_of(response(status, body))) is kind


INSIDE: list[tuple[str | int | None, type[ApiError]]] = [
    *((code, NoAnswerError) for code in (*TRANSIENT, "Any.0001", "SYS.9", "0", 0, 200, "200", None)),
    *((code, AuthenticationError) for code in (*UNAUTHENTICATED, 401, "401")),
    *((code, NotFoundError) for code in ("Common.0011", "COMMON.0011", 404, "404")),
    *((code, RefusedError) for code in (*FINAL, *FORBIDDEN, 400, 403, "403", 409, 499)),
    *((code, NoSuchApiError) for code in NO_SUCH_API),
    *((code, NoAnswerError) for code in (408, 429, 500, 503, "504", 599)),
    *((code, NoAnswerError) for code in (399, 600, 4040, -404, "٤٠٤", "²²²", "404.", "0" * 4297 + "404")),
]


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize(("code", "kind"), INSIDE)
def test_what_an_error_inside_a_success_means(status: int, code: str | int | None, kind: type[ApiError]) -> None:
    """Inside a 2xx the code alone decides, and an unknown code is no response."""
    for body in ({"error": {"code": code, "message": "words"}}, {"code": code, "message": "words"}):
        error = error_of(response(status, body))
        assert (type(error), error.status, error.detail) == (kind, status, "words")


def nested(depth: int) -> bytes:
    """Write lists in lists."""
    return b"[" * depth + b"]" * depth


PAGE = b"\n <!DOCTYPE html><html><body>Sign in</body></html>"
NO_JSON = "the response is not a complete JSON document"
OTHER_JSON = "the response is JSON, but neither a job nor an error"

ODD: list[tuple[bytes, str]] = [
    (b"", "the response is empty"),
    (b" \r\n", "the response is empty"),
    (PAGE, "the response is a page of HTML or XML, and not JSON"),
    (b'<?xml version="1.0"?><Error/>', "the response is a page of HTML or XML, and not JSON"),
    (b'{"status": "SUCC', NO_JSON),
    (b'{"status": "SUCCESS"', NO_JSON),
    (b'{"status": "SUCCESS"}}', NO_JSON),
    (b'{"status": "SUCCESS"}{"status": "FAIL"}', NO_JSON),
    (b"SUCCESS", NO_JSON),
    (b'{"status": "\xb3\xc9\xb9\xa6"}', NO_JSON),
    (nested(10_000), NO_JSON),
    (b'{"status": "SUCCESS", "x": ' + nested(10_000) + b"}", NO_JSON),
    (gzip.compress(b'{"status": "SUCCESS"}', mtime=0), NO_JSON),
    (b"NaN", NO_JSON),
    (b"{}", OTHER_JSON),
    (b"[]", OTHER_JSON),
    (b'"SUCCESS"', OTHER_JSON),
    (b'[{"status": "SUCCESS"}]', OTHER_JSON),
    (b'{"status": null}', OTHER_JSON),
    (b'{"job": {"status": "SUCCESS"}}', OTHER_JSON),
    (b'{"status": NaN}', NO_JSON),
    (b'{"status": "SUCCESS", "entities": {"server_id": "\\ud800"}}', NO_JSON),
]


@pytest.mark.parametrize(
    ("number", "read"),
    [
        ("3", 3),
        ("-9007199254740992", -(2**53)),
        ("9007199254740993", "9007199254740993"),
        ("-9007199254740993", "-9007199254740993"),
        ("1" + "0" * 400, "1" + "0" * 400),
        ("9" * 5000, "9" * 5000),
        ("1.5", 1.5),
        ("1e308", 1e308),
        ("1e309", "1e309"),
        ("-1e999", "-1e999"),
    ],
)
def test_numbers(number: str, read: object) -> None:
    """A number beyond the range or precision of a float is kept as text."""
    document = read_object(response(200, b'{"status": "SUCCESS", "n": %s}' % number.encode()), WHAT, is_job)
    assert (document["n"], type(document["n"])) == (read, type(read))


@pytest.mark.parametrize(
    ("opening", "closing", "times"), [(b"[", b"]", 900), (b'{"a":', b"}", 900), (b'[{"a":', b"}]", 450)]
)
def test_nesting(opening: bytes, closing: bytes, times: int) -> None:
    """Values nested more than 64 levels deep are left out, and the rest is read."""
    body = b'{"status": "SUCCESS", "n": ' + opening * times + b"1" + closing * times + b"}"
    document = read_object(response(200, body), WHAT, is_job)
    assert document["status"] == "SUCCESS"
    text = json.dumps(document)
    assert TOO_DEEP in text
    assert text.count("[") + text.count("{") - TOO_DEEP.count("[") == DEEPEST


@pytest.mark.parametrize(("body", "text"), ODD, ids=[repr(body[:30]) for body, _ in ODD])
def test_a_success_that_is_neither_job_nor_error(body: bytes, text: str) -> None:
    """A 2xx of HTML, cut off or empty is no response, and the error has the reason."""
    error = error_of(response(200, body))
    assert (type(error), error.status, error.code, error.detail) == (NoAnswerError, 200, None, text)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [b"", PAGE, b'{"error": {"co', nested(10_000), b"gateway down"],
    ids=["empty", "page", "cut", "deep", "text"],
)
def test_an_error_without_words(status: int, body: bytes) -> None:
    """Without a readable body the status decides, and the text describes the body."""
    error = error_of(response(status, body))
    assert (error.status, error.code) == (status, None)
    assert error.detail is not None
    assert error.detail.startswith("the response is ")


@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_an_empty_response_to_whom_it_is_enough(status: int, body: bytes) -> None:
    """An empty 2xx is an empty object, if the caller accepts an empty object."""
    assert read_object(response(status, body), "POST x", lambda document: not document) == {}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("body", [b"", PAGE, b'{"status": "SUCCESS"}', b'{"error": {"code": "BMS.0212"}}'])
def test_a_redirect(status: int, body: bytes) -> None:
    """A redirect with any body is refused with the reason, without the redirect's address."""
    error = error_of(response(status, body, location="https://elsewhere.example/?token=geheim"))
    assert (type(error), error.status, error.code) == (RefusedError, status, None)
    assert (error.detail or "").startswith("a redirect")
    assert "geheim" not in f"{error} {error!r}"


# Jobs


@pytest.mark.parametrize("status", [200, 201, 202, 299])
@pytest.mark.parametrize(
    "body",
    [
        {"status": "RUNNING"},
        {"status": "SUCCESS", "code": "BMS.0018", "message": "m"},
        {"status": "RUNNING", "error": {"code": "APIGW.0301", "message": "m"}},
        {"status": "FAIL", "error_code": "APIGW.0301", "error_msg": "m"},
        {"status": "WHATEVER", "code": 404},
    ],
)
def test_a_body_with_a_status_is_a_job(status: int, body: dict[str, Any]) -> None:
    """A body with a status is a job, with any further fields."""
    assert read_object(response(status, body), WHAT, is_job) == body


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 503])
def test_no_job_comes_with_an_error_status(status: int) -> None:
    """A body with a job is an error if the HTTP status is an error."""
    assert error_of(response(status, {"status": "SUCCESS"})).status == status


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_of_json(encoding: str) -> None:
    """JSON is read in every Unicode encoding, with a byte order mark too."""
    body = json.dumps({"status": "成功"}, ensure_ascii=False).encode(encoding)
    assert read_object(response(200, body), WHAT, is_job) == {"status": "成功"}


# Request ids and lengths


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [("h", "b", "h"), ("h", None, "h"), (None, "b", "b"), ("", "b", "b"), (None, None, None), (None, 7, "7")],
)
def test_the_request_id(header: str | None, body: str | int | None, expected: str | None) -> None:
    """The request id comes from the header, or from the body."""
    headers = {} if header is None else {"x_request_id": header}
    for status in (200, 400):
        error = error_of(response(status, {"error_code": "BMS.0018", "error_msg": "m", "request_id": body}, **headers))
        assert error.request_id == expected


def test_long_words_are_cut() -> None:
    """An error repeats 500 characters of the server's words, and 100 of a code."""
    error = error_of(response(400, {"code": "C" * 10_000, "message": "m" * 10_000}, x_request_id="r" * 100))
    assert str(error) == f"{WHAT}: HTTP 400 {'C' * 100} {'m' * 500} (request id {'r' * 100})"


@pytest.mark.parametrize("text", ["r" * 101, "a b", "\x1b[31mred", "é", "", "-a"])
def test_what_is_no_request_id(text: str) -> None:
    """A request id with blanks, control characters or more than 100 characters is left out."""
    error = error_of(response(400, {"code": "C.1", "message": "m", "request_id": text}, x_request_id=text))
    assert str(error) == f"{WHAT}: HTTP 400 C.1 m"


def test_control_characters() -> None:
    """No control character of an error reaches a terminal."""
    for body in ({"code": "C\x1b[1m", "message": "m\x07\u202e"}, {"it\x1bem": {"message": "m\r\n\x00n"}}):
        error = error_of(response(400, body))
        assert str(error).isprintable()


# Anything

TEXT = st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(["401", "²", "BMS.0018"])
NAMES = st.sampled_from(["error", "code", "message", "error_code", "error_msg", "errorCode", "title", "x"])
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3))


@given(status=st.integers(200, 599), body=st.binary(max_size=40) | DOCUMENTS.map(lambda d: json.dumps(d).encode()))
@settings(max_examples=100, deadline=None, database=None)
def test_any_response_is_an_error(status: int, body: bytes) -> None:
    """Any response without a status is an `ApiError` with a text."""
    error = error_of(response(status, body))
    assert str(error).startswith(f"{WHAT}: HTTP {status}")
