"""`get_server`: the details of one server.

API: `GET /v1/{project_id}/baremetalservers/{server_id}`.
"""

from __future__ import annotations

import pulumi

from pulumi_bms.api.errors import NotFoundError
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.data_sources.questions import answered, connected, output_of
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.connection import Connection

_NEXT_STEP = "check the id, the region and the project (`get_servers` lists the servers of the project)"


class ServerDetails(Server):
    """One server. Missing values are None. Times are ISO 8601 texts in UTC. `tags` excludes system tags."""

    @classmethod
    def of(cls, server: Server) -> ServerDetails:
        """The details of a server from a response."""
        return cls.model_construct(**dict(server))


def get_server(
    server_id: str,
    *,
    region: str | None = None,
    project_id: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
) -> ServerDetails:
    """Read a server, in a preview too. Without connection arguments, the config and the environment name the API.

    A second call for the same server sends no second request in a run. Raises `ValueError` for an invalid id,
    `SettingsError` for missing settings, `NotFoundError` for a server that does not exist, and any other `ApiError`.
    Source: the page "Querying Details About a BMS" of the Bare Metal Server API reference.
    """
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    connection = connected(where, input_checks.server_id_problem(server_id))
    return answered(connection, "get_server", lambda: _read(connection, server_id), server_id)


def get_server_output(
    server_id: pulumi.Input[str],
    *,
    region: pulumi.Input[str] | None = None,
    project_id: pulumi.Input[str] | None = None,
    endpoint: pulumi.Input[str] | None = None,
    profile: pulumi.Input[str] | None = None,
) -> pulumi.Output[ServerDetails]:
    """`get_server` for arguments that may be outputs. While an argument is not known in a preview, nothing is sent."""
    where = {"region": region, "project_id": project_id, "endpoint": endpoint, "profile": profile}
    return output_of(get_server, {"server_id": server_id, **where})


def _read(connection: Connection, server_id: str) -> ServerDetails:
    server = ServerApi(connection.channel).get(server_id)
    if server is None:
        what = f"the server {server_id} at {connection.channel.client.endpoint}"
        raise NotFoundError(what, detail="the server does not exist, or does not exist any more", next_step=_NEXT_STEP)
    return ServerDetails.of(server)
