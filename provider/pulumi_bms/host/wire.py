"""Between protobuf structs and Python values, as Pulumi's SDK does it."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

PROVIDER = "__provider"
"""The property that carries the pickled provider."""


def decode(struct: Struct) -> dict[str, Any]:
    """The properties of a step that runs: all values are known."""
    return dict(rpc.deserialize_properties(struct))


def decode_with_unknowns(struct: Struct) -> dict[str, Any]:
    """The properties of a check, a diff or a preview: what is not known yet is a `pulumi.output.Unknown`."""
    return dict(rpc.deserialize_properties(struct, True))  # noqa: FBT003  (its own signature)


def decode_stored(struct: Struct) -> dict[str, Any]:
    """Stored inputs, or none for inputs with an asset: the SDK can't read an asset without its content."""
    try:
        return decode_with_unknowns(struct)
    except AssertionError:
        return {}


async def encode(values: dict[str, Any]) -> Struct:
    """Properties for an answer."""
    return await rpc.serialize_properties(values, {})


async def encode_with_provider(values: dict[str, Any] | None, source: Struct) -> Struct:
    """Properties for an answer, with the provider of the request: without it no later call could be served."""
    struct = await encode({key: value for key, value in (values or {}).items() if key != PROVIDER})
    if PROVIDER in source.fields:
        struct.fields[PROVIDER].CopyFrom(source.fields[PROVIDER])
    return struct
