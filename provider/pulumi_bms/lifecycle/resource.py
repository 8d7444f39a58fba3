"""The common base of the resources."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

_PROVIDER = "__provider"
"""The property with the pickled provider, in every dynamic resource of Pulumi."""


class BmsResource(Resource):
    """A dynamic resource with a provider pickled by name."""

    def __init__(
        self,
        provider: ResourceProvider,
        name: str,
        props: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the resource as `pulumi.dynamic.Resource` does.

        The constructor of `pulumi.dynamic.Resource` is skipped: each call wraps the SDK's pickler once more. After some
        310 calls, a provider pickled by value by another package fails with a RecursionError (Python before 3.14).
        """
        kind = f"pulumi-python:{self._resource_type_name}"
        pulumi.CustomResource.__init__(self, kind, name, {**props, _PROVIDER: pickled(provider)}, opts)


def pickled(provider: ResourceProvider) -> str:
    """The provider in the form of the state.

    For a provider pickled by name, the bytes are those of the SDK's pickler.
    """
    return base64.b64encode(pickle.dumps(provider, protocol=pickle.DEFAULT_PROTOCOL)).decode()
