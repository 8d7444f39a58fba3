"""The wire: the attachment of a volume to a server, read tolerantly.

Source: the page "Querying EVS Disks Attached to a BMS" of the Bare Metal Server API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from pulumi_bms.api.models.job import Text
from pulumi_bms.api.models.values import Wire


class Attachment(Wire):
    """One volume of one server. In every documented response the attachment's id equals the volume's id."""

    id: str
    volume_id: str = Field(alias="volumeId")
    server_id: Text = Field(None, alias="serverId")
    device: Text = None

    @model_validator(mode="before")
    @classmethod
    def _either_id(cls, wire: Any) -> Any:
        if not isinstance(wire, Mapping):
            return wire
        own, volume = wire.get("id"), wire.get("volumeId")
        return {**wire, "id": own or volume, "volumeId": volume or own}
