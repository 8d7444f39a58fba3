"""The body of an attachment, and the effect of a change of the inputs. Pure.

POST /v1/{project_id}/baremetalservers/{server_id}/attachvolume
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_bms.lifecycle.input_checks import is_unknown

REPLACING = ("server_id", "volume_id")
"""The inputs that detach the disk and attach the disk again."""


def attach_body(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the request. Without a device the cloud takes the next name."""
    device = {"device": inputs["device"]} if inputs.get("device") else {}
    return {"volumeAttachment": {"volumeId": inputs["volume_id"], **device}}


def replacing(outputs: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[str, ...]:
    """The changed properties that replace the attachment. `outputs` are the outputs of the last run.

    No device in the inputs, or the device already chosen by the cloud, is no change.
    """
    changed = [name for name in REPLACING if is_unknown(news.get(name)) or news.get(name) != outputs.get(name)]
    is_expected = news.get("device")
    other = is_unknown(is_expected) or (bool(is_expected) and is_expected != outputs.get("device"))
    return (*changed, "device") if other else tuple(changed)
