"""Wrong settings are separate from missing settings: all reported at once, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import MissingSettingsError, load, problems

WRONG: dict[str, object] = {
    "bms:endpoint": "htp://bms.example.com",
    "bms:iamEndpoint": "http://iam.example.com",
    "bms:region": "eu de",
    "bms:projectId": "a/b",
    "bms:caBundle": "/nonexistent/ca.pem",
    "bms:maxRequestsPerMinute": "many",
}
URL = "write https://HOST, with a port or path prefix if necessary"
SAID = [
    f"bms:endpoint 'htp://bms.example.com' must be an http(s) URL: {URL}",
    (
        "bms:iamEndpoint 'http://iam.example.com' must begin with https://, because a credential over http "
        "could be read on the way"
    ),
    "bms:region 'eu de' must have 1 to 63 letters, digits and -, with no - at either end",
    "bms:projectId 'a/b' must have 1 to 64 letters, digits, - and _, with a letter or digit first",
    "bms:caBundle '/nonexistent/ca.pem' must be the path of an existing file or folder of certificates",
    "bms:maxRequestsPerMinute 'many' must be a whole number of at least 1",
]


def result(config: Mapping[str, object], environ: Mapping[str, str] | None = None, **inputs: object) -> list[str]:
    return problems(inputs, config.get, environ or {})


def test_all_that_is_wrong_is_told_at_once() -> None:
    """All wrong values of the config are reported at once with key and value, also without a credential."""
    assert sorted(result(WRONG)) == sorted(SAID)


def test_all_that_is_wrong_in_a_profile_is_told_at_once() -> None:
    """Values of a profile are checked like values of the top level, and unknown keys are reported too."""
    values = {key.removeprefix("bms:"): value for key, value in WRONG.items()}
    message = result({"bms:profiles": {"eu": {**values, "Token": "x"}}}, profile="eu")
    assert message[0].startswith("bms:profiles.eu has the unknown keys Token (write token). ")
    assert sorted(message[1:]) == sorted(text.replace("bms:", "bms:profiles.eu.", 1) for text in SAID)


def test_variables_are_judged_where_they_count() -> None:
    """A variable is checked only in the active family, and is reported by name."""
    environ = {
        "HW_AUTH_TOKEN": "t",
        "BMS_ENDPOINT": "bms.example.com",
        "HW_PROJECT_ID": "a b",
        "OS_AUTH_URL": "http://keystone.example.com:5000/v3",
        "OS_REGION_NAME": "RegionOne",
    }
    assert result({}, environ) == [
        f"BMS_ENDPOINT 'bms.example.com' must be an http(s) URL: {URL}",
        "HW_PROJECT_ID 'a b' must have 1 to 64 letters, digits, - and _, with a letter or digit first",
    ]
    assert result({"bms:endpoint": "https://bms.example.com", "bms:projectId": "p"}, environ) == []


@pytest.mark.parametrize(
    ("config", "environ"),
    [
        ({}, {}),
        ({"bms:region": "eu-de"}, {}),
        ({"bms:projectName": "n"}, {"OS_CLOUD": "otc"}),
        ({"bms:endpoint": "https://bms.example.com", "bms:username": "u", "bms:domainName": "d"}, {}),
        ({"bms:endpoint": "https://bms.example.com", "bms:projectName": "n"}, {"HW_AUTH_TOKEN": "t"}),
        ({}, {"HW_ACCESS_KEY": "a"}),
        ({"bms:profiles": {"eu": {}}}, {}),
    ],
)
def test_what_is_missing_is_not_wrong(config: Mapping[str, object], environ: Mapping[str, str]) -> None:
    """Missing settings are no problem, and have a separate error class."""
    inputs = {"profile": "eu"} if "bms:profiles" in config else {}
    assert problems(inputs, config.get, environ) == []
    with pytest.raises(MissingSettingsError):
        load(inputs, config.get, environ)


@pytest.mark.parametrize(
    ("config", "environ", "says"),
    [
        ({"bms:region": "eu-de1"}, {}, "bms:region 'eu-de1' is not a known region"),
        ({"bms:token": "t", "bms:accessKey": "a"}, {}, "the config has a token (bms:token) and an access key"),
        ({"bms:token": "t x"}, {}, "the token from bms:token is empty, or contains blanks"),
        (
            {},
            {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s\n1"},
            "the secret key from HW_SECRET_KEY is empty, or contains blanks",
        ),
        ({"bms:token": "t"}, {"OS_CLOUD": "otc"}, "OS_CLOUD is set and not read here"),
        (
            {"bms:token": "t", "bms:region": "eu-de"},
            {"HW_CLOUD": "x.example"},
            "bms:region 'eu-de' belongs to Open Telekom",
        ),
        (
            {"bms:profiles": {"eu1": {}}},
            {},
            "profile 'eu' is not in the config. If 'eu1' is meant, write 'eu1'. Else add the profile by `pulumi",
        ),
    ],
)
def test_what_can_never_work_is_wrong(config: Mapping[str, object], environ: Mapping[str, str], says: str) -> None:
    """Settings that can never work are a problem, also beside missing settings."""
    inputs = {"profile": "eu"} if "bms:profiles" in config else {}
    message = problems(inputs, config.get, environ)
    assert [text for text in message if text.startswith(says)], message
    with pytest.raises(SettingsError) as error:
        load(inputs, config.get, environ)
    assert not isinstance(error.value, MissingSettingsError)


def test_an_error_has_all_that_is_wrong_and_missing() -> None:
    """An error has all wrong settings first, one per line, then all missing settings."""
    with pytest.raises(SettingsError) as error:
        load({}, {"bms:endpoint": "x", "bms:maxRequestsPerMinute": "0", "bms:accessKey": "a"}.get, {})
    lines = str(error.value).split("\n")
    assert lines[:2] == [
        f"bms:endpoint 'x' must be an http(s) URL: {URL}",
        "bms:maxRequestsPerMinute '0' must be a whole number of at least 1",
    ]
    assert lines[2].startswith("Set bms:secretKey as well: ")
    assert lines[3].startswith("The project is missing: set `bms:projectId`")


def test_inputs_that_are_not_known_yet(tmp_path: Path) -> None:
    """With an unknown input only the values of the config are checked, because the input may decide the rest."""
    config = {"bms:region": "private-1", "bms:maxRequestsPerMinute": "0", "bms:caBundle": str(tmp_path)}
    assert problems(None, config.get, {"OS_CLOUD": "x"}) == [
        "bms:maxRequestsPerMinute '0' must be a whole number of at least 1"
    ]


@pytest.mark.parametrize(
    "value",
    [
        "https://user:S3CR3T@host/x y",
        "https://host?token=S3CR3T",
        "S3CR3T\nx",
        "S3CR3T" * 20,
        "AKIAS3CR3TS3CR3TS3CR3T4x/y z",
    ],
)
@pytest.mark.parametrize(
    "key",
    ["endpoint", "iamEndpoint", "billingEndpoint", "projectId", "caBundle", "maxRequestsPerMinute", "region"],
)
def test_a_value_that_may_hold_a_secret_is_not_shown(key: str, value: str) -> None:
    """A value that may hold a secret is not shown. The setting is named."""
    (message,) = result({f"bms:{key}": value})
    assert message.startswith(f"bms:{key} ")
    assert "s3cr3t" not in message.lower()
