"""The documented rules of the create body, each with the code that the service refuses with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bms_simulator.cloud.catalogue import FLAVOR_PREFIX
from bms_simulator.cloud.rules import create_checks as checks
from bms_simulator.cloud.rules.create_body import CreateBody
from bms_simulator.cloud.rules.login_rules import decoded, is_good_password
from bms_simulator.http.json_values import mapping, text

Broken: TypeAlias = Callable[[CreateBody], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: the code and the message for a body that breaks it."""

    code: str
    message: str
    broken: Broken


RULES = (
    Rule(
        "BMS.0205",
        "count must be a number from 1 to the largest one allowed.",
        lambda b: not 1 <= b.count <= b.most_servers,
    ),
    Rule(
        "BMS.0206",
        "name must be 1 to 63 letters, digits, hyphens, underscores or dots; 58 for a batch.",
        checks.wrong_name,
    ),
    Rule("BMS.0018", "imageRef is missing or not a string.", lambda b: not b.text("imageRef")),
    Rule("BMS.0018", "flavorRef is missing or not a string.", lambda b: not b.text("flavorRef")),
    Rule("BMS.0018", "availability_zone is missing or not a string.", lambda b: not b.text("availability_zone")),
    Rule(
        "BMS.0021",
        f"flavorRef must begin with {FLAVOR_PREFIX}",
        lambda b: not b.text("flavorRef").startswith(FLAVOR_PREFIX),
    ),
    Rule("BMS.0246", "vpcid is missing or not a string.", lambda b: not b.text("vpcid")),
    Rule("BMS.0018", "nics must be a list of 1 to 2 objects.", lambda b: not 1 <= len(b.nics) <= checks.MOST_NICS),
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
    Rule("BMS.0018", "ip_address must be an IPv4 address.", checks.wrong_address),
    Rule("BMS.0018", "allowed_address_pairs must not have 0.0.0.0/0.", checks.wrong_address_pairs),
    Rule(
        "BMS.0217",
        "metadata.op_svc_userid is missing or not a string.",
        lambda b: not text(b.metadata, "op_svc_userid"),
    ),
    Rule("BMS.0217", "metadata must have strings of at most 255 bytes.", checks.wrong_metadata),
    Rule(
        "BMS.0018",
        "extendparam is missing or not an object.",
        lambda b: not isinstance(b.server.get("extendparam"), Mapping),
    ),
    Rule("BMS.0111", "Exactly one of adminPass and key_name is needed, or else user_data.", checks.wrong_login),
    Rule(
        "BMS.3026",
        "adminPass does not follow the rules of passwords.",
        lambda b: bool(b.server.get("adminPass")) and not is_good_password(b.server["adminPass"]),
    ),
    Rule("BMS.0210", "user_data is larger than 32 KB.", checks.wrong_user_data_size),
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
    Rule("BMS.0019", "bandwidth.sharetype must be PER or WHOLE.", checks.wrong_sharing),
    Rule("BMS.0077", "bandwidth.size must be 1 to 2000 Mbit/s, in steps of 50 above 300.", checks.wrong_bandwidth_size),
    Rule("BMS.0079", "A bandwidth that is shared as a WHOLE needs its id.", checks.wrong_whole_without_id),
    Rule("BMS.0074", "publicip.eip.extendparam is missing.", lambda b: bool(b.eip) and not b.eip_terms),
    Rule(
        "BMS.0019",
        "publicip.eip.extendparam.chargingMode must be prePaid or postPaid.",
        lambda b: bool(b.eip) and b.eip_terms.get("chargingMode") not in ("prePaid", "postPaid"),
    ),
    Rule("BMS.0019", "An elastic IP that is paid by traffic must be postPaid.", checks.wrong_eip_postpaid),
    Rule("BMS.0076", "An elastic IP with a shared bandwidth must be postPaid.", checks.wrong_whole_postpaid),
    Rule(
        "BMS.0108",
        "root_volume must be there for flavors that boot from a volume, and for no others.",
        checks.wrong_root_presence,
    ),
    Rule("BMS.0047", "root_volume needs a volumetype and a size of 40 to 1024 GB.", checks.wrong_root),
    Rule("BMS.0203", "data_volumes need a volumetype and a size of 10 to 32768 GB each.", checks.wrong_data),
    Rule(
        "BMS.0202",
        "data_volumes must be of one type.",
        lambda b: len({text(v, "volumetype") for v in b.data_volumes}) > 1,
    ),
    Rule(
        "BMS.0204",
        f"data_volumes must be at most {checks.MOST_DATA_VOLUMES}.",
        lambda b: len(b.data_volumes) > checks.MOST_DATA_VOLUMES,
    ),
    Rule("BMS.0315", "The flavor can't attach volumes.", lambda b: bool(b.data_volumes) and not b.flavor.supports_evs),
    Rule(
        "BMS.0020",
        "chargingMode must be prePaid or postPaid.",
        lambda b: b.charging_mode not in ("prePaid", "postPaid"),
    ),
    Rule("BMS.0020", "postPaid servers are not sold here.", lambda b: not b.prepaid and not b.postpaid_accepted),
    Rule("BMS.0020", "prePaid needs periodType month or year, and periodNum 1 to 9 or 1.", checks.wrong_period),
    Rule("BMS.0018", 'isAutoRenew and isAutoPay must be "true" or "false".', checks.wrong_flags),
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
        checks.wrong_tags,
    ),
    Rule(
        "BMS.0018",
        "security_groups must be a list of objects with an id.",
        checks.wrong_groups,
    ),
)


def broken_rule(body: CreateBody) -> Rule | None:
    """Return the first rule that a body breaks."""
    return next((rule for rule in RULES if rule.broken(body)), None)
