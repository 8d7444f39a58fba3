"""The provider of `VolumeAttachment`: attach, read back, detach."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.api import operations
from pulumi_bms.api.errors import ApiError, OutcomeUnknownError
from pulumi_bms.api.models.volume import Attachment
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.api.volumes import VolumeApi, VolumeChange
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.job_resource import (
    BUSY_PAUSE,
    CONFIRM_TIMEOUT,
    JOB,
    JobFailedError,
    Kept,
    Step,
    pending_job_of,
)
from pulumi_bms.lifecycle.provider import BmsProvider, tell, tell_of_stock_host
from pulumi_bms.lifecycle.server_locks import LOCKS
from pulumi_bms.operation import Effect, ExpectedError, Purpose, current
from pulumi_bms.resources.volume_attachment_inputs import problems

REPLACING = ("server_id", "volume_id", "device")
"""The inputs that replace the attachment."""
ASKED_DEVICE = "requested_device"
"""The output with the device of the program. The cloud may have chosen another device. Stored in users' stacks."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times in seconds. Tests have shorter waits."""

    confirm: float = CONFIRM_TIMEOUT
    """Until then a change must show in the API."""
    busy: float = BUSY_PAUSE
    """The pause before the next try after a refusal of a busy server."""


TIMES = Times()


class VolumeAttachmentProvider(BmsProvider):
    """Serves `VolumeAttachment`."""

    resource_name = "VolumeAttachment"

    def __init__(self, times: Times = TIMES) -> None:
        """Serve with these waits."""
        super().__init__()
        self._times = times

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline. Fills in no defaults."""
        return input_checks.result(news, [*map(str, problems(news)), *self.connection_problems(news)])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another server, disk or device replaces. The disk is detached first, because a disk has one server.

        A device that the cloud has chosen is no difference. An unfinished attachment is a change: work is left.
        """
        changed = [name for name in REPLACING if _differs(name, olds, news)]
        current().explain({name: Effect.of(olds.get(name), news.get(name), replaces=True) for name in changed})
        if changed:
            return DiffResult(changes=None, replaces=changed, delete_before_replace=True)
        return DiffResult(changes=pending_job_of(olds) is not None or "device" not in olds)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Attach the disk, and wait. A preview sends nothing."""
        if current().preview:
            return CreateResult("", {name: props[name] for name in REPLACING if name in props})
        return CreateResult(_id_of(props), self._attach(props, {}))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Go on with an unfinished attachment."""
        if current().preview:
            return UpdateResult({name: news[name] for name in REPLACING if name in news})
        return UpdateResult(self._attach(news, olds))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the attachment. A disk that is no longer attached has no resource: the next `up` attaches the disk.

        An import takes the id `SERVER/VOLUME`.
        """
        operation = current()
        if operation.purpose is not Purpose.REFRESH and id_ != _id_of(props):
            raise ExpectedError(
                f"the id {id_!r} must be the server and the disk of the program, SERVER/VOLUME: {_id_of(props)}"
            )
        step = self._step(id_, props, operation.inputs or props)
        props = {**operation.inputs, **props}
        with step.explained():
            attachment = _listed(step, props)
        if attachment is None and pending_job_of(props):
            raise step.kept.failure(f"volume {props['volume_id']} is not attached yet: run `pulumi up` to go on")
        if attachment is None and operation.purpose is not Purpose.REFRESH:
            raise ExpectedError(f"volume {props['volume_id']} is not attached to server {props['server_id']}")
        if attachment is None:
            return ReadResult("", {})
        asked = props.get(ASKED_DEVICE) or (props.get("device") if operation.purpose is not Purpose.REFRESH else None)
        known = {ASKED_DEVICE: asked} if asked else {}
        return ReadResult(id_, {**_outputs(props, attachment, props.get("job_id")), **known})

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Detach the disk, and wait. A disk that is detached already, or whose server is gone, is done."""
        operation = current()
        step = self._step(id_, props, {**props, **operation.inputs})
        props = {**operation.inputs, **props}
        with LOCKS.hold([str(props["server_id"])], operation), step.explained():
            step.end_earlier()
            _detach(step, props, self._times.confirm)

    def _step(self, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> Step:
        operation = current()
        connection = self.connection(inputs)
        tell_of_stock_host(operation)
        return Step.begin(connection, Kept(operation, id_, dict(outputs)), inputs, self._times.busy)

    def _attach(self, inputs: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: inputs[name] for name in ("server_id", "volume_id")}
        step = self._step(_id_of(inputs), {**stored, **own}, inputs)
        with LOCKS.hold([str(inputs["server_id"])], step.operation), step.explained():
            job_id = pending_job_of(stored)
            step.end_earlier(job_id=job_id)
            attachment = _listed(step, inputs)
            if attachment is None:
                job_id = _send(step, inputs)
                attachment = _confirmed(step, inputs, self._times.confirm)
        device = inputs.get("device")
        if device and attachment.device != device:
            tell(step.operation, f"the cloud has attached the volume as {attachment.device}, not as {device}")
        known = {ASKED_DEVICE: device} if device else {}
        return step.done(**_outputs(inputs, attachment, job_id or stored.get("job_id")), **known)


def _send(step: Step, inputs: Mapping[str, Any]) -> str | None:
    """Attach the disk, and wait for the job. Returns the job, or None for a change without a job."""
    server_id, volume_id, device = (inputs.get(name) for name in REPLACING)
    _await_idle(step, str(server_id))
    failure = f"volume {volume_id} was not attached to server {server_id}"
    try:
        change = step.repeat(
            operations.ATTACH_VOLUME,
            lambda channel: VolumeApi(channel).attach(str(server_id), str(volume_id), device),
        )
    except OutcomeUnknownError:
        # Attaching twice does no harm: `_confirmed` polls, and the next run attaches what is not attached.
        return None
    except ApiError as error:
        if meaning_of(operations.ATTACH_VOLUME, error) is Meaning.DONE or _listed(step, inputs) is not None:
            return None
        raise ExpectedError(f"{failure}\n{error}{_holder(step, inputs)}") from None
    return _wait(step, change, failure)


def _detach(step: Step, props: Mapping[str, Any], confirm: float) -> None:
    attachment = _listed(step, props)
    server_id = str(props["server_id"])
    if attachment is None or _await_rest(step, server_id) is ServerState.GONE:
        return
    failure = f"volume {attachment.volume_id} was not detached from server {server_id}"
    try:
        change = step.repeat(
            operations.DETACH_VOLUME, lambda channel: VolumeApi(channel).detach(server_id, attachment.id)
        )
        _wait(step, change, failure, is_resumed=False)
    except OutcomeUnknownError:
        pass
    except ApiError as error:
        if meaning_of(operations.DETACH_VOLUME, error) not in (Meaning.DONE, Meaning.GONE, Meaning.CONFIRM):
            raise ExpectedError(f"{failure}\n{error}") from None

    def is_detached() -> bool | None:
        return True if _listed(step, props) is None or _state(step, server_id) is ServerState.GONE else None

    if step.until(is_detached, confirm) is None:
        raise ExpectedError(
            f"volume {attachment.volume_id} is still attached to server {server_id}: run `pulumi destroy` again"
        )


def _wait(step: Step, change: VolumeChange, failure: str, *, is_resumed: bool = True) -> str | None:
    if change.job_id is None:
        return None
    try:
        step.wait(change.job_id, is_resumed=is_resumed, job_id=change.job_id)
    except JobFailedError as error:
        # The failed job is over: the next run may try again.
        step.kept.outputs[JOB] = None
        raise ExpectedError(f"{failure}\n{error}") from None
    return change.job_id


def _await_idle(step: Step, server_id: str) -> None:
    """Wait until no task runs on the server. Raises `ExpectedError` for a server that is gone or frozen."""
    state = _await_rest(step, server_id)
    if state is ServerState.GONE:
        raise ExpectedError(f"server {server_id} does not exist: check server_id, region and project")
    if state is ServerState.FROZEN:
        raise ExpectedError(f"server {server_id} is frozen because of unpaid bills: settle the account first")


def _await_rest(step: Step, server_id: str) -> ServerState:
    """The state of the server once no task runs. Raises `ExpectedError` at the deadline."""

    def settled() -> ServerState | None:
        state = _state(step, server_id)
        if state is ServerState.BUSY:
            step.operation.report(f"waiting for server {server_id}")
            return None
        return state

    state = step.until(settled)
    if state is None:
        raise ExpectedError(f"server {server_id} was busy until the timeout: run the command again")
    return state


def _state(step: Step, server_id: str) -> ServerState:
    """The state of the server. A server in the recycle bin reads SHUTOFF, and is gone."""
    api = ServerApi(step.channel)
    server = api.get(server_id)
    state = ServerState.GONE if server is None else state_of(server)
    return ServerState.GONE if state is ServerState.OFF and server_id in api.in_recycle_bin() else state


def _confirmed(step: Step, inputs: Mapping[str, Any], confirm: float) -> Attachment:
    """The attachment once the API lists the attachment."""
    attachment = step.until(lambda: _listed(step, inputs), confirm)
    if attachment is None:
        raise ExpectedError(
            f"volume {inputs['volume_id']} does not show on server {inputs['server_id']} after {confirm:.0f} s: run "
            f"`pulumi up` again, and check the disk in the cloud's console{_holder(step, inputs)}"
        )
    return attachment


def _listed(step: Step, props: Mapping[str, Any]) -> Attachment | None:
    """The attachment in the server's list, or None for a detached disk or a server that is gone."""
    listed = VolumeApi(step.channel).attachments(str(props["server_id"]))
    return next((each for each in listed or () if each.volume_id == props["volume_id"]), None)


def _holder(step: Step, inputs: Mapping[str, Any]) -> str:
    """A line with the server that has the disk, or "". The line is an addition to an error."""
    with suppress(ApiError):
        for server in ServerApi(step.channel).list():
            if server.id != inputs["server_id"] and any(each.id == inputs["volume_id"] for each in server.volumes):
                return f"\nThe volume is attached to server {server.id}: detach the volume there first"
    return ""


def _outputs(props: Mapping[str, Any], attachment: Attachment, job_id: Any) -> dict[str, Any]:
    return {
        "server_id": props["server_id"],
        "volume_id": props["volume_id"],
        "device": attachment.device or "",
        "job_id": job_id,
        JOB: None,
    }


def _id_of(props: Mapping[str, Any]) -> str:
    return f"{props.get('server_id')}/{props.get('volume_id')}"


def _differs(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    value = news.get(name)
    if name == "device" and (value is None or value == olds.get(ASKED_DEVICE)):
        return False
    return input_checks.is_unknown(value) or value != olds.get(name)
