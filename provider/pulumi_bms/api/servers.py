"""Servers: order, get, list, find, delete. Nothing here waits for a job, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import (
    Channel,
    Query,
    holds_list,
    holds_object,
)
from pulumi_bms.api.errors import ApiError, NoSuchApiError
from pulumi_bms.api.models.job import Unreadable
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.operation_codes import Meaning, meaning_of
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.paging import all_pages
from pulumi_bms.api.server_state import ServerState, state_of
from pulumi_bms.api.submission import job_id_of, names_job, order_id_of

ALL_PROJECTS = ("enterprise_project_id", "all_granted_eps")
"""Without this parameter the pages don't say which servers a list shows."""
PAGE_SIZE = 100
"""Servers on one page. The details of 100 servers are under half a megabyte."""
SHORTEST_FULL_PAGE = 25
"""Servers on a page by the API's default. A shorter page is the last page."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """The ids in the response to an order: a job, an order, or both."""

    job_id: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class ServerApi:
    """Servers of one project."""

    channel: Channel

    def create(self, server: Mapping[str, Any]) -> Ordered:
        """POST /v1/{project_id}/baremetalservers (50 a minute, page "Creating BMSs").

        `server` is the object of that name in the body. Raises the errors of `send_once`. After an
        `OutcomeUnknownError` servers may be in creation. A response with neither a job nor an order raises
        `OutcomeUnknownError` too.
        """
        document = self.channel.change(operations.CREATE_SERVERS, _names_order, body={"server": server})
        return Ordered(job_id_of(document), order_id_of(document))

    def get(self, server_id: str) -> Server | None:
        """GET /v1/{project_id}/baremetalservers/{server_id} (1000 a minute, page "Querying Details About a BMS").

        None: the server is gone. The service reports a missing server by a 404, by the status DELETED, or by an error
        of Nova inside a 400. A server in the recycle bin still exists: see `in_recycle_bin`.
        """
        try:
            server = self.channel.read(
                operations.GET_SERVER,
                holds_object("server"),
                lambda document: _asked_for(Server.read(document["server"]), server_id),
                names={"server_id": server_id},
            )
        except ApiError as error:
            if meaning_of(operations.GET_SERVER, error) is Meaning.GONE:
                return None
            raise
        return None if state_of(server) is ServerState.GONE else server

    def list(self, *, name: str | None = None, tag: str | None = None) -> tuple[Server, ...]:
        """GET /v1/{project_id}/baremetalservers/detail (1000 a minute, page "Querying Details About BMSs").

        All pages, all enterprise projects. The API applies the filters, and no page documents how: `name` may be a part
        of a name or a pattern, and `tag` (`key=value`) may match no server or every server.
        """
        filters = [(key, value) for key, value in (("name", name), ("tags", tag)) if value is not None]
        return self._all(operations.LIST_SERVERS, filters)

    def named(self, name: str) -> tuple[Server, ...]:
        """GET /v1/{project_id}/baremetalservers/detail (1000 a minute, page "Querying Details About BMSs").

        The servers with exactly this name.
        """
        return tuple(server for server in self.list(name=name) if server.name == name)

    def tagged(self, key: str, values: Collection[str], name: str) -> tuple[Server, ...]:
        """GET /v1/{project_id}/baremetalservers/detail (1000 a minute, page "Querying Details About BMSs").

        The servers with one of these values in the tag. The API is queried by every value, and once more by `name`.
        Server names begin with `name` unless a user renamed a server. The tags are compared here.
        """
        lists = [*(self.list(tag=f"{key}={value}") for value in values), self.list(name=name)]
        by_id = {server.id: server for listed in lists for server in listed if server.tags.get(key) in values}
        return tuple(by_id.values())

    def in_recycle_bin(self) -> frozenset[str]:
        """GET /v1.1/{project_id}/baremetalservers/detail (1000 a minute, operation `ListBareMetalServersDetail`).

        The ids of the servers in the recycle bin. Only this list shows the recycle bin. A cloud without the list, such
        as Open Telekom Cloud, has no recycle bin.
        """
        try:
            servers = self._all(operations.LIST_SERVERS_BRIEFLY, ())
        except NoSuchApiError:
            return frozenset()
        return frozenset(each.id for each in servers if each.in_recycle_bin)

    def delete(self, server_ids: Sequence[str], *, eips: bool, data_volumes: bool) -> str:
        """POST /v1/{project_id}/baremetalservers/delete (no limit documented, page "Deleting BMSs").

        For servers paid on demand. Elastic IPs and data volumes that are not deleted stay, and are billed.
        Returns the id of the job. Raises the errors of `send_once`.
        """
        servers = [{"id": server_id} for server_id in server_ids]
        body = {"servers": servers, "delete_publicip": eips, "delete_volume": data_volumes}
        return job_id_of(self.channel.change(operations.DELETE_SERVERS, names_job, body=body)) or ""

    def _all(self, operation: Operation, filters: Query) -> tuple[Server, ...]:
        def page(number: int) -> tuple[Server, ...]:
            # `offset` is the number of a page, from 1 on.
            query = [("limit", str(PAGE_SIZE)), ("offset", str(number + 1)), ALL_PROJECTS, *filters]
            return self.channel.read(operation, holds_list("servers"), _servers, query=query)

        return all_pages(page, lambda server: server.id, SHORTEST_FULL_PAGE)


def _servers(document: Mapping[str, Any]) -> tuple[Server, ...]:
    return Server.read_all(document, "servers")


def _names_order(document: Mapping[str, Any]) -> bool:
    return names_job(document) or order_id_of(document) is not None


def _asked_for(server: Server, server_id: str) -> Server:
    if server.id != server_id:
        raise Unreadable("the response is about another server")
    return server
