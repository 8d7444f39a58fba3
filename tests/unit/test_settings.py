"""Where the API is and how to sign in: which source counts, and what is said when none does."""

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
    """The token that a request with these settings carries."""
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
        # One source alone.
        ({"endpoint": EU}, {}, {}, EU),
        ({"region": "eu-de"}, {}, {}, EU),
        ({}, {"bms:endpoint": EU}, {}, EU),
        ({}, {"bms:region": "eu-de"}, {}, EU),
        ({}, {}, {"BMS_ENDPOINT": EU}, EU),
        ({}, {}, {"HW_REGION_NAME": "eu-de"}, EU),
        # Within one source the endpoint is the more exact word.
        ({"endpoint": EU, "region": "eu-nl"}, {}, {}, EU),
        ({}, {"bms:endpoint": EU, "bms:region": "eu-nl"}, {}, EU),
        ({}, {}, {"BMS_ENDPOINT": EU, "HW_REGION_NAME": "eu-nl"}, EU),
        # Source by source: a region nearer by beats an endpoint further away.
        ({"region": "eu-de"}, {"bms:endpoint": CN}, {"BMS_ENDPOINT": US}, EU),
        ({}, {"bms:region": "eu-de"}, {"BMS_ENDPOINT": US}, EU),
        ({"endpoint": EU}, {"bms:region": "eu-nl"}, {"HW_REGION_NAME": "us-1"}, EU),
        ({}, {"bms:endpoint": EU}, {"HW_REGION_NAME": "us-1"}, EU),
        # What is empty or no text is not set.
        ({"endpoint": "", "region": " "}, {"bms:endpoint": EU}, {}, EU),
        ({"endpoint": None}, {"bms:endpoint": None, "bms:region": ""}, {"HW_REGION_NAME": "eu-de"}, EU),
        ({"endpoint": 3.0}, {"bms:endpoint": {"a": 1}}, {"BMS_ENDPOINT": EU}, EU),
        # Blanks around a value are none of it, nor is a slash at its end.
        ({"endpoint": f" {EU}\n"}, {}, {}, EU),
        ({"endpoint": f"{EU}/"}, {}, {}, EU),
        ({"endpoint": f"{EU}//"}, {}, {}, EU),
        ({"endpoint": "https://gateway.example.com/prefix/"}, {}, {}, "https://gateway.example.com/prefix"),
        ({"endpoint": "http://127.0.0.1:8080/"}, {}, {}, "http://127.0.0.1:8080"),
        # Keys of other namespaces are nobody's business.
        ({}, {"other:endpoint": CN, "endpoint": CN, "bms:region": "eu-de"}, {}, EU),
    ],
)
def test_the_endpoint_comes_from_the_nearest_source(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str], endpoint: str
) -> None:
    """Inputs, then config, then environment; each source is asked for both keys before the next."""
    others = {"bms:projectId": "p", "bms:token": "t"}
    assert loaded(inputs, {**others, **config}, environ).endpoint == endpoint


def test_the_project_comes_from_the_nearest_source() -> None:
    """Inputs, then config, then environment."""
    assert loaded({"project_id": "own"}, CONFIG, ENVIRONMENT).project_id == "own"
    assert loaded({"project_id": ""}, CONFIG, ENVIRONMENT).project_id == "config-project"
    assert loaded({}, {**CONFIG, "bms:projectId": " "}, ENVIRONMENT).project_id == "environment-project"


def test_a_token_of_the_environment_beats_the_config() -> None:
    """`pulumi destroy` runs with the config of the last `pulumi up`, whose token may have expired since."""
    both = loaded({}, CONFIG, ENVIRONMENT)
    assert (token_of(both), both.credential.name.source) == ("environment-token", "HW_AUTH_TOKEN")
    config_only = loaded({}, CONFIG, {**ENVIRONMENT, "HW_AUTH_TOKEN": ""})
    assert (token_of(config_only), config_only.credential.name.source) == ("config-token", "bms:token")


def test_a_token_is_no_input() -> None:
    """Inputs are in the state in plain text, so no token is taken from there."""
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
    """One missing thing is one line, which names config key and variable; either mends it."""
    config = {name: value for name, value in CONFIG.items() if name != key}
    message = problem_of({}, config)
    assert message.startswith(says)
    assert all(name in message for name in (key, variable))
    loaded({}, config, {variable: ENVIRONMENT[variable]})


def test_all_that_is_missing_is_named_at_once() -> None:
    """Nobody is sent round three times."""
    lines = problem_of().splitlines()
    assert [line[: line.index(":") + 2] for line in lines] == [ENDPOINT, PROJECT, CREDENTIAL]


@pytest.mark.parametrize(
    "token",
    ["S3CR3T\nX-Evil: 1", "S3CR3T x", "x\rS3CR3T", "S3CR3T\x00", "S3CR3Tü", "S3CR3T\tx", "„S3CR3T”", "\x1bS3CR3T"],
)
def test_a_token_that_is_none_is_refused_unseen(token: str) -> None:
    """A line break would begin another header; the text names the source, and never shows the token."""
    for source, config, environ in (
        ("HW_AUTH_TOKEN", CONFIG, {"HW_AUTH_TOKEN": token}),
        ("bms:token", {**CONFIG, "bms:token": token}, {}),
    ):
        message = problem_of({}, config, environ)
        assert message.startswith(f"the token from {source} is empty, or contains blanks")
        assert "S3CR3T" not in message


@pytest.mark.parametrize("token", ["", " ", "\n", "\t \n"])
def test_a_blank_token_is_not_set(token: str) -> None:
    """An empty variable leaves the config's token in charge, and is missing without one."""
    assert token_of(loaded({}, CONFIG, {"HW_AUTH_TOKEN": token})) == "config-token"
    assert problem_of({}, {**CONFIG, "bms:token": token}).startswith(CREDENTIAL)
    with pytest.raises(SettingsError, match="the token from here is empty"):
        TokenCredential(token, "here")


def test_a_line_break_at_the_end_of_a_token_is_none_of_it() -> None:
    """A variable read from a file often has one."""
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
    """Each is named as the user has set it, with its value, which is left out where it must have a secret."""
    message = problem_of(inputs, {**CONFIG, **config}, environ)
    assert message.startswith(says)
    assert "S3CR3T" not in message


def test_nothing_shows_the_token() -> None:
    """Neither the text nor the representation of settings and credential, nor the fingerprint."""
    settings = loaded({}, CONFIG)
    for shown in (str(settings), repr(settings), repr(settings.credential), settings.credential.fingerprint):
        assert "config-token" not in shown
    assert "bms:token" in repr(settings)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_settings_refuse_to_be_pickled(protocol: int) -> None:
    """A provider that captured them would carry the token into the state."""
    settings = loaded({}, CONFIG)
    for holder in (settings, settings.credential, {"captured": [settings]}):
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(holder, protocol)
    with pytest.raises(TypeError, match="can't be pickled"):
        copy.deepcopy(settings)


def test_two_tokens_have_two_fingerprints() -> None:
    """Rejected credentials are remembered by it: the same one is known again, another one is not."""
    ours, other = TokenCredential("one", "here"), TokenCredential("other", "here")
    assert ours.fingerprint == TokenCredential("one", "elsewhere").fingerprint != other.fingerprint


@pytest.mark.parametrize(("value", "rate_limit"), [(None, 1200), ("", 1200), ("300", 300), (300, 300), (300.0, 300)])
def test_the_request_budget_is_a_whole_number(value: object, rate_limit: int) -> None:
    """What the config gives in whatever form, or the default."""
    config = {"bms:endpoint": "https://h", "bms:projectId": "p", "bms:token": "t", "bms:maxRequestsPerMinute": value}
    assert load({}, config.get, {}).max_requests_per_minute == rate_limit


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", 0, 1e99])
def test_a_budget_that_is_none_is_refused(value: object) -> None:
    """Named, and never taken for no limit."""
    config = {"bms:endpoint": "https://h", "bms:projectId": "p", "bms:token": "t", "bms:maxRequestsPerMinute": value}
    with pytest.raises(SettingsError, match=r"bms:maxRequestsPerMinute .* must be a whole number"):
        load({}, config.get, {})
