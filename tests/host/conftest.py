"""Plugin processes, started as real processes, and both sides of the engine."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import proto
from pulumi.runtime.proto import status_pb2

OWN, STOCK = "pulumi_bms.host", "pulumi.dynamic"
PROVIDER = "__provider"
PATIENCE = 30.0
"""Seconds after which a response counts as missing."""
SAMPLES = Path(__file__).parent / "samples"
_ROOM = 64 * 1024 * 1024
_OPTIONS = [
    ("grpc.max_receive_message_length", _ROOM),
    ("grpc.max_send_message_length", _ROOM),
    # The engine's gRPC takes this size. Python's gRPC takes 8 KiB by default.
    ("grpc.max_metadata_size", 16 * 1024 * 1024),
    ("grpc.absolute_max_metadata_size", 16 * 1024 * 1024),
]


def sample(name: str) -> str:
    """The `__provider` of a class in the module of samples, pickled by reference."""
    return base64.b64encode(b"chost_samples\n" + name.encode() + b"\n)\x81.").decode()


AWARE, REPORTER, PARTIAL, YIELDING = sample("Aware"), sample("Reporter"), sample("Partial"), sample("Yielding")
GATE, OBEDIENT, STUBBORN = sample("Gate"), sample("Obedient"), sample("Stubborn")
PROMPT = 5.0
"""Seconds until a response to a call without a wait, on a busy machine too."""
STARTED = ("INFO", "waits")


def struct(properties: dict[str, Any] | None = None, provider: str = "") -> Struct:
    """Properties in the engine's form."""
    return json_format.ParseDict({**(properties or {}), **({PROVIDER: provider} if provider else {})}, Struct())


def plain(message: Message) -> dict[str, Any]:
    """A message as a dictionary, to compare."""
    return json_format.MessageToDict(message)


class FakeEngine(proto.EngineServicer):
    """The engine's log, with a memory of all log requests."""

    def __init__(self) -> None:
        self._logged: list[proto.LogRequest] = []
        self._news = threading.Condition()
        self.delay = 0.0
        self.stop: Callable[[], object] = lambda: None

    def Log(self, request: proto.LogRequest, context: grpc.ServicerContext) -> Empty:  # noqa: ARG002, N802
        time.sleep(self.delay)
        with self._news:
            self._logged.append(request)
            self._news.notify_all()
        return Empty()

    def logged(self, urn: str) -> list[proto.LogRequest]:
        """All log requests for a resource."""
        with self._news:
            return [request for request in self._logged if request.urn == urn]

    def row(self, urn: str) -> list[str]:
        """The texts of a resource's row, in order."""
        return [request.message for request in self.logged(urn) if request.ephemeral]

    def kept(self, urn: str) -> list[tuple[str, str]]:
        """The severity and text of the permanent messages."""
        names = proto.LogSeverity.Name
        return [(names(request.severity), request.message) for request in self.logged(urn) if not request.ephemeral]

    def wait_for(self, result: Callable[[FakeEngine], bool]) -> None:
        """Return after a matching log request."""
        with self._news:
            assert self._news.wait_for(lambda: result(self), PATIENCE), plain_log(self._logged)


def plain_log(requests: list[proto.LogRequest]) -> list[str]:
    return [f"{request.urn}: {request.message}" for request in requests]


@dataclass(frozen=True)
class Refusal:
    """An error as a response: code, text, and the attached state."""

    code: grpc.StatusCode
    text: str
    status: status_pb2.Status | None

    @property
    def state(self) -> proto.ErrorResourceInitFailed:
        assert self.status is not None
        (detail,) = self.status.details
        failed = proto.ErrorResourceInitFailed()
        assert detail.Unpack(failed)
        return failed


def refused(call: Callable[[], Message]) -> Refusal:
    """The error at the end of a call."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error: Any = caught.value
    details = [value for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"]
    status = status_pb2.Status.FromString(details[0]) if details else None
    return Refusal(error.code(), error.details(), status)


@dataclass
class Plugin:
    """A plugin process, and the engine's calls to the process."""

    process: subprocess.Popen[bytes]
    engine: FakeEngine
    channel: grpc.Channel
    stub: proto.ResourceProviderStub
    errors: Path

    def configure(self, config: dict[str, Any]) -> proto.ConfigureResponse:
        response: proto.ConfigureResponse = self.stub.Configure(
            proto.ConfigureRequest(args=struct(config)), timeout=PATIENCE
        )
        return response

    def check(
        self, provider: str, news: dict[str, Any], olds: Struct | None = None, urn: str = "urn"
    ) -> proto.CheckResponse:
        request = proto.CheckRequest(urn=urn, olds=olds or Struct(), news=struct(news, provider))
        response: proto.CheckResponse = self.stub.Check(request, timeout=PATIENCE)
        return response

    def diff(self, id_: str, olds: Struct, news: Struct, urn: str = "urn") -> proto.DiffResponse:
        response: proto.DiffResponse = self.stub.Diff(
            proto.DiffRequest(id=id_, urn=urn, olds=olds, news=news), timeout=PATIENCE
        )
        return response

    def create(self, provider: str, inputs: dict[str, Any], **more: Any) -> proto.CreateResponse:
        """`more` are fields of the request."""
        request = proto.CreateRequest(properties=struct(inputs, provider), **more)
        response: proto.CreateResponse = self.stub.Create(request, timeout=PATIENCE)
        return response

    def creating(self, provider: str, inputs: dict[str, Any], **more: Any) -> Any:
        """A create under way: a future."""
        request = proto.CreateRequest(properties=struct(inputs, provider), **more)
        call: Any = self.stub.Create
        return call.future(request, timeout=PATIENCE * 2)

    def update(self, id_: str, olds: Struct, news: Struct, **more: Any) -> proto.UpdateResponse:
        request = proto.UpdateRequest(id=id_, olds=olds, news=news, **more)
        response: proto.UpdateResponse = self.stub.Update(request, timeout=PATIENCE)
        return response

    def read(self, id_: str, properties: Struct, inputs: Struct, **more: Any) -> proto.ReadResponse:
        request = proto.ReadRequest(id=id_, properties=properties, inputs=inputs, **more)
        response: proto.ReadResponse = self.stub.Read(request, timeout=PATIENCE)
        return response

    def delete(self, id_: str, properties: Struct, **more: Any) -> Empty:
        return self.stub.Delete(proto.DeleteRequest(id=id_, properties=properties, **more), timeout=PATIENCE)

    def cancel(self) -> None:
        self.stub.Cancel(Empty(), timeout=PATIENCE)

    def stderr(self) -> str:
        """The text on the process's stderr."""
        return self.errors.read_text(errors="replace")


Start = Callable[[str], Plugin]


def environment_of_plugins() -> dict[str, str]:
    """The plugin process can import the samples, and all modules of the tests."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
        "PYTHONPATH": os.pathsep.join([str(SAMPLES), *(path for path in sys.path if path)]),
        "PULUMI_PROJECT": "shop",
    }


@contextmanager
def running_engine() -> Iterator[tuple[FakeEngine, str]]:
    """A listening engine, with the address."""
    engine = FakeEngine()
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        proto.add_EngineServicer_to_server(engine, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        engine.stop = lambda: server.stop(None).wait(PATIENCE)
        try:
            yield engine, f"127.0.0.1:{port}"
        finally:
            engine.stop()


@contextmanager
def running_plugin(module: str, folder: Path) -> Iterator[Plugin]:
    """A plugin process, after the process has printed the port."""
    errors = folder / "stderr"
    with running_engine() as (engine, address), errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", module, address],
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=folder,
            env=environment_of_plugins(),
        )
        with process:
            try:
                assert process.stdout is not None
                # A process that never prints the port fails the test and does not block the test.
                too_late = threading.Timer(PATIENCE, process.kill)
                too_late.start()
                port = process.stdout.readline().decode()
                too_late.cancel()
                assert port.strip().isdigit(), (port, errors.read_text())
                with grpc.insecure_channel(f"127.0.0.1:{port.strip()}", options=_OPTIONS) as channel:
                    yield Plugin(process, engine, channel, proto.ResourceProviderStub(channel), errors)
            finally:
                process.kill()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """Our host, shared by all tests that don't end the host."""
    with running_plugin(OWN, tmp_path_factory.mktemp("own")) as plugin:
        yield plugin


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """Pulumi's host, shared by all tests."""
    with running_plugin(STOCK, tmp_path_factory.mktemp("stock")) as plugin:
        yield plugin


@pytest.fixture
def own_alone(tmp_path: Path) -> Iterator[Plugin]:
    """Our host, for a single test."""
    with running_plugin(OWN, tmp_path) as plugin:
        yield plugin


@pytest.fixture(params=[OWN, STOCK], ids=["own", "stock"])
def either(request: pytest.FixtureRequest) -> Plugin:
    """Both hosts in turn."""
    plugin: Plugin = request.getfixturevalue("own" if request.param == OWN else "stock")
    return plugin
