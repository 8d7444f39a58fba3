"""Power: start, stop and reboot servers, many by one job. A stop is always hard: the API has no soft stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.operations import Operation
from pulumi_bms.api.submission import job_id_of, names_job

MOST_SERVERS = 1000
"""Servers of one request."""
_HARD = {"type": "HARD"}


@dataclass(frozen=True, slots=True)
class PowerApi:
    """Power of servers of one project. Every call returns the id of the job, and raises the errors of `send_once`.

    Name only servers that need the change. No page says whether a running server fails a start as a whole or only its
    own sub-job.
    """

    channel: Channel

    def start(self, server_ids: Sequence[str]) -> str:
        """POST /v1/{project_id}/baremetalservers/action (50 a minute, page "Starting BMSs")."""
        return self._act(operations.START_SERVERS, "os-start", server_ids, {})

    def stop(self, server_ids: Sequence[str]) -> str:
        """POST /v1/{project_id}/baremetalservers/action (50 a minute, page "Stopping BMSs")."""
        return self._act(operations.STOP_SERVERS, "os-stop", server_ids, _HARD)

    def reboot(self, server_ids: Sequence[str]) -> str:
        """POST /v1/{project_id}/baremetalservers/action (50 a minute, page "Restarting BMSs")."""
        return self._act(operations.REBOOT_SERVERS, "reboot", server_ids, _HARD)

    def _act(self, operation: Operation, verb: str, server_ids: Sequence[str], kind: Mapping[str, str]) -> str:
        if not 1 <= len(server_ids) <= MOST_SERVERS:
            raise ValueError(f"server_ids must be 1 to {MOST_SERVERS} ids, not {len(server_ids)}")
        servers = [{"id": server_id} for server_id in server_ids]
        return job_id_of(self.channel.change(operation, names_job, body={verb: {**kind, "servers": servers}})) or ""
