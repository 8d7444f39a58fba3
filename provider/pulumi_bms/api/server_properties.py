"""Server properties that change at once, without a job: name, tags, metadata."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel, has_no_error, holds_list
from pulumi_bms.api.models.server import ServerTags, is_system_tag


@dataclass(frozen=True, slots=True)
class ServerPropertyApi:
    """Name, tags and metadata of servers of one project. Every change can be repeated."""

    channel: Channel

    def rename(self, server_id: str, name: str) -> None:
        """PUT /v1/{project_id}/baremetalservers/{server_id} (100 a minute, page "Changing a BMS Name").

        The host name inside the server stays. Raises the errors of `send_once`.
        """
        names, body = {"server_id": server_id}, {"server": {"name": name}}
        self.channel.change(operations.RENAME_SERVER, has_no_error("server"), names=names, body=body)

    def update_metadata(self, server_id: str, metadata: Mapping[str, str]) -> None:
        """POST /v1/{project_id}/baremetalservers/{server_id}/metadata (100 a minute, page "Updating BMS Metadata").

        Other keys stay: this API can't remove a key. Raises the errors of `send_once`.
        """
        names, body = {"server_id": server_id}, {"metadata": dict(metadata)}
        self.channel.change(operations.UPDATE_METADATA, has_no_error("metadata"), names=names, body=body)

    def tags(self, server_id: str) -> dict[str, str]:
        """GET /v1/{project_id}/baremetalservers/{server_id}/tags (no limit documented, `ShowBaremetalServerTags`).

        The tags without system tags.
        """
        names = {"server_id": server_id}
        return self.channel.read(operations.GET_TAGS, holds_list("tags"), ServerTags.read, names=names).tags

    def set_tags(self, server_id: str, tags: Mapping[str, str]) -> None:
        """POST /v1/{project_id}/baremetalservers/{server_id}/tags/action (no limit, `BatchCreateBaremetalServerTags`).

        An existing key gets the new value. System tags are left out. Raises the errors of `send_once`.
        """
        self._act(server_id, "create", [{"key": key, "value": value} for key, value in tags.items()])

    def delete_tags(self, server_id: str, keys: Collection[str]) -> None:
        """POST /v1/{project_id}/baremetalservers/{server_id}/tags/action (no limit, `BatchDeleteBaremetalServerTags`).

        System tags are left out. A missing key raises no error. Raises the errors of `send_once`.
        """
        self._act(server_id, "delete", [{"key": key} for key in keys])

    def _act(self, server_id: str, action: str, tags: list[dict[str, str]]) -> None:
        own = [tag for tag in tags if not is_system_tag(tag["key"])]
        if own:
            names, body = {"server_id": server_id}, {"action": action, "tags": own}
            self.channel.change(operations.CHANGE_TAGS, has_no_error(), names=names, body=body)
