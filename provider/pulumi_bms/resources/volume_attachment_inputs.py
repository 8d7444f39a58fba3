"""The inputs of `VolumeAttachment` as typed values, and all their problems: in the plugin process only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_bms.lifecycle.model_reading import (
    Inputs,
    OrUnknown,
    Problem,
    known,
    read,
)

REMEDIES = {
    "server_id": "write the server's id, such as an item of Servers.server_ids",
    "volume_id": "write the disk's id",
    "device": "write a name such as /dev/sdb, or leave the property out",
}
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_DEVICE = re.compile(r"/dev/sd[a-z]{1,2}")


class VolumeAttachmentInputs(Inputs):
    """The inputs, without the connection inputs."""

    server_id: OrUnknown[str]
    volume_id: OrUnknown[str]
    device: OrUnknown[str] | None = None


def problems(inputs: Mapping[str, Any]) -> list[Problem]:
    """All problems known offline. Unknown values cause no problem."""
    model, wrong = read(VolumeAttachmentInputs, inputs, REMEDIES)
    return [*wrong, *_ids(model), *_device(model)]


def _ids(inputs: VolumeAttachmentInputs) -> Iterator[Problem]:
    """Attaching an EVS Disk to a BMS, tables 1 and 2: the ids must be UUIDs. The ids are parts of an address."""
    for name in ("server_id", "volume_id"):
        if (value := known(getattr(inputs, name))) is not None and not _ID.fullmatch(value):
            yield Problem(name, f"must be an id of letters, digits and hyphens: {REMEDIES[name]}")


def _device(inputs: VolumeAttachmentInputs) -> Iterator[Problem]:
    """Attaching an EVS Disk to a BMS, table 2, `device`: a name such as /dev/sdb."""
    if (value := known(inputs.device)) is not None and not _DEVICE.fullmatch(value):
        yield Problem("device", f"must be a SCSI device name: {REMEDIES['device']}")
