"""From settings to the API: one transport and one rate limit for all resources of a process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.http.transport import Transport
from pulumi_bms.api.identity.projects import GivenProject, NamedProject, Project
from pulumi_bms.api.identity.user import ProjectOfToken, UserCredential
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.operation import ExpectedError
from pulumi_bms.settings import (
    Lookup,
    MissingSettingsError,
    Settings,
    load,
)
from pulumi_bms.waiting.rate_limit import RateLimit, SharedPolls


class MissingSettings(ExpectedError):  # noqa: N818  (what a preview does without is no error there)
    """Settings are missing, but no present setting is wrong. A preview goes on without the API."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The API of one project, and the shared polls of all waits."""

    api: JobApi
    shared_polls: SharedPolls


class _Pool:
    """The clients by endpoint, credential and project."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rate_limits: dict[str, RateLimit] = {}
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
        transport = Transport(settings.endpoint, settings.credential, ca_bundle=settings.ca_bundle)
        api = JobApi(transport, _project_of(settings))
        return Connection(api, SharedPolls(api.get_job, rate_limit, time.monotonic))


def _project_of(settings: Settings) -> Project:
    if settings.project_id:
        return GivenProject(settings.project_id)
    if isinstance(settings.credential, UserCredential):
        return ProjectOfToken(settings.credential)
    iam = Transport(settings.iam_endpoint, settings.credential, ca_bundle=settings.ca_bundle)
    return NamedProject(iam, settings.project_name)


_POOL = _Pool()


def connect(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str] | None = None) -> Connection:
    """The API for a resource with these inputs. Raises `SettingsError`. Sends nothing."""
    return _POOL.connection(load(inputs, config, os.environ if environ is None else environ))


def explained(error: SettingsError) -> ExpectedError:
    """The error for a host, as a complete text without a traceback."""
    kind = MissingSettings if isinstance(error, MissingSettingsError) else ExpectedError
    return kind(str(error))
