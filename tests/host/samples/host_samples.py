"""Dynamic providers for tests of plugin hosts. The hosts import this module, the tests don't."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    Config,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime import rpc

from pulumi_bms.operation import Effect, ExpectedError, PartialStateError, current

LONGEST = 30.0
"""Seconds after which a sample stops waiting for the test."""


class Plain(ResourceProvider):
    """A provider with the defaults of the SDK."""


class Thing(ResourceProvider):
    """A provider like the providers of users: the responses depend on the inputs."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        size = news.get("size")
        failures = []
        if isinstance(size, pulumi.output.Unknown):
            news["noticed"] = "size is not known yet"
        elif isinstance(size, float) and size < 0:
            failures = [CheckFailure("size", "must not be negative"), CheckFailure("", "is impossible")]
        return CheckResult({**news, "colour": news.get("colour", "grey")}, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        if isinstance(_news.get("size"), pulumi.output.Unknown):
            return DiffResult(changes=True, replaces=["size"])
        changes = {"some": True, "none": False}.get(_news.get("changes", ""))
        if _olds.get("name") == _news.get("name"):
            return DiffResult(changes)
        return DiffResult(changes, replaces=["name"], delete_before_replace=_news.get("delete_first"))

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("thing-1", {**props, "made": True, "nothing": None, "parts": [1, {"two": 2.5}]})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if id_ == "gone":
            return ReadResult(None, {})
        if id_ == "drifted":
            return ReadResult(id_, {**props, "size": 9}, inputs={"size": 9})
        return ReadResult(id_, {**props, "seen": True})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(None if _news.get("silent") else {**_news, "was": _olds.get("size"), "id_was": _id})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        if _props.get("busy"):
            raise RuntimeError(f"{_id} is in use")  # a dynamic provider's way to refuse


class Explaining(ResourceProvider):
    """Gives the effect of every changed property."""

    uses_operation = True

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        changed = [name for name in ("size", "colour") if olds.get(name) != news.get(name)]
        current().explain(
            {name: Effect.of(olds.get(name), news.get(name), replaces=name == "colour") for name in changed}
        )
        return DiffResult(changes=bool(changed))


class Silent(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        return CreateResult("silent-1")


class Secretive(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("secret-1", {"open": props["open"], "hidden": rpc.wrap_rpc_secret("s3cret")})


class Configured(ResourceProvider):
    """Keeps the configuration, and the number of `configure` calls."""

    config: Config
    times = 0

    def configure(self, req: ConfigureRequest) -> None:
        self.config = req.config
        self.times += 1

    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        return CreateResult(
            "configured-1",
            {
                "own": self.config.get("region"),
                "other": self.config.require("other:token"),
                "missing": self.config.get("other:missing") is None,
                "project": pulumi.get_project(),
                "times": self.times,
            },
        )


class Crowded(ResourceProvider):
    """A create ends only with four creates inside. Every create returns the highest number of creates inside."""

    barrier: ClassVar[threading.Barrier] = threading.Barrier(4)
    lock: ClassVar[threading.Lock] = threading.Lock()
    inside: ClassVar[int] = 0
    most: ClassVar[int] = 0

    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        with Crowded.lock:
            Crowded.inside += 1
            Crowded.most = max(Crowded.most, Crowded.inside)
        Crowded.barrier.wait(LONGEST)
        # Time for a fifth create to come in.
        time.sleep(0.2)
        with Crowded.lock:
            Crowded.inside -= 1
        return CreateResult("crowd", {"most": Crowded.most})


class Unprintable(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise ValueError("has no text")


def _leave() -> NoReturn:
    sys.exit(3)


def _raise(error: BaseException) -> NoReturn:
    raise error


class Failing(ResourceProvider):
    """Fails in the requested way."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        ways: dict[str, Callable[[], Any]] = {
            "exception": lambda: _raise(Exception("no room left")),
            "lookup": lambda: props["flavour"],
            "exit": _leave,
            "interrupt": lambda: _raise(KeyboardInterrupt()),
            "base": lambda: _raise(BaseException("base")),
            "cancelled": lambda: _raise(__import__("asyncio").CancelledError()),
            "stop": lambda: next(iter(())),
            "stop-async": lambda: _raise(StopAsyncIteration("async")),
            "surrogate": lambda: _raise(ValueError("file \udc80")),
            "unprintable": lambda: _raise(Unprintable()),
            "lines": lambda: _raise(ValueError("one\ntwo — ü\x00")),
            "large": lambda: _raise(ValueError("x" * 100_000)),
            "expected": lambda: _raise(ExpectedError("the quota is used up")),
            "endless": lambda: _raise(ExpectedError("€" * 5_000_000)),
            "nothing": lambda: None,
            "no-id": lambda: CreateResult(None),  # type: ignore[arg-type]
            "odd-id": lambda: CreateResult(5),  # type: ignore[arg-type]
            "object": lambda: CreateResult("odd", {"value": object()}),
            "odd-outs": lambda: CreateResult("odd", [1]),  # type: ignore[arg-type]
        }
        result: CreateResult = ways[props["way"]]()
        return result


class Printing(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult("large", {"length": len(props["text"]), "text": props["text"]})


class Sleeper(ResourceProvider):
    """A foreign create without an end."""

    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        time.sleep(LONGEST * 20)
        return CreateResult("never")


class SlowToConfigure(ResourceProvider):
    """A provider whose `configure` waits for a file."""

    def configure(self, req: ConfigureRequest) -> None:
        _wait_for(Path(req.config.require("samples:gate")))

    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        return CreateResult("slow")


def _wait_for(path: Path) -> None:
    end = time.monotonic() + LONGEST
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)


class Aware(ResourceProvider):
    """Returns the operation as outputs."""

    uses_operation = True

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        return CheckResult({**news, "urn": current().urn}, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(True, stables=["name"], replaces=[current().urn])  # noqa: FBT003

    def create(self, props: dict[str, Any]) -> CreateResult:
        unknown = [key for key, value in props.items() if isinstance(value, pulumi.output.Unknown)]
        return CreateResult("aware-1", {**_described(), "unknown": sorted(unknown), "odd": props.get("odd")})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if id_ == "missing":
            return ReadResult()
        return ReadResult(id_, {**_described(), "given": sorted(props)})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult({**_described(), "given": sorted(_news), "had": sorted(_olds)})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        raise ExpectedError(f"{_id}: {_described()['name']} {_described()['timeout']} {sorted(_props)}")


def _described() -> dict[str, Any]:
    operation = current()
    return {
        "urn": operation.urn,
        "name": operation.name,
        "timeout": operation.timeout,
        "preview": operation.preview,
        "purpose": operation.purpose.name,
        "inputs": sorted(operation.inputs),
        "keeps": operation.keeps_partial_state,
        "cancelled": operation.cancelled.is_set(),
    }


class Reporter(ResourceProvider):
    """Reports the given texts, then ends with a result or an error."""

    uses_operation = True

    def create(self, props: dict[str, Any]) -> CreateResult:
        operation = current()
        started = time.monotonic()
        for text in props.get("rows", []):
            operation.report(text)
            time.sleep(props.get("every", 0))
        if "note" in props:
            operation.note(props["note"])
        if "warning" in props:
            operation.warn(props["warning"])
        if "fail" in props:
            raise ExpectedError(props["fail"])
        return CreateResult("reported", {"seconds": time.monotonic() - started})


class Partial(ResourceProvider):
    """Fails with partial state, in every method."""

    uses_operation = True

    def create(self, props: dict[str, Any]) -> CreateResult:
        return _fail_partially(props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:  # noqa: ARG002
        return _fail_partially(props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return _fail_partially(_news)


def _fail_partially(props: dict[str, Any]) -> NoReturn:
    if props.get("unsayable"):
        raise PartialStateError("left-1", {"object": object()}, "two of three failed")
    outputs = {"done": ["a", "b"], "status": "FAIL", "none": None, "padding": "x" * int(props.get("padding", 0))}
    raise PartialStateError("left-1", outputs, props.get("reason", "two of three failed"))


class Yielding(Partial):
    """A `Partial` that can reduce the outputs: half of the padding, repeatedly."""

    def smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        padding = outputs["padding"]
        while padding:
            padding = padding[: len(padding) // 2]
            yield {**outputs, "padding": padding}


class Leaving(ResourceProvider):
    """Has a message for the end of the run, one for all resources. A delete may wait for a file."""

    uses_operation = True
    left: ClassVar[list[str]] = []

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        if "until" in _props:
            current().note("waits")
            _wait_for(Path(_props["until"]))
        Leaving.left.append(_id)
        current().note_at_end(_say_what_is_left)


def _say_what_is_left() -> str:
    messages, Leaving.left = Leaving.left, []
    return f"{len(messages)} stay: {', '.join(sorted(messages))}" if messages else ""


class Gate(ResourceProvider):
    """Creates wait until a create with `open`, and note the wait."""

    uses_operation = True
    opened: ClassVar[threading.Event] = threading.Event()

    def create(self, props: dict[str, Any]) -> CreateResult:
        if props.get("open"):
            Gate.opened.set()
        current().note("waits")
        for number in range(1000):
            if Gate.opened.wait(0.1):
                break
            if props.get("talk"):
                current().report(f"{number}")
        return CreateResult("passed")


class Obedient(ResourceProvider):
    """Waits for the cancel, and returns the partial state."""

    uses_operation = True

    def create(self, props: dict[str, Any]) -> CreateResult:  # noqa: ARG002
        operation = current()
        operation.note("waits")
        if not operation.cancelled.wait(LONGEST):
            return CreateResult("was-not-cancelled")
        raise PartialStateError("half", {"status": "RUNNING"}, "interrupted")


class Stubborn(ResourceProvider):
    """Ignores the cancel event and ends when a file appears. Gives a checkpoint first, if requested."""

    uses_operation = True

    def create(self, props: dict[str, Any]) -> CreateResult:
        operation = current()
        numbers: list[int] = []
        if props.get("computed"):
            operation.checkpoint("half", lambda: {"number": numbers[-1]}, "computed")
        for number in range(int(props["checkpoints"])):
            numbers.append(number)
            if not props.get("computed"):
                operation.checkpoint("half", {"number": number}, f"checkpoint {number}")
        operation.report("at work")
        operation.note("waits")
        _wait_for(Path(props["until"]))
        operation.report("still at work")
        operation.note("goes on")
        return CreateResult("whole")


class Holding(ResourceProvider):
    """Holds a request until a file appears, and then writes a file. Waits before the request, if requested."""

    uses_operation = True

    def create(self, props: dict[str, Any]) -> CreateResult:
        operation = current()
        operation.checkpoint("", {}, "interrupted before anything was sent")
        if "signed_in" in props:
            operation.note("waits")
            _wait_for(Path(props["signed_in"]))
        with operation.hold(props["seconds"]):
            operation.note("holds")
            _wait_for(Path(props["until"]))
            Path(props["until"] + ".done").touch()
        return CreateResult("held")
