"""A credential comes whole from one source, the nearest that has any part of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.iam import UserCredential
from pulumi_bms.api.signing import AccessKeyCredential
from pulumi_bms.settings import Settings, load
from pulumi_bms.settings.sources import KEYS, of_environment

WHERE = {"bms:endpoint": "https://bms.example.com", "bms:projectId": "p", "bms:iamEndpoint": "https://iam.example.com"}
TERRAFORM = {
    "token": {"HW_AUTH_TOKEN": "hw-token"},
    "access key": {"HW_ACCESS_KEY": "hw-access", "HW_SECRET_KEY": "hw-secret"},
    "user": {"HW_USER_NAME": "hw-user", "HW_USER_PASSWORD": "hw-password", "HW_DOMAIN_NAME": "hw-domain"},
}
SDK = {"access key": {"HUAWEICLOUD_SDK_AK": "sdk-access", "HUAWEICLOUD_SDK_SK": "sdk-secret"}}
OPENSTACK = {
    "token": {"OS_TOKEN": "os-token"},
    "access key": {"OS_ACCESS_KEY": "os-access", "OS_SECRET_KEY": "os-secret"},
    "user": {"OS_USERNAME": "os-user", "OS_PASSWORD": "os-password", "OS_USER_DOMAIN_NAME": "os-domain"},
}
STACK = {
    "token": {"bms:token": "c-token"},
    "access key": {"bms:accessKey": "c-access", "bms:secretKey": "c-secret"},
    "user": {"bms:username": "c-user", "bms:password": "c-password", "bms:domainName": "c-domain"},
}
EACH = [
    (kind, where, variables, prefix)
    for where, kinds, prefix in (
        ("environ", TERRAFORM, "hw-"),
        ("environ", SDK, "sdk-"),
        ("environ", OPENSTACK, "os-"),
        ("config", STACK, "c-"),
    )
    for kind, variables in kinds.items()
]
WHOLE = "a credential comes whole from one source"
NAMES = [f"{next(iter(variables))}" for _, _, variables, _ in EACH]


def loaded(config: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    return load({}, {**WHERE, **(config or {})}.get, environ or {})


def problem_of(config: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(config, environ)
    return str(error.value)


@pytest.mark.parametrize(("kind", "where", "variables", "prefix"), EACH, ids=NAMES)
def test_each_kind_from_each_source(kind: str, where: str, variables: dict[str, str], prefix: str) -> None:
    """Each kind is read from each source that has it, with all its parts, and named by its first setting."""
    found = loaded(**{where: variables}).credential
    assert (found.kind, found.source) == (kind, next(iter(variables)))
    secrets = {value for name, value in variables.items() if "access key" in kind or not name.endswith(("NAME", "ame"))}
    assert {secret for secret in found.secrets if secret.startswith(prefix)} == secrets - {f"{prefix}user"}


@pytest.mark.parametrize(
    ("where", "variables"),
    [
        ("environ", {**TERRAFORM["access key"], "HW_SECURITY_TOKEN": "sts"}),
        ("environ", {**SDK["access key"], "HUAWEICLOUD_SDK_SECURITY_TOKEN": "sts"}),
        ("config", {**STACK["access key"], "bms:securityToken": "sts"}),
    ],
)
def test_a_temporary_key(where: str, variables: dict[str, str]) -> None:
    """The security token is part of a temporary key."""
    found = loaded(**{where: variables}).credential
    assert isinstance(found, AccessKeyCredential)
    assert found.security_token == "sts"


def test_the_order_of_the_sources() -> None:
    """The families in their order, then the config: the first that has a credential counts, and no other is read."""
    families = [TERRAFORM["user"], SDK["access key"], OPENSTACK["token"]]
    for number in range(len(families)):
        environ = {name: value for family in families[number:] for name, value in family.items()}
        assert loaded(STACK["access key"], environ).credential.source == next(iter(families[number]))
    assert loaded(STACK["access key"]).credential.source == "bms:accessKey"


@pytest.mark.parametrize(
    ("config", "environ", "says"),
    [
        (
            STACK["access key"],
            {"HW_ACCESS_KEY": "S3CR3T"},
            f"HW_SECRET_KEY must be set beside HW_ACCESS_KEY: {WHOLE}",
        ),
        (
            STACK["token"],
            {"HW_SECURITY_TOKEN": "S3CR3T"},
            f"HW_ACCESS_KEY and HW_SECRET_KEY must be set beside HW_SECURITY_TOKEN: {WHOLE}",
        ),
        (
            {},
            {"HUAWEICLOUD_SDK_SK": "S3CR3T", **OPENSTACK["access key"]},
            f"HUAWEICLOUD_SDK_AK must be set beside HUAWEICLOUD_SDK_SK: {WHOLE}",
        ),
        (
            STACK["user"],
            {"OS_USERNAME": "deploy"},
            f"OS_PASSWORD and OS_USER_DOMAIN_NAME must be set beside OS_USERNAME: {WHOLE}",
        ),
        (
            {"bms:password": "S3CR3T", "bms:domainName": "acme"},
            {},
            f"bms:username must be set beside bms:password, bms:domainName: {WHOLE}",
        ),
    ],
)
def test_half_a_credential(config: Mapping[str, str], environ: Mapping[str, str], says: str) -> None:
    """What a source lacks is named, with what it has; it is never taken from the next."""
    assert problem_of(config, environ) == says


@pytest.mark.parametrize(
    ("config", "environ", "says"),
    [
        (
            {},
            {**TERRAFORM["token"], **TERRAFORM["access key"]},
            (
                "the environment (HW_*) holds a token (HW_AUTH_TOKEN) and an access key (HW_ACCESS_KEY, "
                "HW_SECRET_KEY): leave one, so that it is clear which counts"
            ),
        ),
        (
            {},
            {**OPENSTACK["token"], **OPENSTACK["user"]},
            (
                "the environment (OS_*) holds a token (OS_TOKEN) and a user (OS_USERNAME, OS_PASSWORD, "
                "OS_USER_DOMAIN_NAME): leave one, so that it is clear which counts"
            ),
        ),
        (
            {**STACK["token"], "bms:username": "deploy", "bms:secretKey": "x"},
            {},
            (
                "the config holds a token (bms:token) and an access key (bms:secretKey) and a user (bms:username): "
                "leave one, so that it is clear which counts"
            ),
        ),
    ],
)
def test_two_kinds_in_one_source(config: Mapping[str, str], environ: Mapping[str, str], says: str) -> None:
    """Nobody guesses which of two was meant: both are named."""
    assert problem_of(config, environ) == says


def test_an_account_alone_is_no_credential() -> None:
    """The name of an account, a project or a region in the environment leaves the config's credential in charge."""
    environ = {"HW_DOMAIN_NAME": "x", "HW_PROJECT_ID": "y", "HW_REGION_NAME": "z", "OS_USER_DOMAIN_NAME": "x"}
    assert loaded(STACK["token"], environ).credential.source == "bms:token"


def test_blanks_around_a_value() -> None:
    """They are none of it, but in a password, of which only a line break at the end is not."""
    key = loaded({"bms:accessKey": " a\n", "bms:secretKey": "\ts "}).credential
    assert isinstance(key, AccessKeyCredential)
    assert (key.access_key, key.secret_key) == ("a", "s")
    user = loaded({**STACK["user"], "bms:password": " pass word \r\n"}).credential
    assert isinstance(user, UserCredential)
    assert user.password == " pass word "


def sent_with(settings: Settings) -> str:
    """All that a request with this credential carries, if it needs no sign-in."""
    request = requests.Request("GET", settings.endpoint).prepare()
    settings.credential.authenticate(request)
    return str(request.headers)


def test_an_access_key_signs() -> None:
    """The access key is sent in the signature, and its secret is not sent at all."""
    sent = sent_with(loaded(STACK["access key"]))
    assert "Access=c-access, " in sent
    assert "c-secret" not in sent


VARIABLES = sorted({name for family in of_environment({}) for name in family.names.values()} - {"BMS_ENDPOINT"})
SETTINGS = [*VARIABLES, *(f"bms:{key}" for key in KEYS if key not in ("caBundle", "maxRequestsPerMinute"))]
SECRET = (
    "SECRET_KEY",
    "_SK",
    "TOKEN",
    "PASSWORD",
    "secretKey",
    "securityToken",
    "password",
    ":token",
    "_AK",
    "ACCESS_KEY",
)


@given(st.sets(st.sampled_from(SETTINGS), max_size=12), st.booleans())
@hypothesis_settings(max_examples=400, deadline=None, database=None)
def test_any_mixture(names: set[str], through_a_profile: bool) -> None:  # noqa: FBT001
    """Whatever is set, a credential is whole and from one source, or the error holds no secret."""
    values = {
        name: f"S3CR3T-{number}" if name.endswith(SECRET) else f"v{number}" for number, name in enumerate(SETTINGS)
    }
    environ = {name: values[name] for name in names if not name.startswith("bms:")}
    config: dict[str, Any] = {name: values[name] for name in names if name.startswith("bms:")}
    config |= {name: "https://h.example" for name in config if name.endswith("ndpoint")}
    inputs: dict[str, object] = {}
    if through_a_profile:
        profile = {name.removeprefix("bms:"): value for name, value in config.items()}
        config, inputs = {"bms:profiles": json.dumps({"eu": profile})}, {"profile": "eu"}
    found: Settings | SettingsError
    try:
        found = load(inputs, config.get, environ)
    except SettingsError as error:
        found = error
    assert "S3CR3T" not in f"{found} {found!r}"
    if isinstance(found, SettingsError):
        return
    origins = {name for name, value in values.items() if value in found.credential.secrets}
    families = {name.split("_")[0] if "_" in name else "config" for name in origins}
    assert len(families) == 1
    assert not through_a_profile or families == {"config"}
