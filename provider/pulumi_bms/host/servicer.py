"""The RPCs. Each request becomes a call of a provider's method, and the result a response or an error."""

from __future__ import annotations

from dataclasses import replace

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import ReadResult, ResourceProvider, UpdateResult
from pulumi.runtime import proto, rpc

from pulumi_bms.host.calls import Calls
from pulumi_bms.host.cancellation import Cancellation
from pulumi_bms.host.engine import Engine
from pulumi_bms.host.providers import Providers, has_provider
from pulumi_bms.host.step import Context, Step
from pulumi_bms.host.wire import decode, decode_stored, decode_with_unknowns
from pulumi_bms.operation import Effect, ExpectedError, Operation, Purpose


class Servicer(proto.ResourceProviderServicer):
    """Serves any `pulumi.dynamic.ResourceProvider`."""

    def __init__(self, engine: Engine, cancellation: Cancellation, calls: Calls, providers: Providers) -> None:
        self._engine = engine
        self._cancellation = cancellation
        self._calls = calls
        self._providers = providers

    async def GetPluginInfo(self, request: Empty, context: Context) -> proto.PluginInfo:
        """The version of Pulumi's own host."""
        return proto.PluginInfo(version="0.1.0")

    async def Configure(self, request: proto.ConfigureRequest, context: Context) -> proto.ConfigureResponse:
        """Take the config. Secrets are in plain text: a provider gets the same config as on the stock host."""
        config = decode(request.args)
        self._providers.configure({key: rpc.unwrap_rpc_secret(value) for key, value in config.items()})
        return proto.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    async def Cancel(self, request: Empty, context: Context) -> Empty:
        """End all running calls. The engine sends `Cancel` at the end of each run too."""
        self._cancellation.set()
        await self._engine.closing.tell()
        return Empty()

    async def Check(self, request: proto.CheckRequest, context: Context) -> proto.CheckResponse:
        """Check the inputs."""
        olds, news = decode_with_unknowns(request.olds), decode_with_unknowns(request.news)
        step = self._step(context, request.urn, Operation())
        result = await step.run(lambda provider: provider.check(olds, news), request.news, request.olds)
        return proto.CheckResponse(
            inputs=await step.encode(result.inputs, request.news),
            failures=[proto.CheckFailure(property=each.property, reason=each.reason) for each in result.failures],
        )

    async def Diff(self, request: proto.DiffRequest, context: Context) -> proto.DiffResponse:
        """Compare old outputs with new inputs. A resource during import has no outputs yet."""
        if not has_provider(request.olds):
            # Without a provider in the inputs, the call is the refresh of a failed import: no comparison is possible.
            work_is_left = has_provider(request.news)
            return proto.DiffResponse(changes=_CHANGES[work_is_left])
        olds, news = decode_with_unknowns(request.olds), decode_with_unknowns(request.news)
        effects: dict[str, Effect] = {}
        operation = Operation(inputs=decode_stored(request.old_inputs), explain=effects.update)
        step = self._step(context, request.urn, operation)
        result = await step.run(lambda provider: provider.diff(request.id, olds, news), request.news, request.olds)
        return proto.DiffResponse(
            changes=_CHANGES[result.changes],
            replaces=result.replaces or [],
            stables=result.stables or [],
            deleteBeforeReplace=bool(result.delete_before_replace),
            hasDetailedDiff=bool(effects),
            detailedDiff={
                path: proto.PropertyDiff(kind=_KINDS[effect], inputDiff=True) for path, effect in effects.items()
            },
        )

    async def Create(self, request: proto.CreateRequest, context: Context) -> proto.CreateResponse:
        """Create, or preview a create."""
        source = request.properties
        if request.preview and not await self._uses_operation(context, source):
            return proto.CreateResponse(properties=source)
        inputs = decode_with_unknowns(source) if request.preview else decode(source)
        operation = Operation(name=request.name, timeout=request.timeout or None, preview=request.preview)
        step = self._step(context, request.urn, operation, inputs=source)
        result = await step.run(lambda provider: provider.create(inputs), source)
        return proto.CreateResponse(id=result.id, properties=await step.encode(result.outs, source))

    async def Update(self, request: proto.UpdateRequest, context: Context) -> proto.UpdateResponse:
        """Update, or preview an update. The first update of an imported resource reads the resource."""
        source, imported = request.news, not has_provider(request.olds)
        if request.preview and not await self._uses_operation(context, source):
            return proto.UpdateResponse(properties=source)
        news = decode_with_unknowns(source) if request.preview else decode(source)
        olds = decode(request.olds)
        operation = Operation(
            name=request.name,
            timeout=request.timeout or None,
            preview=request.preview,
            purpose=Purpose.IMPORT if imported else Purpose.REFRESH,
            inputs=news,
        )

        def method(provider: ResourceProvider) -> UpdateResult | ReadResult:
            if not imported:
                return provider.update(request.id, olds, news)
            read = provider.read(request.id, news)
            if not read.id:
                raise ExpectedError(f"there is nothing to import: no resource has the id {request.id}")
            return read

        step = self._step(context, request.urn, operation, request.id, source)
        result = await step.run(method, source)
        return proto.UpdateResponse(properties=await step.encode(result.outs, source))

    async def Read(self, request: proto.ReadRequest, context: Context) -> proto.ReadResponse:
        """Refresh, or get by id. An import comes without a provider: the next update reads the resource."""
        source = request.properties if has_provider(request.properties) else request.inputs
        if not has_provider(source):
            return proto.ReadResponse(id=request.id, properties=Struct(), inputs=Struct())
        known = decode(source)
        # For `opts.id` the engine has no outputs: the inputs come twice.
        is_get = source is request.inputs or request.properties == request.inputs
        purpose = Purpose.GET if is_get else Purpose.REFRESH
        operation = Operation(name=request.name, purpose=purpose, inputs=decode_with_unknowns(request.inputs))
        step = self._step(context, request.urn, operation, request.id, request.inputs)
        result = await step.run(lambda provider: provider.read(request.id, known), source)
        if not result.id:
            return proto.ReadResponse()
        return proto.ReadResponse(
            id=result.id,
            properties=await step.encode(result.outs, source),
            inputs=request.inputs if result.inputs is None else await step.encode(result.inputs, source),
        )

    async def Delete(self, request: proto.DeleteRequest, context: Context) -> Empty:
        """Delete. A resource of an unfinished import carries no provider, so nothing is deleted."""
        if not (has_provider(request.properties) or has_provider(request.old_inputs)):
            return Empty()
        outputs = decode(request.properties)
        inputs = decode_stored(request.old_inputs)
        operation = Operation(name=request.name, timeout=request.timeout or None, inputs=inputs)
        step = self._step(context, request.urn, operation, request.id, request.old_inputs)
        # A resource imported and never read has a provider among the inputs only.
        await step.run(lambda provider: provider.delete(request.id, outputs), request.properties, request.old_inputs)
        return Empty()

    def _step(
        self, context: Context, urn: str, operation: Operation, id_: str = "", inputs: Struct | None = None
    ) -> Step:
        cancelled = self._cancellation.threads
        operation = replace(operation, urn=urn, cancelled=cancelled, keeps_partial_state=True)
        return Step(self._engine, self._calls, self._providers, context, operation, id_, inputs)

    async def _uses_operation(self, context: Context, source: Struct) -> bool:
        return await self._step(context, "", Operation()).uses_operation(source)


_KINDS = {
    Effect.ADD: proto.PropertyDiff.ADD,
    Effect.ADD_REPLACE: proto.PropertyDiff.ADD_REPLACE,
    Effect.DELETE: proto.PropertyDiff.DELETE,
    Effect.DELETE_REPLACE: proto.PropertyDiff.DELETE_REPLACE,
    Effect.UPDATE: proto.PropertyDiff.UPDATE,
    Effect.UPDATE_REPLACE: proto.PropertyDiff.UPDATE_REPLACE,
}
"""The engine's words for effects."""

_CHANGES = {
    None: proto.DiffResponse.DIFF_UNKNOWN,
    True: proto.DiffResponse.DIFF_SOME,
    False: proto.DiffResponse.DIFF_NONE,
}
