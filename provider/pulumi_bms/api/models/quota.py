"""The wire: quotas, read tolerantly.

Source: the page "Querying Tenant Quotas" of the Bare Metal Server API reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from pulumi_bms.api.models.values import Number, Wire

UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota and the usage of one resource type. None: no limit, or no figure."""

    limit: int | None
    used: int | None

    @property
    def left(self) -> int | None:
        """The rest of the quota."""
        return None if self.limit is None else max(0, self.limit - (self.used or 0))


class Quotas(Wire):
    """The quotas of a project. Memory is in MB. -1 means unlimited."""

    max_instances: Number = Field(None, alias="maxTotalInstances")
    max_cores: Number = Field(None, alias="maxTotalCores")
    max_ram: Number = Field(None, alias="maxTotalRAMSize")
    used_instances: Number = Field(None, alias="totalInstancesUsed")
    used_cores: Number = Field(None, alias="totalCoresUsed")
    used_ram: Number = Field(None, alias="totalRAMUsed")

    @property
    def instances(self) -> Quota:
        """Servers."""
        return Quota(_limit(self.max_instances), self.used_instances)

    @property
    def cores(self) -> Quota:
        """CPU cores."""
        return Quota(_limit(self.max_cores), self.used_cores)

    @property
    def ram(self) -> Quota:
        """Memory, in MB."""
        return Quota(_limit(self.max_ram), self.used_ram)


def _limit(figure: int | None) -> int | None:
    return None if figure == UNLIMITED else figure
