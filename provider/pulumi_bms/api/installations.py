"""Operating systems: install the same image again, or another image. Every call wipes the system disk of one server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.submission import job_id_of, names_job


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in to an installed system. One of the three is needed. `user_data` is encoded in Base64."""

    key_name: str | None = None
    password: str | None = field(default=None, repr=False)
    user_data: str | None = field(default=None, repr=False)

    def options(self) -> dict[str, Any]:
        """The fields of the body."""
        metadata = {"user_data": self.user_data} if self.user_data else {}
        named = {"adminpass": self.password, "keyname": self.key_name, "metadata": metadata}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class InstallationApi:
    """Installations on servers of one project. The server must be stopped, and runs afterwards.

    Every call returns the id of the job, and raises the errors of `send_once`.
    """

    channel: Channel

    def reinstall(self, server_id: str, login: Login) -> str:
        """POST /v1/{project_id}/baremetalservers/{server_id}/reinstallos (50 a minute, "Reinstalling the BMS OS")."""
        return self._install(operations.REINSTALL, server_id, {"os-reinstall": login.options()})

    def change_image(self, server_id: str, image_id: str, login: Login) -> str:
        """POST /v1/{project_id}/baremetalservers/{server_id}/changeos (50 a minute, "Changing the BMS OS")."""
        return self._install(
            operations.CHANGE_IMAGE, server_id, {"os-change": {"imageid": image_id, **login.options()}}
        )

    def _install(self, operation: operations.Operation, server_id: str, body: Mapping[str, Any]) -> str:
        document = self.channel.change(operation, names_job, names={"server_id": server_id}, body=body)
        return job_id_of(document) or ""
