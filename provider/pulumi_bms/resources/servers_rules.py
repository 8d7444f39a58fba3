"""Rules of servers, disks, tags and metadata from the documentation of the API.

A rule's docstring begins with the rule's page in the API reference. A rule returns the problems of a set of inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_bms.lifecycle.model_reading import Problem, items, known
from pulumi_bms.resources.servers_body import MOST_TAGS_OF_USER, OUR_TAG
from pulumi_bms.resources.servers_model import ServersInputs

MOST_SERVERS = 100
MOST_ON_PAGES = 24
LONGEST_NAME = 63
LONGEST_NAME_OF_MANY = 58
FLAVOR_PREFIX = "physical."
SYSTEM_DISK = range(40, 1024 + 1)
DATA_DISK = range(10, 32768 + 1)
MOST_DATA_DISKS = 59
MOST_TAGS = 18
LONGEST_TAG_KEY = 36
LONGEST_TAG_VALUE = 43
LONGEST_METADATA = 255

_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9_.-]+")
_NOT_IN_TAGS = re.compile(r"[\x00-\x1f=*<>\\,|/]")
_SYSTEM_TAG = re.compile(r"__type_baremetal|_sys_.*", re.DOTALL)
_METADATA_KEY = re.compile(r"[A-Za-z0-9_:.-]+")
_PROPERTY_OF_METADATA = {"agency_name": "agency_name", "op_svc_userid": "user_id", "BYOL": "byol"}
_SYSTEM_METADATA = re.compile(
    r"__.*|metering\..*|admin_pass|chargingMode|vpc_id|os_type|os_bit|image_name|baremetalPortIDList|EcmResStatus",
    re.DOTALL,
)
_REQUIRED = ("flavor_id", "image_id", "availability_zone", "vpc_id")
_OPTIONAL = (
    *("key_pair", "user_id", "eip_id", "iptype", "bandwidth_id", "system_disk_type", "system_disk_dss_pool_id"),
    *("system_disk_kms_key_id", "agency_name", "enterprise_project_id"),
)


def empty_texts(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, all tables: ids and names are not empty."""
    for name in (*_REQUIRED, *_OPTIONAL):
        if known(value := getattr(inputs, name)) is not None and not value.strip():
            yield Problem(name, f"is empty: write a value{'' if name in _REQUIRED else ', or leave the property out'}")


def count(inputs: ServersInputs) -> Iterator[Problem]:
    """API Explorer, CreateBareMetalServers, `count`: 1 to 100."""
    if (value := known(inputs.count)) is not None and not 1 <= value <= MOST_SERVERS:
        yield Problem("count", f"is {value}: write 1 to {MOST_SERVERS}")


def many_servers(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `count`: at most 24. The API Explorer has a different limit."""
    if (value := known(inputs.count)) is not None and MOST_ON_PAGES < value <= MOST_SERVERS:
        text = f"is {value}: parts of the vendor's documentation allow {MOST_ON_PAGES}, and the cloud may refuse more"
        yield Problem("count", text)


def name(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `name`: 1 to 63 characters, or 58 if the cloud appends a number."""
    value, many = known(inputs.name), (known(inputs.count) or 1) > 1
    if value is None:
        return
    if not _NAME.fullmatch(value):
        yield Problem("name", "must have letters, digits, underscores, hyphens, dots and Chinese characters only")
    if len(value) > (longest := LONGEST_NAME_OF_MANY if many else LONGEST_NAME):
        reason = ", because the cloud appends a number to each name where count is above 1" if many else ""
        yield Problem("name", f"has {len(value)} characters: write at most {longest}{reason}")


def flavor(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `flavorRef`: the format is physical.x.x."""
    value = (known(inputs.flavor_id) or "").strip()
    if value and not value.startswith(FLAVOR_PREFIX):
        yield Problem("flavor_id", f"must begin with {FLAVOR_PREFIX}: write a flavor's id, such as physical.s3.large")


def system_disk(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 7: type and size are both required, 40 to 1024 GB."""
    size = known(inputs.system_disk_size)
    if size is not None and size not in SYSTEM_DISK:
        yield Problem("system_disk_size", f"is {size}: write 40 to 1024, in GB")
    rest = ("system_disk_type", "system_disk_size", "system_disk_dss_pool_id", "system_disk_kms_key_id")
    value = [part for part in rest if known(getattr(inputs, part)) is not None]
    for part in rest[:2]:
        if value and getattr(inputs, part) is None:
            yield Problem(part, f"is missing: {value[0]} needs it")


def data_disks(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 8: 10 to 32768 GB each, a type, and at most 59 besides the system disk."""
    listed = known(inputs.data_disks) or []
    if len(listed) > MOST_DATA_DISKS:
        yield Problem("data_disks", f"has {len(listed)} disks: write at most {MOST_DATA_DISKS}")
    for path, disk in items("data_disks", listed):
        if (kind := known(disk.type)) is not None and not kind.strip():
            yield Problem(f"{path}.type", "is empty: write the disk type, such as SSD")
        if (size := known(disk.size)) is not None and size not in DATA_DISK:
            yield Problem(f"{path}.size", f"is {size}: write 10 to 32768, in GB")


def types_of_data_disks(inputs: ServersInputs) -> Iterator[Problem]:
    """Error Codes, BMS.0202: all data disks are of one type."""
    kinds = [(path, known(disk.type)) for path, disk in items("data_disks", known(inputs.data_disks))]
    named = [(path, kind) for path, kind in kinds if kind]
    for path, kind in named[1:]:
        if kind != named[0][1]:
            yield Problem(f"{path}.type", f"is another one than {named[0][0]}.type: write one type for all data disks")


def tags(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 11: the length and the characters of keys and values."""
    for key in known(inputs.tags) or {}:
        path = items("tags", {key: key})[0].path
        if key == OUR_TAG or _SYSTEM_TAG.fullmatch(key):
            owner = "this package" if key == OUR_TAG else "the cloud"
            yield Problem(path, f"is a tag of {owner}: write another key")
        elif not 1 <= len(key) <= LONGEST_TAG_KEY:
            yield Problem(path, f"has a key of {len(key)} characters: write 1 to {LONGEST_TAG_KEY}")
        elif _NOT_IN_TAGS.search(key):
            yield Problem(path, r"has a control character or one of =*<>\,|/ in its key: leave the character out")
    for path, value in items("tags", known(inputs.tags)):
        if len(value) > LONGEST_TAG_VALUE:
            yield Problem(path, f"has {len(value)} characters: write at most {LONGEST_TAG_VALUE}")
        if _NOT_IN_TAGS.search(value):
            yield Problem(path, r"has a control character or one of =*<>\,|/: leave the character out")


def number_of_tags(inputs: ServersInputs) -> Iterator[Problem]:
    """Adding Tags to a BMS in Batches, Constraints: at most 20, including a tag of the cloud and our own tag."""
    if (number := len(known(inputs.tags) or {})) > MOST_TAGS:
        yield Problem("tags", f"has {number} tags: write at most {MOST_TAGS}")


def number_of_tags_of_an_order(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `server_tags`: at most 9 in an order, including our own tag."""
    if MOST_TAGS_OF_USER < (number := len(known(inputs.tags) or {})) <= MOST_TAGS:
        text = f"has {number} tags: write at most {MOST_TAGS_OF_USER} in an order, and add others to servers that exist"
        yield Problem("tags", text)


def metadata(inputs: ServersInputs) -> Iterator[Problem]:
    """Updating BMS Metadata, table 2: the length and the characters of keys and values."""
    for key in known(inputs.metadata) or {}:
        path = items("metadata", {key: key})[0].path
        if instead := _PROPERTY_OF_METADATA.get(key):
            yield Problem(path, f"is written by the property {instead}: write {instead}")
        elif _SYSTEM_METADATA.fullmatch(key):
            yield Problem(path, "is a key of the cloud: write another key")
        elif not _METADATA_KEY.fullmatch(key) or len(key) > LONGEST_METADATA:
            text = f"must have a key of 1 to {LONGEST_METADATA} letters, digits, hyphens, underscores, colons and dots"
            yield Problem(path, text)
    for path, value in items("metadata", known(inputs.metadata)):
        if len(value) > LONGEST_METADATA:
            yield Problem(path, f"has {len(value)} characters: write at most {LONGEST_METADATA}")


def agency(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `metadata`: values of at most 255 bytes."""
    if (value := known(inputs.agency_name)) and len(value.encode()) > LONGEST_METADATA:
        yield Problem("agency_name", f"has {len(value.encode())} bytes: write at most {LONGEST_METADATA}")


def hints(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 10: `dec_baremetal` is share or dedicate."""
    scheduler = known(inputs.scheduler_hints)
    if scheduler and (value := known(scheduler.dec_baremetal)) is not None and value not in {"share", "dedicate"}:
        yield Problem("scheduler_hints.dec_baremetal", "must be share or dedicate")


def options_of_metadata(inputs: ServersInputs) -> Iterator[Problem]:
    """API Explorer, CreateBareMetalServers, `metadata_options`: the values of both options."""
    if not (value := known(inputs.metadata_options)):
        return
    if (endpoint := known(value.http_endpoint)) is not None and endpoint not in {"enabled", "disabled"}:
        yield Problem("metadata_options.http_endpoint", "must be enabled or disabled")
    if (tokens := known(value.http_tokens)) is not None and tokens not in {"optional", "required"}:
        yield Problem("metadata_options.http_tokens", "must be optional or required")


def in_place(inputs: ServersInputs) -> Iterator[Problem]:
    """The values of `power`, `on_image_change` and `max_unavailable`."""
    if (value := known(inputs.power)) is not None and value not in {"on", "off"}:
        yield Problem("power", "must be on or off")
    if (value := known(inputs.on_image_change)) is not None and value not in {"replace", "reinstall"}:
        yield Problem("on_image_change", "must be replace or reinstall")
    if (most := known(inputs.max_unavailable)) is not None and most < 1:
        yield Problem("max_unavailable", "must be 1 or more")


def idle_triggers(inputs: ServersInputs) -> Iterator[Problem]:
    """`reinstall_triggers` needs `on_image_change`."""
    if inputs.reinstall_triggers is not None and inputs.on_image_change in (None, "replace"):
        text = 'has no effect: set on_image_change="reinstall", or leave reinstall_triggers out'
        yield Problem("reinstall_triggers", text)


RULES = (
    in_place,
    empty_texts,
    count,
    name,
    flavor,
    system_disk,
    data_disks,
    types_of_data_disks,
    tags,
    number_of_tags,
    metadata,
    agency,
    hints,
    options_of_metadata,
)
RULES_OF_ORDERS = (number_of_tags_of_an_order,)
WARNINGS = (many_servers, idle_triggers)
