"""Install operating systems in place: some servers at a time, each server once for each change.

An installation needs a stopped server, wipes the system disk, and starts the server. So the state of a server tells
what an interrupted run has reached: a server that runs after this package has stopped it has its new system.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import OutcomeUnknownError
from pulumi_bms.api.installations import InstallationApi, Login
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.lifecycle.job_resource import CHANGE, JobFailedError, Step
from pulumi_bms.resources.servers_power import Power, Powering
from pulumi_bms.resources.servers_updating import Updating

INSTALLED = "installed"
"""The output with the installation of each server, by id. Stored in users' stacks."""
INSTALLING = "installing"
"""The output with the servers that are being installed: the installation and the job, by id."""


def installation_of(inputs: Mapping[str, Any]) -> str:
    """The installation that the inputs want: a digest of the image and the triggers, without secrets."""
    image = [inputs.get("image_id"), inputs.get("reinstall_triggers")]
    return hashlib.sha256(json.dumps(image, sort_keys=True, default=str).encode()).hexdigest()[:16]


def outdated(outputs: Mapping[str, Any], inputs: Mapping[str, Any], server_ids: Sequence[str]) -> list[str]:
    """The servers with another installation than the inputs want. A server without a note has the ordered image."""
    done, ordered = outputs.get(INSTALLED) or {}, installation_of(outputs)
    target = installation_of(inputs)
    return [each for each in server_ids if done.get(each, ordered) != target]


@dataclass(frozen=True)
class Installing:
    """Installs the wanted system on servers of one resource."""

    step: Step
    inputs: Mapping[str, Any]
    olds: Mapping[str, Any]

    def install(self, server_ids: Sequence[str]) -> None:
        """Install the servers with another installation, `max_unavailable` at a time."""
        for server_id in list(self._under_way):
            self._finish(server_id)
        left = outdated(self._noted, self.inputs, server_ids)
        most = int(self.inputs.get("max_unavailable") or len(left) or 1)
        for first in range(0, len(left), most):
            self._install(left[first : first + most])

    @property
    def _noted(self) -> dict[str, Any]:
        """The old inputs with the notes of this run."""
        return {**self.olds, INSTALLED: self.step.kept.outputs.get(INSTALLED) or {}}

    @property
    def _under_way(self) -> dict[str, Any]:
        return dict(self.step.kept.outputs.get(INSTALLING) or {})

    def _install(self, server_ids: Sequence[str]) -> None:
        """Stop the servers by one request, send the installations, and wait for all."""
        updating = Updating(self.step, self.inputs)
        Powering(self.step, updating).bring(server_ids, Power.OFF)
        for server_id in server_ids:
            # Noted before the request: a killed run may have sent the request.
            self._note(server_id, {"installation": installation_of(self.inputs), "job_id": None})
            self._send(server_id)
        for server_id in server_ids:
            self._finish(server_id)

    def _send(self, server_id: str) -> None:
        with self.step.alone_on([server_id]):
            try:
                kind = operations.CHANGE_IMAGE if self._image_differs(server_id) else operations.REINSTALL
                job_id = self.step.send_when_free(kind, lambda channel: self._request(channel, server_id, kind))
            except OutcomeUnknownError:
                return
        self._note(server_id, {"installation": installation_of(self.inputs), "job_id": job_id})

    def _request(self, channel: Channel, server_id: str, kind: operations.Operation) -> str:
        api = InstallationApi(channel)
        if kind is operations.CHANGE_IMAGE:
            return api.change_image(server_id, str(self.inputs["image_id"]), self._login)
        return api.reinstall(server_id, self._login)

    def _image_differs(self, server_id: str) -> bool:
        server = Updating(self.step, self.inputs).ready(server_id)
        return server.image_id is not None and server.image_id != self.inputs.get("image_id")

    @property
    def _login(self) -> Login:
        script = self.inputs.get("user_data")
        encoded = base64.b64encode(str(script).encode()).decode() if script is not None else None
        return Login(self.inputs.get("key_pair"), self.inputs.get("admin_pass"), encoded)

    def _finish(self, server_id: str) -> None:
        """Wait for the installation of one server, and note the installation.

        Without a known job the state of the server decides: a server that is stopped has no new system yet.
        """
        note = self._under_way.get(server_id) or {}
        if job_id := note.get("job_id"):
            try:
                self.step.wait(str(job_id), output=CHANGE)
            except JobFailedError as error:
                self._note(server_id, None)
                self.step.kept.keep(**{CHANGE: None})
                raise self.step.kept.failure(f"server {server_id} was not installed\n{error}") from None
        state = state_of(Updating(self.step, self.inputs).ready(server_id))
        done = dict(self.step.kept.outputs.get(INSTALLED) or {})
        if job_id or state is not ServerState.OFF:
            done[server_id] = str(note.get("installation"))
        self.step.kept.keep(**{INSTALLED: done, CHANGE: None})
        self._note(server_id, None)

    def _note(self, server_id: str, note: Mapping[str, Any] | None) -> None:
        notes = {key: value for key, value in self._under_way.items() if key != server_id}
        self.step.kept.keep(**{INSTALLING: {**notes, server_id: dict(note)} if note is not None else notes})
