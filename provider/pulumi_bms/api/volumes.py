"""Volumes of servers: list, attach, detach. Nothing here waits for a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel, holds_list
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.volume import Attachment
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.api.submission import job_id_of, names_job


@dataclass(frozen=True, slots=True)
class VolumeChange:
    """The ids in the response to an attachment or a detachment.

    Without a job the change was accepted nevertheless: the list of attachments shows when the change is complete.
    """

    job_id: str | None = None


@dataclass(frozen=True, slots=True)
class VolumeApi:
    """Volumes of servers of one project."""

    channel: Channel

    def attachments(self, server_id: str) -> tuple[Attachment, ...] | None:
        """GET /v1/{project_id}/baremetalservers/{server_id}/os-volume_attachments (500 a minute).

        Page "Querying EVS Disks Attached to a BMS". None: the server is gone. An ambiguous refusal is confirmed by
        getting the server. Raises an `ApiError`.
        """
        operation, names = operations.LIST_ATTACHMENTS, {"server_id": server_id}
        try:
            return self.channel.read(operation, holds_list("volumeAttachments"), _attachments, names=names)
        except ApiError as error:
            meaning = meaning_of(operation, error)
            if meaning is Meaning.GONE or (
                meaning is Meaning.CONFIRM and ServerApi(self.channel).get(server_id) is None
            ):
                return None
            raise

    def attach(self, server_id: str, volume_id: str, device: str | None = None) -> VolumeChange:
        """POST /v1/{project_id}/baremetalservers/{server_id}/attachvolume (100 a minute).

        Page "Attaching an EVS Disk to a BMS". Without a device the cloud takes the next free device. Raises the errors
        of `send_once`.
        """
        attachment = {"volumeId": volume_id, **({"device": device} if device else {})}
        names, body = {"server_id": server_id}, {"volumeAttachment": attachment}
        return _change(self.channel.change(operations.ATTACH_VOLUME, _accepts, names=names, body=body))

    def detach(self, server_id: str, attachment_id: str) -> VolumeChange:
        """DELETE /v1/{project_id}/baremetalservers/{server_id}/detachvolume/{attachment_id} (100 a minute).

        Page "Detaching an EVS Disk from a BMS". Raises the errors of `send_once`.
        """
        names = {"server_id": server_id, "attachment_id": attachment_id}
        return _change(self.channel.change(operations.DETACH_VOLUME, _accepts, names=names))


def _attachments(document: Mapping[str, Any]) -> tuple[Attachment, ...]:
    return Attachment.read_all(document, "volumeAttachments")


def _accepts(document: Mapping[str, Any]) -> bool:
    # A page documents the attachment instead of a job.
    return not document or names_job(document) or isinstance(document.get("volumeAttachment"), Mapping)


def _change(document: Mapping[str, Any]) -> VolumeChange:
    return VolumeChange(job_id_of(document))
