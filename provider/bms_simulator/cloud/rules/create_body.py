"""The body of a create order: typed access to the parts that the rules are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bms_simulator.cloud.catalogue import Catalogue, Flavor
from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import Json


@dataclass(frozen=True, slots=True)
class CreateBody:
    """The object `server` of a create body, any part of which may be wrong."""

    server: Mapping[str, Json]
    catalogue: Catalogue
    most_servers: int
    postpaid_accepted: bool

    def text(self, key: str) -> str:
        """Return a string of the server."""
        return text(self.server, key)

    def has(self, key: str) -> bool:
        """Whether there is a value that is not null."""
        return self.server.get(key) is not None

    @property
    def count(self) -> int:
        """The number of servers, 0 for a value of another type."""
        count = self.server.get("count", 1)
        return count if isinstance(count, int) and not isinstance(count, bool) else 0

    @property
    def nics(self) -> list[Mapping[str, Json]]:
        """The NICs, none unless all are objects."""
        return objects(self.server.get("nics"))

    @property
    def metadata(self) -> Mapping[str, Json]:
        """The metadata."""
        return mapping(self.server.get("metadata"))

    @property
    def terms(self) -> Mapping[str, Json]:
        """The billing terms, `extendparam`."""
        return mapping(self.server.get("extendparam"))

    @property
    def charging_mode(self) -> Json:
        """The charging mode, by default prePaid."""
        return self.terms.get("chargingMode", "prePaid")

    @property
    def prepaid(self) -> bool:
        """Whether the servers are paid by month or year."""
        return self.charging_mode == "prePaid"

    @property
    def public_ip(self) -> Mapping[str, Json]:
        """The public IP."""
        return mapping(self.server.get("publicip"))

    @property
    def eip(self) -> Mapping[str, Json]:
        """The elastic IP to make."""
        return mapping(self.public_ip.get("eip"))

    @property
    def bandwidth(self) -> Mapping[str, Json]:
        """The bandwidth of the elastic IP to make."""
        return mapping(self.eip.get("bandwidth"))

    @property
    def eip_terms(self) -> Mapping[str, Json]:
        """The billing terms of the elastic IP to make."""
        return mapping(self.eip.get("extendparam"))

    @property
    def root_volume(self) -> Mapping[str, Json]:
        """The root volume."""
        return mapping(self.server.get("root_volume"))

    @property
    def data_volumes(self) -> list[Mapping[str, Json]]:
        """The data volumes, none unless all are objects."""
        return objects(self.server.get("data_volumes"))

    @property
    def tags(self) -> list[Mapping[str, Json]]:
        """The tags, none unless all are objects."""
        return objects(self.server.get("server_tags"))

    @property
    def flavor(self) -> Flavor:
        """The flavor."""
        return self.catalogue.flavor(self.text("flavorRef"))
