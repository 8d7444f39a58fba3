"""The provider of `VolumeAttachment`: attach, read back, detach."""

from __future__ import annotations

from collections.abc import Mapping
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
    CONFIRM_TIMEOUT,
    JOB,
    JobFailedError,
    Kept,
    Step,
    pending_job_of,
)
from pulumi_bms.lifecycle.provider import BmsProvider, tell_of_stock_host
from pulumi_bms.lifecycle.server_locks import LOCKS
from pulumi_bms.operation import Effect, ExpectedError, Purpose, current
from pulumi_bms.resources.volume_attachment_inputs import problems

REPLACING = ("server_id", "volume_id", "device")
"""The inputs that replace the attachment."""


class VolumeAttachmentProvider(BmsProvider):
    """Serves `VolumeAttachment`."""

    resource_name = "VolumeAttachment"

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
        return DiffResult(changes=pending_job_of(olds) is not None or not olds.get("device"))

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
        with step.explained():
            found = _listed(step, props)
        if found is None and pending_job_of(props):
            raise step.kept.failure(f"volume {props['volume_id']} is not attached yet: run `pulumi up` to go on")
        if found is None and operation.purpose is not Purpose.REFRESH:
            raise ExpectedError(f"volume {props['volume_id']} is not attached to server {props['server_id']}")
        if found is None:
            return ReadResult("", {})
        return ReadResult(id_, _outputs(props, found, props.get("job_id")))

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Detach the disk, and wait. A disk that is detached already, or whose server is gone, is done."""
        operation = current()
        step = self._step(id_, props, {**props, **operation.inputs})
        with LOCKS.hold([str(props["server_id"])], operation), step.explained():
            if job_id := pending_job_of(props):
                _wait_any_end(step, job_id)
            _detach(step, props)

    def _step(self, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> Step:
        operation = current()
        connection = self.connection(inputs)
        tell_of_stock_host(operation)
        return Step.begin(connection, Kept(operation, id_, dict(outputs)), inputs)

    def _attach(self, inputs: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: inputs[name] for name in ("server_id", "volume_id")}
        step = self._step(_id_of(inputs), {**stored, **own}, inputs)
        with LOCKS.hold([str(inputs["server_id"])], step.operation), step.explained():
            job_id = pending_job_of(stored)
            if job_id:
                _wait_any_end(step, job_id)
            found = _listed(step, inputs)
            if found is None:
                job_id = _send(step, inputs)
                found = _confirmed(step, inputs)
        return step.done(**_outputs(inputs, found, job_id or stored.get("job_id")))


def _send(step: Step, inputs: Mapping[str, Any]) -> str | None:
    """Attach the disk, and wait for the job. Returns the job, or None for a change without a job."""
    server_id, volume_id, device = (inputs.get(name) for name in REPLACING)
    _await_idle(step, str(server_id))
    try:
        change = step.send_when_free(
            operations.ATTACH_VOLUME,
            lambda channel: VolumeApi(channel).attach(str(server_id), str(volume_id), device),
        )
    except OutcomeUnknownError:
        # Attaching twice does no harm: `_confirmed` polls, and the next run attaches what is not attached.
        return None
    except ApiError as error:
        if meaning_of(operations.ATTACH_VOLUME, error) is Meaning.DONE:
            return None
        raise _refusal(step, inputs, error) from None
    return _wait(step, change, f"volume {volume_id} was not attached to server {server_id}")


def _detach(step: Step, props: Mapping[str, Any]) -> None:
    found = _listed(step, props)
    if found is None:
        return
    server_id = str(props["server_id"])
    _await_idle(step, server_id)
    try:
        change = step.send_when_free(
            operations.DETACH_VOLUME, lambda channel: VolumeApi(channel).detach(server_id, found.id)
        )
        _wait(step, change, f"volume {found.volume_id} was not detached from server {server_id}")
    except OutcomeUnknownError:
        pass
    except ApiError as error:
        meaning = meaning_of(operations.DETACH_VOLUME, error)
        if meaning not in (Meaning.DONE, Meaning.GONE, Meaning.CONFIRM):
            raise ExpectedError(f"volume {found.volume_id} was not detached from server {server_id}\n{error}") from None
    if step.until(lambda: True if _listed(step, props) is None else None, CONFIRM_TIMEOUT) is None:
        raise ExpectedError(
            f"volume {found.volume_id} is still attached to server {server_id}: run `pulumi destroy` again"
        )


def _wait(step: Step, change: VolumeChange, failure: str) -> str | None:
    if change.job_id is None:
        return None
    try:
        step.wait(change.job_id, job_id=change.job_id)
    except JobFailedError as error:
        # The failed job is over: the next run may try again.
        step.kept.outputs[JOB] = None
        raise ExpectedError(f"{failure}\n{error}") from None
    return change.job_id


def _wait_any_end(step: Step, job_id: str) -> None:
    """Wait for the job of an earlier run. After a failed job the step goes on: the step polls the disk afterwards."""
    try:
        step.wait(job_id, job_id=job_id)
    except JobFailedError as error:
        step.operation.warn(str(error))
    step.kept.outputs[JOB] = None


def _await_idle(step: Step, server_id: str) -> None:
    """Wait until no task runs on the server. Raises `ExpectedError` for a server that is gone or frozen."""

    def settled() -> ServerState | None:
        server = ServerApi(step.channel).get(server_id)
        state = ServerState.GONE if server is None else state_of(server)
        if state is ServerState.BUSY:
            step.operation.report(f"waiting for server {server_id}: {(server and server.task_state) or 'busy'}")
            return None
        return state

    state = step.until(settled)
    if state is None:
        raise ExpectedError(f"server {server_id} was busy until the timeout: run `pulumi up` again")
    if state is ServerState.GONE:
        raise ExpectedError(f"server {server_id} does not exist: check server_id, region and project")
    if state is ServerState.FROZEN:
        raise ExpectedError(f"server {server_id} is frozen because of unpaid bills: settle the account first")


def _confirmed(step: Step, inputs: Mapping[str, Any]) -> Attachment:
    """The attachment once the API lists the attachment."""
    found = step.until(lambda: _listed(step, inputs), CONFIRM_TIMEOUT)
    if found is None:
        raise ExpectedError(
            f"volume {inputs['volume_id']} does not show on server {inputs['server_id']} after "
            f"{CONFIRM_TIMEOUT:.0f} s: run `pulumi up` again, and check the disk in the cloud's console"
        )
    return found


def _listed(step: Step, props: Mapping[str, Any]) -> Attachment | None:
    """The attachment in the server's list, or None for a detached disk or a server that is gone."""
    listed = VolumeApi(step.channel).attachments(str(props["server_id"]))
    return next((each for each in listed or () if each.volume_id == props["volume_id"]), None)


def _refusal(step: Step, inputs: Mapping[str, Any], error: ApiError) -> ExpectedError:
    """The error of a refused attachment. Names the server that has the disk, if any server has the disk."""
    volume_id = str(inputs["volume_id"])
    holders = [
        server.id
        for server in ServerApi(step.channel).list()
        if any(volume.id == volume_id for volume in server.volumes)
    ]
    text = f"volume {volume_id} was not attached to server {inputs['server_id']}\n{error}"
    if holders:
        text += f"\nThe volume is attached to server {holders[0]}: detach the volume there first"
    return ExpectedError(text)


def _outputs(props: Mapping[str, Any], found: Attachment, job_id: Any) -> dict[str, Any]:
    return {
        "server_id": props["server_id"],
        "volume_id": props["volume_id"],
        "device": found.device,
        "job_id": job_id,
        JOB: None,
    }


def _id_of(props: Mapping[str, Any]) -> str:
    return f"{props.get('server_id')}/{props.get('volume_id')}"


def _differs(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    value = news.get(name)
    if value is None and name == "device":
        return False
    return input_checks.is_unknown(value) or value != olds.get(name)
