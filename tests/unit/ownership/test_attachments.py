"""`VolumeAttachment`: attached once, read back, detached, in every state of the server and the disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from bms_simulator import Response
from pulumi_bms.operation import ExpectedError, PartialStateError, Purpose, running
from tests.unit.ownership.conftest import Bench, Killed, MakeBench


def made(bench: Bench, name: str = "web") -> dict[str, Any]:
    """A server and a disk."""
    return {"server_id": bench.sim.setup.add_server(name).id, "volume_id": bench.sim.setup.add_volume().id}


def attach(bench: Bench, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The outputs of a create, or of an update."""
    with running(bench.run.operation()):
        if olds is None:
            result = bench.attachments.create(dict(inputs))
            assert result.id == f"{inputs['server_id']}/{inputs['volume_id']}"
            return result.outs or {}
        return bench.attachments.update("id", dict(olds), dict(inputs)).outs or {}


def detach(bench: Bench, outputs: Mapping[str, Any], **described: Any) -> None:
    """Delete the attachment."""
    with running(bench.run.operation(**described)):
        bench.attachments.delete(f"{outputs['server_id']}/{outputs['volume_id']}", dict(outputs))


def read(bench: Bench, outputs: Mapping[str, Any], purpose: Purpose = Purpose.REFRESH, id_: str = "") -> Any:
    """The result of a refresh or an import."""
    id_ = id_ or f"{outputs['server_id']}/{outputs['volume_id']}"
    with running(bench.run.operation(purpose=purpose, inputs=outputs)):
        return bench.attachments.read(id_, dict(outputs))


def changed(bench: Bench, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool | list[str]:
    """The replaced properties, or whether an update is due."""
    result = bench.attachments.diff("id", dict(olds), dict(news))
    return list(result.replaces or ()) or bool(result.changes)


def holder(bench: Bench, inputs: Mapping[str, Any]) -> str | None:
    """The server with the disk."""
    return bench.sim.setup.world().volume(str(inputs["volume_id"])).server_id


@pytest.mark.parametrize("behaviour", [{}, {"attach_response": "attachment"}, {"attach_status": 200}], ids=str)
def test_a_disk_is_attached_and_detached(behaviour: dict[str, Any], make_bench: MakeBench) -> None:
    """With and without a job in the response, the outputs come from the API's list. A second detach does no harm."""
    bench = make_bench(**behaviour)
    inputs = made(bench)
    outputs = attach(bench, inputs)
    assert (holder(bench, inputs), outputs["device"]) == (inputs["server_id"], "/dev/sdb")
    assert bool(outputs["job_id"]) is ("attach_response" not in behaviour)
    assert changed(bench, outputs, inputs) is False
    assert changed(bench, read(bench, outputs).outs, inputs) is False
    detach(bench, outputs)
    assert holder(bench, inputs) is None
    assert read(bench, outputs).id == ""
    detach(bench, outputs)


@pytest.mark.parametrize("busy", ["BMS.1006", "BMS.0037", "BMS.1001"])
def test_several_disks_of_one_server_go_one_after_the_other(busy: str, make_bench: MakeBench) -> None:
    """Attachments of one run to the same server run in sequence, so no request meets a busy server."""
    bench = make_bench(busy_code=busy)
    server = bench.sim.setup.add_server("web")
    disks = [{"server_id": server.id, "volume_id": bench.sim.setup.add_volume().id} for _ in range(3)]
    outputs: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda disk=disk: outputs.append(attach(bench, disk))) for disk in disks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each["device"] for each in outputs} == {"/dev/sdb", "/dev/sdc", "/dev/sdd"}
    refused = [each for each in bench.sim.requests if each.method == "POST" and each.status == 400]
    assert refused == []


def test_a_busy_server_is_waited_for(bench: Bench) -> None:
    """A request refused because of a busy server is sent again."""
    inputs = made(bench)
    busy = Response(400, {"error": {"code": "BMS.1006", "message": "busy"}})
    bench.sim.spoil_next(busy, method="POST", path_contains="/attachvolume", times=3)
    outputs = attach(bench, inputs)
    bench.sim.spoil_next(
        Response(400, {"error": {"code": "BMS.1001", "message": "busy"}}),
        method="DELETE",
        path_contains="/detachvolume/",
        times=3,
    )
    detach(bench, outputs)
    assert holder(bench, inputs) is None


def test_a_task_of_the_server_is_waited_for(bench: Bench) -> None:
    """A request waits for the end of a task on the server."""
    inputs = made(bench)
    bench.sim.setup.change_server(inputs["server_id"], task_state="rebooting")
    done = threading.Timer(0.3, lambda: bench.sim.setup.change_server(inputs["server_id"], task_state=None))
    done.start()
    attach(bench, inputs)
    posts = [each.status for each in bench.sim.requests if each.method == "POST"]
    assert posts == [202]


def test_a_disk_of_another_server_is_named_with_the_server(bench: Bench) -> None:
    """The error for a disk of a different server names the server, and nothing is left in the state."""
    inputs = made(bench)
    other = bench.sim.setup.add_server("other")
    bench.sim.setup.change_volume(inputs["volume_id"], status="in-use", server_id=other.id, device="/dev/sdb")
    with pytest.raises(ExpectedError, match=f"is attached to server {other.id}") as caught:
        attach(bench, inputs)
    assert not isinstance(caught.value, PartialStateError)


def test_a_disk_that_moved_is_named_after_a_refresh(bench: Bench) -> None:
    """A disk attached to a different server by hand is gone after a refresh, and the next `up` names the server."""
    inputs = made(bench)
    outputs = attach(bench, inputs)
    other = bench.sim.setup.add_server("other")
    bench.sim.setup.change_volume(inputs["volume_id"], server_id=other.id)
    assert read(bench, outputs).id == ""
    with pytest.raises(ExpectedError, match=f"is attached to server {other.id}"):
        attach(bench, inputs)


def test_an_attached_disk_is_taken_as_attached(bench: Bench) -> None:
    """For a disk already attached to the server, no request is sent."""
    inputs = made(bench)
    bench.sim.setup.change_volume(
        inputs["volume_id"], status="in-use", server_id=inputs["server_id"], device="/dev/sdc"
    )
    assert attach(bench, inputs)["device"] == "/dev/sdc"
    assert bench.writes() == []


def test_a_disk_detached_elsewhere_is_attached_again(bench: Bench) -> None:
    """After a disk is detached elsewhere, a refresh removes the resource, and the next `up` attaches the disk again."""
    inputs = made(bench)
    outputs = attach(bench, inputs)
    bench.sim.setup.change_volume(inputs["volume_id"], status="available", server_id=None, device=None)
    assert read(bench, outputs).id == ""
    detach(bench, outputs)
    attach(bench, inputs)
    assert holder(bench, inputs) == inputs["server_id"]


def test_a_failed_job_leaves_nothing_in_the_state(bench: Bench) -> None:
    """A failed attachment leaves nothing in the state."""
    inputs = made(bench, "fail")
    with pytest.raises(ExpectedError, match=r"was not attached") as caught:
        attach(bench, inputs)
    assert not isinstance(caught.value, PartialStateError)
    assert holder(bench, inputs) is None


@pytest.mark.parametrize("how", ["unsubscribed", "deleted", "purged", "recycle bin"])
def test_a_server_that_is_gone_ends_the_attachment(how: str, make_bench: MakeBench) -> None:
    """Without the server a delete is done, and a refresh finds nothing, because the disks are free."""
    bench = make_bench(recycle_bin=how == "recycle bin", deleted_shown_seconds=100000.0)
    inputs = made(bench)
    outputs = attach(bench, inputs)
    bench.sim.setup.remove_server(inputs["server_id"], shown_as_deleted=how != "purged")
    assert read(bench, outputs).id == ""
    detach(bench, outputs)


def test_a_missing_server_is_named(bench: Bench) -> None:
    """The error for an unknown server id names the id."""
    inputs = {**made(bench), "server_id": "11111111-2222-4333-8444-555555555555"}
    with pytest.raises(ExpectedError, match="server 11111111-2222-4333-8444-555555555555 does not exist"):
        attach(bench, inputs)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_response(method: str, carried_out: bool, bench: Bench) -> None:  # noqa: FBT001
    """After a lost response the request is sent again, because a second attach or detach does no harm."""
    inputs = made(bench)
    if method == "POST":
        bench.sim.spoil_next("reset", method=method, path_contains="tachvolume", carried_out=carried_out)
    outputs = attach(bench, inputs)
    assert holder(bench, inputs) == inputs["server_id"]
    if method == "DELETE":
        bench.sim.spoil_next("reset", method=method, path_contains="tachvolume", carried_out=carried_out)
    detach(bench, outputs)
    assert holder(bench, inputs) is None


def test_a_device_chosen_by_the_cloud_is_no_diff(make_bench: MakeBench) -> None:
    """A device chosen by the cloud is noted and is no diff. A changed device input replaces."""
    bench = make_bench(device_as_asked=False)
    inputs = {**made(bench), "device": "/dev/sdf"}
    outputs = attach(bench, inputs)
    assert outputs["device"] == "/dev/sdb"
    assert any("as /dev/sdb, not as /dev/sdf" in text for text in bench.run.told)
    assert changed(bench, outputs, inputs) is False
    assert changed(bench, read(bench, outputs).outs, inputs) is False
    assert changed(bench, outputs, {**inputs, "device": "/dev/sdg"}) == ["device"]
    assert changed(bench, outputs, {**inputs, "device": None}) is False


def test_an_import_shows_no_diff(bench: Bench) -> None:
    """The id SERVER/VOLUME imports an attachment. A wrong id and a free disk are refused."""
    inputs = made(bench)
    with pytest.raises(ExpectedError, match="is not attached to server"):
        read(bench, inputs, Purpose.IMPORT)
    with pytest.raises(ExpectedError, match="must be the server and the disk of the program"):
        read(bench, inputs, Purpose.IMPORT, "a/b")
    attach(bench, inputs)
    assert changed(bench, read(bench, inputs, Purpose.IMPORT).outs, inputs) is False


@pytest.mark.parametrize("moment", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("action", ["attach", "detach"])
def test_a_cut_off_run_is_finished_by_the_next_run(action: str, moment: int, bench: Bench) -> None:
    """After a kill at any moment, the next run attaches once or detaches."""
    inputs = made(bench)
    outputs = attach(bench, inputs) if action == "detach" else {}
    bench.next_run(kill_at=moment)
    try:
        if action == "attach":
            outputs = attach(bench, inputs)
        else:
            detach(bench, outputs)
    except Killed:
        saved = bench.run.saved
        bench.next_run()
        if action == "attach":
            outputs = attach(bench, inputs, saved[1] if saved else None)
        else:
            detach(bench, outputs)
    assert holder(bench, inputs) == (inputs["server_id"] if action == "attach" else None)
    if action == "attach":
        assert changed(bench, outputs, inputs) is False


def test_an_unfinished_attachment_keeps_its_job(bench: Bench) -> None:
    """After a timeout the state has the job, a refresh keeps the resource, and the next run sends nothing."""
    inputs = made(bench, "stuck")
    with pytest.raises(PartialStateError) as caught, running(bench.run.operation(timeout=2.0)):
        bench.attachments.create(inputs)
    state = caught.value.outputs
    assert state["pending_job"]["job_id"]
    assert changed(bench, state, inputs) is True
    with pytest.raises(PartialStateError, match="is not attached yet"):
        read(bench, state)
    with pytest.raises(PartialStateError), running(bench.run.operation(timeout=2.0)):
        bench.attachments.update(caught.value.id, dict(state), inputs)
    assert len(bench.writes()) == 1


def test_a_cancel_ends_the_wait(bench: Bench) -> None:
    """Ctrl-C during the wait for a task leaves no state, because nothing was sent."""
    inputs = made(bench)
    bench.sim.setup.change_server(inputs["server_id"], task_state="rebooting")
    threading.Timer(0.2, bench.run.cancelled.set).start()
    with pytest.raises(ExpectedError):
        attach(bench, inputs)
    assert bench.writes() == []


def test_a_job_that_the_api_has_forgotten_blocks_nothing(bench: Bench) -> None:
    """If the API has forgotten the attachment's job, the server's list decides, and a delete detaches the disk."""
    inputs = made(bench)
    outputs = {**attach(bench, inputs), "pending_job": {"job_id": "f" * 32}}
    detach(bench, outputs, timeout=300.0)
    assert holder(bench, inputs) is None


def test_the_inputs_replace_missing_outputs(bench: Bench) -> None:
    """An attachment without outputs is read and detached by the inputs."""
    inputs = made(bench)
    attach(bench, inputs)
    id_ = f"{inputs['server_id']}/{inputs['volume_id']}"
    with running(bench.run.operation(inputs=inputs)):
        assert changed(bench, bench.attachments.read(id_, {}).outs or {}, inputs) is False
        bench.attachments.delete(id_, {})
    assert holder(bench, inputs) is None
