"""Responses to the engine about dynamic resources of any program: our host and Pulumi's host give the same."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import proto, rpc

# The SDK serializes a provider inside this function, and no public function does.
from pulumi.runtime._serialization import _serialize

from tests.host.conftest import (
    OWN,
    PATIENCE,
    PROVIDER,
    STOCK,
    Plugin,
    environment_of_plugins,
    plain,
    refused,
    running_engine,
    running_plugin,
    sample,
    struct,
)

THING, PLAIN = sample("Thing"), sample("Plain")
UNKNOWN = rpc.UNKNOWN
SECRET = {rpc._special_sig_key: rpc._special_secret_sig}
"""The mark of a secret in a message. The SDK has no public name for the mark."""
OLDS = struct({"size": 1, "made": True}, THING)
TRACEBACK = "(`pulumi up --debug` shows the traceback)"

Ask = Callable[[Plugin], Message]
SAME: dict[str, Ask] = {
    "check": lambda host: host.check(THING, {"size": 3, "list": [1, None, {"deep": True}], "empty": {}}),
    "check with a null": lambda host: host.check(THING, {"size": None, "name": "a"}),
    "check with failures": lambda host: host.check(THING, {"size": -1}),
    "check with unknowns": lambda host: host.check(
        THING, {"size": UNKNOWN, "list": [UNKNOWN], "deep": {"er": UNKNOWN}}
    ),
    "check by default": lambda host: host.check(PLAIN, {"size": 3}),
    "diff says nothing": lambda host: diff(host, {"name": "a"}, {"name": "a"}),
    "diff says some": lambda host: diff(host, {"name": "a"}, {"name": "a", "changes": "some"}),
    "diff says none": lambda host: diff(host, {"name": "a"}, {"name": "a", "changes": "none"}),
    "diff replaces": lambda host: diff(host, {"name": "a"}, {"name": "b"}),
    "diff replaces without change": lambda host: diff(host, {"name": "a"}, {"name": "b", "changes": "none"}),
    "diff deletes first": lambda host: diff(host, {"name": "a"}, {"name": "b", "delete_first": True}),
    "diff deletes last": lambda host: diff(host, {"name": "a"}, {"name": "b", "delete_first": False}),
    "diff with an unknown": lambda host: diff(host, {"size": 1}, {"size": UNKNOWN}),
    "diff by default": lambda host: host.diff("id", struct({"a": 1}, PLAIN), struct({}, PLAIN)),
    "create": lambda host: host.create(THING, {"size": 3, "list": [None]}),
    "create without outs": lambda host: host.create(sample("Silent"), {"size": 3}),
    "create with a secret": lambda host: host.create(sample("Secretive"), {"open": 1}),
    "create of 5 MB": lambda host: host.create(sample("Printing"), {"text": "x" * 5_000_000}),
    "update": lambda host: host.update("id", OLDS, struct({"size": 2}, THING)),
    "update without outs": lambda host: host.update("id", OLDS, struct({"silent": True}, THING)),
    "update by default": lambda host: host.update("id", OLDS, struct({"size": 2}, PLAIN)),
    "delete": lambda host: host.delete("id", OLDS),
    "delete by default": lambda host: host.delete("id", struct({}, PLAIN)),
    "read with new inputs": lambda host: host.read("drifted", OLDS, struct({"size": 1}, THING)),
    "plugin info": lambda host: host.stub.GetPluginInfo(Empty(), timeout=PATIENCE),
}


def diff(host: Plugin, olds: dict[str, Any], news: dict[str, Any]) -> proto.DiffResponse:
    return host.diff("id", struct(olds, THING), struct(news, THING))


@pytest.mark.parametrize("module", [OWN, STOCK])
def test_the_first_line_is_the_port(module: str, tmp_path: Path) -> None:
    """The host prints one line, an already open port. The engine's address is the last argument, after any flags."""
    with (
        running_engine() as (_, address),
        subprocess.Popen(
            [sys.executable, "-u", "-m", module, *(["-v=9", "--logtostderr"] if module == OWN else []), address],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
            env=environment_of_plugins(),
        ) as process,
    ):
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                assert proto.ResourceProviderStub(channel).GetPluginInfo(Empty(), timeout=PATIENCE).version
        finally:
            process.kill()


@pytest.mark.parametrize("question", SAME)
def test_both_hosts_response_alike(question: str, own: Plugin, stock: Plugin) -> None:
    """Our host serves a foreign provider to the byte like Pulumi's host."""
    assert plain(SAME[question](own)) == plain(SAME[question](stock))


def test_the_responses_of_a_check(either: Plugin) -> None:
    """Inputs may be added, numbers are floats, nulls are dropped, unknown stays unknown, failures name a property."""
    assert plain(either.check(THING, {"size": 3, "name": None}))["inputs"] == {
        "size": 3.0,
        "colour": "grey",
        PROVIDER: THING,
    }
    unknown = plain(either.check(THING, {"size": UNKNOWN}))["inputs"]
    assert (unknown["size"], unknown["noticed"]) == (UNKNOWN, "size is not known yet")
    failures = either.check(THING, {"size": -1}).failures
    assert [(result.property, result.reason) for result in failures] == [
        ("size", "must not be negative"),
        ("", "is impossible"),
    ]


def test_the_responses_of_a_diff(either: Plugin) -> None:
    """A diff's response has the changes, the replacing properties and the order of the replacement."""
    responses = [diff(either, {"name": "a"}, {"name": "a", **more}) for more in ({}, {"changes": "some"})]
    responses += [diff(either, {"name": "a"}, {"name": "a", "changes": "none"})]
    kinds = proto.DiffResponse
    assert [result.changes for result in responses] == [kinds.DIFF_UNKNOWN, kinds.DIFF_SOME, kinds.DIFF_NONE]
    replacing = diff(either, {"name": "a"}, {"name": "b", "delete_first": True})
    assert (list(replacing.replaces), replacing.deleteBeforeReplace) == (["name"], True)


def test_a_secret_in_the_outputs_stays_one(either: Plugin) -> None:
    """An output that a provider marks as a secret arrives marked."""
    created = plain(either.create(sample("Secretive"), {"open": 1}))
    assert created["properties"]["hidden"] == {**SECRET, "value": "s3cret"}


def test_each_response_carries_the_provider(either: Plugin) -> None:
    """Each response has the provider for later calls, even without outputs."""
    created = either.create(sample("Silent"), {"size": 3})
    assert plain(created) == {"id": "silent-1", "properties": {PROVIDER: sample("Silent")}}
    updated = either.update("id", OLDS, struct({"silent": True}, THING))
    assert plain(updated) == {"properties": {PROVIDER: THING}}


def test_a_read_says_what_is_there(own: Plugin, stock: Plugin) -> None:
    """Both hosts read the same id and outputs. Our host repeats the inputs if the provider has no new inputs."""
    inputs = struct({"size": 1}, THING)
    mine, theirs = (host.read("id", OLDS, inputs) for host in (own, stock))
    assert (mine.id, plain(mine.properties)) == (theirs.id, plain(theirs.properties))
    assert plain(mine.properties) == {"size": 1.0, "made": True, "seen": True, PROVIDER: THING}
    assert plain(mine.inputs) == plain(inputs)


def test_new_inputs_of_a_read_carry_the_provider(either: Plugin) -> None:
    """New inputs of a read replace the inputs of the state."""
    read = either.read("drifted", OLDS, struct({"size": 1}, THING))
    assert plain(read.inputs) == {"size": 9.0, PROVIDER: THING}


def test_a_read_of_what_is_gone_has_no_id(either: Plugin) -> None:
    """A read of a deleted resource has no id, and the engine removes the resource from the state."""
    assert either.read("gone", OLDS, struct({}, THING)).id == ""


def test_a_refused_delete(own: Plugin, stock: Plugin) -> None:
    """An error of delete reaches the user, in the provider's words."""
    busy = struct({"busy": True}, THING)
    assert "thing-1 is in use" in refused(lambda: own.delete("thing-1", busy)).text
    assert "thing-1 is in use" in refused(lambda: stock.delete("thing-1", busy)).text


def test_stored_inputs_that_can_not_be_read_back(either: Plugin) -> None:
    """Stored inputs with an asset can't be read back. A diff and a delete work without the stored inputs."""
    asset = {rpc._special_sig_key: rpc._special_asset_sig, "hash": "0"}
    stored, olds, news = struct({"file": asset}, THING), struct({"name": "a"}, THING), struct({"name": "a"}, THING)
    request = proto.DiffRequest(id="thing-1", urn="urn", olds=olds, news=news, old_inputs=stored)
    assert plain(either.stub.Diff(request, timeout=PATIENCE)) == {}
    either.delete("thing-1", olds, old_inputs=stored)


def by_value() -> str:
    """A provider whose class is in no module: the pickle holds the code, and the value of a captured Output."""
    suffix = "dynamic"

    class Own(ResourceProvider):
        def __init__(self, region: pulumi.Output[str]) -> None:
            super().__init__()
            self.region = region

        def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
            return CheckResult(news, [CheckFailure("name", suffix)])

        def create(self, props: dict[str, Any]) -> CreateResult:
            return CreateResult(f"{props['name']}-{suffix}", {"region": self.region.get()})

    provider = Own(pulumi.Output.secret("eu-de"))
    serialized, contains_secrets = _serialize(True, serialize_provider, provider)  # noqa: FBT003  (its own signature)
    assert contains_secrets
    return str(serialized)


@pytest.fixture
def pickled_by_value() -> Iterator[str]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield by_value()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_a_provider_of_the_program_itself(either: Plugin, pickled_by_value: str) -> None:
    """A provider pickled by value finds the value of a captured Output."""
    assert [result.reason for result in either.check(pickled_by_value, {"name": "a"}).failures] == ["dynamic"]
    created = plain(either.create(pickled_by_value, {"name": "a"}))
    assert created == {"id": "a-dynamic", "properties": {"region": "eu-de", PROVIDER: pickled_by_value}}


def test_a_provider_that_is_marked_as_a_secret(own: Plugin) -> None:
    """A provider marked as a secret is read inside the mark, and returned unchanged."""
    marked = {**SECRET, "value": THING}
    created = own.stub.Create(proto.CreateRequest(properties=struct({"size": 3, PROVIDER: marked})), timeout=PATIENCE)
    assert plain(created)["properties"][PROVIDER] == marked
    assert plain(created)["properties"]["made"] is True


def test_a_provider_that_is_not_known_yet(own: Plugin) -> None:
    """With an unknown new provider, the old provider does check and diff."""
    news = struct({"size": -1, PROVIDER: UNKNOWN})
    checked = own.stub.Check(proto.CheckRequest(urn="urn", olds=OLDS, news=news), timeout=PATIENCE)
    assert len(checked.failures) == 2
    assert plain(checked.inputs)[PROVIDER] == UNKNOWN
    assert own.diff("id", struct({"name": "a"}, THING), struct({"name": "b", PROVIDER: UNKNOWN})).replaces == ["name"]


@pytest.mark.parametrize("module", [OWN, STOCK])
def test_the_configuration(module: str, tmp_path: Path) -> None:
    """A provider is given the stack's whole config in plain, once, and the project's name."""
    with running_plugin(module, tmp_path) as host:
        response = host.configure({"shop:region": "eu", "other:token": {**SECRET, "value": "t"}, "other:empty": None})
        assert not response.acceptSecrets
        assert response.supportsPreview is (module == OWN)
        is_expected = {"own": "eu", "other": "t", "missing": True, "project": "shop", "times": 1.0}
        for _ in range(2):
            created = plain(host.create(sample("Configured"), {}))
            assert created["properties"] == {**is_expected, PROVIDER: sample("Configured")}


def test_a_preview_of_a_foreign_resource_responses_with_the_inputs(own: Plugin) -> None:
    """A preview never calls a foreign provider, and returns the inputs."""
    source = struct({"way": "exit", "later": UNKNOWN}, sample("Failing"))
    created = own.stub.Create(proto.CreateRequest(urn="urn", properties=source, preview=True), timeout=PATIENCE)
    assert (created.id, plain(created.properties)) == ("", plain(source))
    request = proto.UpdateRequest(id="id", urn="urn", olds=OLDS, news=source, preview=True)
    assert plain(own.stub.Update(request, timeout=PATIENCE).properties) == plain(source)


@pytest.mark.parametrize("module", [OWN, STOCK])
def test_four_calls_of_foreign_providers_at_once(module: str, tmp_path: Path) -> None:
    """At most four calls of foreign providers run at the same time, on both hosts."""
    with running_plugin(module, tmp_path) as host:
        with ThreadPoolExecutor(12) as pool:
            responses = list(pool.map(lambda _: plain(host.create(sample("Crowded"), {})), range(12)))
        assert {response["properties"]["most"] for response in responses} == {4.0}


def fails(host: Plugin, way: str) -> tuple[str, list[tuple[str, str]]]:
    """The text of the error, and the log messages of the resource."""
    urn = f"urn:{way}"
    refusal = refused(lambda: host.create(sample("Failing"), {"way": way}, urn=urn))
    assert refusal.code is grpc.StatusCode.UNKNOWN
    assert refusal.status is None
    return refusal.text, host.engine.kept(urn)


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ("exception", "no room left"),
        ("lookup", "KeyError: 'flavour'"),
        ("lines", "ValueError: one\ntwo — ü\x00"),
        ("large", f"ValueError: {'x' * 100_000}"),
        ("stop-async", "StopAsyncIteration: async"),
    ],
)
def test_an_error_is_one_message_and_its_traceback_a_debug_line(own: Plugin, way: str, text: str) -> None:
    """The error is one message, and the traceback is in the debug log of the resource."""
    message, logged = fails(own, way)
    assert message == f"{text} {TRACEBACK}"
    ((severity, traceback),) = logged
    assert severity == "DEBUG"
    assert traceback.startswith("Traceback")
    assert "host_samples.py" in traceback


def test_an_expected_error_is_its_text(own: Plugin) -> None:
    """An expected error has no traceback."""
    assert fails(own, "expected") == ("the quota is used up", [])


@pytest.mark.parametrize(
    ("way", "name"),
    [
        ("exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt"),
        ("base", "BaseException: base"),
        ("cancelled", "CancelledError"),
        ("stop", "StopIteration"),
    ],
)
def test_whatever_ends_a_method_is_responded(own: Plugin, way: str, name: str) -> None:
    """After any end of a method the engine gets a response, and the host continues to serve."""
    message, logged = fails(own, way)
    assert name in message
    assert [severity for severity, _ in logged] == ["DEBUG"]
    assert own.create(THING, {}).id == "thing-1"


@pytest.mark.parametrize("way", ["nothing", "odd-id", "object", "odd-outs", "surrogate", "unprintable"])
def test_what_cannot_be_sent_is_responded(own: Plugin, way: str) -> None:
    """A result of a wrong type, or an error that can't be printed, fails only the step."""
    assert fails(own, way)[0]
    assert own.create(THING, {}).id == "thing-1"


def test_a_provider_that_cannot_be_loaded_is_responded(own: Plugin) -> None:
    """The error for a provider that can't be loaded names the missing part."""
    refusal = refused(lambda: own.create(sample("Nowhere"), {}))
    assert "Nowhere" in refusal.text
    assert refused(lambda: own.create("no pickle", {})).text


def test_a_resource_without_a_provider_is_responded(own: Plugin) -> None:
    """A create without a provider fails. A diff without a provider shows no change, and a delete succeeds."""
    assert "carries no provider" in refused(lambda: own.create("", {})).text
    assert own.diff("id", Struct(), Struct()).changes == proto.DiffResponse.DIFF_NONE
    own.delete("id", Struct())


@pytest.mark.parametrize("method", ["GetSchema", "CheckConfig", "DiffConfig", "Invoke"])
def test_what_dynamic_resources_do_not_need_is_not_implemented(either: Plugin, method: str) -> None:
    """Methods that dynamic resources do not use respond with UNIMPLEMENTED."""
    requests: dict[str, Message] = {
        "GetSchema": proto.GetSchemaRequest(),
        "CheckConfig": proto.CheckRequest(),
        "DiffConfig": proto.DiffRequest(),
        "Invoke": proto.InvokeRequest(),
    }
    call: Callable[..., Message] = getattr(either.stub, method)
    refusal = refused(lambda: call(requests[method], timeout=PATIENCE))
    assert refusal.code is grpc.StatusCode.UNIMPLEMENTED


def test_a_provider_that_is_slow_to_configure_holds_up_no_other(tmp_path: Path) -> None:
    """A loaded provider is served during a slow `configure` of a different provider."""
    gate = tmp_path / "gate"
    with running_plugin(OWN, tmp_path) as host:
        host.configure({"samples:gate": str(gate)})
        assert host.create(THING, {}).id == "thing-1"
        slow = host.creating(sample("SlowToConfigure"), {})
        try:
            for _ in range(5):
                request = proto.CheckRequest(urn="urn", news=struct({"size": 1}, THING))
                assert host.stub.Check(request, timeout=5).inputs
        finally:
            gate.touch()
        assert slow.result().id == "slow"
