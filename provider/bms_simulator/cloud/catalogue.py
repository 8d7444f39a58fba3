"""What can be ordered: flavors with their stock, and the quotas of a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

FLAVOR_PREFIX = "physical."
UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Flavor:
    """A flavor. `stock` is the number of servers left in each availability zone, without a number there is plenty.

    `zones` gives the state of sale in zones where the state is not "normal". Memory is in MB.
    """

    id: str
    vcpus: int = 48
    ram: int = 196608
    disk: int = 600
    boot: Literal["LocalDisk", "Volume", "any"] = "LocalDisk"
    supports_evs: bool = True
    nics: int = 2
    status: Literal["normal", "abandon", "sellout", "obt", "promotion"] = "normal"
    zones: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stock: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


FLAVORS = (
    Flavor("physical.s3.large"),
    Flavor("physical.o2.medium", vcpus=16, ram=131072, disk=1920),
    Flavor("physical.h2.large", vcpus=40, disk=0, boot="Volume"),
    Flavor("physical.d1.large", vcpus=32, disk=24000, supports_evs=False),
    Flavor("physical.s4.3xlarge.ondemand", vcpus=96, ram=393216, disk=0, boot="Volume"),
)


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much a project may have in all. -1 is no limit. Memory is in MB."""

    instances: int = UNLIMITED
    cores: int = UNLIMITED
    ram: int = UNLIMITED


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The flavors and the quotas. An unlisted flavor is an ordinary flavor for any boot."""

    flavors: Sequence[Flavor] = FLAVORS
    quotas: Quotas = Quotas()

    def flavor(self, flavor_id: str) -> Flavor:
        """Return the flavor with that id."""
        return next((each for each in self.flavors if each.id == flavor_id), Flavor(flavor_id, boot="any"))
