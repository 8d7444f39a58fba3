"""A variable for the place or the credential of an order is read, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import Settings, load

HW_KEY = {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s"}
SDK_KEY = {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s"}
OS_KEY = {"OS_ACCESS_KEY": "a", "OS_SECRET_KEY": "s"}
OS_USER = {"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_NAME": "d"}
HW_USER = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "p", "HW_DOMAIN_NAME": "d"}
STACK = {"bms:token": "t"}
EU = "https://bms.eu-de.otc.t-systems.com"
CN = "https://bms.cn-north-4.myhuaweicloud.com"


def loaded(config: Mapping[str, object], environ: Mapping[str, str], **inputs: object) -> Settings:
    return load(inputs, config.get, environ)


def problem_of(config: Mapping[str, object], environ: Mapping[str, str], **inputs: object) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(config, environ, **inputs)
    return str(error.value)


@pytest.mark.parametrize(
    ("environ", "project"),
    [
        ({**OS_KEY, "OS_TENANT_ID": "x"}, ("x", "")),
        ({**OS_KEY, "OS_TENANT_NAME": "eu-de_dev"}, ("", "eu-de_dev")),
        ({**OS_KEY, "OS_PROJECT_NAME": "same", "OS_TENANT_NAME": "same"}, ("", "same")),
        ({**SDK_KEY, "HUAWEICLOUD_SDK_PROJECT_ID": "x"}, ("x", "")),
        ({**SDK_KEY, "HUAWEICLOUD_SDK_PROJECT_ID": "x", "HW_PROJECT_ID": "y"}, ("x", "")),
        ({**SDK_KEY, "HW_PROJECT_NAME": "y"}, ("", "y")),
    ],
)
def test_every_name_of_a_project_is_read(environ: Mapping[str, str], project: tuple[str, str]) -> None:
    """Older names of a project, and the SDKs' names, are read as the project."""
    result = loaded({"bms:region": "eu-de"}, environ)
    assert (result.project_id, result.project_name) == project


@pytest.mark.parametrize(
    ("environ", "endpoint", "iam"),
    [
        ({**OS_KEY, "OS_REGION": "eu-de"}, EU, "https://iam.eu-de.otc.t-systems.com"),
        ({**OS_KEY, "OS_REGION_ID": "eu-de"}, EU, "https://iam.eu-de.otc.t-systems.com"),
        ({**SDK_KEY, "HUAWEICLOUD_SDK_REGION_ID": "cn-north-4"}, CN, "https://iam.cn-north-4.myhuaweicloud.com"),
        (
            {
                **SDK_KEY,
                "HW_REGION_NAME": "cn-north-4",
                "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://iam.myhuaweicloud.com",
            },
            CN,
            "https://iam.myhuaweicloud.com",
        ),
    ],
)
def test_every_name_of_a_region_is_read(environ: Mapping[str, str], endpoint: str, iam: str) -> None:
    """All names of a region, and the SDKs' identity service, are read as the address."""
    result = loaded({}, environ)
    assert (result.endpoint, result.iam_endpoint) == (endpoint, iam)


@pytest.mark.parametrize(
    ("environ", "secrets"),
    [
        ({"OS_AUTH_TOKEN": "t"}, {"t"}),
        ({**OS_KEY, "OS_SECURITY_TOKEN": "x"}, {"a", "s", "x"}),
        ({"OS_AK": "a", "OS_SK": "s", "OS_ST": "x"}, {"a", "s", "x"}),
        ({"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_DOMAIN_NAME": "d"}, {"p"}),
        ({"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_PROJECT_DOMAIN_NAME": "d"}, {"p"}),
    ],
)
def test_every_name_of_a_credential_is_read(environ: Mapping[str, str], secrets: set[str]) -> None:
    """Tokens, session tokens and domains are read by all names of OpenStack's tools."""
    result = loaded({"bms:region": "eu-de", "bms:token": "other"}, environ).credential
    assert set(result.secrets) == secrets
    assert result.name.source in environ


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({**OS_KEY, "OS_PROJECT_NAME": "a", "OS_TENANT_NAME": "b"}, "OS_PROJECT_NAME and OS_TENANT_NAME"),
        ({**OS_KEY, "OS_PROJECT_ID": "a", "OS_TENANT_ID": "b"}, "OS_PROJECT_ID and OS_TENANT_ID"),
        ({**OS_KEY, "OS_AK": "other"}, "OS_ACCESS_KEY and OS_AK"),
        ({"OS_TOKEN": "a", "OS_AUTH_TOKEN": "b"}, "OS_TOKEN and OS_AUTH_TOKEN"),
        ({**OS_USER, "OS_DOMAIN_NAME": "other"}, "OS_USER_DOMAIN_NAME and OS_DOMAIN_NAME"),
    ],
)
def test_names_that_differ(environ: Mapping[str, str], names: str) -> None:
    """Two names of a setting with different values are refused, and no value is shown."""
    assert (
        problem_of({"bms:region": "eu-de"}, environ)
        == f"{names} are one setting with different values: unset all but one"
    )


def test_names_that_differ_and_do_not_count() -> None:
    """With a nearer setting, different values are accepted. Names of the domain do not matter for an access key."""
    config = {"bms:region": "eu-de", "bms:projectId": "p"}
    environ = {**OS_KEY, "OS_PROJECT_ID": "a", "OS_TENANT_ID": "b", "OS_USER_DOMAIN_NAME": "c", "OS_DOMAIN_NAME": "d"}
    assert loaded(config, {**environ, "OS_REGION_NAME": "eu-nl", "OS_REGION": "eu-de"}).project_id == "p"


CREDENTIALS = [
    ("HW_PROFILE", HW_KEY),
    ("HW_SHARED_CONFIG_FILE", HW_KEY),
    ("HW_ASSUME_ROLE_AGENCY_NAME", HW_KEY),
    ("HW_ASSUME_ROLE_IDP_ID", HW_KEY),
    ("OS_AGENCY_NAME", HW_KEY),
    # A credential of the first family comes first, in any form.
    ("HW_PROFILE", SDK_KEY),
    ("HW_PROFILE", OS_KEY),
    ("HUAWEICLOUD_SDK_IDP_ID", SDK_KEY),
    ("HUAWEICLOUD_OIDC_PROVIDER_URN", SDK_KEY),
    ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", OS_KEY),
    ("OS_CLOUD", OS_KEY),
    ("OS_AGENCY_NAME", OS_KEY),
    ("OS_TARGET_AGENCY_NAME", OS_KEY),
    ("OS_TRUST_ID", OS_USER),
    ("OS_SYSTEM_SCOPE", OS_USER),
    ("OS_PASSCODE", OS_USER),
    ("OS_APPLICATION_CREDENTIAL_ID", OS_USER),
    ("OS_AUTH_TYPE", OS_USER),
    # Every credential of the environment comes before the config's credential.
    ("OS_CLOUD", {}),
    ("OS_CLIENT_CONFIG_FILE", {}),
    ("HW_PROFILE", {}),
    ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", {}),
]


@pytest.mark.parametrize(("name", "environ"), CREDENTIALS)
def test_a_credential_in_a_form_that_is_not_read(name: str, environ: Mapping[str, str]) -> None:
    """A credential in an unsupported form is refused if the user's tools would use it, and the value is not shown."""
    config = {**STACK, "bms:region": "eu-de", "bms:projectId": "p"}
    message = problem_of(config, {**environ, name: "S3CR3T"})
    assert message.startswith(f"{name} is set and not read here, so another credential would be used: set ")
    assert message.endswith(f", or unset {name}")
    assert "S3CR3T" not in message


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("OS_CLOUD", HW_KEY),
        ("OS_CLOUD", SDK_KEY),
        ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", SDK_KEY),
        ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", HW_KEY),
        ("OS_CLIENT_CONFIG_FILE", OS_KEY),
        ("HC_CONTAINER_CREDENTIALS_FULL_URI", {}),
        ("HW_ASSUME_ROLE_DOMAIN_NAME", HW_KEY),
    ],
)
def test_a_credential_that_comes_later_is_no_matter(name: str, environ: Mapping[str, str]) -> None:
    """An unsupported credential that the user's tools would not use is ignored."""
    assert loaded({**STACK, "bms:region": "eu-de", "bms:projectId": "p"}, {**environ, name: "x"}).project_id == "p"
    assert loaded(
        {"bms:profiles": {"eu": {"region": "eu-de", "token": "t"}}}, {"OS_CLOUD": "x", name: "x"}, profile="eu"
    ).endpoint


@pytest.mark.parametrize("value", ["password", "v3token"])
def test_a_form_of_signing_in_that_is_read(value: str) -> None:
    """The plain forms of signing in are accepted."""
    assert loaded({"bms:region": "eu-de", "bms:projectId": "p"}, {**OS_USER, "OS_AUTH_TYPE": value}).project_id == "p"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({**HW_KEY, "OS_PROJECT_NAME": "eu-de_dev"}, "OS_PROJECT_NAME 'eu-de_dev'"),
        ({**HW_KEY, "OS_PROJECT_ID": "x"}, "OS_PROJECT_ID 'x'"),
        ({**HW_KEY, "OS_TENANT_NAME": "x"}, "OS_TENANT_NAME 'x'"),
        ({**HW_KEY, "HUAWEICLOUD_SDK_PROJECT_ID": "x"}, "HUAWEICLOUD_SDK_PROJECT_ID 'x'"),
        ({**SDK_KEY, "OS_TENANT_ID": "x"}, "OS_TENANT_ID 'x'"),
        ({**OS_KEY, "OS_DELEGATED_PROJECT": "x"}, "OS_DELEGATED_PROJECT 'x'"),
    ],
)
def test_no_default_takes_the_place_of_a_project(environ: Mapping[str, str], name: str) -> None:
    """A project variable of the user's tools is refused if the region's project would be used instead."""
    message = problem_of({"bms:region": "eu-de"}, environ)
    assert message.startswith(f"{name} is set and not read here, so the project would be 'eu-de', by the region's")
    assert "set `bms:projectId` or `bms:projectName` (or " in message
    assert loaded({"bms:region": "eu-de", "bms:projectId": "p"}, environ).project_id == "p"
    assert loaded({"bms:region": "eu-de"}, environ, project_id="p").project_id == "p"


def test_a_variable_that_says_what_the_default_says() -> None:
    """A variable with the region's project, or of a different family, is accepted."""
    assert loaded({"bms:region": "eu-de"}, {**HW_KEY, "OS_PROJECT_NAME": "eu-de"}).project_name == "eu-de"
    assert loaded({"bms:region": "eu-de"}, {**OS_KEY, "HW_PROJECT_NAME": "x"}).project_name == "eu-de"


@pytest.mark.parametrize(
    "environ",
    [
        {**SDK_KEY, "HUAWEICLOUD_SDK_REGION_BMS_EU_DE": "https://bms.private.example"},
        {**HW_KEY, "HUAWEICLOUD_SDK_REGIONS_FILE": "regions.yaml"},
        {**OS_KEY, "OS_INTERFACE": "internal"},
        {**OS_KEY, "OS_ENDPOINT_TYPE": "adminURL"},
        {**OS_KEY, "OS_PROFILE": "vexxhost"},
        {**OS_KEY, "OS_BMS_ENDPOINT_OVERRIDE": "https://bms.private.example"},
        {"OS_INTERFACE": "internal"},
    ],
)
def test_no_default_takes_the_place_of_an_address(environ: Mapping[str, str]) -> None:
    """A variable that changes the API's address is refused if a region would make the address."""
    *_, name = environ
    message = problem_of({**STACK, "bms:region": "eu-de", "bms:projectId": "p"}, environ)
    assert message.startswith(
        f"{name} {environ[name]!r} is set and not read here, so the API would be at {EU}: set `bms:endpoint` to"
    )
    assert loaded({**STACK, "bms:endpoint": EU, "bms:projectId": "p"}, environ).endpoint == EU


def test_an_address_variable_that_changes_nothing() -> None:
    """Variables with the public interface, the same address, or the address of a different region are accepted."""
    environ = {
        **SDK_KEY,
        "HUAWEICLOUD_SDK_REGION_BMS_EU_DE": f"{EU}/",
        "HUAWEICLOUD_SDK_REGION_BMS_EU_NL": "https://bms.private.example",
    }
    config = {**STACK, "bms:region": "eu-de", "bms:projectId": "p"}
    assert loaded(config, environ).endpoint == EU
    assert loaded(config, {**OS_KEY, "OS_INTERFACE": "public", "OS_ENDPOINT_TYPE": "publicURL"}).endpoint == EU


@pytest.mark.parametrize(
    ("config", "environ", "name"),
    [
        ({}, {**HW_USER, "HW_REGION_NAME": "cn-north-4", "OS_AUTH_URL": "https://private.example/v3"}, "OS_AUTH_URL"),
        (
            {"bms:username": "u", "bms:password": "p", "bms:domainName": "d"},
            {"HW_REGION_NAME": "cn-north-4", "HW_AUTH_URL": "https://private.example/v3"},
            "HW_AUTH_URL",
        ),
        (
            {},
            {**HW_KEY, "HW_REGION_NAME": "cn-north-4", "HUAWEICLOUD_SDK_IAM_ENDPOINT": "https://private.example"},
            "HUAWEICLOUD_SDK_IAM_ENDPOINT",
        ),
    ],
)
def test_no_default_takes_the_place_of_an_identity_service(
    config: Mapping[str, object], environ: Mapping[str, str], name: str
) -> None:
    """A variable with a different identity service is refused, unless the config decides."""
    message = problem_of(config, environ)
    assert message.startswith(f"{name} '{environ[name]}' is set and not read here, so the identity service would be ")
    iam = "https://iam.cn-north-4.myhuaweicloud.com"
    if config:
        assert "set `bms:iamEndpoint`, or unset" in message
        assert loaded({**config, "bms:iamEndpoint": iam}, environ).iam_endpoint == iam
        assert loaded({**config, "bms:region": "cn-north-4"}, environ).iam_endpoint == iam
    else:
        assert "set HW_AUTH_URL, or unset" in message
        assert loaded(config, {**environ, "HW_AUTH_URL": iam}).iam_endpoint == iam


def test_an_identity_service_of_the_same_cloud_is_no_other() -> None:
    """All addresses of one cloud's identity service are accepted as the same service."""
    environ = {**HW_USER, "HW_REGION_NAME": "cn-north-4", "OS_AUTH_URL": "https://iam.myhuaweicloud.com/v3"}
    assert loaded({}, environ).iam_endpoint == "https://iam.cn-north-4.myhuaweicloud.com"


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        (
            {"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_ID": "x", "OS_PROJECT_DOMAIN_ID": "x"},
            ["OS_USER_DOMAIN_NAME", "OS_USERNAME", "OS_PASSWORD", "OS_USER_DOMAIN_ID", "OS_PROJECT_DOMAIN_ID"],
        ),
        (
            {"HW_USER_PASSWORD": "p", "HW_USER_ID": "x", "HW_DOMAIN_NAME": "d"},
            ["HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME", "HW_USER_ID"],
        ),
    ],
)
def test_an_id_in_the_place_of_a_name(environ: Mapping[str, str], names: list[str]) -> None:
    """Ids of users and accounts are not read. The message about the missing name names the ids."""
    message = problem_of({"bms:region": "eu-de", "bms:projectId": "p"}, environ)
    assert re.findall(r"(?:HW|OS)_[A-Z_]{2,}", message) == names


def test_a_missing_credential_names_what_is_set_and_not_read() -> None:
    """The message for a missing credential names the unread variables."""
    message = problem_of({"bms:region": "eu-de", "bms:projectId": "p"}, {"OS_CLOUD": "otc", "HW_PROFILE": "x"})
    assert message.startswith("A credential is missing: set HW_ACCESS_KEY")
    assert message.endswith("HW_PROFILE, OS_CLOUD are set, and not read")
