"""The orderer: an input that identifies a resource outside the stack's state. No two resources share an order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pulumi

ORDERED_BY = "__ordered_by"
"""The input with organization and URN. The name begins like Pulumi's own inputs, so no diff shows the input."""


def orderer(kind: str, name: str, opts: pulumi.ResourceOptions | None) -> Awaitable[str]:
    """Organization and URN of the resource `name` of the type `kind`.

    The result is an awaitable, not an output: the resource must not depend on the parent named in the URN.
    """
    urn = pulumi.create_urn(name, kind, opts.parent if opts else None)
    organization = pulumi.get_organization()

    async def named() -> str:
        return f"{organization}/{await urn.future()}"

    return asyncio.ensure_future(named())
