"""The jobs and servers that a destroy leaves in the cloud, in one note per run."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from pulumi_bms.lifecycle.once import print_once
from pulumi_bms.operation import Operation

_SERVERS_STAY = "pulumi-bms: nothing is deleted in the cloud: the servers of the jobs stay"
_WORK_STAYS = "pulumi-bms: nothing is undone in the cloud: the effects of the jobs stay"


class Leftovers:
    """The jobs removed from the stack, and the servers of each job. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, list[str] | None] = {}

    def add(self, job_id: str, servers: Sequence[str] | None) -> None:
        """Add a job removed from the stack. `servers` is None if no servers of the job are known."""
        with self._lock:
            known = self._jobs.get(job_id)
            self._jobs[job_id] = known if servers is None else list(dict.fromkeys([*(known or []), *servers]))

    def text(self) -> str:
        """The note about all jobs since the last note, or "" if nothing stays."""
        with self._lock:
            jobs, self._jobs = self._jobs, {}
        servers = list(dict.fromkeys(server for made in jobs.values() for server in made or []))
        others = [job_id for job_id, made in jobs.items() if made is None]
        head = "nothing is deleted in the cloud" if servers else "nothing is undone in the cloud"
        parts = [part for part in (_servers_stay(servers), _work_stays(others)) if part]
        return ". ".join([head, *parts]) if parts else ""


def _servers_stay(servers: Sequence[str]) -> str:
    count = "1 server stays" if len(servers) == 1 else f"{len(servers)} servers stay"
    return f"{count}: {', '.join(servers)}" if servers else ""


def _work_stays(jobs: Sequence[str]) -> str:
    if len(jobs) == 1:
        return f"The effects of job {jobs[0]} stay"
    return f"The effects of {len(jobs)} jobs stay: {', '.join(jobs)}" if jobs else ""


_LEFTOVERS = Leftovers()
"""The leftovers of this process, and so of one run of the CLI."""


def leave(operation: Operation, jobs: Mapping[str, Sequence[str] | None]) -> None:
    """Add jobs to the note at the end of the run. The servers of a job are None if unknown."""
    if operation.keeps_partial_state:
        for job_id, servers in jobs.items():
            _LEFTOVERS.add(job_id, servers)
        operation.note_at_end(_LEFTOVERS.text)
    else:
        _tell_on_stock_host(jobs)


def _tell_on_stock_host(jobs: Mapping[str, Sequence[str] | None]) -> None:
    """On Pulumi's own host no provider sees the end of the run, so print one line without ids at the first delete."""
    if any(jobs.values()):
        print_once(_SERVERS_STAY)
    elif None in jobs.values():
        print_once(_WORK_STAYS)
