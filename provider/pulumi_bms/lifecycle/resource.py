"""What the resources of this package have in common."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

_PROVIDER = "__provider"
"""The property that carries the pickled provider, for every dynamic resource of Pulumi."""


class BmsResource(Resource):
    """A dynamic resource whose provider is pickled by name."""

    def __init__(
        self,
        provider: ResourceProvider,
        name: str,
        props: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the resource as `pulumi.dynamic.Resource` does.

        Its own constructor is passed over: each call wraps the SDK's pickler once more, and after some 310 calls a
        provider of another package that is pickled by value fails with a RecursionError (Python before 3.14).
        """
        kind = f"pulumi-python:{self._resource_type_name}"
        pulumi.CustomResource.__init__(self, kind, name, {**props, _PROVIDER: pickled(provider)}, opts)


def pickled(provider: ResourceProvider) -> str:
    """The provider as the state keeps it: for one that pickles by name, the bytes that the SDK's own pickler writes."""
    return base64.b64encode(pickle.dumps(provider, protocol=pickle.DEFAULT_PROTOCOL)).decode()
