"""Addresses of the billing service and the identity service, needed only by an order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import Settings, load, problems

CN = "https://bms.cn-north-4.myhuaweicloud.com"
EU = "https://bms.eu-de.otc.t-systems.com"
OWN = "https://bms.private.example"
INTERNATIONAL = "https://bss-intl.myhuaweicloud.com"
TOKEN = {"bms:projectId": "p", "bms:token": "t"}
KEY = {"bms:projectId": "p", "bms:accessKey": "a", "bms:secretKey": "s"}


def loaded(config: Mapping[str, object], environ: Mapping[str, str] | None = None, **inputs: object) -> Settings:
    return load(inputs, config.get, environ or {})


@pytest.mark.parametrize(
    ("config", "address"),
    [
        ({"bms:region": "cn-north-4"}, "https://bss.myhuaweicloud.com"),
        ({"bms:endpoint": "https://bms.ap-southeast-3.myhuaweicloud.com"}, "https://bss.myhuaweicloud.com"),
        ({"bms:region": "eu-west-101"}, "https://bss.myhuaweicloud.eu"),
        ({"bms:region": "cn-north-4", "bms:billingEndpoint": f"{INTERNATIONAL}/"}, INTERNATIONAL),
        ({"bms:endpoint": OWN, "bms:billingEndpoint": "https://bss.private.example"}, "https://bss.private.example"),
        ({"bms:endpoint": OWN, "bms:billingEndpoint": "http://127.0.0.1:80"}, "http://127.0.0.1:80"),
    ],
)
def test_the_address_of_the_billing_service(config: Mapping[str, object], address: str) -> None:
    """The billing service has the address of the setting, or of the API's cloud."""
    assert loaded({**TOKEN, **config}).billing.endpoint == address


@pytest.mark.parametrize(
    ("config", "whose"),
    [({"bms:region": "eu-de"}, "of Open Telekom Cloud"), ({"bms:endpoint": OWN}, "for bms:endpoint")],
)
def test_a_cloud_without_a_known_billing_service(config: Mapping[str, object], whose: str) -> None:
    """Settings without the address load. A problem names the setting for a monthly order."""
    billing = loaded({**TOKEN, **config}).billing
    assert billing.endpoint == ""
    assert billing.problem == (
        f"the address of the billing service {whose} is not known, and servers paid by month or year need the service: "
        "set `bms:billingEndpoint`"
    )


def test_a_profile_has_its_own_billing_service() -> None:
    """The address of the top level does not count for a profile. The problem names the profile's key."""
    profile = {"endpoint": OWN, "projectId": "p", "token": "t"}
    around = {"bms:billingEndpoint": INTERNATIONAL}
    without = loaded({**around, "bms:profiles": {"eu": profile}}, profile="eu").billing
    assert "set `bms:profiles.eu.billingEndpoint`" in without.problem
    own = {**profile, "billingEndpoint": "https://bss.private.example"}
    assert loaded({**around, "bms:profiles": {"eu": own}}, profile="eu").billing.endpoint == own["billingEndpoint"]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://bss.private.example", "https://"),
        ("bss.private.example", "URL"),
        ("https://u:p@bss.private.example", "a user"),
    ],
)
def test_a_wrong_address_is_refused(address: str, says: str) -> None:
    """The address of the billing service has the form of every endpoint, in a preview too."""
    config = {**TOKEN, "bms:endpoint": OWN, "bms:billingEndpoint": address}
    (problem,) = problems({}, config.get, {})
    assert problem.startswith("bms:billingEndpoint ")
    assert says in problem


@pytest.mark.parametrize(
    ("config", "environ", "name"),
    [
        ({**TOKEN, "bms:endpoint": EU}, {}, "bms:endpoint"),
        ({**TOKEN, "bms:region": "eu-de"}, {}, "bms:region"),
        ({"bms:endpoint": OWN, "bms:projectId": "p"}, {"HW_AUTH_TOKEN": "t", "HW_REGION_NAME": "eu-de"}, "HW_REGION"),
        ({"bms:endpoint": OWN, "bms:projectId": "p"}, {"HW_AUTH_TOKEN": "t", "HW_REGION_NAME": "own-1"}, "HW_REGION"),
    ],
)
def test_a_billing_service_of_another_cloud(
    config: Mapping[str, object], environ: Mapping[str, str], name: str
) -> None:
    """A billing service in a cloud other than the API's or the credential's is refused."""
    with pytest.raises(SettingsError) as error:
        loaded({**config, "bms:billingEndpoint": INTERNATIONAL}, environ)
    assert str(error.value).startswith(f"bms:billingEndpoint '{INTERNATIONAL}' ")
    assert f" {name}" in str(error.value)


@pytest.mark.parametrize(
    ("config", "environ", "address"),
    [
        ({**KEY, "bms:region": "eu-de"}, {}, "https://iam.eu-de.otc.t-systems.com"),
        ({**KEY, "bms:endpoint": OWN, "bms:iamEndpoint": "https://iam.private.example/v3"}, {}, "https://iam.private."),
        ({"bms:projectId": "p"}, {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s", "HW_REGION_NAME": "cn-north-4"}, "https"),
        ({**TOKEN, "bms:region": "eu-de"}, {}, ""),
    ],
)
def test_the_identity_service_of_a_lookup(
    config: Mapping[str, object], environ: Mapping[str, str], address: str
) -> None:
    """The key's owner is looked up at the cloud's identity service, also without a lookup of the project."""
    result = loaded(config, environ)
    assert result.iam_endpoint == ""
    assert result.users.endpoint.startswith(address)
    assert bool(result.users.endpoint) is bool(address)
    assert result.users.problem == ""


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"bms:endpoint": OWN}, "`bms:iamEndpoint`"),
        (
            {"bms:endpoint": CN, "bms:iamEndpoint": "https://iam.eu-de.otc.t-systems.com"},
            "another cloud",
        ),
    ],
)
def test_an_identity_service_that_a_lookup_can_not_use(config: Mapping[str, object], says: str) -> None:
    """Settings without a usable identity service load, with the reason as the problem of the lookup."""
    environ = {"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s"}
    users = loaded({"bms:projectId": "p", **config}, environ).users
    assert users.endpoint == ""
    assert says in users.problem
