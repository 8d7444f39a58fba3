"""Sources of credentials, and the settings loaded from them, for tests."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import Settings, load

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
WHOLE = "all parts of a credential come from one source"
NAMES = [f"{next(iter(variables))}" for _, _, variables, _ in EACH]


def named(prefix: str, names: str) -> dict[str, str]:
    keys = "accessKey secretKey securityToken token username password domainName projectName projectId region"
    pairs = zip(f"{keys} iamEndpoint".split(), names.split(), strict=True)
    return {f"{prefix}{name}": key for key, name in pairs if name != "-"}


SOURCES = [
    named(
        "HW_",
        "ACCESS_KEY SECRET_KEY SECURITY_TOKEN AUTH_TOKEN USER_NAME USER_PASSWORD DOMAIN_NAME PROJECT_NAME PROJECT_ID "
        "REGION_NAME AUTH_URL",
    ),
    named("HUAWEICLOUD_SDK_", "AK SK SECURITY_TOKEN - - - - - PROJECT_ID REGION_ID IAM_ENDPOINT"),
    named(
        "OS_",
        "ACCESS_KEY SECRET_KEY SECURITY_TOKEN TOKEN USERNAME PASSWORD USER_DOMAIN_NAME PROJECT_NAME PROJECT_ID "
        "REGION_NAME AUTH_URL",
    ),
    named(
        "bms:",
        "accessKey secretKey securityToken token username password domainName projectName projectId region iamEndpoint",
    )
    | {"bms:endpoint": "endpoint"},
]
"""The sources of a credential, nearest first: all names with the meanings, independent of the package."""

CALLED = {name: key for source in SOURCES for name, key in source.items()} | {"BMS_ENDPOINT": "endpoint"}
KINDS = (("token",), ("accessKey", "secretKey", "securityToken"), ("username", "password", "domainName"))
HIDDEN = ("accessKey", "secretKey", "securityToken", "token", "password")
"""Values that no message may contain. The access key is not secret, but is private."""


def split(values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings split into config and environment."""
    config = {name: value for name, value in values.items() if name.startswith("bms:")}
    return config, {name: value for name, value in values.items() if name not in config}


def outcome(
    inputs: Mapping[str, object], config: Mapping[str, str], environ: Mapping[str, str]
) -> Settings | SettingsError:
    try:
        return load(inputs, config.get, environ)
    except SettingsError as error:
        return error


def shown(error: BaseException) -> str:
    """The complete output of a failed run."""
    return f"{error} {error!r} {''.join(traceback.format_exception(error, chain=True))}"


def loaded(config: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    return load({}, {**WHERE, **(config or {})}.get, environ or {})


def problem_of(config: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(config, environ)
    return str(error.value)
