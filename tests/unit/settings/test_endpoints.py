"""Valid and invalid addresses, regions and names."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from pulumi_bms.settings.endpoints import endpoint_problem, name_problem, region_problem

BLANKS, NO_URL = "must not contain blanks", "must be an http(s) URL"
USER, HTTP = "must not contain a user", "must begin with https://"


@pytest.mark.parametrize(
    "value",
    [
        "https://bms.eu-de.otc.t-systems.com",
        "https://bms.eu-de.otc.t-systems.com/",
        "https://bms.eu-de.otc.t-systems.com.",
        "HTTPS://BMS.Example.COM",
        "https://gateway.example.com:8443/huawei/bms",
        "https://gateway.example.com/a%20b/v1.0/...",
        "https://host",
        "https://192.0.2.1:65535",
        "https://[2001:db8::1]/prefix",
        "https://[2001:db8::1]:443",
        f"https://{'a' * 63}.example",
        # Requests stay on the machine.
        "http://localhost:8080/prefix",
        "http://127.0.0.1",
        "http://127.8.9.1:1",
        "http://[::1]:8080",
    ],
)
def test_an_endpoint(value: str) -> None:
    """An endpoint has a host, an optional port and path prefix, and https. Only a loopback host may have http."""
    assert endpoint_problem(value) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        # No URL, or a wrong scheme.
        ("", NO_URL),
        ("S3CR3T", NO_URL),
        ("bms.example.com", NO_URL),
        ("//bms.example.com/S3CR3T", NO_URL),
        ("https:bms.example.com", NO_URL),
        ("https:///S3CR3T", NO_URL),
        ("https://", NO_URL),
        ("ftp://host/S3CR3T", NO_URL),
        ("file:///etc/S3CR3T", NO_URL),
        ("https+unix://S3CR3T", NO_URL),
        # No host.
        ("https://.example.com", NO_URL),
        ("https://a..example.com", NO_URL),
        ("https://-a.example.com", NO_URL),
        ("https://a-.example.com", NO_URL),
        ("https://a_b.example.com", NO_URL),
        ("https://*.example.com", NO_URL),
        ("https://a%2eb.example.com", NO_URL),
        (f"https://{'a' * 64}.example.com", NO_URL),
        (f"https://{'a.' * 127}com", NO_URL),
        ("https://bms.example.com,S3CR3T", NO_URL),
        ("https://[2001:db8::1]S3CR3T", NO_URL),
        ("https://[fe80::1%25eth0]", NO_URL),
        ("https://[1.2.3.4]", "must be a"),
        ("https://[S3CR3T]", "must be a"),
        ("https://[::1", "must be a URL"),
        # No port.
        ("https://host:0", NO_URL),
        ("https://host:S3CR3T", "must be a URL"),
        ("https://host:65536", "must be a URL"),
        ("https://host:-1", "must be a URL"),
        # Characters.
        (" https://host", BLANKS),
        ("https://host\n", BLANKS),
        ("https://ho\tst", BLANKS),
        ("https://host/a b", BLANKS),
        ("https://host/S3CR3T\r\nX-Evil: 1", BLANKS),
        ("https://host/\x00", BLANKS),
        ("https://host/\x7f", BLANKS),
        ("https://höst", BLANKS),
        ("https://host/\udc80", BLANKS),
        ("https://\uff48ost", BLANKS),
        ("https://host\\@S3CR3T", BLANKS),
        # Forbidden parts of an endpoint.
        ("https://S3CR3T@host", USER),
        ("https://user:S3CR3T@host", USER),
        ("https://@host", USER),
        ("https://:@host", USER),
        ("https://host?token=S3CR3T", USER),
        ("https://host/?", USER),
        ("https://host#S3CR3T", USER),
        ("https://host/#", USER),
        ("https://host/..", "must not contain `..`"),
        ("https://host/a/../S3CR3T", "must not contain `..`"),
        ("https://host/a/%2e%2E/b", "must not contain `..`"),
        ("https://host/a/.%2e%2fb", "must not contain `..`"),
        # Addresses without encryption.
        ("http://bms.example.com/S3CR3T", HTTP),
        ("HTTP://bms.example.com", HTTP),
        ("http://localhost.example.com", HTTP),
        ("http://127.0.0.1.example.com", HTTP),
        ("http://127.1", HTTP),
        ("http://0.0.0.0", HTTP),
        ("http://192.168.0.1", HTTP),
        ("http://[2001:db8::1]", HTTP),
    ],
)
def test_no_endpoint(value: str, says: str) -> None:
    """An invalid endpoint is refused with the reason and the given name, and the value is not repeated."""
    for what in ("endpoint", "the IAM endpoint"):
        message = endpoint_problem(value, what) or ""
        assert message.startswith(f"{what} {says}")
        assert "S3CR3T" not in message


@pytest.mark.parametrize("value", ["eu-de", "cn-north-4", "r", "1", "a" * 63])
def test_a_region(value: str) -> None:
    """A valid label of a host name is a valid region."""
    assert region_problem(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "-a",
        "a-",
        "a.b",
        "a_b",
        "a/b",
        "a@b",
        "a:1",
        "a#",
        "a?b",
        "a\n",
        " a",
        "a b",
        "ü",
        "a\x00",
        "a" * 64,
        "\u0661",
    ],
)
def test_no_region(value: str) -> None:
    """A region with invalid characters is refused, because the host would change."""
    assert region_problem(value) == "the region must have 1 to 63 letters, digits and -, with no - at either end"
    assert region_problem(value, "region") == "region must have 1 to 63 letters, digits and -, with no - at either end"


@pytest.mark.parametrize("value", ["eu", "0" * 32, "A_b-9", "a", "a" * 64, "a-", "a_"])
def test_a_name(value: str) -> None:
    """A project id or a profile's name with valid characters is accepted."""
    assert name_problem("profile", value) is None


@pytest.mark.parametrize(
    "value", ["", "-a", "_a", "a.b", "..", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\n", "ü", "a" * 65, "a[0]", "\u0661"]
)
def test_no_name(value: str) -> None:
    """A name with invalid characters is refused, because the path or the key would change."""
    assert (
        name_problem("profile", value)
        == "profile must have 1 to 64 letters, digits, - and _, with a letter or digit first"
    )


URL_PARTS = [
    "http",
    "https",
    "://",
    "//",
    "/",
    ":",
    "@",
    "[",
    "]",
    "?",
    "#",
    "\\",
    "%2e",
    "%2f",
    "%40",
    "%00",
    ".",
    "..",
]
URL_PARTS += [
    "localhost",
    "127.0.0.1",
    "::1",
    "evil",
    "S3CR3T",
    "443",
    "0",
    " ",
    "\t",
    "\n",
    "\x00",
    "ü",
    "\u3002",
    "\uff1b",
    ";",
]


@given(
    st.sampled_from(["https://", "http://", "HTTPS://", "http://localhost", "https://host", "https://[::1]", ""]),
    st.lists(st.sampled_from(URL_PARTS) | st.text(max_size=3), max_size=6),
)
@hypothesis_settings(max_examples=300, deadline=None, database=None)
def test_an_endpoint_that_passes_leads_where_it_was_checked(start: str, parts: list[str]) -> None:
    """Any text is checked without a crash. A request to an accepted endpoint goes to the checked host."""
    value = start + "".join(parts)
    problem = endpoint_problem(value)
    if problem is not None:
        assert problem.startswith("endpoint ")
        assert "S3CR3T" not in problem
        assert "evil" not in problem
        return
    polled_at, sent = urlsplit(value), requests.Request("GET", value.rstrip("/") + "/v1/p/jobs/j").prepare()
    leads_to = parse_url(sent.url or "")
    host = (polled_at.hostname or "").lower()
    assert (leads_to.host or "").strip("[]").lower() == host
    assert (leads_to.auth, leads_to.query, leads_to.fragment) == (None, None, None)
    assert (leads_to.path or "").endswith("/v1/p/jobs/j")
    if leads_to.scheme == "http":
        assert host == "localhost" or ip_address(host).is_loopback
