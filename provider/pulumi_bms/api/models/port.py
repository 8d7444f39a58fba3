"""The wire: a port of the VPC service, read tolerantly.

Source: the page "Querying a Port" of the Virtual Private Cloud API reference.
"""

from __future__ import annotations

from pydantic import Field

from pulumi_bms.api.models.job import Text
from pulumi_bms.api.models.values import Wire


class Port(Wire):
    """One port: the NIC of a server."""

    id: str
    subnet_id: Text = Field(None, alias="network_id")
    """The `subnet_id` in server orders."""
    mac_address: Text = None
    server_id: Text = Field(None, alias="device_id")
    security_groups: tuple[str, ...] = ()
