"""Quotas."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel, holds_object
from pulumi_bms.api.models.quota import Quotas


@dataclass(frozen=True, slots=True)
class QuotaApi:
    """Quotas of one project."""

    channel: Channel

    def get(self) -> Quotas:
        """GET /v1/{project_id}/baremetalservers/limits (500 a minute, page "Querying Tenant Quotas").

        Raises an `ApiError`.
        """
        read = lambda document: Quotas.read(document["absolute"])  # noqa: E731
        return self.channel.read(operations.GET_QUOTAS, holds_object("absolute"), read)
