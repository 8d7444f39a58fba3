"""The marker: the tag that finds the servers of an order, if the response to the order was lost. Pure.

Every server is ordered with the tag `pulumi-bms` = `ordered.MARKER`. When the resource is complete, the tag becomes
`owned.MARKER`. The marker is a digest of the orderer and of all replacing inputs. Passwords are among these inputs, and
tags are readable in the cloud. So the digest is a slow digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.resources.servers_changes import REPLACING, meaning

_ROUNDS = 200_000
"""Rounds of the digest. A guess of a password costs a tenth of a second."""
_MARKER = re.compile("[0-9a-f]{32}")
ORDER_KEY = "pulumi-bms-order"
"""The metadata key with the digest of an order. Servers with the same value were completed together."""


def replacing_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The meaning of all replacing inputs."""
    return {name: meaning(name, inputs.get(name)) for name in REPLACING}


def marker_of(inputs: Mapping[str, Any]) -> str:
    """The marker of an order with these inputs: 32 hexadecimal digits."""
    text = json.dumps(replacing_inputs(inputs), sort_keys=True, separators=(",", ":"), default=str)
    salt = str(inputs.get(ORDERED_BY) or "")
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), _ROUNDS, dklen=16).hex()


def is_marker(resource_id: str) -> bool:
    """Whether a resource id is a marker. The id of imported servers is the list of the server ids."""
    return _MARKER.fullmatch(resource_id) is not None


def ordered(marker: str) -> str:
    """The tag's value on a server that is not complete yet."""
    return f"ordered.{marker}"


def owned(marker: str) -> str:
    """The tag's value on a server of a complete resource."""
    return f"owned.{marker}"


def order_digest(server_ids: Iterable[str]) -> str:
    """The digest of the servers of one order."""
    return hashlib.sha256(",".join(sorted(server_ids)).encode()).hexdigest()[:32]
