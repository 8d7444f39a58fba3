"""From settings to the API: one transport and one rate limit for all resources of a process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.projects import GivenProject, NamedProject, Project
from pulumi_bms.api.identity.user import ProjectOfToken, UserCredential
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.models.job import Job
from pulumi_bms.operation import ExpectedError
from pulumi_bms.settings import (
    Lookup,
    MissingSettingsError,
    Settings,
    load,
)
from pulumi_bms.waiting.clock import Clock
from pulumi_bms.waiting.operation_limits import OperationLimits
from pulumi_bms.waiting.rate_limit import RateLimit, SharedPolls


class MissingSettings(ExpectedError):  # noqa: N818  (what a preview does without is no error there)
    """Settings are missing, but no present setting is wrong. A preview goes on without the API."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The API of one project: the channel of all typed calls, and the polls of jobs."""

    channel: Channel
    polls: SharedPolls

    @property
    def jobs(self) -> JobApi:
        """The Job API."""
        return JobApi(self.channel)

    def poll_once(self, job_id: str, clock: Clock, timeout: float | None = None) -> Job:
        """Poll a job once, after the wait for the rate limit. `timeout` is for the request alone, in seconds.

        Raises an `ApiError`.
        """
        # After a cancel the caller's checkpoint is the result, so the poll itself need not end.
        self.polls.await_turn(clock)
        return self.jobs.get_job(job_id, timeout=timeout).job


class _Pool:
    """The clients by endpoint, credential and project."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate_limits: dict[str, RateLimit] = {}
        self._limits: dict[str, OperationLimits] = {}
        self._connections: dict[tuple[str, ...], Connection] = {}

    def connection(self, settings: Settings) -> Connection:
        project = (settings.project_id, settings.project_name, settings.iam_endpoint)
        key = (settings.endpoint, settings.credential.fingerprint, settings.ca_bundle or "", *project)
        with self._lock:
            if key not in self._connections:
                self._connections[key] = self._new(settings)
            return self._connections[key]

    def _new(self, settings: Settings) -> Connection:
        # The API counts requests by endpoint, so all projects and credentials share one rate limit.
        rate_limit = self._rate_limits.setdefault(settings.endpoint, RateLimit(settings.max_requests_per_minute))
        rate_limit.limit(settings.max_requests_per_minute)
        limits = self._limits.setdefault(settings.endpoint, OperationLimits(rate_limit))
        client = Client(settings.endpoint, settings.credential, ca_bundle=settings.ca_bundle)
        channel = Channel(client, _project_of(settings), limits)
        return Connection(channel, SharedPolls(JobApi(channel).get_job, rate_limit, time.monotonic))


def _project_of(settings: Settings) -> Project:
    if settings.project_id:
        return GivenProject(settings.project_id)
    if isinstance(settings.credential, UserCredential):
        return ProjectOfToken(settings.credential)
    iam = Client(settings.iam_endpoint, settings.credential, ca_bundle=settings.ca_bundle)
    return NamedProject(iam, settings.project_name)


_POOL = _Pool()


def connect(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str] | None = None) -> Connection:
    """The API for a resource with these inputs. Raises `SettingsError`. Sends nothing."""
    return _POOL.connection(load(inputs, config, os.environ if environ is None else environ))


def explained(error: SettingsError) -> ExpectedError:
    """The error for a host, as a complete text without a traceback."""
    kind = MissingSettings if isinstance(error, MissingSettingsError) else ExpectedError
    return kind(str(error))
