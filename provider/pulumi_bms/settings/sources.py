"""Where settings come from: the families of environment variables, the stack config, a profile in it, the inputs.

The variables are those of the tools that people use beside this package: Huawei Cloud's Terraform provider, its SDKs,
and OpenStack's clients, which Open Telekom Cloud's Terraform provider follows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pulumi_bms.api.auth import Unpicklable
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings.endpoints import name_problem

NAMESPACE = "bms"
"""The namespace of the stack config."""

KEYS = (
    *("accessKey", "secretKey", "securityToken", "username", "password", "domainName", "token"),
    *("projectName", "projectId", "region", "endpoint", "iamEndpoint", "caBundle", "maxRequestsPerMinute"),
)
"""The keys of the stack config, and of a profile in it."""

SECRET_KEYS = ("secretKey", "securityToken", "password", "token")
"""Those of them that are secret."""

_TERRAFORM = {
    "accessKey": "HW_ACCESS_KEY",
    "secretKey": "HW_SECRET_KEY",
    "securityToken": "HW_SECURITY_TOKEN",
    "username": "HW_USER_NAME",
    "password": "HW_USER_PASSWORD",
    "domainName": "HW_DOMAIN_NAME",
    "token": "HW_AUTH_TOKEN",
    "projectName": "HW_PROJECT_NAME",
    "projectId": "HW_PROJECT_ID",
    "region": "HW_REGION_NAME",
    "iamEndpoint": "HW_AUTH_URL",
    "endpoint": "BMS_ENDPOINT",
}
_SDK = {
    "accessKey": "HUAWEICLOUD_SDK_AK",
    "secretKey": "HUAWEICLOUD_SDK_SK",
    "securityToken": "HUAWEICLOUD_SDK_SECURITY_TOKEN",
}
_OPENSTACK = {
    "accessKey": "OS_ACCESS_KEY",
    "secretKey": "OS_SECRET_KEY",
    "username": "OS_USERNAME",
    "password": "OS_PASSWORD",
    "domainName": "OS_USER_DOMAIN_NAME",
    "token": "OS_TOKEN",
    "projectName": "OS_PROJECT_NAME",
    "projectId": "OS_PROJECT_ID",
    "region": "OS_REGION_NAME",
    "iamEndpoint": "OS_AUTH_URL",
    "endpoint": "BMS_ENDPOINT",
}

Lookup = Callable[[str], object]
"""The value of a stack config key such as `bms:endpoint`, or None."""


@dataclass(frozen=True, slots=True)
class Source(Unpicklable):
    """One place that settings come from: what it is called, and its values and their names there, by config key."""

    title: str
    names: Mapping[str, str] = field(repr=False)
    values: Mapping[str, str] = field(repr=False)

    def get(self, key: str) -> str:
        """The value, "" where there is none."""
        return self.values.get(key, "")

    def has(self, *keys: str) -> bool:
        """Whether any of them is set."""
        return any(self.get(key) for key in keys)

    def without(self, key: str) -> Source:
        """The same, but that it does not know that key."""
        names, values = ({name: text for name, text in of.items() if name != key} for of in (self.names, self.values))
        return replace(self, names=names, values=values)

    def name(self, key: str) -> str:
        """What the setting is called here."""
        return self.names.get(key, key)


def of_inputs(inputs: Mapping[str, object]) -> Source:
    """What a resource itself says."""
    names = {"endpoint": "endpoint", "region": "region", "projectId": "project_id"}
    return _source("the resource", names, inputs.get)


def of_config(config: Lookup) -> Source:
    """The stack config."""
    return _source("the config", {key: f"{NAMESPACE}:{key}" for key in KEYS}, config)


def of_environment(environ: Mapping[str, str]) -> tuple[Source, ...]:
    """The families of environment variables, in the order in which they count."""
    families = (("HW_*", _TERRAFORM), ("HUAWEICLOUD_SDK_*", _SDK), ("OS_*", _OPENSTACK))
    return tuple(_source(f"the environment ({title})", names, environ.get) for title, names in families)


def around(bearer: Source | None, families: Sequence[Source]) -> list[Source]:
    """The families that may say where a credential is used: its own, and any for one of the config.

    The SDKs have no variables for that, and go with those of the same cloud's Terraform provider. A password of the
    config is not sent to an address that some other tool has left in the environment.
    """
    terraform, sdk, _ = families
    if bearer is sdk:
        return [terraform]
    if bearer is not None and bearer in families:
        return [bearer]
    return [family.without("iamEndpoint") for family in families]


def of_profile(config: Lookup, profile: str) -> Source:
    """A profile in the stack config; raises `SettingsError` where there is none, or it holds what no profile has."""
    problem = name_problem("profile", profile)
    if problem:
        raise SettingsError(problem)
    found = profiles_of(config).get(profile)
    place = f"{NAMESPACE}:profiles.{profile}"
    if not isinstance(found, Mapping):
        raise SettingsError(
            f"profile {profile!r} is not in the config: `pulumi config set --path '{place}.region' ...`"
        )
    unknown = sorted(str(key) for key in found if key not in KEYS)
    if unknown:
        raise SettingsError(f"{place} holds {', '.join(unknown)}, and knows only {', '.join(KEYS)}")
    return _source(f"profile {profile!r}", {key: f"{place}.{key}" for key in KEYS}, _by_last_part(found))


def profiles_of(config: Lookup) -> Mapping[str, object]:
    """The profiles in the stack config by name, whatever stands in each."""
    value = config(f"{NAMESPACE}:profiles")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    return value if isinstance(value, Mapping) else {}


def _by_last_part(values: Mapping[str, object]) -> Lookup:
    # Pulumi makes a number, or true, of a value in a profile that looks like one.
    return lambda name: _written(values.get(name.rsplit(".", 1)[-1]))


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, int | float) else value


def _source(title: str, names: Mapping[str, str], lookup: Lookup) -> Source:
    return Source(title, names, {key: text for key, name in names.items() if (text := _text(key, lookup(name)))})


def _text(key: str, value: object) -> str:
    text = _written(value) if key == "maxRequestsPerMinute" else value
    if not isinstance(text, str) or not text.strip():
        return ""
    if key == "password":
        # A blank may be part of it; a line break at its end comes from a file or a pipe.
        return text.rstrip("\r\n")
    return text.strip().lower() if key == "region" else text.strip()
