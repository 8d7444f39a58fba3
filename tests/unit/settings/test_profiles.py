"""A profile has all settings of an account, without fallbacks."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.user import UserCredential
from pulumi_bms.config_keys import KEYS
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
    """Endpoint, project, credential, rate limit and certificates come only from the profile."""
    result = loaded(WHOLE)
    assert (result.endpoint, result.project_id, result.iam_endpoint) == ("https://eu.example.com", "eu-project", "")
    assert result.credential.secrets == ("eu-token",)
    assert result.credential.name.source == "bms:profiles.eu.token"
    assert (result.max_requests_per_minute, result.ca_bundle) == (1200, None)


def test_a_region_is_enough() -> None:
    """A profile with a region and a user has all addresses, and the region's project."""
    result = loaded({"region": "eu-de", "username": "u", "password": "p", "domainName": "d"})
    assert isinstance(result.credential, UserCredential)
    assert result.credential.iam_endpoint == "https://iam.eu-de.otc.t-systems.com"
    assert (result.endpoint, result.project_name) == ("https://bms.eu-de.otc.t-systems.com", "eu-de")


def test_the_forms_of_nested_config() -> None:
    """Profiles are read from JSON text and from objects, with numbers for texts that look like numbers."""
    profile = {**WHOLE, "projectId": 123, "maxRequestsPerMinute": 300}
    as_text = {"bms:profiles": json.dumps({"eu": profile})}
    for result in (load({"profile": "eu"}, as_text.get, {}), loaded(profile)):
        assert (result.project_id, result.max_requests_per_minute) == ("123", 300)


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        (
            "endpoint",
            "The endpoint is missing in profile 'eu': set `bms:profiles.eu.region` or `bms:profiles.eu.endpoint`",
        ),
        (
            "projectId",
            "The project is missing in profile 'eu': set `bms:profiles.eu.projectId` or `bms:profiles.eu.projectName`",
        ),
        ("token", "A credential is missing in profile 'eu': set `bms:profiles.eu.token`"),
    ],
)
def test_what_a_profile_lacks(missing: str, says: str) -> None:
    """A missing setting is named by the profile's key, with any top level and environment."""
    assert problem_of({key: value for key, value in WHOLE.items() if key != missing}) == says


def test_what_a_user_in_a_profile_lacks() -> None:
    """A user in a profile needs an identity service in the profile."""
    profile = {
        "endpoint": "https://eu.example.com",
        "projectId": "p",
        "username": "u",
        "password": "p",
        "domainName": "d",
    }
    assert (
        problem_of(profile)
        == "The IAM endpoint for bms:profiles.eu.endpoint is missing in profile 'eu': set `bms:profiles.eu.iamEndpoint`"
    )


@pytest.mark.parametrize(
    ("profile", "name", "says"),
    [
        (
            WHOLE,
            "us",
            "profile 'us' is not in the config. Add",
        ),
        ("eu-de", "eu", "profile 'eu' is not in the config"),
        (None, "eu", "profile 'eu' is not in the config"),
        (WHOLE, "a.b", "profile 'a.b' must have 1 to 64 letters"),
        (
            {**WHOLE, "projectID": "x", "Token": "S3CR3T"},
            "eu",
            "bms:profiles.eu has the unknown keys Token (write token), projectID (write projectId). ",
        ),
        (
            {**WHOLE, "accessKey": "S3CR3T"},
            "eu",
            "profile 'eu' has a token (bms:profiles.eu.token) and an access key ",
        ),
        ({"accessKey": "S3CR3T"}, "eu", "Set bms:profiles.eu.secretKey as well: "),
        ({**WHOLE, "token": "S3CR3T x"}, "eu", "the token from bms:profiles.eu.token is empty, or contains blanks"),
        ({**WHOLE, "caBundle": "/nonexistent"}, "eu", "bms:profiles.eu.caBundle '/nonexistent' must be the path"),
        ({**WHOLE, "maxRequestsPerMinute": "0"}, "eu", "bms:profiles.eu.maxRequestsPerMinute '0' must be a whole"),
    ],
)
def test_a_profile_that_is_none(profile: object, name: str, says: str) -> None:
    """A bad profile is refused by the profile's key, and no secret is shown."""
    message = problem_of(profile, name=name)
    assert message.startswith(says)
    assert "S3CR3T" not in message


@pytest.mark.parametrize("config", [None, "", "no json", "[]", "3"])
def test_no_profiles_at_all(config: object) -> None:
    """With any invalid `bms:profiles`, the profile is not found."""
    with pytest.raises(SettingsError, match="profile 'eu' is not in the config"):
        load({"profile": "eu"}, {**AROUND, "bms:profiles": config}.get, ENVIRONMENT)


@pytest.mark.parametrize(
    ("inputs", "names"),
    [({"endpoint": "https://x"}, "endpoint"), ({"region": "eu-nl", "project_id": "p"}, "region and project_id")],
)
def test_nothing_beside_a_profile(inputs: Mapping[str, object], names: str) -> None:
    """An endpoint, region or project beside a profile is refused, because a token could go to a wrong account."""
    assert problem_of(WHOLE, inputs) == f"profile and {names} can't be set together: write {names} in the profile"


def test_an_empty_name_is_no_profile() -> None:
    """An empty profile name means no profile."""
    config = {key: value for key, value in AROUND.items() if key != "bms:caBundle"}
    for name in (None, ""):
        assert load({"profile": name}, config.get, {}).credential.name.source == "bms:token"


PARTS = [
    {"token": "S3CR3T-token"},
    {"accessKey": "S3CR3T-access", "secretKey": "S3CR3T-secret"},
    {"accessKey": "S3CR3T-access", "secretKey": "S3CR3T-secret", "securityToken": "S3CR3T-security"},
    {"username": "user", "password": "S3CR3T-password", "domainName": "domain"},
]
PLACE = {"region": "eu-de", "projectId": "p"}


@pytest.mark.parametrize("credential", PARTS, ids=list)
def test_each_kind_in_a_profile(credential: dict[str, str]) -> None:
    """Each kind of credential is read from a profile, and named by the first key. No secret is shown."""
    result = loaded({**PLACE, **credential})
    assert result.credential.name.source == f"bms:profiles.eu.{next(iter(credential))}"
    assert set(result.credential.secrets) == {value for value in credential.values() if value.startswith("S3CR3T")}
    assert "S3CR3T" not in repr(result)


@pytest.mark.parametrize(
    ("credential", "lacks"),
    [(credential, key) for credential in PARTS for key in credential if len(credential) > 1 and key != "securityToken"],
)
def test_half_a_credential_in_a_profile(credential: dict[str, str], lacks: str) -> None:
    """A missing part of a profile's credential is named by the profile's key, beside the existing parts."""
    there = {key: value for key, value in credential.items() if key != lacks}
    names = ", ".join(f"bms:profiles.eu.{key}" for key in there)
    message = problem_of({**PLACE, **there})
    assert message.startswith(f"Set bms:profiles.eu.{lacks} as well: ")
    assert message.endswith(f" {names}")


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(
    ("number", "text"), [(12345, "12345"), (0, "0"), (-1, "-1"), (10**30, "1" + "0" * 30), (1.5, "1.5")]
)
def test_a_number_is_text(number: float, text: str, as_text: bool) -> None:  # noqa: FBT001
    """A number in a profile is read as text, also in a password."""
    profile = {**PLACE, "username": number, "password": number, "domainName": number}
    profiles = json.dumps({"eu": profile}) if as_text else {"eu": profile}
    result = load({"profile": "eu"}, {"bms:profiles": profiles}.get, {}).credential
    assert isinstance(result, UserCredential)
    assert (result.user_name, result.password, result.domain_name) == (text, text, text)


@pytest.mark.parametrize("value", [None, "", " ", "\n", ["S3CR3T"], {"S3CR3T": "S3CR3T"}])
def test_what_is_no_text_is_not_set(value: object) -> None:
    """An empty value or a list is not a token, and the top level's token is not taken."""
    assert problem_of({**PLACE, "token": value}) == (
        "A credential is missing in profile 'eu': set `bms:profiles.eu.token`"
    )


@pytest.mark.parametrize("text", ["S3CR3T x", "S3CR3T\nX-Evil: 1", "S3CR3Tü", "S3CR3T\x00"])
@pytest.mark.parametrize("key", ["accessKey", "secretKey", "securityToken", "token"])
def test_a_malformed_secret_in_a_profile(key: str, text: str) -> None:
    """A malformed secret in a profile is refused by the profile's key, and is not shown."""
    credential = next(parts for parts in reversed(PARTS) if key in parts)
    profiles = {"bms:profiles": json.dumps({"eu": {**PLACE, **credential, key: text}})}
    with pytest.raises(
        SettingsError, match=r"^the .* from bms:profiles\.eu\..* is empty, or contains blanks"
    ) as caught:
        load({"profile": "eu"}, profiles.get, {})
    assert "S3CR3T" not in "".join(traceback.format_exception(caught.value, chain=True))


@pytest.mark.parametrize(
    "profiles",
    ['{"eu": {"token": "S3CR3T"', '{"eu": "S3CR3T"}', '"S3CR3T"', "S3CR3T", ["S3CR3T"], {"eu": ["S3CR3T"]}, b"S3CR3T"],
)
def test_profiles_that_are_none_are_not_shown(profiles: object) -> None:
    """Invalid profiles may contain a secret, so neither the text nor the JSON error is shown."""
    with pytest.raises(SettingsError, match=r"^profile 'eu' is not in the config") as caught:
        load({"profile": "eu"}, {"bms:profiles": profiles}.get, {})
    assert "S3CR3T" not in "".join(traceback.format_exception(caught.value, chain=True))


@pytest.mark.parametrize("name", ["a.b", "a b", "../eu", "eu\n", " ", "ü", "x" * 65, "S3CR3T'", "eu[0]"])
def test_a_name_that_no_profile_has(name: str) -> None:
    """An invalid profile name is refused before the lookup."""
    message = problem_of(WHOLE, name=name)
    assert message.startswith("profile")
    assert message.endswith(" must have 1 to 64 letters, digits, - and _, with a letter or digit first")


@pytest.mark.parametrize("key", [*(key.upper() for key in KEYS), "project_id", "profiles", "bms:token", "", "token "])
def test_a_key_that_no_profile_has(key: str) -> None:
    """An unknown key of a profile is refused with the known keys, and the value is not shown."""
    message = problem_of({**WHOLE, key: "S3CR3T"})
    pattern = rf"bms:profiles\.eu has .* {re.escape(key)}( \(write \w+\))?\. .* {', '.join(KEYS)}"
    assert re.fullmatch(pattern, message)


@pytest.mark.parametrize(
    "inputs", [{"endpoint": " "}, {"region": ""}, {"project_id": None}, {"token": "x", "other": "y"}]
)
def test_beside_a_profile_what_is_not_set_is_no_matter(inputs: Mapping[str, object]) -> None:
    """Empty settings beside a profile are ignored."""
    assert loaded(WHOLE, inputs) == loaded(WHOLE)


def outcome(inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str]) -> object:
    """All values that the settings took."""
    try:
        result = load(inputs, config.get, environ)
    except SettingsError as error:
        return str(error)
    where = (result.endpoint, result.project_id, result.project_name, result.iam_endpoint, result.ca_bundle)
    return (
        *where,
        result.max_requests_per_minute,
        result.credential.name.source,
        result.credential.secrets,
        repr(result),
    )


ADDRESSES = ("endpoint", "iamEndpoint", "billingEndpoint")
FORMS = {**dict.fromkeys(ADDRESSES, "https://{}.example"), "caBundle": "/nonexistent/{}"}
NUMBERS = {f"{prefix}-maxRequestsPerMinute": number for prefix, number in (("own", "5"), ("top", "7"))}
VARIABLES = (
    *("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"),
    *("HW_PROJECT_NAME", "HW_PROJECT_ID", "HW_REGION_NAME", "HW_AUTH_URL", "HW_AUTH_TOKEN", "BMS_ENDPOINT"),
    *("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_NAME"),
    *("OS_PROJECT_NAME", "OS_PROJECT_ID", "OS_TOKEN", "OS_ACCESS_KEY", "OS_SECRET_KEY", "OS_REGION_NAME"),
)


def value_of(prefix: str, key: str) -> str:
    text = f"{prefix}-{key}"
    return NUMBERS.get(text) or FORMS.get(key, "{}").format(text)


SOME_KEYS = st.sets(st.sampled_from([key for key in KEYS if key != "caBundle"]), max_size=7)
A_KIND = st.sampled_from([set(), *(set(parts) for parts in PARTS)])


@given(A_KIND, SOME_KEYS, st.sets(st.sampled_from(KEYS)), st.sets(st.sampled_from(VARIABLES)), st.booleans())
@hypothesis_settings(max_examples=300, deadline=None, database=None)
def test_nothing_around_a_profile_counts(
    kind: set[str],
    keys: set[str],
    top: set[str],
    variables: set[str],
    as_text: bool,  # noqa: FBT001
) -> None:
    """The outcome of a profile depends only on the profile, with any top level, environment or further profile."""
    profile = {key: value_of("own", key) for key in KEYS if key in kind | keys}
    other = dict.fromkeys(KEYS, "other")
    address_sources: dict[str, object] = {f"bms:{key}": value_of("top", key) for key in KEYS if key in top}
    environ = {name: f"variable-{name}" for name in VARIABLES if name in variables}
    profiles = {"eu": profile, "other": other, "eu2": other}
    alone = outcome({"profile": "eu"}, {"bms:profiles": {"eu": profile}}, {})
    config = {**address_sources, "bms:profiles": json.dumps(profiles) if as_text else profiles}
    assert outcome({"profile": "eu"}, config, environ) == alone


@given(A_KIND, SOME_KEYS)
@hypothesis_settings(max_examples=300, deadline=None, database=None)
def test_a_profile_is_read_as_the_top_level_is(kind: set[str], keys: set[str]) -> None:
    """A profile is read like the same values at the top level."""
    profile = {key: value_of("own", key) for key in KEYS if key in kind | keys}
    within = outcome({"profile": "eu"}, {"bms:profiles": {"eu": profile}}, {})
    outside = outcome({}, {f"bms:{key}": value for key, value in profile.items()}, {})
    message = str(within).replace("bms:profiles.eu.", "bms:").replace("profile 'eu'", "the config")
    # Missing settings of the top level are named with the variables too.
    assert without_variables(message) == without_variables(str(outside))


def without_variables(message: str) -> str:
    """A message without the parts about variables and about a missing credential."""
    for pattern in (
        r" \(or [A-Z_, ]+\)",
        r"\. Users sign in.*",
        r"A credential is missing.*",
        r" in the config(?=: )",
    ):
        message = re.sub(pattern, "", message)
    return message
