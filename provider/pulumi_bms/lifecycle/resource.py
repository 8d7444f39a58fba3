"""The common base of the resources: the program's side, without requests, pydantic and providers."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

from pulumi_bms.registry import load_provider

_PROVIDER = "__provider"
"""The property with the pickled provider, in every dynamic resource of Pulumi."""


class ProviderName:
    """Stands for a provider in a program. The pickle is the provider's own: a call of `load_provider`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a call of `load_provider`: the provider's class may move, and has no data worth keeping."""
        return load_provider, (self._name,)


class BmsResource(Resource):
    """A dynamic resource with a provider pickled by name."""

    def __init__(
        self,
        provider: ProviderName | ResourceProvider,
        name: str,
        outputs: Iterable[str],
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the resource as `pulumi.dynamic.Resource` does. `outputs` and `inputs` become attributes.

        Each registered property costs the SDK a task in every preview and every up. So absent inputs, which are None,
        share one attribute value and are not registered.

        The constructor of `pulumi.dynamic.Resource` is skipped: each call wraps the SDK's pickler once more. After some
        310 calls, a provider pickled by value by another package fails with a RecursionError (Python before 3.14).
        """
        kind = f"pulumi-python:{self._resource_type_name}"
        present = {key: value for key, value in inputs.items() if value is not None}
        props = {**dict.fromkeys(outputs), **present, _PROVIDER: pickled(provider)}
        pulumi.CustomResource.__init__(self, kind, name, props, opts)
        # A transformation may have added an input.
        absent = dict.fromkeys(inputs.keys() - self.__dict__.keys(), pulumi.Output.from_input(None))
        self.__dict__.update(absent)


def pickled(provider: ProviderName | ResourceProvider) -> str:
    """The provider in the form of the state.

    For a provider pickled by name, the bytes are those of the SDK's pickler.
    """
    return base64.b64encode(pickle.dumps(provider, protocol=pickle.DEFAULT_PROTOCOL)).decode()
