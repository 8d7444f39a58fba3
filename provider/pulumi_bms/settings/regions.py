"""The public clouds: their domains and their regions.

Sources: the pages "Regions and Endpoints" of Huawei Cloud, of its European site and of Open Telekom Cloud, and the
regions of the vendor's SDK for Go, as of August 2026. No address is built from an unlisted region. The addresses of the
billing services are from the vendor's SDK (`huaweicloudsdkbss`, `huaweicloudsdkbssintl`).

`eu-west-0` is left out: Huawei Cloud and Flexible Engine both have a region of that name.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Cloud:
    """One public cloud: the domain of its addresses, alternative domains, and the address of its billing service.

    `billing` is "" for a cloud without a known billing service.
    """

    name: str
    domain: str
    others: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    billing: str = ""


HUAWEI = Cloud(
    "Huawei Cloud",
    "myhuaweicloud.com",
    ("myhuaweicloud.cn", "myhuaweicloud.asia", "myhuaweicloud.africa"),
    (
        *("cn-north-1", "cn-north-2", "cn-north-4", "cn-north-9", "cn-north-11", "cn-north-12"),
        *("cn-east-2", "cn-east-3", "cn-east-4", "cn-east-5"),
        *("cn-south-1", "cn-south-2", "cn-south-4", "cn-southwest-2", "cn-southwest-3"),
        *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
        *("my-kualalumpur-1", "me-east-1", "ae-ad-1", "tr-west-1", "af-south-1", "af-north-1"),
        *("la-north-2", "la-south-2", "na-mexico-1", "sa-brazil-1", "sa-peru-1", "ru-moscow-1", "ru-northwest-2"),
    ),
    # The site of the account decides, not the region: accounts of the international site need a setting.
    "https://bss.myhuaweicloud.com",
)
CLOUDS = (
    HUAWEI,
    Cloud(
        "Huawei Cloud (European site)",
        "myhuaweicloud.eu",
        regions=("eu-west-101",),
        billing="https://bss.myhuaweicloud.eu",
    ),
    Cloud("Open Telekom Cloud", "otc.t-systems.com", regions=("eu-de", "eu-nl")),
    # No regions here: the addresses of these clouds have a different form.
    Cloud("Open Telekom Cloud (Switzerland)", "sc.otc.t-systems.com"),
    Cloud("Flexible Engine", "prod-cloud-ocb.orange-business.com"),
)
_BY_REGION = {region: cloud for cloud in CLOUDS for region in cloud.regions}
# The longest first: a domain may be the end of a longer domain.
_BY_DOMAIN = sorted(
    ((domain, cloud) for cloud in CLOUDS for domain in (cloud.domain, *cloud.others)), key=lambda each: -len(each[0])
)


def endpoint_of(service: str, region: str) -> str:
    """The address of a service, such as `bms` or `iam`, in a region. "" for an unknown region."""
    cloud = cloud_of_region(region)
    return f"https://{service}.{region}.{cloud.domain}" if cloud else ""


def cloud_of_region(region: str) -> Cloud | None:
    """The cloud of the region, or None."""
    return _BY_REGION.get(region)


def cloud_of_address(address: str) -> Cloud | None:
    """The cloud of the address's domain, or None."""
    return cloud_of_domain(_host_of(address))


def cloud_of_domain(host: str) -> Cloud | None:
    """The cloud of the host's domain, or None."""
    return next((cloud for domain, cloud in _BY_DOMAIN if f".{host}".endswith(f".{domain}")), None)


def region_of_address(address: str) -> str:
    """The known region in an address of a public cloud, or ""."""
    cloud = cloud_of_address(address)
    return next((region for region in cloud.regions if is_in_region(address, region)), "") if cloud else ""


def is_in_region(address: str, region: str) -> bool:
    """Whether an address names the region. The region may be unknown here."""
    return region in _host_of(address).split(".")


def nearest_region(region: str) -> str:
    """The known region with the most similar name, or ""."""
    return next(iter(difflib.get_close_matches(region, _BY_REGION, n=1, cutoff=0.8)), "")


def _host_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removesuffix(".").lower()
    except ValueError:
        return ""
