"""A profile has everything that it takes to reach an account, and nothing falls back."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.iam import UserCredential
from pulumi_bms.settings import Settings, load

WHOLE = {"endpoint": "https://eu.example.com", "projectId": "eu-project", "token": "eu-token"}
AROUND = {
    "bms:endpoint": "https://top.example.com",
    "bms:projectId": "top-project",
    "bms:token": "top-token",
    "bms:region": "cn-north-4",
    "bms:iamEndpoint": "https://iam.top.example.com",
    "bms:maxRequestsPerMinute": "77",
    "bms:caBundle": "/nonexistent",
}
ENVIRONMENT = {
    "BMS_ENDPOINT": "https://environment.example.com",
    "HW_PROJECT_ID": "environment-project",
    "HW_AUTH_TOKEN": "environment-token",
    "HW_REGION_NAME": "cn-north-4",
    "OS_USERNAME": "deploy",
}


def loaded(profile: object, inputs: Mapping[str, object] | None = None, name: str = "eu") -> Settings:
    config = {**AROUND, "bms:profiles": {"eu": profile, "other": {"token": "other-token"}}}
    return load({"profile": name, **(inputs or {})}, config.get, ENVIRONMENT)


def problem_of(profile: object, inputs: Mapping[str, object] | None = None, name: str = "eu") -> str:
    with pytest.raises(SettingsError) as error:
        loaded(profile, inputs, name)
    return str(error.value)


def test_all_of_it_is_from_the_profile() -> None:
    """Endpoint, project, credential, budget and certificates: what is around it, near or far, does not count."""
    found = loaded(WHOLE)
    assert (found.endpoint, found.project_id, found.iam_endpoint) == ("https://eu.example.com", "eu-project", "")
    assert found.credential.secrets == ("eu-token",)
    assert found.credential.source == "bms:profiles.eu.token"
    assert (found.max_requests_per_minute, found.ca_bundle) == (1200, None)


def test_a_region_is_enough() -> None:
    """A profile with a region and a user has all addresses, and the region's project."""
    found = loaded({"region": "eu-de", "username": "u", "password": "p", "domainName": "d"})
    assert isinstance(found.credential, UserCredential)
    assert found.credential.iam_endpoint == "https://iam.eu-de.otc.t-systems.com"
    assert (found.endpoint, found.project_name) == ("https://bms.eu-de.otc.t-systems.com", "eu-de")


def test_the_forms_of_nested_config() -> None:
    """Pulumi hands nested config on as JSON text, with numbers for what looks like one."""
    profile = {**WHOLE, "projectId": 123, "maxRequestsPerMinute": 300}
    as_text = {"bms:profiles": json.dumps({"eu": profile})}
    for found in (load({"profile": "eu"}, as_text.get, {}), loaded(profile)):
        assert (found.project_id, found.max_requests_per_minute) == ("123", 300)


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("endpoint", "not set in profile 'eu': the endpoint: set `bms:profiles.eu.region`"),
        ("projectId", "not set in profile 'eu': the project: set `bms:profiles.eu.projectId`"),
        ("token", "not set in profile 'eu': a credential: set `bms:profiles.eu.token`"),
    ],
)
def test_what_a_profile_lacks(missing: str, says: str) -> None:
    """Each missing thing is named by its key in the profile, whatever the top level and the environment have."""
    assert problem_of({key: value for key, value in WHOLE.items() if key != missing}) == says


def test_what_a_user_in_a_profile_lacks() -> None:
    """The identity service is the profile's own as well."""
    profile = {
        "endpoint": "https://eu.example.com",
        "projectId": "p",
        "username": "u",
        "password": "p",
        "domainName": "d",
    }
    assert problem_of(profile) == "not set in profile 'eu': the IAM endpoint: set `bms:profiles.eu.iamEndpoint`"


@pytest.mark.parametrize(
    ("profile", "name", "says"),
    [
        (WHOLE, "us", "profile 'us' is not in the config: `pulumi config set --path 'bms:profiles.us.region' ...`"),
        ("eu-de", "eu", "profile 'eu' is not in the config"),
        (None, "eu", "profile 'eu' is not in the config"),
        (WHOLE, "a.b", "profile may hold letters, digits, - and _ only"),
        (
            {**WHOLE, "projectID": "x", "Token": "S3CR3T"},
            "eu",
            "bms:profiles.eu holds Token, projectID, and knows only ",
        ),
        (
            {**WHOLE, "accessKey": "S3CR3T"},
            "eu",
            "profile 'eu' holds a token (bms:profiles.eu.token) and an access key ",
        ),
        ({"accessKey": "S3CR3T"}, "eu", "bms:profiles.eu.secretKey must be set beside bms:profiles.eu.accessKey"),
        ({**WHOLE, "token": "S3CR3T x"}, "eu", "the token from bms:profiles.eu.token is empty or holds blanks"),
        ({**WHOLE, "caBundle": "/nonexistent"}, "eu", "bms:profiles.eu.caBundle is '/nonexistent'"),
        ({**WHOLE, "maxRequestsPerMinute": "0"}, "eu", "bms:profiles.eu.maxRequestsPerMinute is '0'"),
    ],
)
def test_a_profile_that_is_none(profile: object, name: str, says: str) -> None:
    """What is wrong with a profile is told by the key in it, and without its secrets."""
    said = problem_of(profile, name=name)
    assert said.startswith(says)
    assert "S3CR3T" not in said


@pytest.mark.parametrize("config", [None, "", "no json", "[]", "3"])
def test_no_profiles_at_all(config: object) -> None:
    """Whatever stands there, it is no profile."""
    with pytest.raises(SettingsError, match="profile 'eu' is not in the config"):
        load({"profile": "eu"}, {**AROUND, "bms:profiles": config}.get, ENVIRONMENT)


@pytest.mark.parametrize(
    ("inputs", "names"),
    [({"endpoint": "https://x"}, "endpoint"), ({"region": "eu-nl", "project_id": "p"}, "region and project_id")],
)
def test_nothing_beside_a_profile(inputs: Mapping[str, object], names: str) -> None:
    """An endpoint beside it could send its token to another account's: all of it belongs into the profile."""
    assert problem_of(WHOLE, inputs) == f"profile and {names}: a profile has all of it, so write {names} there"


def test_an_empty_name_is_no_profile() -> None:
    """A program may hand on a setting that is not set."""
    config = {key: value for key, value in AROUND.items() if key != "bms:caBundle"}
    for name in (None, ""):
        assert load({"profile": name}, config.get, {}).credential.source == "bms:token"
