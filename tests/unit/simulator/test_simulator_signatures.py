"""The verifier of signatures: three signatures of an independent implementation, and changes of each part."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

import pytest

from bms_simulator.http.request import Request
from bms_simulator.identity.signatures import Signature, canonical_request, is_right, read_authorization, signed_at

SECRET = "SKEXAMPLE"
PROJECT = "bbf1946d374b44a0a2a95533562ba954"
NAMES = ("content-type", "host", "x-project-id", "x-sdk-date")
HEADERS = {
    "content-type": "application/json",
    "host": "bms.cn-north-4.myhuaweicloud.com",
    "x-project-id": PROJECT,
    "x-sdk-date": "20190425T200434Z",
}
POLL = Request("GET", f"/v1/{PROJECT}/jobs/2c9eb2c5544cbf6101544f0602af2b4f", headers=HEADERS)
LIST = Request(
    "GET",
    f"/v1/{PROJECT}/baremetalservers/detail",
    "limit=25&name=a%20b%2Fc~d&enterprise_project_id=all_granted_eps",
    HEADERS,
)
START = Request(
    "POST",
    f"/v1/{PROJECT}/baremetalservers/action",
    "",
    {**HEADERS, "x-security-token": "TOK"},
    b'{"os-start":{"servers":[{"id":"616fb98f-46ca-475e-917e-2563e5a8cd19"}]}}',
)


def signature(value: str, *more: str) -> Signature:
    return Signature("AKEXAMPLE", tuple(sorted((*NAMES, *more))), value)


OF_POLL = signature("9c520ce992df5ecd1e613c4fa8c7d5c1b22eb41f39b0917e53cfc1ef26cb2903")
OF_LIST = signature("6a59b56e493ab4df5c765552cdc779e5cc258deefff0670a5d87c5cc922a4130")
OF_START = signature("509596e22302b3b2a2970e3eff138c36f12533910193903861a8bf921e439239", "x-security-token")
KNOWN = [(POLL, OF_POLL), (LIST, OF_LIST), (START, OF_START)]


def sign(request: Request, names: tuple[str, ...] = NAMES) -> Signature:
    """The signature of an honest client, by the canonical request of the verifier."""
    digest = hashlib.sha256(canonical_request(request, names)).hexdigest()
    text = f"SDK-HMAC-SHA256\n{request.headers['x-sdk-date']}\n{digest}"
    return Signature("AKEXAMPLE", names, hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest())


@pytest.mark.parametrize(("request_", "known"), KNOWN)
def test_known_signatures_are_right(request_: Request, known: Signature) -> None:
    """A poll, a list with a query and an order with a body and a security token are verified."""
    assert is_right(request_, known, SECRET)


def test_the_canonical_request_is_known() -> None:
    """The hash of the canonical request equals the hash of an independent implementation."""
    digest = hashlib.sha256(canonical_request(POLL, NAMES)).hexdigest()
    assert digest == "9c9774dad602365292bb3b6d9ba8b3ec3bb90e0503aaeefdf1227fbcd6bde8d4"


def with_header(name: str, value: str) -> Callable[[Request], Request]:
    return lambda request: replace(request, headers={**request.headers, name: value})


@pytest.mark.parametrize(
    "tamper",
    [
        lambda request: replace(request, method="PUT"),
        lambda request: replace(request, path=f"{request.path}x"),
        lambda request: replace(request, query=f"{request.query}&limit=26"),
        lambda request: replace(request, body=request.body + b" "),
        with_header("content-type", "text/plain"),
        with_header("host", "elsewhere.invalid"),
        with_header("x-project-id", "other"),
        with_header("x-sdk-date", "20190425T200435Z"),
    ],
    ids=["method", "path", "query", "body", "content-type", "host", "project", "date"],
)
@pytest.mark.parametrize(("request_", "known"), KNOWN)
def test_tampering_is_noticed(request_: Request, known: Signature, tamper: Callable[[Request], Request]) -> None:
    """A change of the method, the path, the query, the body, a signed header or the date is noticed."""
    assert not is_right(tamper(request_), known, SECRET)


def test_headers_that_are_not_signed_may_change() -> None:
    """A proxy may add an unsigned header."""
    assert is_right(with_header("user-agent", "proxy")(POLL), OF_POLL, SECRET)


@pytest.mark.parametrize(
    "query",
    [
        "enterprise_project_id=all_granted_eps&limit=25&name=a%20b%2Fc~d",
        "name=a%20b%2Fc%7Ed&limit=25&enterprise_project_id=all_granted_eps",
        "name=a%20b/c~d&limit=2%35&&enterprise%5Fproject_id=all_granted_eps",
    ],
)
def test_a_query_may_be_written_in_many_ways(query: str) -> None:
    """The order of a query and unnecessary escapes make no difference."""
    assert is_right(replace(LIST, query=query), OF_LIST, SECRET)


def test_a_plus_is_no_blank() -> None:
    """A blank in a query is %20. A plus is a different character, and must be signed as a plus."""
    assert not is_right(replace(LIST, query=LIST.query.replace("%20", "+")), OF_LIST, SECRET)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("/v1/a", "/v1/a/"),
        ("/v1/a/", "/v1/a/"),
        ("/v1/a b", "/v1/a%20b/"),
        ("/v1/a%2fb/c%2Dd", "/v1/a%2Fb/c-d/"),
        ("/v1/Az09-_.~!*'()", "/v1/Az09-_.~%21%2A%27%28%29/"),
        ("/v1/\u00c3\u00a9/%C3%A9", "/v1/%C3%A9/%C3%A9/"),
        ("/v1/%/%zz", "/v1/%25/%25zz/"),
    ],
)
def test_a_path_is_encoded_in_one_way(path: str, canonical: str) -> None:
    """Each path segment is decoded and encoded again, and the path ends with a slash."""
    written = canonical_request(replace(POLL, path=path), NAMES).decode()
    assert written.split("\n")[1] == canonical


def test_a_query_is_sorted_by_name_and_value() -> None:
    """Repeated names are sorted by value, and a name without a value has an empty value."""
    written = canonical_request(replace(POLL, query="b=2&a=2&b=1&c&a=10&B=0"), NAMES).decode()
    assert written.split("\n")[2] == "B=0&a=10&a=2&b=1&b=2&c="


def test_a_payload_may_be_left_unsigned() -> None:
    """With the header for an unsigned payload, the body is not part of the signature."""
    unsigned = with_header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")(START)
    assert is_right(replace(unsigned, body=b"other"), sign(unsigned), SECRET)
    assert canonical_request(unsigned, NAMES).endswith(b"\nUNSIGNED-PAYLOAD")
    assert not is_right(unsigned, OF_START, SECRET)


def test_an_authorization_is_read() -> None:
    """Key, headers and value are read. The names are sorted and in lower case."""
    text = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=X-Sdk-Date;host, Signature=abc"
    assert read_authorization(text) == Signature("AK", ("host", "x-sdk-date"), "abc")
    assert read_authorization(text.replace(", ", ",")) == Signature("AK", ("host", "x-sdk-date"), "abc")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SDK-HMAC-SHA256",
        "Bearer abc",
        "SDK-HMAC-SHA256 Credential=AK/20190425/region/bms/sdk_request, SignedHeaders=host, Signature=abc",
        "SDK-HMAC-SHA256, Access=AK, SignedHeaders=host, Signature=abc",
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host",
        "SDK-HMAC-SHA256 Access=, SignedHeaders=host, Signature=abc",
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=abc def",
        "AWS4-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=abc",
    ],
)
def test_what_is_no_authorization_is_not_read(text: str) -> None:
    """A header in a different form is not read."""
    assert read_authorization(text) is None


@pytest.mark.parametrize("date", ["", "2019-04-25T20:04:34Z", "20190425T200434", "20190432T200434Z"])
def test_dates_of_another_form_are_none(date: str) -> None:
    """A date in a different form is not read."""
    assert signed_at(with_header("x-sdk-date", date)(POLL)) is None
