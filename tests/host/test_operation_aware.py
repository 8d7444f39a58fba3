"""What the host does for a provider that asks for its operation: rows, partial state, cancelling, previews, import."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dill
import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto, rpc

from pulumi_bms import load_provider
from tests.host.conftest import (
    PATIENCE,
    PROVIDER,
    STOCK,
    Plugin,
    Refusal,
    plain,
    refused,
    running_plugin,
    sample,
    struct,
)

AWARE, REPORTER, PARTIAL, YIELDING = sample("Aware"), sample("Reporter"), sample("Partial"), sample("Yielding")
GATE, OBEDIENT, STUBBORN = sample("Gate"), sample("Obedient"), sample("Stubborn")
PROMPT = 5.0
"""Seconds in which is answered what has nothing to wait for, on however busy a machine."""
STARTED = ("INFO", "waits")


# --- what a provider is told


def test_create_is_told_its_operation(own: Plugin) -> None:
    """URN, name and timeout of the request; no preview, not cancelled, and partial state is kept."""
    created = own.create(AWARE, {"size": 1}, urn="urn:a", name="a", timeout=90.0)
    assert created.id == "aware-1"
    assert plain(created.properties) == {
        "urn": "urn:a",
        "name": "a",
        "timeout": 90.0,
        "preview": False,
        "purpose": "REFRESH",
        "inputs": [],
        "keeps": True,
        "cancelled": False,
        "unknown": [],
        PROVIDER: AWARE,
    }


def test_a_timeout_that_is_not_set_is_none(own: Plugin) -> None:
    """The engine sends zero for it; a negative one arrives as it is."""
    # An output that is None is none.
    assert "timeout" not in plain(own.create(AWARE, {}))["properties"]
    assert plain(own.create(AWARE, {}, timeout=-300.0))["properties"]["timeout"] == -300.0


def test_create_polls_ahead_in_a_preview(own: Plugin) -> None:
    """It is called, told that it is a preview, and sees what is not known yet; its id and outputs are the response."""
    inputs = {"known": 1, "later": rpc.UNKNOWN}
    created = own.create(AWARE, inputs, urn="urn:a", preview=True)
    properties = plain(created)["properties"]
    assert (created.id, properties["preview"], properties["unknown"]) == ("aware-1", True, ["later"])


def test_an_unknown_output_of_a_preview_stays_unknown(own: Plugin) -> None:
    """A provider may hand on what it does not know."""
    created = own.create(AWARE, {"odd": rpc.UNKNOWN}, preview=True)
    assert plain(created)["properties"]["odd"] == rpc.UNKNOWN


def test_update_is_told_its_operation(own: Plugin) -> None:
    """As create is, in a preview too; its inputs are the new ones."""
    olds, news = struct({"was": 1}, AWARE), struct({"size": 2}, AWARE)
    for preview in (False, True):
        updated = own.update("id", olds, news, urn="urn:a", name="a", timeout=5.0, preview=preview)
        properties = plain(updated)["properties"]
        messages = [properties[key] for key in ("urn", "name", "timeout", "preview", "inputs", "given", "had")]
        assert messages == ["urn:a", "a", 5.0, preview, [PROVIDER, "size"], [PROVIDER, "size"], [PROVIDER, "was"]]


def test_read_is_told_the_inputs(own: Plugin) -> None:
    """They are not among its arguments, which are the old outputs."""
    read = own.read("id", struct({"made": 1}, AWARE), struct({"size": 1}, AWARE), urn="urn:a", name="a")
    properties = plain(read)["properties"]
    messages = [properties[key] for key in ("urn", "name", "purpose", "inputs", "given")]
    assert messages == ["urn:a", "a", "REFRESH", [PROVIDER, "size"], [PROVIDER, "made"]]


def test_read_by_id_gets_the_programs_inputs(own: Plugin) -> None:
    """`opts.id` sends no outputs, or the inputs twice: the provider is given them, and is told the purpose."""
    inputs = struct({"size": 1}, AWARE)
    assert plain(own.read("id", inputs, inputs))["properties"]["purpose"] == "GET"
    read = own.read("id", Struct(), inputs)
    properties = plain(read)["properties"]
    messages = [properties[key] for key in ("given", PROVIDER, "purpose")]
    assert messages == [[PROVIDER, "size"], AWARE, "GET"]
    assert plain(read.inputs) == {"size": 1.0, PROVIDER: AWARE}


def test_check_diff_and_delete_are_told_too(own: Plugin) -> None:
    """Check and diff their URN, delete name and timeout."""
    assert plain(own.check(AWARE, {}, urn="urn:c"))["inputs"]["urn"] == "urn:c"
    compared = own.diff("id", struct({}, AWARE), struct({}, AWARE), urn="urn:d")
    assert (list(compared.replaces), list(compared.stables)) == (["urn:d"], ["name"])
    text = refused(lambda: own.delete("left", struct({"a": 1}, AWARE), name="d", timeout=7.0)).text
    assert text == f"left: d 7.0 {[PROVIDER, 'a']}"


# --- rows


def test_reports_show_on_the_resources_row(own: Plugin) -> None:
    """Each is an ephemeral INFO message for the URN. Nothing empty is sent, which would be an empty line in a log."""
    urn = "urn:rows"
    own.create(REPORTER, {"rows": ["", "one of two", ""]}, urn=urn)
    assert own.engine.row(urn) == ["one of two"]
    assert {request.severity for request in own.engine.logged(urn)} == {proto.INFO}


def test_a_row_ends_with_its_newest_text(own: Plugin) -> None:
    """The engine shows it until the run is over, so it must be true by then; after an error too."""
    own.create(REPORTER, {"rows": ["1/3", "2/3", "3/3"]}, urn="urn:newest")
    assert own.engine.row("urn:newest")[-1] == "3/3"
    urn = "urn:rows-of-a-failure"
    assert refused(lambda: own.create(REPORTER, {"rows": ["1/3", "2/3"], "fail": "no"}, urn=urn)).text == "no"
    assert own.engine.row(urn)[-1] == "2/3"


def test_a_row_without_reports_shows_nothing(own: Plugin) -> None:
    """Without a terminal each message is a printed line."""
    own.create(REPORTER, {}, urn="urn:quiet")
    assert own.engine.logged("urn:quiet") == []


def test_the_same_report_again_is_not_sent_again(own: Plugin) -> None:
    """Only what changed is shown."""
    own.create(REPORTER, {"rows": ["same"] * 8, "every": 0.3}, urn="urn:same")
    assert own.engine.row("urn:same") == ["same"]


def test_a_row_changes_once_a_second_at_most(own: Plugin) -> None:
    """Of what comes faster the newest counts, and none is late by more than that second."""
    texts = [f"{number} of 50" for number in range(50)]
    created = plain(own.create(REPORTER, {"rows": [*texts, "last", "last"], "every": 0.05}, urn="urn:fast"))
    shown = own.engine.row("urn:fast")
    assert (shown[0], shown[-1]) == (texts[0], "last")
    assert 2 <= len(shown) <= created["properties"]["seconds"] + 2
    numbers = [[*texts, "last"].index(text) for text in shown]
    assert numbers == sorted(set(numbers))


def test_notes_and_warnings_stay(own: Plugin) -> None:
    """They are kept with the resource's diagnostics."""
    own.create(REPORTER, {"note": "took a while", "warning": "the response was odd"}, urn="urn:notes")
    assert own.engine.kept("urn:notes") == [("INFO", "took a while"), ("WARNING", "the response was odd")]
    assert own.engine.row("urn:notes") == []


# --- partial state

STEPS = ["create", "update", "read", "read by id"]


def fail_partially(host: Plugin, step: str, **inputs: Any) -> Refusal:
    olds, news = struct({"old": True, **inputs}, PARTIAL), struct({"size": 2, **inputs}, PARTIAL)
    calls = {
        "create": lambda: host.create(PARTIAL, {"size": 2, **inputs}),
        "update": lambda: host.update("known", olds, news),
        "read": lambda: host.read("known", olds, news),
        "read by id": lambda: host.read("known", Struct(), news),
    }
    return refused(calls[step])


@pytest.mark.parametrize("step", STEPS)
def test_partial_state_is_responded_with_the_error(own: Plugin, step: str) -> None:
    """Status UNKNOWN with details of the same code; id, outputs, inputs and reason, the provider in both bags."""
    refusal = fail_partially(own, step)
    assert (refusal.code, refusal.text) == (grpc.StatusCode.UNKNOWN, "two of three failed")
    assert refusal.status is not None
    assert (refusal.status.code, refusal.status.message) == (2, "two of three failed")
    state = refusal.state
    assert state.id == ("left-1" if step == "create" else "known")
    outputs = {"done": ["a", "b"], "status": "FAIL", "padding": "", PROVIDER: PARTIAL}
    assert plain(state.properties) == outputs
    assert plain(state.inputs) == {"size": 2.0, PROVIDER: PARTIAL}
    assert list(state.reasons) == ["two of three failed"]


def test_partial_state_may_be_large(own: Plugin) -> None:
    """As large as the engine takes it: hundreds of servers are more than gRPC's usual eight kilobytes."""
    state = fail_partially(own, "create", padding=1_000_000).state
    assert len(plain(state.properties)["padding"]) == 1_000_000


def test_state_that_is_too_large_is_cut_by_its_provider(own: Plugin) -> None:
    """An error's state has a limit, or the engine loses the connection: the provider says what to keep of it."""
    beside = own.creating(OBEDIENT, {}, urn="urn:beside")
    refusal = refused(lambda: own.create(YIELDING, {"padding": 24_000_000}, urn="urn:cut"))
    assert (refusal.text, refusal.state.id, list(refusal.state.reasons)) == (
        "two of three failed",
        "left-1",
        ["two of three failed"],
    )
    result = plain(refusal.state.properties)
    assert (result["done"], result["status"], len(result["padding"])) == (["a", "b"], "FAIL", 3_000_000)
    assert plain(refusal.state.inputs)[PROVIDER] == result[PROVIDER] == YIELDING
    ((severity, text),) = own.engine.kept("urn:cut")
    assert (severity, "4 MiB" in text) == ("WARNING", True)
    assert not beside.done()
    beside.cancel()


def test_state_that_is_too_large_and_cannot_be_cut(own: Plugin) -> None:
    """The id is kept, so that the next `up` finds the resource."""
    state = fail_partially(own, "create", padding=24_000_000).state
    assert (state.id, plain(state.properties)) == ("left-1", {PROVIDER: PARTIAL})
    assert plain(state.inputs)[PROVIDER] == PARTIAL


def test_a_text_that_is_too_large_is_cut(own: Plugin) -> None:
    """It travels with the state, percent-encoded."""
    for provider, inputs in ((sample("Failing"), {"way": "endless"}), (PARTIAL, {"reason": "€" * 5_000_000})):
        refusal = refused(lambda provider=provider, inputs=inputs: own.create(provider, inputs))  # type: ignore[misc]  # a loop's lambda
        assert refusal.text == "€" * 200_000 + " ... (4800000 more characters)"


def test_an_error_is_responded_even_if_its_state_cannot_be(own: Plugin) -> None:
    """A provider's mistake in its outputs ends the step, not the host."""
    assert fail_partially(own, "create", unsayable=True).text


# --- cancel


def waiting(host: Plugin, provider: str, inputs: dict[str, Any], urn: str) -> Any:
    """A create that is known to have begun."""
    call = host.creating(provider, inputs, urn=urn)
    host.engine.wait_for(lambda engine: STARTED in engine.kept(urn))
    return call


def test_cancel_reaches_all_that_wait(own_alone: Plugin) -> None:
    """Every blocked create ends by itself with its partial state, and those that start later are cancelled at once."""
    calls = [waiting(own_alone, OBEDIENT, {}, f"urn:{number}") for number in range(8)]
    own_alone.cancel()
    for call in [*calls, own_alone.creating(OBEDIENT, {}, urn="urn:late")]:
        refusal = refused(lambda call=call: call.result(timeout=PROMPT))  # type: ignore[misc]  # a loop's lambda
        assert (refusal.text, refusal.state.id) == ("interrupted", "half")


def test_a_method_that_ignores_the_cancel_is_responded_for(own_alone: Plugin, tmp_path: Path) -> None:
    """From its last checkpoint; what the method still says and comes to afterwards is nobody's."""
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
    """A provider gives a function instead of outputs, and need not compute them at each change."""
    inputs = {"until": str(tmp_path / "until"), "checkpoints": 3, "computed": True}
    call = waiting(own_alone, STUBBORN, inputs, "urn:stubborn")
    own_alone.cancel()
    refusal = refused(lambda: call.result(timeout=PROMPT))
    assert (refusal.text, plain(refusal.state.properties)) == ("computed", {"number": 2.0, PROVIDER: STUBBORN})


def test_a_method_without_a_checkpoint_is_waited_for(own_alone: Plugin, tmp_path: Path) -> None:
    """There is nothing that could be answered in its place."""
    until = tmp_path / "until"
    call = waiting(own_alone, STUBBORN, {"until": str(until), "checkpoints": 0}, "urn:stubborn")
    own_alone.cancel()
    with pytest.raises(grpc.FutureTimeoutError):
        call.result(timeout=1.5)
    until.touch()
    assert call.result(timeout=PATIENCE).id == "whole"


def test_checks_go_on_after_a_cancel(own_alone: Plugin) -> None:
    """The engine sends it at the end of a run too; what it still asks is answered."""
    own_alone.cancel()
    assert own_alone.check(AWARE, {}).inputs
    assert own_alone.create(sample("Thing"), {}).id == "thing-1"


# --- at the end of a run

LEAVING = sample("Leaving")


def test_a_closing_note_is_told_once_at_the_end(own_alone: Plugin) -> None:
    """The engine sends `Cancel` when all steps are over: then one note, of no resource, tells of all of them."""
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
    """An interrupted destroy has begun deletes that still end."""
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
    """`Cancel` comes at the end of each run."""
    own_alone.create(AWARE, {})
    own_alone.cancel()
    assert own_alone.engine.kept("") == []


def test_our_deletes_on_pulumis_own_host_have_one_line(own_alone: Plugin, tmp_path: Path) -> None:
    """There nothing tells a provider when the run ends: the first delete says it, on stderr, without ids."""
    loaders = {name: _loader(name) for name in ("JobCompletion", "JobSubmission")}
    stored = {"job_id": "j", "status": "SUCCESS", "job_type": "createServer", "server_ids": ["a"]}
    for number in range(3):
        own_alone.delete("j", struct({**stored, "job_id": f"j{number}"}, loaders["JobCompletion"]))
    own_alone.cancel()
    assert own_alone.engine.kept("") == [("INFO", "nothing is deleted in the cloud. 1 server stays: a")]
    with running_plugin(STOCK, tmp_path) as stock:
        for number in range(3):
            stock.delete("j", struct({**stored, "job_id": f"j{number}"}, loaders["JobCompletion"]))
            stock.delete("j", struct({"job_id": f"j{number}"}, loaders["JobSubmission"]))
        assert stock.stderr().splitlines() == [
            "pulumi-bms: nothing is deleted in the cloud: the servers of the jobs stay",
            "pulumi-bms: nothing is undone in the cloud: the effects of the jobs stay",
        ]


def _loader(name: str) -> str:
    """The `__provider` of one of our resources, as it stands in users' stacks."""
    return base64.b64encode(dill.dumps(load_provider(name))).decode()


# --- many at once


@pytest.mark.parametrize("talk", [False, True], ids=["silent", "reporting"])
def test_a_hundred_creates_hold_up_no_check(own_alone: Plugin, talk: bool) -> None:  # noqa: FBT001  (pytest's way)
    """All run at once, a check and a foreign create are answered meanwhile, and all end."""
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
    """A step that has said nothing does not wait for what others have said."""
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
    """Four that hang fill the lane of foreign providers, and no other."""
    hanging = [own_alone.creating(sample("Sleeper"), {}) for _ in range(6)]
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda _: own_alone.create(AWARE, {}).id, range(8)))
    assert responses == ["aware-1"] * 8
    assert not any(call.done() for call in hanging)


# --- import


def test_an_import_in_three_steps(own: Plugin) -> None:
    """Read knows no provider yet: id and nothing else. Diff then says: update. That update reads, by the inputs."""
    read = own.read("known", Struct(), Struct(), urn="urn:i", name="i")
    assert plain(read) == {"id": "known", "properties": {}, "inputs": {}}
    news = struct({"size": 2}, AWARE)
    compared = own.diff("known", Struct(), news)
    assert (compared.changes, list(compared.replaces)) == (proto.DiffResponse.DIFF_SOME, [])
    for preview in (True, False):
        updated = plain(own.update("known", Struct(), news, urn="urn:i", name="i", preview=preview))["properties"]
        messages = [updated[key] for key in ("urn", "name", "purpose", "preview", "inputs", "given", PROVIDER)]
        assert messages == ["urn:i", "i", "IMPORT", preview, [PROVIDER, "size"], [PROVIDER, "size"], AWARE]


def test_a_foreign_resource_can_be_imported(own: Plugin) -> None:
    """The provider's `read` is asked, which has to do without its operation."""
    updated = own.update("id", Struct(), struct({"size": 1}, sample("Thing")))
    assert plain(updated)["properties"] == {"size": 1.0, "seen": True, PROVIDER: sample("Thing")}


def test_what_is_not_there_cannot_be_imported(own: Plugin) -> None:
    """A read that finds nothing is an error of the import, or the stack would hold what does not exist."""
    assert "missing" in refused(lambda: own.update("missing", Struct(), struct({"size": 1}, AWARE))).text


def test_an_import_that_was_never_read_can_be_deleted(own: Plugin) -> None:
    """Its outputs hold no provider; its inputs do."""
    refusal = refused(lambda: own.delete("left", Struct(), old_inputs=struct({"size": 1}, AWARE), name="d"))
    assert refusal.text == "left: d None []"
