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
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.identity.projects import GivenProject, NamedProject, Project
from pulumi_bms.api.identity.user import ProjectOfToken, UserCredential
from pulumi_bms.api.identity.user_lookup import UserLookup
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.models.job import Job
from pulumi_bms.api.orders import OrderApi
from pulumi_bms.api.ports import PortApi
from pulumi_bms.operation import ExpectedError
from pulumi_bms.settings import Lookup, MissingSettingsError, Service, Settings, load
from pulumi_bms.waiting.clock import Clock
from pulumi_bms.waiting.operation_limits import OperationLimits
from pulumi_bms.waiting.rate_limit import RateLimit, SharedPolls


class MissingSettings(ExpectedError):  # noqa: N818  (what a preview does without is no error there)
    """Settings are missing, but no present setting is wrong. A preview goes on without the API."""


@dataclass(frozen=True, slots=True)
class Connection:
    """The API of one project: the channel of all typed calls, and the polls of jobs.

    `user` finds the user of orders. `billing` and `network` are the channels of the billing service and of the network
    service, or the problems of their addresses.
    """

    channel: Channel
    polls: SharedPolls
    user: UserLookup
    billing: Channel | str
    network: Channel | str

    @property
    def jobs(self) -> JobApi:
        """The Job API."""
        return JobApi(self.channel)

    def orders(self) -> OrderApi:
        """The billing service, for servers paid by month or year. Sends no request.

        Raises `SettingsError` if the address of the service is not known.
        """
        if isinstance(self.billing, str):
            raise SettingsError(self.billing)
        return OrderApi(self.billing)

    def ports(self) -> PortApi:
        """The ports of servers, at the network service. Sends no request.

        Raises `SettingsError` if the address of the service is not known.
        """
        if isinstance(self.network, str):
            raise SettingsError(self.network)
        return PortApi(self.network)

    def user_id(self, unwanted: Unwanted = None) -> str:
        """The id of the user in whose name servers are ordered. The id is looked up once, if necessary.

        Raises an `ApiError`. A `RefusedError` asks for the input `user_id`.
        """
        return self.user.id(unwanted=unwanted)

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
        self._rate_limits: dict[tuple[str, str], RateLimit] = {}
        self._limits: dict[tuple[str, str], OperationLimits] = {}
        self._connections: dict[tuple[str, ...], Connection] = {}

    def connection(self, settings: Settings) -> Connection:
        project = (settings.project_id, settings.project_name, settings.iam_endpoint)
        services = (settings.users, settings.billing, settings.network)
        others = [text for service in services for text in (service.endpoint, service.problem)]
        key = (settings.endpoint, settings.credential.fingerprint, settings.ca_bundle or "", *project, *others)
        with self._lock:
            if key not in self._connections:
                self._connections[key] = self._new(settings)
            return self._connections[key]

    def _new(self, settings: Settings) -> Connection:
        rate_limit, limits = self._limits_of("bms", settings.endpoint, settings)
        client = Client(settings.endpoint, settings.credential, ca_bundle=settings.ca_bundle)
        channel = Channel(client, _project_of(settings), limits)
        polls = SharedPolls(JobApi(channel).get_job, rate_limit, time.monotonic)
        billing = self._service("billing", settings.billing, settings, None)
        network = self._service("network", settings.network, settings, _project_of(settings))
        return Connection(channel, polls, _user_of(settings), billing, network)

    def _service(self, name: str, service: Service, settings: Settings, project: Project | None) -> Channel | str:
        """The channel of another service, with a rate limit of its own, or the problem of its address."""
        if not service.endpoint:
            return service.problem
        _, limits = self._limits_of(name, service.endpoint, settings)
        return Channel(Client(service.endpoint, settings.credential, ca_bundle=settings.ca_bundle), project, limits)

    def _limits_of(self, service: str, address: str, settings: Settings) -> tuple[RateLimit, OperationLimits]:
        """The rate limit of a service, and the limits of the service's operations.

        A service counts requests by endpoint, so all projects and credentials share one rate limit.
        """
        key = (service, address)
        rate_limit = self._rate_limits.setdefault(key, RateLimit(settings.max_requests_per_minute))
        rate_limit.limit(settings.max_requests_per_minute)
        return rate_limit, self._limits.setdefault(key, OperationLimits(rate_limit))


def _project_of(settings: Settings) -> Project:
    if settings.project_id:
        return GivenProject(settings.project_id)
    if isinstance(settings.credential, UserCredential):
        return ProjectOfToken(settings.credential)
    iam = Client(settings.iam_endpoint, settings.credential, ca_bundle=settings.ca_bundle)
    return NamedProject(iam, settings.project_name)


def _user_of(settings: Settings) -> UserLookup:
    address = settings.users.endpoint
    iam = Client(address, settings.credential, ca_bundle=settings.ca_bundle) if address else None
    return UserLookup(settings.credential, iam, settings.users.problem)


_POOL = _Pool()


def connect(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str] | None = None) -> Connection:
    """The API for a resource with these inputs. Raises `SettingsError`. Sends nothing."""
    return _POOL.connection(load(inputs, config, os.environ if environ is None else environ))


def explained(error: SettingsError) -> ExpectedError:
    """The error for a host, as a complete text without a traceback."""
    kind = MissingSettings if isinstance(error, MissingSettingsError) else ExpectedError
    return kind(str(error))
