"""Checks of the create body that take more than a line. Each returns whether the body breaks a rule."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from bms_simulator.cloud.rules.create_body import CreateBody
from bms_simulator.cloud.rules.login_rules import LARGEST_USER_DATA, decoded
from bms_simulator.cloud.rules.tag_rules import are_good_tags
from bms_simulator.http.json_values import objects, text
from bms_simulator.http.responses import Json

MOST_NICS = 2
MOST_DATA_VOLUMES = 59
MOST_TAGS = 9  # a tenth is the system's
LONGEST_NAME = 63
LONGEST_BATCH_NAME = 58  # room for the suffix -0000
LONGEST_METADATA = 255  # bytes
NAME = re.compile(r"[A-Za-z0-9_.\u4e00-\u9fff-]+")
ROOT_SIZE = (40, 1024)
DATA_SIZE = (10, 32768)
BANDWIDTH_SIZE = (1, 2000)
MONTHS = (1, 9)
YEARS = (1, 1)


def _is_between(value: Json, bounds: tuple[int, int]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and bounds[0] <= value <= bounds[1]


def wrong_name(body: CreateBody) -> bool:
    """Return whether the name is wrong."""
    longest = LONGEST_NAME if body.count == 1 else LONGEST_BATCH_NAME
    name = body.text("name")
    return not NAME.fullmatch(name) or len(name) > longest


def wrong_address(body: CreateBody) -> bool:
    """Return whether an address is wrong."""
    return any(text(nic, "ip_address") and not _is_ipv4(text(nic, "ip_address")) for nic in body.nics)


def _is_ipv4(address: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(address))
    except ValueError:
        return False


def wrong_address_pairs(body: CreateBody) -> bool:
    """Return whether the allowed address pairs are wrong."""
    pairs = [pair for nic in body.nics for pair in objects(nic.get("allowed_address_pairs"))]
    return any(text(pair, "ip_address") == "0.0.0.0/0" for pair in pairs)


def wrong_metadata(body: CreateBody) -> bool:
    """Return whether the metadata are wrong."""
    return any(
        not isinstance(value, str) or max(len(key.encode()), len(value.encode())) > LONGEST_METADATA
        for key, value in body.metadata.items()
    )


def wrong_login(body: CreateBody) -> bool:
    """Return whether the login methods are wrong."""
    ways = sum(bool(body.server.get(key)) for key in ("adminPass", "key_name"))
    return ways > 1 or not (ways or body.server.get("user_data"))


def wrong_user_data_size(body: CreateBody) -> bool:
    """Return whether the size of the user data is wrong."""
    return body.has("user_data") and len(decoded(body.server["user_data"]) or b"") > LARGEST_USER_DATA


def wrong_sharing(body: CreateBody) -> bool:
    """Return whether the bandwidth is shared in a wrong way."""
    return bool(body.eip) and body.bandwidth.get("sharetype") not in ("PER", "WHOLE")


def wrong_bandwidth_size(body: CreateBody) -> bool:
    """Return whether the size of the bandwidth is wrong."""
    size = body.bandwidth.get("size")
    needed = bool(body.eip) and body.bandwidth.get("sharetype") == "PER"
    return needed and not (_is_between(size, BANDWIDTH_SIZE) and isinstance(size, int) and _is_step(size))


def _is_step(size: int) -> bool:
    return size <= 300 or size % 50 == 0  # noqa: PLR2004 - steps of 50 Mbit/s above 300


def wrong_whole_without_id(body: CreateBody) -> bool:
    """Return whether the id of a shared bandwidth is wrong."""
    return body.bandwidth.get("sharetype") == "WHOLE" and not text(body.bandwidth, "id")


def wrong_eip_postpaid(body: CreateBody) -> bool:
    """Return whether the terms of an elastic IP that is paid by traffic are wrong."""
    by_traffic = body.bandwidth.get("chargemode") == "traffic" and body.bandwidth.get("sharetype") == "PER"
    return by_traffic and body.eip_terms.get("chargingMode") != "postPaid"


def wrong_whole_postpaid(body: CreateBody) -> bool:
    """Return whether the terms of an elastic IP with a shared bandwidth are wrong."""
    return body.bandwidth.get("sharetype") == "WHOLE" and body.eip_terms.get("chargingMode") != "postPaid"


def wrong_root_presence(body: CreateBody) -> bool:
    """Return whether a root volume is missing or too many."""
    return body.flavor.boot != "any" and body.has("root_volume") != (body.flavor.boot == "Volume")


def wrong_root(body: CreateBody) -> bool:
    """Return whether the root volume is wrong."""
    root = body.root_volume
    return body.has("root_volume") and not (text(root, "volumetype") and _is_between(root.get("size"), ROOT_SIZE))


def wrong_data(body: CreateBody) -> bool:
    """Return whether a data volume is wrong."""
    listed = body.server.get("data_volumes")
    if listed is not None and listed != [] and not body.data_volumes:
        return True
    return not all(_is_good_volume(volume) for volume in body.data_volumes)


def _is_good_volume(volume: Mapping[str, Json]) -> bool:
    shareable = volume.get("shareable")
    return bool(
        text(volume, "volumetype")
        and _is_between(volume.get("size"), DATA_SIZE)
        and (shareable is None or isinstance(shareable, bool))
    )


def wrong_period(body: CreateBody) -> bool:
    """Return whether the period of a prepaid order is wrong."""
    if not body.prepaid:
        return False
    bounds = {"month": MONTHS, "year": YEARS}.get(text(body.terms, "periodType"))
    return bounds is None or not _is_between(body.terms.get("periodNum"), bounds)


def wrong_flags(body: CreateBody) -> bool:
    """Return whether a flag of the terms is wrong."""
    flags = (body.terms.get(key) for key in ("isAutoRenew", "isAutoPay"))
    return any(flag is not None and flag not in ("true", "false") for flag in flags)


def wrong_tags(body: CreateBody) -> bool:
    """Return whether a tag is wrong."""
    listed = body.server.get("server_tags")
    if listed is None or listed == []:
        return False
    return not body.tags or len(body.tags) > MOST_TAGS or not are_good_tags(body.tags)


def wrong_groups(body: CreateBody) -> bool:
    """Return whether a security group is wrong."""
    listed = body.server.get("security_groups")
    if listed is None or listed == []:
        return False
    groups = objects(listed)
    return not groups or not all(text(group, "id") for group in groups)
