"""A cancel, the end of a run, and many calls at once."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dill
import grpc
import pytest

from pulumi_bms import load_provider
from tests.host.conftest import (
    AWARE,
    GATE,
    OBEDIENT,
    PATIENCE,
    PROMPT,
    PROVIDER,
    STARTED,
    STOCK,
    STUBBORN,
    Plugin,
    plain,
    refused,
    running_plugin,
    sample,
    struct,
)


def waiting(host: Plugin, provider: str, inputs: dict[str, Any], urn: str) -> Any:
    """A create that has begun."""
    call = host.creating(provider, inputs, urn=urn)
    host.engine.wait_for(lambda engine: STARTED in engine.kept(urn))
    return call


def test_cancel_reaches_all_that_wait(own_alone: Plugin) -> None:
    """A cancel ends every waiting create with the create's partial state. A later create is cancelled at once."""
    calls = [waiting(own_alone, OBEDIENT, {}, f"urn:{number}") for number in range(8)]
    own_alone.cancel()
    for call in [*calls, own_alone.creating(OBEDIENT, {}, urn="urn:late")]:
        refusal = refused(lambda call=call: call.result(timeout=PROMPT))  # type: ignore[misc]  # a loop's lambda
        assert (refusal.text, refusal.state.id) == ("interrupted", "half")


def test_a_method_that_ignores_the_cancel_is_responded_for(own_alone: Plugin, tmp_path: Path) -> None:
    """After a cancel the last checkpoint is the response. Later messages and results of the method are discarded."""
    until, urn = tmp_path / "until", "urn:stubborn"
    call = waiting(own_alone, STUBBORN, {"until": str(until), "checkpoints": 3}, urn)
    own_alone.cancel()
    refusal = refused(lambda: call.result(timeout=PROMPT))
    assert (refusal.text, refusal.state.id) == ("checkpoint 2", "half")
    assert plain(refusal.state.properties) == {"number": 2.0, PROVIDER: STUBBORN}
    assert plain(refusal.state.inputs)[PROVIDER] == STUBBORN
    assert own_alone.engine.row(urn) == ["at work"]
    until.touch()
    own_alone.engine.wait_for(lambda engine: ("INFO", "goes on") in engine.kept(urn))
    assert own_alone.create(AWARE, {}).id == "aware-1"
    time.sleep(1.2)
    assert own_alone.engine.row(urn) == ["at work"]
    assert own_alone.stderr() == ""


def test_a_checkpoint_may_be_computed_when_it_is_needed(own_alone: Plugin, tmp_path: Path) -> None:
    """A checkpoint may be a function, called only when the outputs are needed."""
    inputs = {"until": str(tmp_path / "until"), "checkpoints": 3, "computed": True}
    call = waiting(own_alone, STUBBORN, inputs, "urn:stubborn")
    own_alone.cancel()
    refusal = refused(lambda: call.result(timeout=PROMPT))
    assert (refusal.text, plain(refusal.state.properties)) == ("computed", {"number": 2.0, PROVIDER: STUBBORN})


def test_a_method_without_a_checkpoint_is_waited_for(own_alone: Plugin, tmp_path: Path) -> None:
    """After a cancel the host waits for a method without a checkpoint."""
    until = tmp_path / "until"
    call = waiting(own_alone, STUBBORN, {"until": str(until), "checkpoints": 0}, "urn:stubborn")
    own_alone.cancel()
    with pytest.raises(grpc.FutureTimeoutError):
        call.result(timeout=1.5)
    until.touch()
    assert call.result(timeout=PATIENCE).id == "whole"


def test_checks_go_on_after_a_cancel(own_alone: Plugin) -> None:
    """After the engine's `Cancel` at the end of a run, later checks and creates still get responses."""
    own_alone.cancel()
    assert own_alone.check(AWARE, {}).inputs
    assert own_alone.create(sample("Thing"), {}).id == "thing-1"


# --- at the end of a run

LEAVING = sample("Leaving")


def test_a_closing_note_is_told_once_at_the_end(own_alone: Plugin) -> None:
    """All closing notes are one message without a resource, sent at the engine's `Cancel` and only once."""
    urns = [f"urn:{number}" for number in range(24)]
    for urn in urns:
        own_alone.delete(urn, struct({}, LEAVING), urn=urn)
    assert [own_alone.engine.logged(urn) for urn in ("", *urns)] == [[]] * 25
    own_alone.cancel()
    text = f"24 stay: {', '.join(sorted(urns))}"
    assert own_alone.engine.kept("") == [("INFO", text)]
    own_alone.process.terminate()
    own_alone.process.wait(PATIENCE)
    assert own_alone.engine.kept("") == [("INFO", text)]


def test_a_delete_that_outlasts_the_cancel_is_told_too(own_alone: Plugin, tmp_path: Path) -> None:
    """A delete that ends after the cancel has a separate closing note."""
    until = tmp_path / "until"
    own_alone.delete("early", struct({}, LEAVING))
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(own_alone.delete, "late", struct({"until": str(until)}, LEAVING), urn="urn:late")
        own_alone.engine.wait_for(lambda engine: STARTED in engine.kept("urn:late"))
        own_alone.cancel()
        assert own_alone.engine.kept("") == [("INFO", "1 stay: early")]
        until.touch()
        late.result(timeout=PATIENCE)
    own_alone.engine.wait_for(lambda engine: ("INFO", "1 stay: late") in engine.kept(""))


def test_a_run_without_anything_to_say_ends_in_silence(own_alone: Plugin) -> None:
    """A run without closing notes logs nothing at the end of the run."""
    own_alone.create(AWARE, {})
    own_alone.cancel()
    assert own_alone.engine.kept("") == []


def test_our_deletes_on_pulumis_own_host_have_one_line(own_alone: Plugin, tmp_path: Path) -> None:
    """On Pulumi's host the first delete prints one line without ids on stderr, because no call ends the run."""
    loaders = {name: _loader(name) for name in ("JobCompletion", "JobSubmission")}
    stored = {"job_id": "j", "status": "SUCCESS", "job_type": "createServer", "server_ids": ["a"]}
    for number in range(3):
        own_alone.delete("j", struct({**stored, "job_id": f"j{number}"}, loaders["JobCompletion"]))
    own_alone.cancel()
    ((severity, line),) = own_alone.engine.kept("")
    assert (severity, line.rpartition(": ")[2]) == ("INFO", "a")
    with running_plugin(STOCK, tmp_path) as stock:
        for number in range(3):
            stock.delete("j", struct({**stored, "job_id": f"j{number}"}, loaders["JobCompletion"]))
            stock.delete("j", struct({"job_id": f"j{number}"}, loaders["JobSubmission"]))
        lines = [line.partition(" in the cloud")[0] for line in stock.stderr().splitlines()]
        assert lines == ["pulumi-bms: nothing is deleted", "pulumi-bms: nothing is undone"]


def _loader(name: str) -> str:
    """The `__provider` of one of our resources, in the form of users' stacks."""
    return base64.b64encode(dill.dumps(load_provider(name))).decode()


# --- many at once


@pytest.mark.parametrize("talk", [False, True], ids=["silent", "reporting"])
def test_a_hundred_creates_hold_up_no_check(own_alone: Plugin, talk: bool) -> None:  # noqa: FBT001  (pytest's way)
    """During a hundred creates a check and a foreign create get responses, and all creates end."""
    urns = [f"urn:{number}" for number in range(100)]
    calls = [own_alone.creating(GATE, {"talk": talk}, urn=urn) for urn in urns]
    own_alone.engine.wait_for(lambda engine: all(STARTED in engine.kept(urn) for urn in urns))
    slowest = 0.0
    for provider in (AWARE, sample("Thing"), AWARE):
        started = time.monotonic()
        assert own_alone.check(provider, {"size": 1}).inputs
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < PROMPT
    assert own_alone.create(sample("Thing"), {}).id == "thing-1"
    assert not any(call.done() for call in calls)
    own_alone.create(GATE, {"open": True})
    assert {call.result(timeout=PATIENCE).id for call in calls} == {"passed"}


def test_an_engine_that_is_slow_to_log_holds_up_no_check(own_alone: Plugin) -> None:
    """A step without messages does not wait for the messages of other steps."""
    own_alone.engine.delay = 0.3
    urns = [f"urn:{number}" for number in range(6)]
    calls = [own_alone.creating(GATE, {"talk": True}, urn=urn) for urn in urns]
    own_alone.engine.wait_for(lambda engine: all(STARTED in engine.kept(urn) for urn in urns))
    started = time.monotonic()
    for _ in range(8):
        assert own_alone.check(AWARE, {}).inputs
    took = time.monotonic() - started
    own_alone.engine.delay = 0.0
    own_alone.create(GATE, {"open": True})
    assert {call.result(timeout=PATIENCE).id for call in calls} == {"passed"}
    assert took < PROMPT


def test_foreign_creates_hold_up_none_that_asks_for_its_operation(own_alone: Plugin) -> None:
    """Four hanging foreign creates block only further foreign creates."""
    hanging = [own_alone.creating(sample("Sleeper"), {}) for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda _: own_alone.create(AWARE, {}).id, range(8)))
    assert responses == ["aware-1"] * 8
    assert not any(call.done() for call in hanging)
