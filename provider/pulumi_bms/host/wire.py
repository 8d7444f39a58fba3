"""Conversion of protobuf structs and Python values, as in Pulumi's SDK."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

PROVIDER = "__provider"
"""The property with the pickled provider."""


def decode(struct: Struct) -> dict[str, Any]:
    """The properties of a step outside previews. All values are known."""
    return dict(rpc.deserialize_properties(struct))


def decode_with_unknowns(struct: Struct) -> dict[str, Any]:
    """The properties of a check, a diff or a preview. An unknown value is a `pulumi.output.Unknown`."""
    return dict(rpc.deserialize_properties(struct, True))  # noqa: FBT003  (its own signature)


def decode_stored(struct: Struct) -> dict[str, Any]:
    """Stored inputs, or no inputs if an asset is among them: the SDK can't read an asset without the content."""
    try:
        return decode_with_unknowns(struct)
    except AssertionError:
        return {}


async def encode(values: dict[str, Any]) -> Struct:
    """Encode properties for a response."""
    return await rpc.serialize_properties(values, {})


async def encode_with_provider(values: dict[str, Any] | None, source: Struct) -> Struct:
    """Encode properties for a response, with the provider of the request: the next call needs the provider."""
    struct = await encode({key: value for key, value in (values or {}).items() if key != PROVIDER})
    if PROVIDER in source.fields:
        struct.fields[PROVIDER].CopyFrom(source.fields[PROVIDER])
    return struct
