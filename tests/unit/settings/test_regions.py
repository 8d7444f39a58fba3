"""A region is of one known cloud and makes an address in the cloud, or makes no address."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pulumi_bms.settings.endpoints import endpoint_problem
from pulumi_bms.settings.regions import (
    CLOUDS,
    cloud_of_address,
    endpoint_of,
    nearest_region,
    region_of_address,
)

KNOWN = [(region, cloud.domain) for cloud in CLOUDS for region in cloud.regions]
DOMAINS = tuple(f".{cloud.domain}" for cloud in CLOUDS)


@pytest.mark.parametrize("service", ["bms", "iam"])
@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("cn-north-4", "myhuaweicloud.com"),
        ("la-north-2", "myhuaweicloud.com"),
        ("eu-west-101", "myhuaweicloud.eu"),
        ("eu-de", "otc.t-systems.com"),
        ("eu-nl", "otc.t-systems.com"),
    ],
)
def test_the_cloud_of_a_region(service: str, region: str, domain: str) -> None:
    """The whole name of the region decides the cloud, for each service."""
    assert endpoint_of(service, region) == f"https://{service}.{region}.{domain}"


@pytest.mark.parametrize(
    "region",
    [
        # A region of Huawei Cloud and of Flexible Engine.
        "eu-west-0",
        # Similar to a known region.
        "eu-west-1010",
        "eu-de-1",
        "my-eu-nl",
        "cn-north-44",
        # Regions of clouds with a different form of addresses.
        "eu-ch2",
        "regionone",
        "",
    ],
)
def test_a_region_of_no_known_cloud_makes_no_address(region: str) -> None:
    """An unknown region makes no address."""
    assert endpoint_of("bms", region) == ""


def test_each_region_is_of_one_cloud() -> None:
    """No region is listed twice, and each region is found in the region's address."""
    assert len({region for region, _ in KNOWN}) == len(KNOWN) > 35
    for region, domain in KNOWN:
        assert region_of_address(f"https://bms.{region}.{domain}/v1") == region


@pytest.mark.parametrize(
    ("address", "cloud"),
    [
        ("https://bms.cn-north-4.myhuaweicloud.com", "Huawei Cloud"),
        ("https://IAM.MyHuaweiCloud.com:443/v3", "Huawei Cloud"),
        ("https://bms.cn-north-4.myhuaweicloud.cn", "Huawei Cloud"),
        ("https://iam.eu-west-101.myhuaweicloud.eu./v3", "Huawei Cloud (European site)"),
        ("https://iam.eu-de.otc.t-systems.com/v3", "Open Telekom Cloud"),
        ("https://iam-pub.eu-ch2.sc.otc.t-systems.com/v3", "Open Telekom Cloud (Switzerland)"),
        ("https://bms.eu-west-0.prod-cloud-ocb.orange-business.com", "Flexible Engine"),
        ("https://bms.example.com", None),
        ("https://myhuaweicloud.com.example.com", None),
        ("https://notmyhuaweicloud.com", None),
        ("http://127.0.0.1:8080", None),
        ("https://[::1", None),
        ("", None),
    ],
)
def test_the_cloud_of_an_address(address: str, cloud: str | None) -> None:
    """The longest matching domain decides the cloud. An unknown domain has no cloud."""
    result = cloud_of_address(address)
    assert (result.name if result else None) == cloud


@given(st.text("abAB09-", max_size=70) | st.text("aB9-._~:/?#[]@!$&'()*+,;=%\\ \t\n\u0661\u00fc\udc80", max_size=4))
@hypothesis_settings(max_examples=300, deadline=None, database=None)
def test_whatever_makes_an_address_stays_in_its_cloud(region: str) -> None:
    """For any text as a region, the address stays in a known domain."""
    for text in (region, f"{region}eu-de", f"eu-de{region}"):
        endpoint = endpoint_of("bms", text)
        if endpoint:
            assert endpoint_problem(endpoint) is None
            assert (urlsplit(endpoint).hostname or "").endswith(DOMAINS)


def test_a_mistyped_region_has_a_nearest_one() -> None:
    """A region with one letter too few or too many has a nearest region. A dissimilar word has no nearest region."""
    assert (nearest_region("cn-noth-4"), nearest_region("eu-dee"), nearest_region("private")) == (
        "cn-north-4",
        "eu-de",
        "",
    )
