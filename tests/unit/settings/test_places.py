"""Places of the API, the identity service and the project: by source, in one cloud."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import Settings, load

KEY = {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s"}
OWN = {"endpoint": "https://b.example"}
EU = "https://bms.eu-de.otc.t-systems.com"
USER = {"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_NAME": "d"}


def loaded(inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    return load(inputs, config.get, environ)


@pytest.mark.parametrize(
    ("region", "domain"),
    [("cn-north-4", "myhuaweicloud.com"), ("eu-west-101", "myhuaweicloud.eu"), ("eu-nl", "otc.t-systems.com")],
)
def test_a_region_is_enough(region: str, domain: str) -> None:
    """A region of a public cloud gives both addresses of the cloud, and the project with the region's name."""
    result = loaded({"region": region}, {}, KEY)
    assert (result.endpoint, result.iam_endpoint) == (
        f"https://bms.{region}.{domain}",
        f"https://iam.{region}.{domain}",
    )
    assert (result.project_id, result.project_name) == ("", region)


@pytest.mark.parametrize(
    ("inputs", "config", "environ", "project"),
    [
        ({"project_id": "i"}, {"bms:projectId": "c"}, {"HW_PROJECT_ID": "e"}, ("i", "")),
        ({}, {"bms:projectId": "c", "bms:projectName": "n"}, {"HW_PROJECT_ID": "e"}, ("c", "")),
        ({}, {"bms:projectName": "n"}, {"HW_PROJECT_ID": "e"}, ("", "n")),
        ({}, {}, {"HW_PROJECT_ID": "e", "HW_PROJECT_NAME": "n"}, ("e", "")),
        ({}, {}, {"HW_PROJECT_NAME": "n"}, ("", "n")),
        ({}, {"bms:region": "r-1"}, {"HW_REGION_NAME": "r-2"}, ("", "r-1")),
        ({"region": "eu-de"}, {"bms:region": "eu-nl"}, {}, ("", "eu-de")),
        ({"region": "eu-de"}, {}, {"HW_PROJECT_NAME": "n"}, ("", "n")),
    ],
)
def test_the_project(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str], project: tuple[str, str]
) -> None:
    """The project comes by id or name from the nearest source, or has the region's name."""
    result = loaded(
        inputs,
        {"bms:endpoint": "https://b.example", "bms:iamEndpoint": "https://i.example", **config},
        {**KEY, **environ},
    )
    assert (result.project_id, result.project_name) == project


@pytest.mark.parametrize(
    ("inputs", "config", "environ", "iam"),
    [
        # The credential's source comes first, then the nearest place.
        ({"region": "eu-nl"}, {"bms:iamEndpoint": "https://c"}, {**USER, "OS_AUTH_URL": "https://e/v3"}, "https://e"),
        ({"region": "eu-nl"}, {"bms:iamEndpoint": "https://c"}, USER, "https://iam.eu-nl.otc.t-systems.com"),
        (
            {},
            {"bms:endpoint": EU, "bms:iamEndpoint": "https://c"},
            {**USER, "OS_REGION_NAME": "eu-nl"},
            "https://iam.eu-nl.otc.t-systems.com",
        ),
        ({}, {"bms:iamEndpoint": "https://c", "bms:endpoint": EU}, USER, "https://c"),
        ({}, {"bms:region": "eu-nl"}, USER, "https://iam.eu-nl.otc.t-systems.com"),
        ({}, {"bms:region": "eu-nl", "bms:endpoint": EU}, USER, "https://iam.eu-nl.otc.t-systems.com"),
        # An address of a different family is of a different cloud.
        ({}, {"bms:region": "eu-nl"}, {**USER, "HW_AUTH_URL": "https://h"}, "https://iam.eu-nl.otc.t-systems.com"),
        # An API outside the known clouds needs an explicit identity service, with any region.
        (OWN, {"bms:iamEndpoint": "https://c"}, {**USER, "OS_REGION_NAME": "eu-de"}, "https://c"),
        ({**OWN, "region": "eu-de"}, {"bms:iamEndpoint": "https://c"}, USER, "https://c"),
        # The version and slashes are removed. A prefix stays.
        (OWN, {}, {**USER, "OS_AUTH_URL": "https://e.example:5000/identity/v3/"}, "https://e.example:5000/identity"),
        (OWN, {}, {**USER, "OS_AUTH_URL": "https://e.example/"}, "https://e.example"),
    ],
)
def test_where_a_user_signs_in(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str], iam: str
) -> None:
    """A user signs in at the address of the credential's source, or at the identity service of the region."""
    assert loaded(inputs, {"bms:projectId": "p", **config}, environ).iam_endpoint == iam


def test_of_the_environment_one_family_counts() -> None:
    """Regions, projects and addresses of one family are not used with a credential of a different family."""
    environ = {**USER, "OS_REGION_NAME": "eu-de", "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "h"}
    result = loaded({}, {}, environ)
    assert result.endpoint == "https://bms.eu-de.otc.t-systems.com"
    assert (result.project_id, result.project_name) == ("", "eu-de")
    with pytest.raises(SettingsError, match=r"^The endpoint is missing"):
        loaded({}, {}, {**USER, "HW_REGION_NAME": "cn-north-4"})


def test_a_credential_without_a_region_of_its_own() -> None:
    """A credential of the config takes the place of any family, HW_* first. SDK variables take only HW_*."""
    sdk = {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s"}
    hw, openstack = {"HW_REGION_NAME": "cn-north-4"}, {"OS_REGION_NAME": "eu-de"}
    assert loaded({}, {"bms:token": "t"}, openstack).endpoint == "https://bms.eu-de.otc.t-systems.com"
    for config, environ in (({"bms:token": "t"}, {}), ({}, sdk)):
        assert loaded({}, config, {**environ, **openstack, **hw}).project_name == "cn-north-4"
    with pytest.raises(SettingsError, match=r"^The endpoint is missing"):
        loaded({}, {}, {**sdk, **openstack})


def test_a_password_of_the_config_stays_at_home() -> None:
    """A password of the config is never sent to an address of the environment."""
    user = {"bms:username": "u", "bms:password": "p", "bms:domainName": "d", "bms:projectId": "p"}
    where = {"bms:endpoint": "https://bms.example.com"}
    with pytest.raises(SettingsError, match="The IAM endpoint for bms:endpoint is missing: set `bms:iamEndpoint`"):
        loaded({}, {**user, **where}, {"OS_AUTH_URL": "https://keystone.example.com/v3", "HW_AUTH_URL": "https://x"})


def test_what_is_missing_is_named_by_the_family_of_the_credential() -> None:
    """A missing setting is named with the variables of the credential's family."""
    with pytest.raises(SettingsError) as error:
        loaded({}, {}, {**USER, "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "p"})
    named = [re.findall(r"bms:\w+|[A-Z_]{5,}", line) for line in str(error.value).splitlines()]
    assert named == [
        ["bms:region", "bms:endpoint", "OS_REGION_NAME", "BMS_ENDPOINT"],
        ["bms:projectId", "bms:projectName", "OS_PROJECT_ID"],
        ["bms:iamEndpoint", "bms:region", "OS_AUTH_URL"],
    ]


def test_one_spelling_of_an_address() -> None:
    """An address or a region has one spelling: letter case and slashes do not matter."""
    for endpoint in ("HTTPS://BMS.Example.com/", "https://bms.example.com"):
        assert loaded({"endpoint": endpoint, "project_id": "p"}, {}, KEY).endpoint == "https://bms.example.com"
    assert loaded({"region": "EU-DE"}, {}, KEY).endpoint == "https://bms.eu-de.otc.t-systems.com"
    for address in ("https://i.example/v3/auth/tokens", "https://i.example/v3/", "https://I.example"):
        config = {"bms:endpoint": "https://b", "bms:projectId": "p", "bms:iamEndpoint": address}
        assert loaded({}, config, USER).iam_endpoint == "https://i.example"
    config = {"bms:endpoint": "https://b", "bms:projectId": "p", "bms:iamEndpoint": "https://v3"}
    assert loaded({}, config, USER).iam_endpoint == "https://v3"


@pytest.mark.parametrize("environ", [KEY, {"HW_AUTH_TOKEN": "t"}])
def test_who_needs_no_identity_service(environ: Mapping[str, str]) -> None:
    """A key or token with a project id needs no identity service. A project name or a user needs the service."""
    where = {"bms:endpoint": "https://b.example"}
    assert loaded({}, {**where, "bms:projectId": "p"}, environ).iam_endpoint == ""
    for config, credential in (({"bms:projectName": "n"}, environ), ({"bms:projectId": "p"}, USER)):
        with pytest.raises(
            SettingsError, match=r"^The IAM endpoint for bms:endpoint is missing: set `bms:iamEndpoint`"
        ):
            loaded({}, {**where, **config}, credential)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("http://iam.example.com", "bms:iamEndpoint 'http://iam.example.com' must begin with https://"),
        ("https://user:S3CR3T@iam.example.com", "bms:iamEndpoint must not contain a user"),
        ("iam.example.com", "bms:iamEndpoint 'iam.example.com' must be an http"),
    ],
)
def test_an_iam_endpoint_that_is_none(value: str, says: str) -> None:
    """A bad IAM endpoint is refused by the setting's name, without a secret."""
    config = {"bms:endpoint": "https://b.example", "bms:projectId": "p", "bms:iamEndpoint": value}
    with pytest.raises(SettingsError) as error:
        loaded({}, config, USER)
    assert str(error.value).startswith(says)
    assert "S3CR3T" not in str(error.value)


@pytest.mark.parametrize("region", ["evil.example.com/", "a@evil.example", "eu_de", "-a", "eu de"])
@pytest.mark.parametrize("endpoint", [{}, {"bms:endpoint": EU}])
def test_a_region_that_is_none(region: str, endpoint: Mapping[str, str]) -> None:
    """A bad region is refused at every place, so no password is sent to a bad address."""
    where = {**endpoint, "bms:projectId": "p"}
    profile = {key.removeprefix("bms:"): value for key, value in where.items()}
    user = {"username": "u", "password": "p", "domainName": "d"}
    profiles = {"bms:profiles": {"eu": {**profile, **user, "region": region}}}
    for inputs, config, name in (
        ({}, {**where, "bms:region": region}, "bms:region"),
        ({"region": region}, where, "region"),
        ({"profile": "eu"}, profiles, "bms:profiles.eu.region"),
    ):
        with pytest.raises(SettingsError, match=rf"^{name}( '.*')? must have 1 to 63 letters"):
            loaded(inputs, config, USER)
    with pytest.raises(SettingsError, match=r"OS_REGION_NAME( '.*')? (must have|is not a known|to an unknown)"):
        loaded({}, where, {**USER, "OS_REGION_NAME": region})


def test_certificates(tmp_path: Path) -> None:
    """The file of `bms:caBundle` must exist. The message names the setting and no secret."""
    config = {"bms:endpoint": "https://b.example", "bms:projectId": "p"}
    bundle = tmp_path / "ca.pem"
    with pytest.raises(SettingsError, match=r"^bms:caBundle '.*' must be the path of an existing file"):
        loaded({}, {**config, "bms:caBundle": str(bundle)}, KEY)
    for value in ("-----BEGIN PRIVATE KEY-----\nS3CR3T" + "A" * 300, "S3CR3T\0"):
        with pytest.raises(SettingsError, match=r"^bms:caBundle must be the path") as caught:
            loaded({}, {**config, "bms:caBundle": value}, KEY)
        assert "S3CR3T" not in str(caught.value)
    bundle.touch()
    assert loaded({}, {**config, "bms:caBundle": str(bundle)}, KEY).ca_bundle == str(bundle)
    assert loaded({}, config, KEY).ca_bundle is None
