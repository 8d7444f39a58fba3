"""The destination: the addresses of the API, the identity service and the billing service, and the project.

All must be of one cloud.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pulumi_bms.settings import credentials, regions
from pulumi_bms.settings.endpoints import region_problem
from pulumi_bms.settings.precedence import Sources
from pulumi_bms.settings.regions import Cloud
from pulumi_bms.settings.sources import Setting, Source
from pulumi_bms.settings.values import shown
from pulumi_bms.settings.variables import Family

_SERVICES = ("bms", "iam")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a service, and the setting of the address: an address or a region."""

    service: str
    setting: Setting | None

    @property
    def is_of_region(self) -> bool:
        """Whether the address is built from a region."""
        return self.setting is not None and self.setting.key == "region"

    @property
    def text(self) -> str:
        """The address, or ""."""
        if self.setting is None:
            return ""
        return regions.endpoint_of(self.service, self.setting.value) if self.is_of_region else self.setting.value

    @property
    def cloud(self) -> Cloud | None:
        """The public cloud of the address, or None."""
        return regions.cloud_of_address(self.text)


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination of one resource's requests.

    `project` is the setting of the project. A region in `project` means the project with the region's name. Every
    region has a project of that name. `needs_iam` says whether a user signs in or a project name is looked up.
    `billing` and `network` are the settings of the billing service's and of the network service's address.
    """

    endpoint: Address
    project: Setting | None
    needs_iam: bool
    iam: Address
    billing: Setting | None = None
    network: Setting | None = None

    @property
    def billing_address(self) -> str:
        """The address of the billing service: the setting, else the address of the API's cloud, else ""."""
        if self.billing:
            return self.billing.value
        return self.endpoint.cloud.billing if self.endpoint.cloud else ""

    @property
    def network_address(self) -> str:
        """The address of the network service (VPC): the setting, else the address beside the API, else ""."""
        if self.network:
            return self.network.value
        text = self.endpoint.text
        return text.replace("://bms.", "://vpc.", 1) if self.endpoint.cloud and "://bms." in text else ""

    @property
    def has_default_project(self) -> bool:
        """Whether no setting names a project. The default is the project with the region's name."""
        return self.project is not None and self.project.key == "region"

    @property
    def used(self) -> tuple[Setting, ...]:
        """The settings of the destination."""
        settings = (self.endpoint.setting, self.project, self.iam.setting if self.needs_iam else None)
        return tuple(setting for setting in settings if setting)


def destination_of(sources: Sources) -> Destination:
    """The destination of a resource with these sources."""
    endpoint = Address("bms", sources.setting("endpoint", "region"))
    project = sources.setting("projectId", "projectName") or sources.setting("region")
    named = project is not None and project.key != "projectId"
    needs_iam = sources.owner is not None and (named or credentials.is_user(sources.owner))
    iam = Address("iam", _iam_setting(sources, endpoint))
    billing = Setting(sources.stack, "billingEndpoint") if sources.stack.has("billingEndpoint") else None
    network = Setting(sources.stack, "vpcEndpoint") if sources.stack.has("vpcEndpoint") else None
    return Destination(endpoint, project, needs_iam, iam, billing, network)


def _iam_setting(sources: Sources, endpoint: Address) -> Setting | None:
    """The setting of the identity service: from the credential's own source, else from the places.

    The region counts only if the API's address is of the same cloud. An API at an address of its own has its own
    identity service.
    """
    owner, cloud = sources.owner, endpoint.cloud
    if owner and owner.has("iamEndpoint"):
        return Setting(owner, "iamEndpoint")
    own_region = sources.inputs.get("region")
    if owner and _is_of(owner, cloud) and not (own_region and cloud is regions.cloud_of_region(own_region)):
        return Setting(owner, "region")
    for place in sources.places:
        if place.has("iamEndpoint"):
            return Setting(place, "iamEndpoint")
        if _is_of(place, cloud):
            return Setting(place, "region")
    return None


def _is_of(source: Source, cloud: Cloud | None) -> bool:
    return cloud is not None and regions.cloud_of_region(source.get("region")) is cloud


def problems_of(sources: Sources, destination: Destination) -> Iterator[str]:
    """Refuse unknown regions and mixed clouds: a credential must not reach an address of another cloud."""
    endpoint = destination.endpoint
    region = endpoint.setting if endpoint.is_of_region and not endpoint.text else None
    if region and not region_problem(region.value):
        yield _unknown_region(region, sources)
    yield from _two_clouds(sources, destination)
    for service in (destination.billing, destination.network):
        yield from _foreign_service(sources, destination, service)
    yield from _foreign_region(sources, destination)


def _unknown_region(setting: Setting, sources: Sources) -> str:
    region, what = setting.value, shown(setting.value, sources.secrets)
    nearest = regions.nearest_region(region)
    meant = f"If {nearest!r} is meant, write {nearest!r}. Else set" if nearest else "Set"
    variable = sources.hints.names.get("iamEndpoint") if sources.hints else None
    iam = f"`{sources.stack.name('iamEndpoint')}`" + (f" (or {variable})" if variable else "")
    of_huawei = (f"https://{service}.{region if what else 'REGION'}.{regions.HUAWEI.domain}" for service in _SERVICES)
    return (
        f"{setting.name}{what} is not a known region, so the address of the API is unknown. {meant} "
        f"{names_of_endpoint(setting, sources)} and, for users and for projects by name, {iam}. A new region of "
        f"{regions.HUAWEI.name} has {' and '.join(of_huawei)}"
    )


def names_of_endpoint(region: Setting, sources: Sources) -> str:
    """The names of the endpoint settings that count before a region: no source after the region's source counts."""
    beside = region.source.name("endpoint")
    return f"`{sources.stack.name('endpoint')}` (or {beside})" if region.source.family else f"`{beside}`"


def _two_clouds(sources: Sources, destination: Destination) -> Iterator[str]:
    """Problems between the cloud of the credential's source and the cloud of the addresses."""
    endpoint, iam = destination.endpoint, destination.iam
    if endpoint.setting is None or endpoint.cloud is None:
        return
    there, cloud = endpoint.setting, endpoint.cloud
    for setting, other in _clouds_beside(sources, there):
        if other is not cloud:
            yield _differ(there, cloud, setting, other, sources.secrets)
            return
    if destination.needs_iam and iam.setting and iam.cloud and iam.cloud is not cloud:
        yield _differ(there, cloud, iam.setting, iam.cloud, sources.secrets)


def _foreign_service(sources: Sources, destination: Destination, service: Setting | None) -> Iterator[str]:
    """The problem of a service in another cloud than the API, or than the credential of an unknown API."""
    endpoint = destination.endpoint
    cloud = regions.cloud_of_address(service.value) if service else None
    if service is None or cloud is None or endpoint.setting is None:
        return
    beside = _clouds_beside(sources, endpoint.setting)
    known = [(endpoint.setting, endpoint.cloud)] if endpoint.cloud else beside
    for setting, other in known:
        if other is not cloud:
            yield _differ(service, cloud, setting, other, sources.secrets)
            return


def _clouds_beside(sources: Sources, endpoint: Setting) -> Iterator[tuple[Setting, Cloud | None]]:
    """The clouds beside the credential, and beside an endpoint that is an address. None is an unknown cloud."""
    owner = sources.owner
    for source in (owner, endpoint.source if endpoint.key == "endpoint" else None):
        if source and source.has("region") and not regions.is_in_region(endpoint.value, source.get("region")):
            yield Setting(source, "region"), regions.cloud_of_region(source.get("region"))
    if owner and (cloud := regions.cloud_of_address(owner.get("iamEndpoint"))):
        yield Setting(owner, "iamEndpoint"), cloud
    yield from _hw_cloud(sources, endpoint)


def _hw_cloud(sources: Sources, endpoint: Setting) -> Iterator[tuple[Setting, Cloud | None]]:
    """The domain in `HW_CLOUD`, if the credential or the region uses the domain."""
    terraform = next((place for place in sources.places if place.family is Family.TERRAFORM), None)
    is_owners = sources.owner is not None and sources.owner.family is not None
    if terraform and terraform.has("cloud") and (is_owners or endpoint.key == "region"):
        yield Setting(terraform, "cloud"), regions.cloud_of_domain(terraform.get("cloud"))


def _differ(endpoint: Setting, cloud: Cloud, other: Setting, others: Cloud | None, secrets: Collection[str]) -> str:
    their_cloud = others.name if others else "an unknown cloud"
    return (
        f"{endpoint.name}{shown(endpoint.value, secrets)} belongs to {cloud.name}, and {other.name}"
        f"{shown(other.value, secrets)} to {their_cloud}. No credential is sent to another cloud. Set both for one "
        "cloud, or use a profile with its own region and credential"
    )


def _foreign_region(sources: Sources, destination: Destination) -> Iterator[str]:
    """A default project belongs to the region, so an address in another region does not have the project."""
    endpoint, project = destination.endpoint.setting, destination.project
    if not destination.has_default_project or endpoint is None or endpoint.key != "endpoint" or project is None:
        return
    region = regions.region_of_address(endpoint.value)
    if region and region != project.value and regions.cloud_of_region(project.value):
        yield (
            f"{endpoint.name}{shown(endpoint.value, sources.secrets)} is in the region {region}, and {project.name} is "
            f"{project.value!r}. No setting names the project: set `{sources.stack.name('projectId')}` or "
            f"`{sources.stack.name('projectName')}`"
        )
