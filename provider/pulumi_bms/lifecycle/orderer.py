"""Who orders: the input that names a resource beyond its stack's state, so that no two resources share an order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pulumi

ORDERED_BY = "__ordered_by"
"""The input with organization and URN. Its name begins as Pulumi's own, so no diff shows it."""


def orderer(kind: str, name: str, opts: pulumi.ResourceOptions | None) -> Awaitable[str]:
    """Organization and URN of the resource called `name`, of the type `kind`.

    An awaitable and no output: the resource must not depend on the parent that its URN names.
    """
    urn = pulumi.create_urn(name, kind, opts.parent if opts else None)
    organization = pulumi.get_organization()

    async def named() -> str:
        return f"{organization}/{await urn.future()}"

    return asyncio.ensure_future(named())
