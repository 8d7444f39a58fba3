"""The documented rules of the create body, each with the code that the service refuses with."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bms_simulator.cloud.catalogue import FLAVOR_PREFIX
from bms_simulator.cloud.rules.create_body import CreateBody
from bms_simulator.cloud.rules.login_rules import LARGEST_USER_DATA, decoded, is_good_password
from bms_simulator.cloud.rules.tag_rules import are_good_tags
from bms_simulator.http.json_values import mapping, objects, text
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

Broken: TypeAlias = Callable[[CreateBody], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: the code and the message for a body that breaks it."""

    code: str
    message: str
    broken: Broken


def _is_between(value: Json, bounds: tuple[int, int]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and bounds[0] <= value <= bounds[1]


def _name(body: CreateBody) -> bool:
    longest = LONGEST_NAME if body.count == 1 else LONGEST_BATCH_NAME
    name = body.text("name")
    return not NAME.fullmatch(name) or len(name) > longest


def _address(body: CreateBody) -> bool:
    return any(text(nic, "ip_address") and not _is_ipv4(text(nic, "ip_address")) for nic in body.nics)


def _is_ipv4(address: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(address))
    except ValueError:
        return False


def _address_pairs(body: CreateBody) -> bool:
    pairs = [pair for nic in body.nics for pair in objects(nic.get("allowed_address_pairs"))]
    return any(text(pair, "ip_address") == "0.0.0.0/0" for pair in pairs)


def _metadata(body: CreateBody) -> bool:
    return any(
        not isinstance(value, str) or max(len(key.encode()), len(value.encode())) > LONGEST_METADATA
        for key, value in body.metadata.items()
    )


def _login(body: CreateBody) -> bool:
    ways = sum(bool(body.server.get(key)) for key in ("adminPass", "key_name"))
    return ways > 1 or not (ways or body.server.get("user_data"))


def _user_data_size(body: CreateBody) -> bool:
    return body.has("user_data") and len(decoded(body.server["user_data"]) or b"") > LARGEST_USER_DATA


def _sharing(body: CreateBody) -> bool:
    return bool(body.eip) and body.bandwidth.get("sharetype") not in ("PER", "WHOLE")


def _bandwidth_size(body: CreateBody) -> bool:
    size = body.bandwidth.get("size")
    needed = bool(body.eip) and body.bandwidth.get("sharetype") == "PER"
    return needed and not (_is_between(size, BANDWIDTH_SIZE) and isinstance(size, int) and _is_step(size))


def _is_step(size: int) -> bool:
    return size <= 300 or size % 50 == 0  # noqa: PLR2004 - steps of 50 Mbit/s above 300


def _whole_without_id(body: CreateBody) -> bool:
    return body.bandwidth.get("sharetype") == "WHOLE" and not text(body.bandwidth, "id")


def _eip_postpaid(body: CreateBody) -> bool:
    by_traffic = body.bandwidth.get("chargemode") == "traffic" and body.bandwidth.get("sharetype") == "PER"
    return by_traffic and body.eip_terms.get("chargingMode") != "postPaid"


def _whole_postpaid(body: CreateBody) -> bool:
    return body.bandwidth.get("sharetype") == "WHOLE" and body.eip_terms.get("chargingMode") != "postPaid"


def _root_presence(body: CreateBody) -> bool:
    return body.flavor.boot != "any" and body.has("root_volume") != (body.flavor.boot == "Volume")


def _root(body: CreateBody) -> bool:
    root = body.root_volume
    return body.has("root_volume") and not (text(root, "volumetype") and _is_between(root.get("size"), ROOT_SIZE))


def _data(body: CreateBody) -> bool:
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


def _period(body: CreateBody) -> bool:
    if not body.prepaid:
        return False
    bounds = {"month": MONTHS, "year": YEARS}.get(text(body.terms, "periodType"))
    return bounds is None or not _is_between(body.terms.get("periodNum"), bounds)


def _flags(body: CreateBody) -> bool:
    flags = (body.terms.get(key) for key in ("isAutoRenew", "isAutoPay"))
    return any(flag is not None and flag not in ("true", "false") for flag in flags)


def _tags(body: CreateBody) -> bool:
    listed = body.server.get("server_tags")
    if listed is None or listed == []:
        return False
    return not body.tags or len(body.tags) > MOST_TAGS or not are_good_tags(body.tags)


RULES = (
    Rule(
        "BMS.0205",
        "count must be a number from 1 to the largest one allowed.",
        lambda b: not 1 <= b.count <= b.most_servers,
    ),
    Rule("BMS.0206", "name must be 1 to 63 letters, digits, hyphens, underscores or dots; 58 for a batch.", _name),
    Rule("BMS.0018", "imageRef is missing or not a string.", lambda b: not b.text("imageRef")),
    Rule("BMS.0018", "flavorRef is missing or not a string.", lambda b: not b.text("flavorRef")),
    Rule("BMS.0018", "availability_zone is missing or not a string.", lambda b: not b.text("availability_zone")),
    Rule(
        "BMS.0021",
        f"flavorRef must begin with {FLAVOR_PREFIX}",
        lambda b: not b.text("flavorRef").startswith(FLAVOR_PREFIX),
    ),
    Rule("BMS.0246", "vpcid is missing or not a string.", lambda b: not b.text("vpcid")),
    Rule("BMS.0018", "nics must be a list of 1 to 2 objects.", lambda b: not 1 <= len(b.nics) <= MOST_NICS),
    Rule("BMS.0018", "nics has more items than the flavor has networks.", lambda b: len(b.nics) > b.flavor.nics),
    Rule(
        "BMS.0018",
        "each of nics needs a subnet_id.",
        lambda b: not all(text(n, "subnet_id") or text(n, "port_id") for n in b.nics),
    ),
    Rule(
        "BMS.0207",
        "ip_address must be left out when count is more than 1.",
        lambda b: b.count > 1 and any(text(n, "ip_address") for n in b.nics),
    ),
    Rule("BMS.0018", "ip_address must be an IPv4 address.", _address),
    Rule("BMS.0018", "allowed_address_pairs must not have 0.0.0.0/0.", _address_pairs),
    Rule(
        "BMS.0217",
        "metadata.op_svc_userid is missing or not a string.",
        lambda b: not text(b.metadata, "op_svc_userid"),
    ),
    Rule("BMS.0217", "metadata must have strings of at most 255 bytes.", _metadata),
    Rule(
        "BMS.0018",
        "extendparam is missing or not an object.",
        lambda b: not isinstance(b.server.get("extendparam"), Mapping),
    ),
    Rule("BMS.0111", "Exactly one of adminPass and key_name is needed, or else user_data.", _login),
    Rule(
        "BMS.3026",
        "adminPass does not follow the rules of passwords.",
        lambda b: bool(b.server.get("adminPass")) and not is_good_password(b.server["adminPass"]),
    ),
    Rule("BMS.0210", "user_data is larger than 32 KB.", _user_data_size),
    Rule(
        "BMS.0018", "user_data must be base64.", lambda b: b.has("user_data") and decoded(b.server["user_data"]) is None
    ),
    Rule("BMS.0071", "publicip has both id and eip.", lambda b: bool(b.public_ip.get("id") and b.public_ip.get("eip"))),
    Rule(
        "BMS.0019", "publicip needs id or eip.", lambda b: b.has("publicip") and not (text(b.public_ip, "id") or b.eip)
    ),
    Rule(
        "BMS.0072",
        "publicip.id must be left out when count is more than 1.",
        lambda b: b.count > 1 and bool(b.public_ip.get("id")),
    ),
    Rule("BMS.0019", "publicip.eip.iptype is missing.", lambda b: bool(b.eip) and not text(b.eip, "iptype")),
    Rule("BMS.0073", "publicip.eip.bandwidth is missing.", lambda b: bool(b.eip) and not b.bandwidth),
    Rule("BMS.0019", "bandwidth.sharetype must be PER or WHOLE.", _sharing),
    Rule("BMS.0077", "bandwidth.size must be 1 to 2000 Mbit/s, in steps of 50 above 300.", _bandwidth_size),
    Rule("BMS.0079", "A bandwidth that is shared as a WHOLE needs its id.", _whole_without_id),
    Rule("BMS.0074", "publicip.eip.extendparam is missing.", lambda b: bool(b.eip) and not b.eip_terms),
    Rule(
        "BMS.0019",
        "publicip.eip.extendparam.chargingMode must be prePaid or postPaid.",
        lambda b: bool(b.eip) and b.eip_terms.get("chargingMode") not in ("prePaid", "postPaid"),
    ),
    Rule("BMS.0019", "An elastic IP that is paid by traffic must be postPaid.", _eip_postpaid),
    Rule("BMS.0076", "An elastic IP with a shared bandwidth must be postPaid.", _whole_postpaid),
    Rule(
        "BMS.0108", "root_volume must be there for flavors that boot from a volume, and for no others.", _root_presence
    ),
    Rule("BMS.0047", "root_volume needs a volumetype and a size of 40 to 1024 GB.", _root),
    Rule("BMS.0203", "data_volumes need a volumetype and a size of 10 to 32768 GB each.", _data),
    Rule(
        "BMS.0202",
        "data_volumes must be of one type.",
        lambda b: len({text(v, "volumetype") for v in b.data_volumes}) > 1,
    ),
    Rule(
        "BMS.0204",
        f"data_volumes must be at most {MOST_DATA_VOLUMES}.",
        lambda b: len(b.data_volumes) > MOST_DATA_VOLUMES,
    ),
    Rule("BMS.0315", "The flavor can't attach volumes.", lambda b: bool(b.data_volumes) and not b.flavor.supports_evs),
    Rule(
        "BMS.0020",
        "chargingMode must be prePaid or postPaid.",
        lambda b: b.charging_mode not in ("prePaid", "postPaid"),
    ),
    Rule("BMS.0020", "postPaid servers are not sold here.", lambda b: not b.prepaid and not b.postpaid_accepted),
    Rule("BMS.0020", "prePaid needs periodType month or year, and periodNum 1 to 9 or 1.", _period),
    Rule("BMS.0018", 'isAutoRenew and isAutoPay must be "true" or "false".', _flags),
    Rule(
        "BMS.0018",
        "schedulerHints.dec_baremetal must be share or dedicate.",
        lambda b: (
            b.has("schedulerHints")
            and mapping(b.server["schedulerHints"]).get("dec_baremetal") not in ("share", "dedicate")
        ),
    ),
    Rule(
        "BMS.0018",
        "server_tags must be at most 9 tags, each with a key of 1 to 36 characters and a value of up to 43.",
        _tags,
    ),
    Rule(
        "BMS.0018",
        "security_groups must be a list of objects with an id.",
        lambda b: (
            b.has("security_groups") and not all(text(g, "id") for g in objects(b.server["security_groups"]) or [{}])
        ),
    ),
)


def broken_rule(body: CreateBody) -> Rule | None:
    """Return the first rule that a body breaks."""
    return next((rule for rule in RULES if rule.broken(body)), None)
