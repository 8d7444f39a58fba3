"""Install operating systems in place: some servers at a time, each server once for each change.

An installation needs a stopped server, wipes the system disk, and starts the server. An installation is sent at most
once for each change:

1. A record on this machine is written right before the request, and completed with the job. A killed run leaves the
   record. The next run waits for the job.
2. Without a job in the record the server decides: the image if the image changes, else the power. A stopped server has
   no new system, because an installation starts the server.
3. The record is removed when the saved state of the engine has the change.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.installations import InstallationApi, Login
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.lifecycle.job_resource import CHANGE, JobFailedError, Step, UnfinishedJobError
from pulumi_bms.lifecycle.json_values import canonical
from pulumi_bms.lifecycle.provider import tell
from pulumi_bms.lifecycle.record import Pending, RecordError
from pulumi_bms.operation import ExpectedError, PartialStateError
from pulumi_bms.operation import Operation as EngineOperation
from pulumi_bms.resources.servers_changes import INSTALL_INPUTS, LOGIN, differs, installs, meaning
from pulumi_bms.resources.servers_memory import Memory
from pulumi_bms.resources.servers_outputs import slots_of
from pulumi_bms.resources.servers_power import STOPPED, Power, Powering, stopped_of
from pulumi_bms.resources.servers_times import TIMES, Times
from pulumi_bms.resources.servers_updating import Updating

INSTALLED = "installed"
"""The output with the installation of each server, by id. Stored in users' stacks."""
INSTALLING = "installing"
"""The output with the servers that are being installed: the installation and the job, by id."""
FAILED = "failed"
"""The installation of a server after a failure: the disk may be wiped, so the server needs an installation."""


def installation_of(inputs: Mapping[str, Any]) -> str:
    """The installation that the inputs want: a digest of the image and the triggers, without secrets."""
    image = [_without_bools(meaning(name, inputs.get(name))) for name in INSTALL_INPUTS]
    return hashlib.sha256(canonical(image).encode()).hexdigest()[:16]


def _without_bools(value: Any) -> Any:
    """The value with 1 for True and 0 for False: a comparison of inputs tells no difference."""
    if isinstance(value, Mapping):
        return {key: _without_bools(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_bools(inner) for inner in value]
    return int(value) if isinstance(value, bool) else value


def outdated(outputs: Mapping[str, Any], inputs: Mapping[str, Any], server_ids: Sequence[str]) -> list[str]:
    """The servers with another installation than the inputs want, done or under way.

    A server without a note has the ordered image. No other triggers install without `on_image_change="reinstall"`.
    """
    done, target = outputs.get(INSTALLED) or {}, installation_of(inputs)
    ordered = installation_of(outputs if installs(inputs) else inputs)
    under_way = {key: note.get("installation") for key, note in (outputs.get(INSTALLING) or {}).items()}
    return [each for each in server_ids if {done.get(each, ordered), under_way.get(each, target)} != {target}]


def forget_installed(operation: EngineOperation, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """Remove the records of the installation in the saved state. Servers with another installation keep a record."""
    target, done = installation_of(outputs), outputs.get(INSTALLED) or {}
    left = {server_id for server_id, installation in done.items() if installation != target}
    left.update(outputs.get(INSTALLING) or {})
    for server_id in slots_of(outputs):
        if server_id in left:
            continue
        Memory.of_installation(operation, inputs, server_id, target).forget_same()


@dataclass(frozen=True)
class Installing:
    """Installs the wanted system on servers of one resource."""

    step: Step
    inputs: Mapping[str, Any]
    olds: Mapping[str, Any]
    times: Times = TIMES

    def install(self, server_ids: Sequence[str]) -> None:
        """Install servers, `max_unavailable` at a time.

        Raises `PartialStateError` for an installation that failed, or did not start.
        """
        most = int(self.inputs.get("max_unavailable") or len(server_ids))
        for first in range(0, len(server_ids), most):
            self._install(server_ids[first : first + most])
        if left := self.outdated(server_ids):
            text = f"the installation of these servers did not start: {', '.join(left)}; run `pulumi up` again"
            raise self._failure(text)

    def end_earlier(self, server_ids: Sequence[str]) -> None:
        """Wait for the installations of earlier runs. A failed installation is told, and is due again."""
        for server_id in self.outdated(server_ids):
            self._recall(server_id)
        for server_id in list(self._under_way):
            if server_id not in server_ids:
                self._note(server_id, is_over=True)
                continue
            try:
                self._finish(server_id, is_earlier=True)
            except JobFailedError as error:
                tell(self.step.operation, f"server {server_id} was not installed by an earlier run\n{error}")

    def outdated(self, server_ids: Sequence[str]) -> list[str]:
        """As the function `outdated`, with the notes of this run, and without installations under way."""
        return outdated({**self.olds, INSTALLED: self._installed, INSTALLING: {}}, self.inputs, server_ids)

    @property
    def _installed(self) -> dict[str, Any]:
        return dict(self.step.kept.outputs.get(INSTALLED) or {})

    @property
    def _under_way(self) -> dict[str, Any]:
        return dict(self.step.kept.outputs.get(INSTALLING) or {})

    @property
    def _updating(self) -> Updating:
        return Updating(self.step, self.inputs, self.times)

    def _memory(self, server_id: str) -> Memory:
        target = installation_of(self.inputs)
        return Memory.of_installation(self.step.operation, self.inputs, server_id, target)

    def _recall(self, server_id: str) -> None:
        """Note the installation that a killed run has sent, or may have sent."""
        note, record = self._under_way.get(server_id) or {}, self._memory(server_id).find(self.step).same
        if record:
            # The stored note may be of an earlier change, and the record may lack a job that the note has.
            is_known = note.get("installation") == installation_of(self.inputs)
            self._note(server_id, record.job_id or (note.get("job_id") if is_known else None))
        elif not note and self._has_image(server_id):
            self._keep_installed(server_id)

    def _has_image(self, server_id: str) -> bool:
        """Whether a server runs the wanted image already, and nothing but the image has changed."""
        others = ("reinstall_triggers", *LOGIN)
        if self._has_failed(server_id) or any(differs(name, self.olds, self.inputs) for name in others):
            return False
        server = self._updating.ready(server_id)
        return state_of(server) is ServerState.READY and server.image_id == self.inputs.get("image_id")

    def _install(self, server_ids: Sequence[str]) -> None:
        """Stop the servers by one request, send the installations, and wait for all."""
        Powering(self.step, self._updating).bring(server_ids, Power.OFF, for_installation=True)
        try:
            for server_id in server_ids:
                self._send(server_id)
            for server_id in server_ids:
                try:
                    self._finish(server_id)
                except JobFailedError as error:
                    raise ExpectedError(f"server {server_id} was not installed\n{error}") from None
        except (ApiError, ExpectedError, RecordError) as error:
            raise self._failure(str(error)) from None

    def _failure(self, text: str) -> PartialStateError:
        """The error of a run that may leave servers stopped."""
        if stopped := [each for each in stopped_of(self.step.kept.outputs) if each not in self._under_way]:
            text += f"\nThese servers are stopped: {', '.join(stopped)}\n"
            if self.step.operation.keeps_partial_state:
                text += "`pulumi up` starts the servers: after the installation, or if the change is taken back"
            else:
                text += "Run `pulumi up` with the same change again, or start the servers in the console"
        return self.step.kept.failure(text)

    def _send(self, server_id: str) -> None:
        """Send the installation of one server, and note the job. Without a response the job stays unknown."""
        memory = self._memory(server_id)
        with self.step.alone_on([server_id]):
            kind = operations.CHANGE_IMAGE if self._image_differs(server_id) else operations.REINSTALL
            try:
                for record in memory.find(self.step).others:
                    memory.forget(record)
                pending = memory.pending()
                # Noted before the request: an interrupted run may have sent the request.
                self._note(server_id, None)
                job_id = self._sent(kind, server_id, pending)
            except (ApiError, ExpectedError, RecordError):
                # Refused, or interrupted after a refusal of a busy server: nothing is under way.
                self._note(server_id, is_over=True)
                raise
        memory.complete(self.step, pending, job_id=job_id)
        self._note(server_id, job_id)

    def _sent(self, kind: operations.Operation, server_id: str, pending: Pending) -> str | None:
        """The job in the response, or None if the response was lost."""
        try:
            return self.step.send_when_free(
                kind, lambda channel: self._request(channel, server_id, kind), pending=pending
            )
        except OutcomeUnknownError:
            return None
        except ApiError:
            pending.remove()
            raise

    def _request(self, channel: Channel, server_id: str, kind: operations.Operation) -> str:
        api = InstallationApi(channel)
        if kind is operations.CHANGE_IMAGE:
            return api.change_image(server_id, str(self.inputs["image_id"]), self._login)
        return api.reinstall(server_id, self._login)

    def _image_differs(self, server_id: str) -> bool:
        server = self._updating.ready(server_id)
        return server.image_id is not None and server.image_id != self.inputs.get("image_id")

    @property
    def _login(self) -> Login:
        script = self.inputs.get("user_data")
        encoded = base64.b64encode(str(script).encode()).decode() if script is not None else None
        return Login(self.inputs.get("key_pair"), self.inputs.get("admin_pass"), encoded)

    def _finish(self, server_id: str, *, is_earlier: bool = False) -> None:
        """Wait for the installation of one server, and note the installation. Raises `JobFailedError`.

        The job of this run decides. The job of an earlier run may be older than other changes, so the image of the
        server decides first. Without a job the image or the state of the server decides.
        """
        note = self._under_way.get(server_id) or {}
        job_id, installation = note.get("job_id"), str(note.get("installation"))
        has_succeeded = bool(job_id) and self._has_succeeded(server_id, str(job_id))
        is_sure = has_succeeded and not (is_earlier and self._image_tells(server_id, installation))
        if is_sure or self._shows_installation(server_id, installation, has_job=bool(job_id)):
            self._keep_installed(server_id, installation)
        else:
            self._memory(server_id).forget_same()
        self._note(server_id, is_over=True)

    def _has_succeeded(self, server_id: str, job_id: str) -> bool:
        """Wait for the job. False for a job that the API has forgotten: the API forgets an ended job after a day.

        Raises `JobFailedError`, and `PartialStateError` for an unfinished job.
        """
        try:
            self.step.wait(job_id, output=CHANGE)
        except JobFailedError:
            self._memory(server_id).forget_same()
            self._keep_installed(server_id, FAILED)
            self._note(server_id, is_over=True)
            raise
        except UnfinishedJobError as error:
            if not error.is_job_lost:
                raise
            tell(self.step.operation, f"server {server_id}: {error.reason}")
            return False
        return True

    def _has_failed(self, server_id: str) -> bool:
        return bool(self._installed.get(server_id) == FAILED)

    def _image_tells(self, server_id: str, installation: str) -> bool:
        """Whether the image of a server tells the wanted installation from the installation before."""
        is_target = installation == installation_of(self.inputs) and not self._has_failed(server_id)
        return is_target and self.olds.get("image_id") != self.inputs.get("image_id")

    def _shows_installation(self, server_id: str, installation: str, *, has_job: bool) -> bool:
        """Whether a server shows the installation in time. A request without a response may still have an effect."""
        image_id = self.inputs.get("image_id") if self._image_tells(server_id, installation) else None

        def shown() -> bool | None:
            server = self._updating.ready(server_id)
            if image_id is not None and server.image_id is not None:
                return True if server.image_id == image_id else None
            # A server that is left off may be off after its installation. A second installation would wipe the disk.
            is_left_off = has_job and self.inputs.get("power") == Power.OFF
            return True if is_left_off or state_of(server) is not ServerState.OFF else None

        return bool(self.step.until(shown, self.times.installation))

    def _keep_installed(self, server_id: str, installation: str = "") -> None:
        """Note the installation of a server. A successful installation has started the server."""
        done = {**self._installed, server_id: installation or installation_of(self.inputs)}
        stopped = [each for each in stopped_of(self.step.kept.outputs) if each != server_id or installation == FAILED]
        self.step.kept.keep(**{INSTALLED: done, STOPPED: stopped, CHANGE: None})

    def _note(self, server_id: str, job_id: str | None = None, *, is_over: bool = False) -> None:
        """Note the job of a server's installation, or with `is_over` that no installation is under way."""
        notes = {key: value for key, value in self._under_way.items() if key != server_id}
        if not is_over:
            notes[server_id] = {"installation": installation_of(self.inputs), "job_id": job_id}
        self.step.kept.keep(**{INSTALLING: notes})
