"""The paths of the API: their operations, and their limits of requests a minute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import unquote

from bms_simulator.cloud.call import Call
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.operations import (
    create,
    deletion,
    flavors,
    job_query,
    nics,
    ports,
    power,
    reinstall,
    servers,
    tags,
    volumes,
)
from bms_simulator.http.responses import Response

T = TypeVar("T")
Operation: TypeAlias = Callable[[Cloud, Call], Response]


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """A method and a path. Parts in braces are names. `limit` is the number of requests a minute for one tenant."""

    method: str
    path: str
    operation: T
    limit: int | None = None

    @property
    def parts(self) -> list[str]:
        """The parts of the path."""
        return self.path.split("/")

    @property
    def freedom(self) -> int:
        """The number of names in the path."""
        return sum(part.startswith("{") for part in self.parts)

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """Return the names in a fitting path, None for another path."""
        if len(self.parts) != len(parts):
            return None
        pairs = list(zip(self.parts, parts, strict=True))
        if any(not part or (part != own and not own.startswith("{")) for own, part in pairs):
            return None
        return {own.strip("{}"): part for own, part in pairs if own.startswith("{")}


def fitting(routes: Sequence[Route[T]], path: str) -> list[tuple[Route[T], dict[str, str]]]:
    """Return the routes of a path, one for each method. A path with fewer names goes before one with more."""
    parts = [unquote(part) for part in path.split("/")[1:]]
    matches = ((route, route.match(parts)) for route in routes)
    matching = [(route, names) for route, names in matches if names is not None]
    least = min((route.freedom for route, _names in matching), default=0)
    return [(route, names) for route, names in matching if route.freedom == least]


def _bms(method: str, path: str, operation: Operation, limit: int | None = None) -> Route[Operation]:
    return Route(method, f"v1/{{project_id}}/{path}", operation, limit)


SERVER = "baremetalservers/{server_id}"

# Limits of the API definition, which has none for deleting, tags and stock.
ROUTES: tuple[Route[Operation], ...] = (
    _bms("POST", "baremetalservers", create.create, 50),
    _bms("POST", "baremetalservers/action", power.power, 50),
    _bms("POST", "baremetalservers/delete", deletion.delete),
    _bms("GET", "baremetalservers/detail", servers.list_servers, 1000),
    _bms("GET", "baremetalservers/flavors", flavors.list_flavors, 500),
    _bms("GET", "baremetalservers/limits", flavors.show_limits, 500),
    _bms("GET", "baremetalservers/available_resource", flavors.list_stock),
    _bms("GET", SERVER, servers.show_server, 1000),
    _bms("PUT", SERVER, servers.rename, 100),
    _bms("POST", f"{SERVER}/metadata", servers.update_metadata, 100),
    _bms("GET", f"{SERVER}/tags", tags.list_tags),
    _bms("POST", f"{SERVER}/tags/action", tags.change_tags),
    _bms("GET", f"{SERVER}/os-volume_attachments", volumes.list_attachments, 500),
    _bms("POST", f"{SERVER}/attachvolume", volumes.attach, 100),
    _bms("DELETE", f"{SERVER}/detachvolume/{{volume_id}}", volumes.detach, 100),
    _bms("GET", f"{SERVER}/os-interface", nics.list_interfaces, 500),
    _bms("PUT", f"{SERVER}/os-interface/{{port_id}}", nics.mark_interface, 500),
    _bms("POST", f"{SERVER}/nics", nics.add_nics, 500),
    _bms("POST", f"{SERVER}/nics/delete", nics.remove_nics, 500),
    _bms("POST", f"{SERVER}/reinstallos", reinstall.reinstall, 50),
    _bms("POST", f"{SERVER}/changeos", reinstall.change_os, 50),
    _bms("GET", "jobs/{job_id}", job_query.poll, 2000),
    Route("GET", "v1.1/{project_id}/baremetalservers/detail", servers.list_servers_briefly, 1000),
    # Of the VPC and EVS services, which a real cloud serves at other addresses.
    _bms("GET", "ports/{port_id}", ports.show_port),
    _bms("PUT", "ports/{port_id}", ports.update_port),
    Route("GET", "v2/{project_id}/cloudvolumes/{volume_id}", volumes.show_volume),
)
