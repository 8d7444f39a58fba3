"""Address and credential: the source in force, and the error without a source."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping

import pytest
import requests

from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import Settings, load

CONFIG = {
    "bms:endpoint": "https://config.example.com",
    "bms:projectId": "config-project",
    "bms:token": "config-token",
}
ENVIRONMENT = {
    "BMS_ENDPOINT": "https://environment.example.com",
    "HW_PROJECT_ID": "environment-project",
    "HW_AUTH_TOKEN": "environment-token",
}
EU = "https://bms.eu-de.otc.t-systems.com"
CN, US = (f"https://bms.{region}.myhuaweicloud.com" for region in ("cn-north-4", "us-1"))
ENDPOINT, PROJECT, CREDENTIAL = "The endpoint is missing: ", "The project is missing: ", "A credential is missing: "


def loaded(
    inputs: Mapping[str, object] | None = None,
    config: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    return load(inputs or {}, (config or {}).get, environ or {})


def token_of(settings: Settings) -> str | None:
    """The token of a request with the settings."""
    request = requests.Request("GET", "https://anywhere.example.com").prepare()
    settings.credential.authenticate(request)
    return request.headers.get("X-Auth-Token")


def problem_of(
    inputs: Mapping[str, object] | None = None,
    config: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(inputs, config, environ)
    return str(error.value)


@pytest.mark.parametrize(
    ("inputs", "config", "environ", "endpoint"),
    [
        # A single source.
        ({"endpoint": EU}, {}, {}, EU),
        ({"region": "eu-de"}, {}, {}, EU),
        ({}, {"bms:endpoint": EU}, {}, EU),
        ({}, {"bms:region": "eu-de"}, {}, EU),
        ({}, {}, {"BMS_ENDPOINT": EU}, EU),
        ({}, {}, {"HW_REGION_NAME": "eu-de"}, EU),
        # In one source the endpoint comes before the region.
        ({"endpoint": EU, "region": "eu-nl"}, {}, {}, EU),
        ({}, {"bms:endpoint": EU, "bms:region": "eu-nl"}, {}, EU),
        ({}, {}, {"BMS_ENDPOINT": EU, "HW_REGION_NAME": "eu-nl"}, EU),
        # A region of a nearer source comes before an endpoint of a further source.
        ({"region": "eu-de"}, {"bms:endpoint": CN}, {"BMS_ENDPOINT": US}, EU),
        ({}, {"bms:region": "eu-de"}, {"BMS_ENDPOINT": US}, EU),
        ({"endpoint": EU}, {"bms:region": "eu-nl"}, {"HW_REGION_NAME": "us-1"}, EU),
        ({}, {"bms:endpoint": EU}, {"HW_REGION_NAME": "us-1"}, EU),
        # An empty value, or a value that is not a text, is not set.
        ({"endpoint": "", "region": " "}, {"bms:endpoint": EU}, {}, EU),
        ({"endpoint": None}, {"bms:endpoint": None, "bms:region": ""}, {"HW_REGION_NAME": "eu-de"}, EU),
        ({"endpoint": 3.0}, {"bms:endpoint": {"a": 1}}, {"BMS_ENDPOINT": EU}, EU),
        # Blanks around a value and slashes at the end are removed.
        ({"endpoint": f" {EU}\n"}, {}, {}, EU),
        ({"endpoint": f"{EU}/"}, {}, {}, EU),
        ({"endpoint": f"{EU}//"}, {}, {}, EU),
        ({"endpoint": "https://gateway.example.com/prefix/"}, {}, {}, "https://gateway.example.com/prefix"),
        ({"endpoint": "http://127.0.0.1:8080/"}, {}, {}, "http://127.0.0.1:8080"),
        # Keys of a different namespace are not read.
        ({}, {"other:endpoint": CN, "endpoint": CN, "bms:region": "eu-de"}, {}, EU),
    ],
)
def test_the_endpoint_comes_from_the_nearest_source(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str], endpoint: str
) -> None:
    """The endpoint comes from inputs, then config, then environment. Each source is read for both keys first."""
    others = {"bms:projectId": "p", "bms:token": "t"}
    assert loaded(inputs, {**others, **config}, environ).endpoint == endpoint


def test_the_project_comes_from_the_nearest_source() -> None:
    """The project comes from inputs, then config, then environment."""
    assert loaded({"project_id": "own"}, CONFIG, ENVIRONMENT).project_id == "own"
    assert loaded({"project_id": ""}, CONFIG, ENVIRONMENT).project_id == "config-project"
    assert loaded({}, {**CONFIG, "bms:projectId": " "}, ENVIRONMENT).project_id == "environment-project"


def test_a_token_of_the_environment_beats_the_config() -> None:
    """A token of the environment comes before the config, because the config's token may have expired at a destroy."""
    both = loaded({}, CONFIG, ENVIRONMENT)
    assert (token_of(both), both.credential.name.source) == ("environment-token", "HW_AUTH_TOKEN")
    config_only = loaded({}, CONFIG, {**ENVIRONMENT, "HW_AUTH_TOKEN": ""})
    assert (token_of(config_only), config_only.credential.name.source) == ("config-token", "bms:token")


def test_a_token_is_no_input() -> None:
    """A token is never taken from the inputs, because inputs are plain text in the state."""
    assert token_of(loaded({"token": "input-token", "bms:token": "input-token"}, CONFIG)) == "config-token"


@pytest.mark.parametrize(
    ("key", "variable", "says"),
    [
        (
            "bms:endpoint",
            "BMS_ENDPOINT",
            ENDPOINT,
        ),
        ("bms:projectId", "HW_PROJECT_ID", PROJECT),
        ("bms:token", "HW_AUTH_TOKEN", CREDENTIAL),
    ],
)
def test_what_is_missing_is_named_with_both_ways_to_set_it(key: str, variable: str, says: str) -> None:
    """A missing setting is one line with the config key and the variable. Both ways to set the value work."""
    config = {name: value for name, value in CONFIG.items() if name != key}
    message = problem_of({}, config)
    assert message.startswith(says)
    assert all(name in message for name in (key, variable))
    loaded({}, config, {variable: ENVIRONMENT[variable]})


def test_all_that_is_missing_is_named_at_once() -> None:
    """All missing settings are named at once."""
    lines = problem_of().splitlines()
    assert [line[: line.index(":") + 2] for line in lines] == [ENDPOINT, PROJECT, CREDENTIAL]


@pytest.mark.parametrize(
    "token",
    ["S3CR3T\nX-Evil: 1", "S3CR3T x", "x\rS3CR3T", "S3CR3T\x00", "S3CR3Tü", "S3CR3T\tx", "„S3CR3T”", "\x1bS3CR3T"],
)
def test_a_token_that_is_none_is_refused_unseen(token: str) -> None:
    """A token with invalid characters is refused. The text names the source, and never shows the token."""
    for source, config, environ in (
        ("HW_AUTH_TOKEN", CONFIG, {"HW_AUTH_TOKEN": token}),
        ("bms:token", {**CONFIG, "bms:token": token}, {}),
    ):
        message = problem_of({}, config, environ)
        assert message.startswith(f"the token from {source} is empty, or contains blanks")
        assert "S3CR3T" not in message


@pytest.mark.parametrize("token", ["", " ", "\n", "\t \n"])
def test_a_blank_token_is_not_set(token: str) -> None:
    """With a blank variable the config's token counts. A blank token is missing."""
    assert token_of(loaded({}, CONFIG, {"HW_AUTH_TOKEN": token})) == "config-token"
    assert problem_of({}, {**CONFIG, "bms:token": token}).startswith(CREDENTIAL)
    with pytest.raises(SettingsError, match="the token from here is empty"):
        TokenCredential(token, "here")


def test_a_line_break_at_the_end_of_a_token_is_none_of_it() -> None:
    """A line break at the end of a token is removed."""
    assert token_of(loaded({}, CONFIG, {"HW_AUTH_TOKEN": " fresh\r\n"})) == "fresh"


@pytest.mark.parametrize(
    ("inputs", "config", "environ", "says"),
    [
        (
            {"endpoint": "http://elsewhere.example.com"},
            {},
            {},
            "endpoint 'http://elsewhere.example.com' must begin with https://",
        ),
        ({}, {"bms:endpoint": "https://user:S3CR3T@host"}, {}, "bms:endpoint must not contain a user"),
        ({}, {"bms:endpoint": "https://host?token=S3CR3T"}, {}, "bms:endpoint must not contain a user"),
        ({}, {"bms:endpoint": ""}, {"BMS_ENDPOINT": "elsewhere"}, "BMS_ENDPOINT 'elsewhere' must be an http(s) URL"),
        ({"region": "eu de"}, {}, {}, "region 'eu de' must have"),
        ({"region": "evil.example.com/x"}, {}, {}, "region 'evil.example.com/x' must have"),
        ({}, {"bms:endpoint": ""}, {"HW_REGION_NAME": "under_score"}, "HW_REGION_NAME 'under_score' must have"),
        ({"project_id": "a/../b"}, {}, {}, "project_id 'a/../b' must have"),
        ({}, {"bms:projectId": "x" * 65}, {}, f"bms:projectId '{'x' * 65}' must have"),
    ],
)
def test_a_setting_that_is_none_is_refused(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str], says: str
) -> None:
    """A wrong setting is named with the user's name for the setting. A value that may hold a secret is left out."""
    message = problem_of(inputs, {**CONFIG, **config}, environ)
    assert message.startswith(says)
    assert "S3CR3T" not in message


def test_nothing_shows_the_token() -> None:
    """Text, repr and fingerprint of settings and credential never show the token."""
    settings = loaded({}, CONFIG)
    for shown in (str(settings), repr(settings), repr(settings.credential), settings.credential.fingerprint):
        assert "config-token" not in shown
    assert "bms:token" in repr(settings)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_settings_refuse_to_be_pickled(protocol: int) -> None:
    """Settings can't be pickled, because a captured token would be stored in the state."""
    settings = loaded({}, CONFIG)
    for holder in (settings, settings.credential, {"captured": [settings]}):
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(holder, protocol)
    with pytest.raises(TypeError, match="can't be pickled"):
        copy.deepcopy(settings)


def test_two_tokens_have_two_fingerprints() -> None:
    """Equal tokens have equal fingerprints. Different tokens have different fingerprints."""
    ours, other = TokenCredential("one", "here"), TokenCredential("other", "here")
    assert ours.fingerprint == TokenCredential("one", "elsewhere").fingerprint != other.fingerprint


@pytest.mark.parametrize(("value", "rate_limit"), [(None, 1200), ("", 1200), ("300", 300), (300, 300), (300.0, 300)])
def test_the_request_budget_is_a_whole_number(value: object, rate_limit: int) -> None:
    """The rate limit is read as a whole number from any form, or has the default."""
    config = {"bms:endpoint": "https://h", "bms:projectId": "p", "bms:token": "t", "bms:maxRequestsPerMinute": value}
    assert load({}, config.get, {}).max_requests_per_minute == rate_limit


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", 0, 1e99])
def test_a_budget_that_is_none_is_refused(value: object) -> None:
    """A wrong rate limit is refused by name, and is never unlimited."""
    config = {"bms:endpoint": "https://h", "bms:projectId": "p", "bms:token": "t", "bms:maxRequestsPerMinute": value}
    with pytest.raises(SettingsError, match=r"bms:maxRequestsPerMinute .* must be a whole number"):
        load({}, config.get, {})
