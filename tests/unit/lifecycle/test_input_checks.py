"""Inputs refused, accepted or left unchanged by the providers' `check`."""

from __future__ import annotations

import copy
import math
from typing import Any

import pulumi
import pytest
from pulumi.dynamic import CheckFailure, Config, ConfigureRequest, ResourceProvider
from pulumi.output import UNKNOWN, Unknown

from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider

PROVIDERS: dict[str, ResourceProvider] = {"completion": JobCompletionProvider(), "submission": JobSubmissionProvider()}
PROFILES = ["eu", "prod_2", "x" * 64]
CONFIG = Config({"bms:profiles": {name: {"region": "eu-de"} for name in PROFILES}}, "project")
for provider in PROVIDERS.values():
    provider.configure(ConfigureRequest(CONFIG))
GOOD: dict[str, dict[str, Any]] = {
    "completion": {"job_id": "2c9eb2c5544cbf6101544f0602af2b4f"},
    "submission": {"path": "baremetalservers", "method": "POST", "body": {"server": {"name": "web", "count": 3.0}}},
}
MISSING = object()
WHOLE = "write 1 or more, or leave the property out"
OWN_ID = "write the id from the API's response"
RELATIVE = "write the path after /v1/{project_id}/"
HTTPS = "write https://"
METHODS = "POST, PUT"
LETTERS = "letters, digits, - and _ only"
LABEL = "letters, digits and - only"
TIMEOUTS = "set custom_timeouts.create instead"
DICT = "write a dict"
AS_TEXT = "write it as text"

Rows = list[tuple[str, str, list[object]]]
"""A resource, a property, and values of the property."""

BAD: Rows = [
    ("completion", "job_id", [MISSING, None, "", "   ", "\n", 3.0, True, ["a"], {"a": 1}]),
    ("completion", "job_id", ["x" * 129, "a..b", "..", ".", "-a", "_a", "a/b", "a b", "a\n", " a"]),
    ("completion", "job_id", ["a?b", "a#b", "a%2fb", "jöb", "a\\b", "a:b"]),
    ("completion", "expected_servers", [0, -1.0, 1.5, "x", "3", True, False, [3], {}]),
    ("completion", "expected_servers", [math.nan, math.inf, -math.inf]),
    ("completion", "create_timeout_seconds", [0, -300.0, "90m", True, [], math.nan, math.inf]),
    ("submission", "path", [MISSING, None, "", "  ", 3.0, "/baremetalservers", "//x", "https://elsewhere/x"]),
    ("submission", "path", ["..", "../x", "a/../b", "a/./b", "%2e%2e/x", "a%2Fb", "a//b", "a/"]),
    ("submission", "path", ["a?b=c", "a?", "a#b", "a b", "a\\b", "a\n", "{id}", "süd"]),
    ("submission", "method", ["GET", "post", "", "PATCH", 1.0, ["POST"], {}]),
    ("submission", "body", ["text", '{"server": {}}', [], [{}], 3.0, True]),
    ("submission", "body", [{"a": number} for number in (2**53, 2.0**53, -(2**53), 1e300)]),
    (
        "submission",
        "body",
        [{"a": number} for number in (math.nan, math.inf, -math.inf)],
    ),
    ("submission", "body", [{"a": {"b": [1, {"c": 2**60}]}}, {"a": [[2**60]]}]),
]
BAD_CONNECTIONS: list[tuple[str, list[object]]] = [
    ("endpoint", ["", "bms.example.com", "//bms.example.com", "ftp://bms.example.com", "https://"]),
    ("endpoint", ["https://host:port", "https://host:0", "https://host:65536", "https://-host", "https://a..b"]),
    ("endpoint", ["https://[::1", "https://[fe80]", "https://[::1]x", "https://x[::1]", "https://[::1%25eth0]"]),
    ("endpoint", ["http://bms.example.com", "http://10.0.0.1", "http://[2001:db8::1]"]),
    ("endpoint", ["http://localhost.example.com", "http://127.0.0.1.example.com", "http://[::1].example.com"]),
    ("endpoint", ["https://user@host", "https://user:PASS@host", "https://@host", "https://:@host"]),
    ("endpoint", ["https://host?a=b", "https://host/?", "https://host#a", "https://host/#"]),
    ("endpoint", [" https://host", "https://host ", "https://ho st", "https://host/a b", "https://host\n"]),
    ("endpoint", ["https://ho\tst", "https://host\\a", "https://höst", "https://ho_st"]),
    ("endpoint", ["https://host/../a", "https://host/%2e%2e/a", "https://host/%2E./a", "https://host/a%2f.."]),
    ("region", ["", " ", "eu de", "eu.de", "eu/de", "-eu", "_eu", "ü", "eu\n", "x" * 64, "a@b", "a:b", "e_u"]),
    ("project_id", ["", " ", "a/b", "a?b", "..", "a.b", "-a", "a\n", "ü", "x" * 65]),
    ("profile", ["", " ", "a/b", "a.b", "-a", "a\n", "x" * 65]),
    *((name, [3.0, True, []]) for name in ("endpoint", "region", "project_id", "profile")),
]
BAD += [(kind, *row) for kind in PROVIDERS for row in BAD_CONNECTIONS]

FINE: Rows = [
    ("completion", "job_id", ["a", "0", "a.b", "a-b_c.d", "x" * 128, "70a599e0-31e7-49b7-b260"]),
    ("completion", "expected_servers", [MISSING, None, 1, 3.0, 1000]),
    ("completion", "create_timeout_seconds", [MISSING, None, 5400.0, 0.001, 1]),
    ("submission", "path", ["a", "baremetalservers/7f-3/attachvolume", "a.b/c~d", "...", "a:b@c"]),
    ("submission", "method", [MISSING, None, "POST", "PUT", "DELETE"]),
    ("submission", "body", [MISSING, None, {}, {"a": 2**53 - 1}, {"a": True, "b": [None, 1.5, -3.0]}]),
    ("submission", "triggers", [MISSING, None, "x", 2.0**60, [1.0, {"a": None}], True]),
]
FINE_CONNECTIONS: list[tuple[str, list[object]]] = [
    ("endpoint", [MISSING, None, "https://bms.example.com", "https://bms.example.com:8443/", "https://10.0.0.1"]),
    ("endpoint", ["https://gateway.example.com/some/prefix", "HTTPS://BMS.example.com", "https://host."]),
    ("endpoint", ["http://localhost:8080", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:8080/a"]),
    ("endpoint", ["https://[2001:db8::1]", "http://[::1]"]),
    ("region", [MISSING, None, "eu-de", "cn-north-4"]),
    ("profile", [MISSING, None, *PROFILES]),
    ("project_id", [MISSING, None, "0123456789abcdef0123456789abcdef", "eu-de_project"]),
]
FINE += [(kind, *row) for kind in PROVIDERS for row in FINE_CONNECTIONS]


def each(rows: Rows) -> list[tuple[str, str, object]]:
    return [(kind, name, value) for kind, name, values in rows for value in values]


def _inputs(kind: str, name: str, value: object) -> dict[str, Any]:
    rest = {key: inputs for key, inputs in GOOD[kind].items() if key != name}
    return rest if value is MISSING else {**rest, name: value}


def _failures(kind: str, inputs: dict[str, Any]) -> list[CheckFailure]:
    return PROVIDERS[kind].check({}, inputs).failures


@pytest.mark.parametrize(("kind", "name", "value"), each(BAD))
def test_a_bad_input_is_refused(kind: str, name: str, value: object) -> None:
    """A bad input is one refusal. Only the text names the property, because Pulumi prints a named property's value."""
    (failure,) = _failures(kind, _inputs(kind, name, value))
    assert failure.property == ""
    assert failure.reason.startswith(name)


@pytest.mark.parametrize(("kind", "name", "value"), each(FINE))
def test_a_good_input_is_accepted(kind: str, name: str, value: object) -> None:
    """A valid input, or a missing optional input, is accepted."""
    assert _failures(kind, _inputs(kind, name, value)) == []


@pytest.mark.parametrize("unknown", [UNKNOWN, copy.copy(UNKNOWN)], ids=["the singleton", "another instance"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("completion", name) for name in ("job_id", "expected_servers", "create_timeout_seconds")),
        *(("submission", name) for name in ("path", "method", "body", "triggers")),
        *((kind, name) for kind in PROVIDERS for name in ("endpoint", "region", "project_id", "profile")),
    ],
)
def test_an_unknown_input_is_accepted(kind: str, name: str, unknown: Unknown) -> None:
    """An unknown input is accepted in a preview."""
    assert _failures(kind, _inputs(kind, name, unknown)) == []


def test_unknowns_anywhere_in_a_body_are_accepted() -> None:
    """A body is checked around unknown values."""
    holey = {"server": {"vpcid": UNKNOWN, "nics": [{"subnet_id": copy.copy(UNKNOWN)}]}}
    assert _failures("submission", _inputs("submission", "body", holey)) == []
    (failure,) = _failures("submission", _inputs("submission", "body", {**holey, "size": 2**60}))
    assert failure.reason.startswith("body")


@pytest.mark.parametrize("kind", PROVIDERS)
@pytest.mark.parametrize("olds", [{}, {"job_id": "another", "region": "eu-de"}], ids=["new", "existing"])
def test_inputs_come_back_as_they_are(kind: str, olds: dict[str, Any]) -> None:
    """`check` returns the inputs unchanged, without defaults, so a preview on a different machine shows no change."""
    for extra in ({}, {"endpoint": None, "region": UNKNOWN}, {"endpoint": "nonsense"}, {"__provider": "gASV"}):
        inputs = {**GOOD[kind], **extra}
        before = copy.copy(inputs)
        assert PROVIDERS[kind].check(olds, inputs).inputs == before
        assert inputs == before


def test_every_problem_is_told_at_once() -> None:
    """Two bad inputs are two refusals in the same preview."""
    completion = _failures("completion", {"job_id": "", "expected_servers": 0, "region": "eu de", "endpoint": "x"})
    submission = _failures("submission", {"path": "", "method": "GET", "body": [], "project_id": "a/b"})
    assert [failure.reason.split()[0] for failure in completion] == ["job_id", "expected_servers", "endpoint", "region"]
    assert [failure.reason.split()[0] for failure in submission] == ["path", "method", "body", "project_id"]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("submission", "body", {"adminPass": "hunter2", "size": 2**60}),
        ("submission", "body", {"adminPass": "hunter2", "size": math.nan}),
        ("submission", "body", ["hunter2"]),
        ("submission", "body", "hunter2"),
        ("submission", "path", "a?password=hunter2"),
        ("submission", "endpoint", "https://user:hunter2@host"),
        ("completion", "endpoint", "https://user:hunter2@host"),
        ("completion", "endpoint", "https://host/?token=hunter2"),
    ],
)
def test_what_may_hold_a_secret_is_not_repeated(kind: str, name: str, value: object) -> None:
    """No refusal repeats a body, a path or an endpoint."""
    (failure,) = _failures(kind, _inputs(kind, name, value))
    assert "hunter2" not in failure.reason


@pytest.mark.parametrize("name", ["endpoint", "region", "project_id"])
def test_a_profile_has_all_of_it(name: str) -> None:
    """An endpoint, region or project beside a profile is refused, because a token could go to the wrong account."""
    value = {"endpoint": "https://bms.example.com"}.get(name, "eu-de")
    for kind, inputs in (("completion", {"job_id": "j"}), ("submission", {"path": "p"})):
        (failure,) = _failures(kind, {**inputs, "profile": "eu", name: value})
        assert failure.reason.startswith(f"profile and {name} ")


ASSETS = [
    (pulumi.StringAsset("hunter2"), "asset"),
    (pulumi.FileAsset("hunter2"), "asset"),
    (pulumi.RemoteAsset("https://hunter2"), "asset"),
    (pulumi.FileArchive("hunter2"), "archive"),
    (pulumi.AssetArchive({"hunter2": pulumi.StringAsset("hunter2")}), "archive"),
    (b"hunter2", "bytes"),
]
"""Values that Pulumi passes as objects, not as JSON."""


@pytest.mark.parametrize(("value", "kind"), ASSETS)
@pytest.mark.parametrize("name", ["body", "triggers"])
def test_what_is_no_json_is_refused_by_its_path(name: str, value: object, kind: str) -> None:
    """A value that is not JSON is refused with the path. The refusal does not repeat the value."""
    for path, holder in {
        name: value,
        f"{name}.server.image": {"server": {"image": value}},
        f"{name}.list[1][0].image": {"list": [0.0, [{"image": value}]]},
    }.items():
        (failure,) = _failures("submission", {"path": "p", name: holder})
        assert failure.property == ""
        assert failure.reason.startswith(f"{path} is ")
        assert f"{kind}, not JSON" in failure.reason
        assert "hunter2" not in failure.reason


def test_each_place_that_holds_no_json_is_told() -> None:
    """Two values that are not JSON in one input are two refusals. An infinite number is refused too."""
    asset = pulumi.StringAsset("x")
    result = _failures("submission", {"path": "p", "body": {"a": asset, "b": [asset]}, "triggers": [math.inf]})
    paths = [failure.reason.split()[0] for failure in result]
    assert paths == ["body.a", "body.b[0]", "triggers[0]"]


@pytest.mark.parametrize(("value", "_words"), ASSETS)
def test_no_object_is_a_text(value: object, _words: str) -> None:
    """An object is refused for every text or number input."""
    for kind, name in [
        ("completion", "job_id"),
        ("submission", "path"),
        *((kind, name) for kind in PROVIDERS for name in ("endpoint", "region", "project_id")),
    ]:
        (failure,) = _failures(kind, _inputs(kind, name, value))
        assert failure.reason.startswith(f"{name} must be a string")
    (failure,) = JobCompletionsProvider().check({}, {"job_ids": {"web": value}}).failures
    assert failure.reason.startswith("job_ids.web must be a string: write the id")
    (failure,) = _failures("completion", _inputs("completion", "expected_servers", value))
    assert failure.reason.startswith("expected_servers must be a whole number: write 1 or more")


def test_a_job_in_a_map_is_named_by_its_path() -> None:
    """Each bad job id of a map is refused with Pulumi's path, and with the remedy of a single job."""
    job_ids = {"web": None, "a b": "", "c": 3.0, "d": "x/y", "e": UNKNOWN, "f": "fine"}
    failures = JobCompletionsProvider().check({}, {"job_ids": job_ids}).failures
    starts = ["job_ids.c must be a string", "job_ids.web is missing", 'job_ids["a b"] is empty', "job_ids.d must hold"]
    assert [failure.reason.startswith(start) for failure, start in zip(failures, starts, strict=True)] == [True] * 4
    assert all(OWN_ID in failure.reason for failure in failures)
