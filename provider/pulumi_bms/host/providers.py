"""The provider of a request: the one seam of the host."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dill
import pulumi.runtime
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider

# The only private name in use: a provider with a captured Output unpickles only inside `_deserialize`.
from pulumi.runtime._serialization import _deserialize

from pulumi_bms.host.wire import PROVIDER
from pulumi_bms.operation import ExpectedError

_NO_PROVIDER = (
    "the resource carries no provider: `pulumi import` brings none along. Write the resource in the program with "
    "opts=pulumi.ResourceOptions(import_=ID), and run `pulumi up`"
)


@dataclass(frozen=True, slots=True)
class Served:
    """A provider, and whether the provider uses operations (see `operation`)."""

    provider: ResourceProvider
    uses_operation: bool


class Providers:
    """The providers of the stack's resources. Each provider is unpickled and configured once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._config: Mapping[str, Any] = {}
        self._served: dict[str, Served] = {}

    def configure(self, config: Mapping[str, Any]) -> None:
        """Take the stack's config, for all providers loaded later."""
        self._config = config

    def find(self, *sources: Struct) -> Served:
        """The first known provider among the sources. Must be called in a thread: a load may take long."""
        pickled = _first(sources)
        if pickled is None:
            raise ExpectedError(_NO_PROVIDER)
        enter_thread()
        # No lock here: a provider with a slow `configure` must not delay loaded providers.
        if served := self._served.get(pickled):
            return served
        with self._lock:
            if pickled not in self._served:
                self._served[pickled] = self._load(pickled)
            return self._served[pickled]

    def loaded(self, *sources: Struct) -> Served | None:
        """The provider of the sources, or None before the first `find`."""
        return self._served.get(_first(sources) or "")

    def _load(self, pickled: str) -> Served:
        provider: ResourceProvider = _deserialize(lambda: dill.loads(base64.b64decode(pickled)))  # noqa: S301  (the engine's protocol)
        config = Config(raw_config=dict(self._config), project_name=pulumi.get_project())
        provider.configure(ConfigureRequest(config=config))
        return Served(provider, getattr(provider, "uses_operation", False) is True)


def has_provider(source: Struct) -> bool:
    """Whether the properties carry a provider. The properties of a resource during import don't."""
    return bool(_pickled(source))


def _first(sources: Iterable[Struct]) -> str | None:
    return next((text for source in sources if (text := _pickled(source))), None)


def _pickled(source: Struct) -> str | None:
    value = source.fields.get(PROVIDER)
    if value is None:
        return None
    if value.HasField("struct_value"):
        # The text of a secret is one level deeper.
        value = value.struct_value.fields["value"]
    text = value.string_value
    return text if text and text != pulumi.runtime.rpc.UNKNOWN else None


def enter_thread() -> None:
    """Prepare a thread for a provider. The SDK keeps settings per thread, and the provider may read the settings."""
    project = os.environ.get("PULUMI_PROJECT", "project")
    pulumi.runtime.configure(pulumi.runtime.Settings(project=project, stack="stack", organization="organization"))
