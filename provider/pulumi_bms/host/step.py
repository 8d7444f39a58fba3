"""One step: a provider's method with an operation, a row and a checkpoint, and the possible errors."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import ResourceProvider
from pulumi.runtime import proto
from pulumi.runtime.proto.status_pb2 import Status

from pulumi_bms.host.calls import Calls
from pulumi_bms.host.cancellation import Checkpoint
from pulumi_bms.host.engine import Engine, Row, Severity
from pulumi_bms.host.providers import Providers, Served, enter_thread
from pulumi_bms.host.wire import encode_with_provider
from pulumi_bms.operation import (
    ExpectedError,
    Operation,
    Outputs,
    PartialStateError,
    running,
)

T = TypeVar("T")
Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]

LARGEST_STATE = 4 * 1024 * 1024
"""The most bytes of state in an error. State travels in trailers: above some 12 MiB the engine drops the connection."""
LARGEST_TEXT = 200_000
"""The most characters of an error's text. The text travels in the trailers three times."""
_DETAILS = "grpc-status-details-bin"
_CODE = grpc.StatusCode.UNKNOWN
_CODE_NUMBER: int = _CODE.value[0]


class Step:
    """One request to a provider, and the response."""

    def __init__(
        self,
        engine: Engine,
        calls: Calls,
        providers: Providers,
        context: Context,
        operation: Operation,
        id_: str = "",
        inputs: Struct | None = None,
    ) -> None:
        self._engine = engine
        self._calls = calls
        self._providers = providers
        self._context = context
        self._id = id_
        self._inputs = inputs
        self._known: Checkpoint | None = None
        self._served: Served | None = None
        self._held = False
        self._has_logged = False
        self._loop = asyncio.get_running_loop()
        self._row = Row(engine, operation.urn)
        self._operation = replace(
            operation,
            report=self._row.show,
            note=lambda text: self._log(Severity.INFO, text),
            warn=lambda text: self._log(Severity.WARNING, text),
            note_at_end=engine.closing.add,
            checkpoint=self._keep,
            hold=self._hold,
        )

    async def run(self, method: Callable[[ResourceProvider], T], *sources: Struct) -> T:
        """The result of a provider's method. The provider is the first among `sources`. Errors become the response."""
        try:
            self._served = served = await self._find(*sources)
            async with self._calls.lane(unlimited=served.uses_operation):
                return await self._calls.run(lambda: self._inside(served, method), self._checkpoint)
        except PartialStateError as error:
            failure: Exception = error
        except Exception as error:  # noqa: BLE001  (whatever a provider raises is the response of its step)
            failure = error
        finally:
            self._row.end()
            # A check sends no messages, and must not wait for messages of other steps.
            if self._has_logged or self._row.has_shown:
                await self._engine.drain()
        return await self._refuse(failure, sources[0])

    async def encode(self, values: dict[str, Any] | None, source: Struct) -> Struct:
        """Encode properties for the response, with the provider of `source`. Invalid values become an error."""
        try:
            return await encode_with_provider(values, source)
        except Exception as error:  # noqa: BLE001  (a provider may answer with anything)
            failure = error
        return await self._refuse(failure, source)

    async def uses_operation(self, source: Struct) -> bool:
        """Whether the provider uses operations."""
        try:
            return (await self._find(source)).uses_operation
        except Exception as error:  # noqa: BLE001  (a provider that can't be loaded is the response of its step)
            failure = error
        return await self._refuse(failure, source)

    async def _find(self, *sources: Struct) -> Served:
        if loaded := self._providers.loaded(*sources):
            return loaded
        return await self._calls.run(lambda: self._providers.find(*sources))

    def _inside(self, served: Served, method: Callable[[ResourceProvider], T]) -> T:
        enter_thread()
        if not served.uses_operation:
            return method(served.provider)
        with running(self._operation):
            return method(served.provider)

    async def _refuse(self, failure: Exception, source: Struct) -> NoReturn:
        if isinstance(failure, PartialStateError):
            await self._abort(failure.reason, await self._state_of(failure, source))
        if isinstance(failure, ExpectedError):
            await self._abort(str(failure))
        self._engine.log(Severity.DEBUG, "".join(traceback.format_exception(failure)), self._operation.urn)
        await self._engine.drain()
        kind = "" if type(failure) is Exception else f"{type(failure).__name__}: "
        await self._abort(f"{kind}{failure} (`pulumi up --debug` shows the traceback)")

    async def _state_of(self, failure: PartialStateError, source: Struct) -> bytes | None:
        """The state in the error, or None if not even the id fits."""
        try:
            state = await self._packed(failure, failure.outputs, source)
            return await self._cut_state_of(failure, source) if state is None else state
        except Exception as error:  # noqa: BLE001  (the id is worth more than the outputs)
            self._engine.log(Severity.DEBUG, "".join(traceback.format_exception(error)), self._operation.urn)
        return await self._packed(failure, {}, source)

    async def _cut_state_of(self, failure: PartialStateError, source: Struct) -> bytes | None:
        text = f"the outputs of this resource are larger than {LARGEST_STATE // 2**20} MiB, too large to be kept whole"
        self._engine.log(Severity.WARNING, text, self._operation.urn)
        await self._engine.drain()
        for outputs in (*self._smaller(failure.outputs), {}):
            state = await self._packed(failure, outputs, source)
            if state is not None:
                return state
        return None

    def _smaller(self, outputs: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Smaller and smaller outputs, chosen by the provider: only the provider knows the necessary outputs."""
        smaller = getattr(self._served.provider, "smaller", None) if self._served else None
        if self._served and self._served.uses_operation and smaller:
            yield from smaller(outputs)

    async def _packed(self, failure: PartialStateError, outputs: dict[str, Any], source: Struct) -> bytes | None:
        # Text takes about as many bytes as the properties will, and a hundredth of the time.
        if len(json.dumps(outputs, default=str, ensure_ascii=False)) > LARGEST_STATE:
            return None
        # The code in the details must be the call's, and the provider must be in both bags, or nothing can follow.
        failed = proto.ErrorResourceInitFailed(
            id=self._id or failure.id,
            properties=await encode_with_provider(outputs, source),
            inputs=self._inputs,
            reasons=[_bounded(failure.reason)],
        )
        detail = AnyMessage()
        detail.Pack(failed)
        status = Status(code=_CODE_NUMBER, message=_bounded(failure.reason), details=[detail])
        return status.SerializeToString() if status.ByteSize() <= LARGEST_STATE else None

    async def _abort(self, message: str, state: bytes | None = None) -> NoReturn:
        await self._context.abort(_CODE, _bounded(message), () if state is None else ((_DETAILS, state),))
        raise AssertionError("abort has returned")

    @contextmanager
    def _hold(self, seconds: float) -> Iterator[None]:
        # A checkpoint from before the request is wrong as soon as the request may have left.
        self._known, self._held = None, True
        try:
            with self._calls.holds.hold(seconds):
                yield
        finally:
            self._held = False

    def _checkpoint(self) -> Checkpoint | None:
        return None if self._held else self._known

    def _keep(self, id_: str, outputs: Outputs, reason: str) -> None:
        self._known = Checkpoint(id_, outputs, reason)

    def _log(self, severity: Severity.ValueType, text: str) -> None:
        self._has_logged = True
        self._loop.call_soon_threadsafe(self._engine.log, severity, text, self._operation.urn)


def _bounded(text: str) -> str:
    more = len(text) - LARGEST_TEXT
    return text if more <= 0 else f"{text[:LARGEST_TEXT]} ... ({more} more characters)"
