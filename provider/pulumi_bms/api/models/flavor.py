"""The wire: flavors and their stock, read tolerantly.

Sources: the page "Querying Flavor Details and Extended Flavor Information" of the Bare Metal Server API reference, and
the operation `ShowAvailableResource` of the vendor's API definition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from pulumi_bms.api.models.job import Text
from pulumi_bms.api.models.values import (
    Number,
    Wire,
    Words,
    mapping,
    objects,
)

NORMAL = "normal"
_ZONE = re.compile(r"([^\s,()]+)\s*\(([^)]*)\)")


class Flavor(Wire):
    """One flavor. Memory is in MB, the local disk in GB. Missing fields are None."""

    id: str
    name: Text = None
    vcpus: Number = None
    ram: Number = None
    disk: Number = None
    specs: Words = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, wire: Any) -> Any:
        return {**wire, "specs": wire.get("os_extra_specs")} if isinstance(wire, Mapping) else wire

    @property
    def boots_from_volume(self) -> bool | None:
        """Whether servers of the flavor start from a volume, so that an order needs `root_volume`."""
        kind = self.specs.get("baremetal:extBootType", "").lower()
        return {"volume": True, "localdisk": False}.get(kind)

    @property
    def supports_volumes(self) -> bool:
        """Whether volumes can be attached. False without the field."""
        return self.specs.get("baremetal:__support_evs", "").lower() == "true"

    @property
    def nic_count(self) -> int | None:
        """The number of NICs of a server."""
        text = self.specs.get("baremetal:net_num", "")
        return int(text) if re.fullmatch("[0-9]{1,4}", text) else None

    def sale_in(self, availability_zone: str) -> str:
        """How the flavor is sold in a zone: normal, abandon, sellout, obt, promotion or a new word of the API."""
        zones = dict(_ZONE.findall(self.specs.get("cond:operation:az", "")))
        return str(zones.get(availability_zone) or self.specs.get("cond:operation:status") or NORMAL)


class Stock(Wire):
    """The number of servers of a flavor left in a zone. None if the response gives no number."""

    availability_zone: str
    flavor_id: str
    count: Number = None
    status: Text = None


def read_stock(document: Mapping[str, Any]) -> tuple[Stock, ...]:
    """The stock of all zones and flavors of a response. Raises `Unreadable`."""
    zones = objects(document.get("available_resource"), "available_resource")
    return tuple(
        Stock.read({**mapping(flavor), "availability_zone": zone.get("availability_zone")})
        for zone in zones
        for flavor in objects(zone.get("flavors"), "flavors")
    )
