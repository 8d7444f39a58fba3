"""The inputs of `Servers` as typed values, and all their problems: offline, in the plugin process only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_bms.lifecycle.json_problems import json_problems
from pulumi_bms.lifecycle.model_reading import Problem, read
from pulumi_bms.resources import (
    servers_billing_rules,
    servers_login_rules,
    servers_network_rules,
    servers_rules,
)
from pulumi_bms.resources.servers_model import ServersInputs

_OF_ANY_SHAPE = ("triggers", "reboot_triggers", "reinstall_triggers")

REMEDIES = {
    "flavor_id": "write a flavor's id, such as physical.s3.large",
    "image_id": "write the id of a bare metal image",
    "availability_zone": "write a zone's name, such as cn-north-4a",
    "vpc_id": "write the VPC's id",
    "nics": 'write one or two NICs, such as [{"subnet_id": "..."}]',
    "nics.subnet_id": "write the network id of the subnet",
    "nics.allowed_address_pairs": 'write a list such as [{"ip_address": "192.168.0.0/24"}]',
    "nics.allowed_address_pairs.ip_address": "write an IP address or a CIDR block",
    "count": "write how many servers, 1 to 100",
    "security_groups": "write a list of the security groups' ids",
    "data_disks": 'write a list such as [{"type": "SSD", "size": 100}]',
    "data_disks.type": "write the disk type, such as SSD",
    "data_disks.size": "write the size in GB, 10 to 32768",
    "system_disk_size": "write the size in GB, 40 to 1024",
    "bandwidth_size": "write the size in Mbit/s",
    "period": "write a number of months or years",
    "tags": 'write a dict such as {"team": "web"}',
    "metadata": 'write a dict such as {"role": "web"}',
    "power": "write on or off, or leave the property out",
    "on_image_change": "write replace or reinstall",
    "max_unavailable": "write how many servers may be down at a time",
    "scheduler_hints": 'write {"dec_baremetal": "dedicate"}',
    "scheduler_hints.dec_baremetal": "write share or dedicate",
    "metadata_options": 'write {"http_tokens": "required"}',
}
"""The remedies for missing values and wrong types, by path without indices."""

RULES = (
    *servers_rules.RULES,
    *servers_network_rules.RULES,
    *servers_login_rules.RULES,
    *servers_billing_rules.RULES,
)
RULES_OF_ORDERS = (
    *servers_rules.RULES_OF_ORDERS,
    *servers_login_rules.RULES_OF_ORDERS,
    *servers_billing_rules.RULES_OF_ORDERS,
)
WARNINGS = (*servers_rules.WARNINGS, *servers_network_rules.WARNINGS, *servers_login_rules.WARNINGS)


def problems(inputs: Mapping[str, Any], *, ordering: bool = True) -> list[Problem]:
    """All problems known offline from the documentation of the API. Unknown values cause no problem.

    `ordering` is whether the inputs order servers. Existing or imported servers need no login method.
    """
    model, wrong = read(ServersInputs, inputs, REMEDIES)
    rules = (*RULES, *RULES_OF_ORDERS) if ordering else RULES
    shapeless = [problem for name in _OF_ANY_SHAPE for problem in json_problems((name,), inputs.get(name))]
    return [*wrong, *shapeless, *(problem for rule in rules for problem in rule(model))]


def warnings(inputs: Mapping[str, Any]) -> list[Problem]:
    """Allowed inputs that may be unintended."""
    model, _ = read(ServersInputs, inputs, REMEDIES)
    return [warning for rule in WARNINGS for warning in rule(model)]
