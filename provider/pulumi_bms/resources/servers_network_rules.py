"""Rules of NICs and public addresses from the documentation of the API.

A rule's docstring begins with the rule's page in the API reference. A rule returns the problems of a set of inputs.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from pulumi_bms.lifecycle.model_reading import Problem, items, known
from pulumi_bms.resources.servers_model import ServersInputs

MOST_NICS = 2
BANDWIDTH = range(1, 2000 + 1)
SMALLEST_BANDWIDTH = 5
FIRST_STEPPED, STEP = 300, 50

_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_OF_NEW_EIP = ("iptype", "eip_charge_mode", "sharetype", "bandwidth_id", "bandwidth_size", "bandwidth_charge_mode")
_CHOICES = {
    "eip_charge_mode": ("prePaid", "postPaid"),
    "sharetype": ("PER", "WHOLE"),
    "bandwidth_charge_mode": ("bandwidth", "traffic"),
}


def number_of_nics(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `nics`: one or two."""
    listed = known(inputs.nics)
    if listed is not None and not 1 <= len(listed) <= MOST_NICS:
        yield Problem("nics", f"has {len(listed)} NICs: write 1 or {MOST_NICS}")


def nics(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 5: `subnet_id` is required, and `ip_address` has no effect with `port_id`."""
    for path, nic in items("nics", known(inputs.nics)):
        if (subnet := known(nic.subnet_id)) is not None and not subnet.strip():
            yield Problem(f"{path}.subnet_id", "is empty: write the network id of the subnet")
        if (port := known(nic.port_id)) is not None and not port.strip():
            yield Problem(f"{path}.port_id", "is empty: write the port's id, or leave the property out")
        if (address := known(nic.ip_address)) is not None and not _is_ipv4(address):
            yield Problem(f"{path}.ip_address", "must be an IPv4 address, such as 192.168.0.10")
        if known(nic.port_id) and known(nic.ip_address):
            yield Problem(f"{path}.ip_address", "has no effect beside port_id: write one of the two")


def nics_of_many(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 5, `ip_address`: not for several servers. A port belongs to a single server."""
    if (known(inputs.count) or 1) > 1:
        for path, nic in items("nics", known(inputs.nics)):
            for part in ("ip_address", "port_id"):
                if known(getattr(nic, part)):
                    yield Problem(f"{path}.{part}", "is for one server: leave the property out, or write count=1")


def address_pairs(inputs: ServersInputs) -> Iterator[Problem]:
    """API Explorer, CreateBareMetalServers, `allowed_address_pairs`: addresses, and never 0.0.0.0/0."""
    for nic_path, nic in items("nics", known(inputs.nics)):
        for path, pair in items(f"{nic_path}.allowed_address_pairs", known(nic.allowed_address_pairs)):
            if (address := known(pair.ip_address)) is not None:
                if address == "0.0.0.0/0":
                    text = "must not be 0.0.0.0/0: write 1.1.1.1/0 to turn the source and destination check off"
                    yield Problem(f"{path}.ip_address", text)
                elif not _is_network(address):
                    yield Problem(f"{path}.ip_address", "must be an IP address or a CIDR block, such as 192.168.0.0/24")
            if (mac := known(pair.mac_address)) is not None and not _MAC.fullmatch(mac):
                yield Problem(f"{path}.mac_address", "must be a MAC address, such as fa:16:3e:00:00:01")


def security_groups(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 4, `id`: the id of an existing group."""
    for path, group in items("security_groups", known(inputs.security_groups)):
        if not group.strip():
            yield Problem(path, "is empty: write a security group's id")


def one_kind_of_eip(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 6: an existing EIP, or a new EIP. An existing EIP is for a single server."""
    if not known(inputs.eip_id):
        return
    if others := [name for name in _OF_NEW_EIP if known(getattr(inputs, name)) is not None]:
        text = f"can't be combined with {' and '.join(others)}, which make a new EIP: write one kind"
        yield Problem("eip_id", text)
    if (known(inputs.count) or 1) > 1:
        yield Problem("eip_id", "is for one server: leave the property out, or write count=1")


def new_eip(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, tables 11 to 13: the necessary inputs of a new EIP."""
    value = [name for name in _OF_NEW_EIP if known(getattr(inputs, name)) is not None]
    if not value or inputs.eip_id is not None:
        return
    for name in ("iptype", "eip_charge_mode", "sharetype"):
        if getattr(inputs, name) is None:
            yield Problem(name, f"is missing: a new EIP needs it, and {value[0]} asks for one")
    if known(inputs.sharetype) == "PER" and inputs.bandwidth_size is None:
        yield Problem("bandwidth_size", "is missing: an own bandwidth (sharetype PER) needs its size in Mbit/s")
    if known(inputs.sharetype) == "WHOLE" and inputs.bandwidth_id is None:
        yield Problem("bandwidth_id", "is missing: sharetype WHOLE needs the id of the shared bandwidth")
    if known(inputs.sharetype) == "PER" and known(inputs.bandwidth_id) is not None:
        yield Problem("bandwidth_id", "names a shared bandwidth, and sharetype PER makes an own one: write WHOLE")


def choices(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, tables 12 and 13: the values of `sharetype`, `chargemode` and `chargingMode`."""
    for name, values in _CHOICES.items():
        if (value := known(getattr(inputs, name))) is not None and value not in values:
            yield Problem(name, f"must be {' or '.join(values)}")


def size_of_bandwidth(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 12, `size`: up to 2000 Mbit/s, in steps of 50 above 300."""
    size = known(inputs.bandwidth_size)
    if size is None or known(inputs.sharetype) == "WHOLE":
        return
    if size not in BANDWIDTH:
        yield Problem("bandwidth_size", f"is {size}: write {SMALLEST_BANDWIDTH} to 2000, in Mbit/s")
    elif size > FIRST_STEPPED and size % STEP:
        yield Problem("bandwidth_size", f"is {size}: above {FIRST_STEPPED} Mbit/s write a multiple of {STEP}")


def billing_of_eip(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 13: traffic and a shared bandwidth are postPaid only."""
    if known(inputs.eip_charge_mode) != "prePaid":
        return
    if known(inputs.sharetype) == "WHOLE":
        yield Problem("eip_charge_mode", "must be postPaid with a shared bandwidth (sharetype WHOLE)")
    elif known(inputs.bandwidth_charge_mode) == "traffic":
        yield Problem("eip_charge_mode", "must be postPaid where bandwidth_charge_mode is traffic")


def small_bandwidth(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 12, `size`: from 5 Mbit/s by default. Regions have different ranges."""
    size = known(inputs.bandwidth_size)
    if size is not None and 1 <= size < SMALLEST_BANDWIDTH and known(inputs.sharetype) != "WHOLE":
        yield Problem("bandwidth_size", f"is {size}: most regions have no less than {SMALLEST_BANDWIDTH} Mbit/s")


def idle_bandwidth(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 12: `size` and `chargemode` have no effect with a shared bandwidth."""
    if known(inputs.sharetype) == "WHOLE":
        for name in ("bandwidth_size", "bandwidth_charge_mode"):
            if known(getattr(inputs, name)) is not None:
                yield Problem(name, "has no effect with a shared bandwidth (sharetype WHOLE)")


def _is_ipv4(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        return bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


RULES = (
    number_of_nics,
    nics,
    nics_of_many,
    address_pairs,
    security_groups,
    one_kind_of_eip,
    new_eip,
    choices,
    size_of_bandwidth,
    billing_of_eip,
)
WARNINGS = (small_bandwidth, idle_bandwidth)
