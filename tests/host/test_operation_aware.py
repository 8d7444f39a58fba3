"""A provider with an operation: fields, rows, partial state, previews, import."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto, rpc

from tests.host.conftest import (
    AWARE,
    OBEDIENT,
    PARTIAL,
    PROVIDER,
    REPORTER,
    YIELDING,
    Plugin,
    Refusal,
    plain,
    refused,
    sample,
    struct,
)

# --- the operation of a provider


def test_create_is_told_its_operation(own: Plugin) -> None:
    """A create gets URN, name and timeout of the request. The operation is no preview and keeps partial state."""
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
    """A timeout of zero is None, and a negative timeout arrives unchanged."""
    # A null output is left out.
    assert "timeout" not in plain(own.create(AWARE, {}))["properties"]
    assert plain(own.create(AWARE, {}, timeout=-300.0))["properties"]["timeout"] == -300.0


def test_create_polls_ahead_in_a_preview(own: Plugin) -> None:
    """In a preview create is called with the unknown inputs, and the id and the outputs are the response."""
    inputs = {"known": 1, "later": rpc.UNKNOWN}
    created = own.create(AWARE, inputs, urn="urn:a", preview=True)
    properties = plain(created)["properties"]
    assert (created.id, properties["preview"], properties["unknown"]) == ("aware-1", True, ["later"])


def test_an_unknown_output_of_a_preview_stays_unknown(own: Plugin) -> None:
    """An unknown value in the outputs of a preview stays unknown."""
    created = own.create(AWARE, {"odd": rpc.UNKNOWN}, preview=True)
    assert plain(created)["properties"]["odd"] == rpc.UNKNOWN


def test_update_is_told_its_operation(own: Plugin) -> None:
    """Update has the fields of create, in a preview too, and the new inputs."""
    olds, news = struct({"was": 1}, AWARE), struct({"size": 2}, AWARE)
    for preview in (False, True):
        updated = own.update("id", olds, news, urn="urn:a", name="a", timeout=5.0, preview=preview)
        properties = plain(updated)["properties"]
        messages = [properties[key] for key in ("urn", "name", "timeout", "preview", "inputs", "given", "had")]
        assert messages == ["urn:a", "a", 5.0, preview, [PROVIDER, "size"], [PROVIDER, "size"], [PROVIDER, "was"]]


def test_read_is_told_the_inputs(own: Plugin) -> None:
    """Read has the inputs in the operation, and the old outputs as arguments."""
    read = own.read("id", struct({"made": 1}, AWARE), struct({"size": 1}, AWARE), urn="urn:a", name="a")
    properties = plain(read)["properties"]
    messages = [properties[key] for key in ("urn", "name", "purpose", "inputs", "given")]
    assert messages == ["urn:a", "a", "REFRESH", [PROVIDER, "size"], [PROVIDER, "made"]]


def test_read_by_id_gets_the_programs_inputs(own: Plugin) -> None:
    """A read by `opts.id` gets the inputs as outputs, and the purpose GET."""
    inputs = struct({"size": 1}, AWARE)
    assert plain(own.read("id", inputs, inputs))["properties"]["purpose"] == "GET"
    read = own.read("id", Struct(), inputs)
    properties = plain(read)["properties"]
    messages = [properties[key] for key in ("given", PROVIDER, "purpose")]
    assert messages == [[PROVIDER, "size"], AWARE, "GET"]
    assert plain(read.inputs) == {"size": 1.0, PROVIDER: AWARE}


def test_check_diff_and_delete_are_told_too(own: Plugin) -> None:
    """Check and diff get the URN, delete gets name and timeout."""
    assert plain(own.check(AWARE, {}, urn="urn:c"))["inputs"]["urn"] == "urn:c"
    compared = own.diff("id", struct({}, AWARE), struct({}, AWARE), urn="urn:d")
    assert (list(compared.replaces), list(compared.stables)) == (["urn:d"], ["name"])
    text = refused(lambda: own.delete("left", struct({"a": 1}, AWARE), name="d", timeout=7.0)).text
    assert text == f"left: d 7.0 {[PROVIDER, 'a']}"


# --- rows


def test_reports_show_on_the_resources_row(own: Plugin) -> None:
    """Each report is an ephemeral INFO message for the URN. An empty report is not sent."""
    urn = "urn:rows"
    own.create(REPORTER, {"rows": ["", "one of two", ""]}, urn=urn)
    assert own.engine.row(urn) == ["one of two"]
    assert {request.severity for request in own.engine.logged(urn)} == {proto.INFO}


def test_a_row_ends_with_its_newest_text(own: Plugin) -> None:
    """The last text of a row is the newest report, after an error too."""
    own.create(REPORTER, {"rows": ["1/3", "2/3", "3/3"]}, urn="urn:newest")
    assert own.engine.row("urn:newest")[-1] == "3/3"
    urn = "urn:rows-of-a-failure"
    assert refused(lambda: own.create(REPORTER, {"rows": ["1/3", "2/3"], "fail": "no"}, urn=urn)).text == "no"
    assert own.engine.row(urn)[-1] == "2/3"


def test_a_row_without_reports_shows_nothing(own: Plugin) -> None:
    """A create without reports sends no message."""
    own.create(REPORTER, {}, urn="urn:quiet")
    assert own.engine.logged("urn:quiet") == []


def test_the_same_report_again_is_not_sent_again(own: Plugin) -> None:
    """The same report twice in a row is sent once."""
    own.create(REPORTER, {"rows": ["same"] * 8, "every": 0.3}, urn="urn:same")
    assert own.engine.row("urn:same") == ["same"]


def test_a_row_changes_once_a_second_at_most(own: Plugin) -> None:
    """Of reports within a second only the newest is sent, at most a second late."""
    texts = [f"{number} of 50" for number in range(50)]
    created = plain(own.create(REPORTER, {"rows": [*texts, "last", "last"], "every": 0.05}, urn="urn:fast"))
    shown = own.engine.row("urn:fast")
    assert (shown[0], shown[-1]) == (texts[0], "last")
    assert 2 <= len(shown) <= created["properties"]["seconds"] + 2
    numbers = [[*texts, "last"].index(text) for text in shown]
    assert numbers == sorted(set(numbers))


def test_notes_and_warnings_stay(own: Plugin) -> None:
    """Notes and warnings are kept with the diagnostics of the resource."""
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
    """Partial state has status UNKNOWN and details with id, outputs, inputs and reason. Both bags have the provider."""
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
    """Partial state of a megabyte arrives whole, far beyond the usual limit of gRPC."""
    state = fail_partially(own, "create", padding=1_000_000).state
    assert len(plain(state.properties)["padding"]) == 1_000_000


def test_state_that_is_too_large_is_cut_by_its_provider(own: Plugin) -> None:
    """Error state above the limit is cut by the provider's `smaller`, with a warning. Other calls continue."""
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
    """If no part of a large state fits, the id is kept."""
    state = fail_partially(own, "create", padding=24_000_000).state
    assert (state.id, plain(state.properties)) == ("left-1", {PROVIDER: PARTIAL})
    assert plain(state.inputs)[PROVIDER] == PARTIAL


def test_a_text_that_is_too_large_is_cut(own: Plugin) -> None:
    """A reason of millions of characters is cut, and names the number of missing characters."""
    for provider, inputs in ((sample("Failing"), {"way": "endless"}), (PARTIAL, {"reason": "€" * 5_000_000})):
        refusal = refused(lambda provider=provider, inputs=inputs: own.create(provider, inputs))  # type: ignore[misc]  # a loop's lambda
        assert refusal.text == "€" * 200_000 + " ... (4800000 more characters)"


def test_an_error_is_responded_even_if_its_state_cannot_be(own: Plugin) -> None:
    """A provider's mistake in the outputs ends the step, not the host."""
    assert fail_partially(own, "create", unsayable=True).text


# --- import


def test_an_import_in_three_steps(own: Plugin) -> None:
    """An import is a read with the id only, a diff with "update", and an update that reads by the inputs."""
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
    """An update of an import calls `read` of a foreign provider."""
    updated = own.update("id", Struct(), struct({"size": 1}, sample("Thing")))
    assert plain(updated)["properties"] == {"size": 1.0, "seen": True, PROVIDER: sample("Thing")}


def test_what_is_not_there_cannot_be_imported(own: Plugin) -> None:
    """An import of a missing resource is an error."""
    assert "missing" in refused(lambda: own.update("missing", Struct(), struct({"size": 1}, AWARE))).text


def test_an_import_that_was_never_read_can_be_deleted(own: Plugin) -> None:
    """Delete after a failed import finds the provider in the inputs."""
    refusal = refused(lambda: own.delete("left", Struct(), old_inputs=struct({"size": 1}, AWARE), name="d"))
    assert refusal.text == "left: d None []"


@pytest.mark.parametrize(
    ("olds", "news", "kinds"),
    [
        ({"size": 1}, {"size": 2}, {"size": proto.PropertyDiff.UPDATE}),
        ({}, {"size": 2, "colour": "red"}, {"size": proto.PropertyDiff.ADD, "colour": proto.PropertyDiff.ADD_REPLACE}),
        ({"colour": "red"}, {"colour": "blue"}, {"colour": proto.PropertyDiff.UPDATE_REPLACE}),
        (
            {"size": 1, "colour": "red"},
            {},
            {"size": proto.PropertyDiff.DELETE, "colour": proto.PropertyDiff.DELETE_REPLACE},
        ),
        ({"size": 1}, {"size": 1}, {}),
    ],
)
def test_a_diff_tells_what_each_property_does(
    own: Plugin, olds: dict[str, Any], news: dict[str, Any], kinds: dict[str, Any]
) -> None:
    """The effect of each changed property reaches the engine. Without effects the response has no details."""
    provider = sample("Explaining")
    response = own.diff("id", struct(olds, provider), struct(news, provider))
    assert {path: detail.kind for path, detail in response.detailedDiff.items()} == kinds
    assert response.hasDetailedDiff is bool(kinds)
