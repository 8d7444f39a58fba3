"""The arguments that name the API, shared by all resources and data sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Generic, TypedDict, TypeVar

import pulumi

T = TypeVar("T")


class ConnectionArgs(TypedDict, Generic[T], total=False):
    """The API of a job. The config and the environment give what the arguments leave out."""

    region: T | None
    """The region, such as `eu-de`. By default the config's."""
    project_id: T | None
    """The project. By default the config's."""
    endpoint: T | None
    """The address of the API, such as `https://bms.eu-de.otc.t-systems.com`. By default built from the region.

    A job of a different service needs the address of the service.
    """
    profile: T | None
    """The name of a profile in the config, `bms:profiles.PROFILE.*`, with credential, region and project.

    A profile excludes `region`, `project_id` and `endpoint`.
    """


class ResourceArgs(ConnectionArgs[pulumi.Input[str]], total=False):
    """The arguments that all resources share."""

    opts: pulumi.ResourceOptions | None
    """Pulumi's options of a resource."""


CONNECTION = ("region", "project_id", "endpoint", "profile")
"""The names of the connection inputs."""


def connection_props(function: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The connection inputs among the keyword arguments of `function`, with None for absent inputs."""
    refuse_unknown(function, args, ResourceArgs.__optional_keys__)
    return {name: args.get(name) for name in CONNECTION}


def refuse_unknown(function: str, args: Iterable[str], known: Collection[str]) -> None:
    """Raise `TypeError` for an unknown keyword argument, as Python does for a function without `**`."""
    for name in args:
        if name not in known:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
