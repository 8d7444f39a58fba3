"""Servers: reading, listing, renaming, metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bms_simulator.cloud import documents
from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import ACTIVE, DELETED, SHUTOFF, Server
from bms_simulator.cloud.rules.create_checks import LONGEST_METADATA, LONGEST_NAME, NAME
from bms_simulator.http.json_values import mapping, text
from bms_simulator.http.responses import Json, Response, service_error

LIMIT = 25
MOST = 1000
ALL_PROJECTS = "all_granted_eps"
SYSTEM_TAG = "__type_baremetal"


def show_server(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/{server_id}."""
    server_id = call.names["server_id"]
    server = cloud.world.servers.at(server_id, call.now)
    if server is None:
        return _gone(cloud, server_id)
    return Response(200, {"server": documents.server(cloud, server, cloud.world.view(call.now))})


def _gone(cloud: Cloud, server_id: str) -> Response:
    if cloud.behaviour.gone_server == "404":
        return service_error("BMS.0040", "The server does not exist.", 404)
    nova = f'{{"itemNotFound": {{"message": "Instance {server_id} could not be found.", "code": 404}}}}'
    return service_error("BMS.1007", f"The internal call failed: error message ={nova}")


def list_servers(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/detail."""
    view = cloud.world.view(call.now)
    servers = [each for each in _listed(cloud, call) if not each.in_recycle_bin]
    shown: list[Json] = [documents.server(cloud, each, view) for each in _page(servers, call)]
    return Response(200, {"count": len(servers), "servers": shown})


def list_servers_briefly(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/detail of version 1.1, which shows the recycle bin too."""
    shown: list[Json] = [documents.brief_server(cloud, each) for each in _page(_listed(cloud, call), call)]
    return Response(200, {"servers": shown})


def _listed(cloud: Cloud, call: Call) -> list[Server]:
    servers = [each for each in cloud.world.servers.all_at(call.now) if each.status != DELETED]
    return [each for each in servers if _fits(cloud, each, call)]


def _page(servers: Sequence[Server], call: Call) -> Sequence[Server]:
    # `offset` is a page number and begins at 1.
    limit, page = min(call.number("limit", LIMIT), MOST), call.number("offset", 1)
    return servers[(page - 1) * limit : page * limit]


def _fits(cloud: Cloud, server: Server, call: Call) -> bool:
    query = call.query
    values = {
        "status": server.status,
        "flavor": text(server.order, "flavorRef"),
        "reservation_id": documents.reservation_id(server),
    }
    return (
        all(query.get(key, value) == value for key, value in values.items())
        and _fits_name(cloud, server, query.get("name"))
        and _fits_tag(cloud, server, query.get("tags"))
        and _fits_project(cloud, server, query.get("enterprise_project_id"))
    )


def _fits_project(cloud: Cloud, server: Server, project: str | None) -> bool:
    own = documents.enterprise_project(server)
    if project is None:
        return cloud.behaviour.list_without_project == "all" or own == "0"
    return project in {ALL_PROJECTS, own}


def _fits_name(cloud: Cloud, server: Server, name: str | None) -> bool:
    if name is None:
        return True
    if cloud.behaviour.name_filter == "exact":
        return name == server.name
    if cloud.behaviour.name_filter == "part":
        return name in server.name
    try:
        return re.search(name, server.name) is not None
    except re.error:
        refuse("BMS.0018", "the name must be a regular expression.")


def _fits_tag(cloud: Cloud, server: Server, tag: str | None) -> bool:
    if tag is None or tag == SYSTEM_TAG or cloud.behaviour.tag_filter == "ignored":
        return True
    return cloud.behaviour.tag_filter == "exact" and tag in documents.tags(server)


def rename(cloud: Cloud, call: Call) -> Response:
    """PUT baremetalservers/{server_id}."""
    server = cloud.existing_server(call.names["server_id"], call)
    name = text(mapping(mapping(call.body).get("server")), "name")
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        refuse("BMS.0206", f"name must be 1 to {LONGEST_NAME} letters, digits, hyphens, underscores or dots.")
    cloud.world.servers.plan(server.id, call.now, lambda one: replace(one, name=name))
    return Response(200, {"server": documents.server(cloud, replace(server, name=name), cloud.world.view(call.now))})


def update_metadata(cloud: Cloud, call: Call) -> Response:
    """POST baremetalservers/{server_id}/metadata. Keys that are not named stay."""
    server = cloud.existing_server(call.names["server_id"], call)
    if server.status not in {ACTIVE, SHUTOFF}:
        refuse("BMS.1001", f"The server is {server.status}; it must be active or stopped.")
    metadata = mapping(mapping(call.body).get("metadata"))
    words = {key: value for key, value in metadata.items() if isinstance(value, str)}
    if not words or len(words) < len(metadata) or any(_is_long(word) for word in (*words, *words.values())):
        refuse("BMS.0217", f"metadata must be an object of strings of at most {LONGEST_METADATA} bytes.")
    cloud.world.servers.plan(server.id, call.now, lambda one: replace(one, metadata={**one.metadata, **words}))
    return Response(200, {"metadata": {**server.metadata, **words}})


def _is_long(word: str) -> bool:
    return len(word.encode()) > LONGEST_METADATA
