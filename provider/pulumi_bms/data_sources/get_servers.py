"""`get_servers`: the servers of a project that have certain properties.

API: `GET /v1/{project_id}/baremetalservers/detail`, all pages, all enterprise projects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from pulumi_bms.api.models.server import Server
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.data_sources.get_server import ServerDetails
from pulumi_bms.data_sources.questions import answered, connected, output_of


def get_servers(
    *,
    name: str | None = None,
    name_prefix: str | None = None,
    tag: str | None = None,
    status: str | None = None,
    flavor_id: str | None = None,
    availability_zone: str | None = None,
    enterprise_project_id: str | None = None,
    region: str | None = None,
    project_id: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
) -> tuple[ServerDetails, ...]:
    """Read the servers with all of these properties, in a preview too, in the order of the API.

    `name` is the whole name. `tag` is `KEY=VALUE`, or `KEY` for any value. Without properties, all servers of the
    project. The pages do not document the API's own filters, so all properties are compared here. The same call sends
    no second request in a run. Raises `ValueError` for an invalid argument, `SettingsError` for missing settings, and
    an `ApiError`. Source: the page "Querying Details About BMSs" of the Bare Metal Server API reference.
    """
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    fields = {
        "name": name,
        "status": status,
        "flavor_id": flavor_id,
        "availability_zone": availability_zone,
        "enterprise_project_id": enterprise_project_id,
    }
    connection = connected(where, *_problems({**fields, "name_prefix": name_prefix, "tag": tag}))
    # Every form of the API's name filter finds the whole name.
    listed = answered(connection, "get_servers", lambda: _listed(ServerApi(connection.channel), name), name)
    fitting = (each for each in listed if _has_fields(each, fields))
    return tuple(each for each in fitting if each.name.startswith(name_prefix or "") and _has_tag(each, tag))


def get_servers_output(
    *,
    name: pulumi.Input[str] | None = None,
    name_prefix: pulumi.Input[str] | None = None,
    tag: pulumi.Input[str] | None = None,
    status: pulumi.Input[str] | None = None,
    flavor_id: pulumi.Input[str] | None = None,
    availability_zone: pulumi.Input[str] | None = None,
    enterprise_project_id: pulumi.Input[str] | None = None,
    region: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[tuple[ServerDetails, ...]]:
    """`get_servers` for arguments that may be outputs. While an argument is not known in a preview, nothing is sent."""
    return output_of(
        get_servers,
        {
            "name": name,
            "name_prefix": name_prefix,
            "tag": tag,
            "status": status,
            "flavor_id": flavor_id,
            "availability_zone": availability_zone,
            "enterprise_project_id": enterprise_project_id,
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "profile": profile,
        },
    )


def _listed(api: ServerApi, name: str | None) -> tuple[ServerDetails, ...]:
    return tuple(map(ServerDetails.of, api.list(name=name)))


def _problems(properties: Mapping[str, object]) -> Iterator[str]:
    for name, value in properties.items():
        if value is not None and (not isinstance(value, str) or not value.strip()):
            yield f"{name} must be a string that is not empty: leave {name} out to read servers with any {name}"


def _has_fields(server: Server, fields: Mapping[str, str | None]) -> bool:
    return all(
        expected is None or getattr(server, name) == (expected.upper() if name == "status" else expected)
        for name, expected in fields.items()
    )


def _has_tag(server: Server, tag: str | None) -> bool:
    key, equals, value = (tag or "").partition("=")
    return tag is None or (server.tags.get(key) == value if equals else key in server.tags)
