"""Flavors and their stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel, holds_list
from pulumi_bms.api.models.flavor import Flavor, Stock, read_stock


@dataclass(frozen=True, slots=True)
class FlavorApi:
    """Flavors of one project."""

    channel: Channel

    def list(self, availability_zone: str | None = None) -> tuple[Flavor, ...]:
        """GET /v1/{project_id}/baremetalservers/flavors (500 a minute).

        Page "Querying Flavor Details and Extended Flavor Information". The flavors of one zone, or of all. Raises an
        `ApiError`.
        """
        query = [("availability_zone", availability_zone)] if availability_zone else []
        return self.channel.read(operations.LIST_FLAVORS, holds_list("flavors"), _flavors, query=query)

    def stock(self, availability_zones: Sequence[str]) -> tuple[Stock, ...]:
        """GET /v1/{project_id}/baremetalservers/available_resource (no limit documented, `ShowAvailableResource`).

        The number of servers left of every flavor in these zones. Open Telekom Cloud does not document the call. Raises
        an `ApiError`.
        """
        query = [("availability_zone", zone) for zone in availability_zones]
        return self.channel.read(operations.GET_STOCK, holds_list("available_resource"), read_stock, query=query)


def _flavors(document: Mapping[str, Any]) -> tuple[Flavor, ...]:
    return Flavor.read_all(document, "flavors")
