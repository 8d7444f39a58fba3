"""No region becomes an address of a wrong cloud, and no credential is sent to a wrong cloud."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import Settings, load

KEY = {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s"}
TOKEN = {"HW_AUTH_TOKEN": "t"}
HW_USER = {"HW_USER_NAME": "u", "HW_USER_PASSWORD": "p", "HW_DOMAIN_NAME": "d"}
USER = {"OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_NAME": "d"}
STACK_USER = {"bms:username": "u", "bms:password": "p", "bms:domainName": "d"}
EU, CN = "https://bms.eu-de.otc.t-systems.com", "https://bms.cn-north-4.myhuaweicloud.com"
OWN = "https://bms.private.example"


def loaded(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> Settings:
    return load(inputs, config.get, environ or {})


def problem_of(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> str:
    with pytest.raises(SettingsError) as error:
        loaded(inputs, config, environ)
    return str(error.value)


@pytest.mark.parametrize("region", ["cn-north-44", "eu-west-0", "eu-ch2", "regionone", "private-1"])
def test_a_region_of_no_known_cloud_asks_for_addresses(region: str) -> None:
    """An unknown region is refused by the setting's name, with the settings for the addresses."""
    where = {"bms:projectId": "p", "bms:token": "t"}
    profiles = {"bms:profiles": {"x": {"region": region, "projectId": "p", "token": "t"}}}
    for inputs, config, environ, name, endpoint in (
        ({"region": region}, where, {}, "region", "`endpoint` and"),
        ({}, {**where, "bms:region": region}, {}, "bms:region", "`bms:endpoint` and"),
        ({}, {}, {**TOKEN, "HW_PROJECT_ID": "p", "HW_REGION_NAME": region}, "HW_REGION_NAME", "`bms:endpoint` (or BMS"),
        ({"profile": "x"}, profiles, {}, "bms:profiles.x.region", "`bms:profiles.x.endpoint` and"),
    ):
        message = problem_of(inputs, config, environ)
        assert message.startswith(f"{name} {region!r} is not a known region")
        assert f"et {endpoint}" in message
        assert f"https://bms.{region}.myhuaweicloud.com and https://iam.{region}.myhuaweicloud.com" in message


def test_a_mistyped_region_is_told_its_nearest() -> None:
    """The nearest known region comes first in the message."""
    message = problem_of({"region": "cn-noth-4"}, {"bms:projectId": "p", "bms:token": "t"})
    assert "If 'cn-north-4' is meant, write 'cn-north-4'. Else set `endpoint`" in message


def test_a_new_region_works_with_its_addresses() -> None:
    """An unknown region works with both addresses, and the default project stays the region's project."""
    address = "https://{}.cn-new-1.myhuaweicloud.com"
    config = {"bms:region": "cn-new-1", "bms:endpoint": address.format("bms"), "bms:iamEndpoint": address.format("iam")}
    result = loaded({}, {**config, **STACK_USER})
    assert (result.endpoint, result.iam_endpoint) == (address.format("bms"), address.format("iam"))
    assert result.project_name == "cn-new-1"


@pytest.mark.parametrize("credential", [KEY, TOKEN, HW_USER], ids=["key", "token", "user"])
@pytest.mark.parametrize(
    ("inputs", "config"),
    [
        ({"region": "eu-de"}, {}),
        ({}, {"bms:region": "eu-de"}),
        ({"region": "eu-west-101"}, {}),
        ({"endpoint": EU}, {}),
        ({}, {"bms:endpoint": EU}),
    ],
)
@pytest.mark.parametrize(
    "beside",
    [
        {"HW_REGION_NAME": "cn-north-4"},
        {"HW_AUTH_URL": "https://iam.cn-north-4.myhuaweicloud.com/v3"},
        {"HW_CLOUD": "myhuaweicloud.com"},
        {"HW_REGION_NAME": "private-1"},
        {"HW_CLOUD": "private.example"},
    ],
    ids=" ".join,
)
def test_a_credential_of_another_cloud(
    inputs: Mapping[str, object], config: Mapping[str, object], credential: Mapping[str, str], beside: Mapping[str, str]
) -> None:
    """A credential beside a setting of one cloud is refused for an address of a different cloud."""
    (name,) = beside
    message = problem_of(inputs, {"bms:projectId": "p", **config}, {**credential, **beside})
    assert f", and {name} " in message
    assert "No credential is sent to another cloud" in message


@pytest.mark.parametrize(
    ("inputs", "config", "environ"),
    [
        ({"endpoint": EU, "region": "cn-north-4", "project_id": "p"}, {"bms:token": "t"}, {}),
        ({}, {"bms:endpoint": EU, "bms:region": "cn-north-4", "bms:projectId": "p"}, TOKEN),
        ({}, {}, {**KEY, "BMS_ENDPOINT": EU, "HW_REGION_NAME": "cn-north-4", "HW_PROJECT_ID": "p"}),
        (
            {},
            {"bms:endpoint": CN, "bms:projectId": "p"},
            {**USER, "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com"},
        ),
        (
            {},
            {"bms:endpoint": CN, "bms:projectId": "p", "bms:iamEndpoint": "https://iam.eu-de.otc.t-systems.com"},
            USER,
        ),
        (
            {},
            {"bms:endpoint": EU, "bms:projectId": "p", "bms:iamEndpoint": "https://iam.eu-west-101.myhuaweicloud.eu"},
            USER,
        ),
    ],
)
def test_addresses_of_two_clouds(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str]
) -> None:
    """An endpoint and a region, or an identity service, of two clouds are refused."""
    assert "No credential is sent to another cloud" in problem_of(inputs, config, environ)


def test_one_cloud_has_several_domains_and_regions() -> None:
    """Regions of one cloud are accepted together, and so are further domains and the address without a region."""
    for inputs, environ in (
        ({"region": "eu-nl"}, {**KEY, "HW_REGION_NAME": "eu-de"}),
        ({"endpoint": "https://ecs.cn-east-3.myhuaweicloud.cn"}, {**KEY, "HW_REGION_NAME": "cn-north-4"}),
        ({"region": "cn-east-3"}, {**HW_USER, "HW_AUTH_URL": "https://iam.myhuaweicloud.com/v3"}),
        ({"region": "cn-east-3"}, {**KEY, "HW_CLOUD": "myhuaweicloud.com"}),
        ({"region": "eu-west-101"}, {**KEY, "HW_CLOUD": "myhuaweicloud.eu"}),
    ):
        assert loaded(inputs, {"bms:projectId": "p"}, environ).endpoint


def test_an_address_of_its_own_takes_any_credential() -> None:
    """An address outside the known clouds takes any credential."""
    for beside in ({"HW_REGION_NAME": "eu-de"}, {"HW_CLOUD": "private.example"}, {"HW_REGION_NAME": "private-1"}):
        assert loaded({"endpoint": OWN}, {"bms:projectId": "p"}, {**KEY, **beside}).endpoint == OWN


def test_a_cloud_of_the_environment_is_heeded_by_a_credential_of_the_config() -> None:
    """A region outside the cloud of `HW_CLOUD` is refused. An explicit endpoint is accepted."""
    stack = {"bms:token": "t", "bms:projectId": "p"}
    environ = {"HW_CLOUD": "private.example"}
    message = problem_of({}, {**stack, "bms:region": "cn-north-4"}, environ)
    assert message.startswith(
        "bms:region 'cn-north-4' belongs to Huawei Cloud, and HW_CLOUD 'private.example' to an unknown cloud"
    )
    assert loaded({}, {**stack, "bms:endpoint": CN}, environ).endpoint == CN
    assert loaded({"region": "eu-de"}, {"bms:projectId": "p"}, {"OS_TOKEN": "t", **environ}).endpoint == EU


@pytest.mark.parametrize(
    ("inputs", "config", "environ", "name"),
    [
        ({"endpoint": OWN, "region": "cn-north-4"}, {}, HW_USER, "endpoint"),
        ({"endpoint": OWN}, {"bms:region": "cn-north-4"}, HW_USER, "endpoint"),
        ({}, {"bms:endpoint": OWN, "bms:region": "cn-north-4"}, HW_USER, "bms:endpoint"),
        ({}, {"bms:endpoint": OWN}, {**HW_USER, "HW_REGION_NAME": "cn-north-4"}, "bms:endpoint"),
        ({}, {}, {**USER, "OS_REGION_NAME": "eu-de", "BMS_ENDPOINT": OWN}, "BMS_ENDPOINT"),
        ({}, {**STACK_USER, "bms:endpoint": OWN, "bms:region": "eu-de"}, {}, "bms:endpoint"),
        ({}, {"bms:endpoint": OWN, "bms:region": "cn-north-4"}, KEY, "bms:endpoint"),
    ],
)
def test_an_address_of_its_own_has_its_own_identity_service(
    inputs: Mapping[str, object], config: Mapping[str, object], environ: Mapping[str, str], name: str
) -> None:
    """An address outside the known clouds never takes the identity service of a region."""
    message = problem_of(inputs, config, environ)
    assert message.startswith(f"The IAM endpoint for {name} is missing: set `bms:iamEndpoint`")
    result = loaded(inputs, {**config, "bms:iamEndpoint": "https://iam.private.example"}, environ)
    assert (result.endpoint, result.iam_endpoint) == (OWN, "https://iam.private.example")


def test_a_default_project_is_of_the_addresss_region() -> None:
    """The default project of a region is refused for an address in a different region."""
    config = {"bms:endpoint": "https://bms.cn-north-1.myhuaweicloud.com", "bms:region": "cn-north-4"}
    message = problem_of({}, config, KEY)
    assert message.startswith(
        "bms:endpoint 'https://bms.cn-north-1.myhuaweicloud.com' is in the region cn-north-1, and "
    )
    assert "set `bms:projectId` or `bms:projectName`" in message
    assert loaded({}, {**config, "bms:projectName": "cn-north-1_dev"}, KEY).project_name == "cn-north-1_dev"
