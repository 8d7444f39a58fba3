"""Stack config and environment -> `Settings`: the API's address, the project and the credential, typed and checked.

`precedence` has the order of the sources, `variables` the variables, `regions` the regions. A setting is used or
refused: no default replaces a wrong setting. Missing settings raise their own error, because a preview works without
settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pulumi_bms.api.auth.credential import Credential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.config_keys import SECRET_KEYS, Lookup
from pulumi_bms.settings import (
    credentials,
    destination,
    precedence,
    profiles,
    refusals,
    values,
)
from pulumi_bms.settings.destination import Destination
from pulumi_bms.settings.endpoints import (
    endpoint_problem,
    name_problem,
    normalised,
    region_problem,
)
from pulumi_bms.settings.missing import missing_billing, missing_iam, missing_network, missing_of
from pulumi_bms.settings.precedence import Sources
from pulumi_bms.settings.sources import Setting, Source, of_config, of_inputs

__all__ = [
    "REQUESTS_PER_MINUTE",
    "Lookup",
    "MissingSettingsError",
    "Service",
    "Settings",
    "endpoint_problem",
    "enterprise_project",
    "load",
    "name_problem",
    "problems",
    "region_problem",
]

REQUESTS_PER_MINUTE = 1200
"""Default rate limit of all waits in a process, in requests a minute. The API documents 2,000 job queries."""


class MissingSettingsError(SettingsError):
    """Settings are missing, and no setting is wrong."""


@dataclass(frozen=True, slots=True)
class Service:
    """The address of a service that only some requests need, or the reason for the missing address."""

    endpoint: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings for the API of one project. The project has an id, else a name to look up at the IAM endpoint.

    `users` is the identity service for the lookup of an access key's owner. `billing` is the billing service,
    `network` the network service (VPC).
    """

    endpoint: str
    project_id: str
    project_name: str
    credential: Credential
    iam_endpoint: str = ""
    ca_bundle: str | None = None
    max_requests_per_minute: int = REQUESTS_PER_MINUTE
    users: Service = Service()
    billing: Service = Service()
    network: Service = Service()


def load(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str]) -> Settings:
    """The settings for a resource with these inputs.

    Raises `SettingsError` with all wrong and missing settings. Raises `MissingSettingsError` if no setting is wrong.
    """
    sources = _sources(inputs, config, environ)
    where = destination.destination_of(sources)
    wrong = _wrong(sources, where, environ)
    missing = missing_of(sources, where, environ)
    if wrong:
        raise SettingsError("\n".join((*wrong, *missing)))
    if missing or sources.owner is None:
        raise MissingSettingsError("\n".join(missing))
    return replace(
        _settings(sources, where),
        users=_users(sources, where, environ),
        billing=_billing(sources, where),
        network=_network(sources, where),
    )


def problems(inputs: Mapping[str, object] | None, config: Lookup, environ: Mapping[str, str]) -> list[str]:
    """The wrong settings for a resource with these inputs, without the missing settings.

    Unknown or wrong inputs are None. Then only the values of the config are checked.
    """
    if inputs is None:
        stack = of_config(config)
        return list(_problems_of(_all(stack), [stack.get(key) for key in SECRET_KEYS]))
    try:
        sources = _sources(inputs, config, environ)
    except SettingsError as error:
        return [str(error)]
    return _wrong(sources, destination.destination_of(sources), environ)


def enterprise_project(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str]) -> str | None:
    """The variable with the enterprise project of new servers, or None."""
    try:
        sources = _sources(inputs, config, environ)
    except SettingsError:
        # `problems` reports a wrong profile.
        return None
    return refusals.enterprise_project(sources, environ) if sources.hints else None


def _sources(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str]) -> Sources:
    own, profile = of_inputs(inputs), inputs.get("profile")
    if isinstance(profile, str) and profile:
        return profiles.with_profile(own, config, profile)
    return precedence.without_profile(own, config, environ)


def _wrong(sources: Sources, where: Destination, environ: Mapping[str, str]) -> list[str]:
    variables = environ if sources.hints else {}
    return list(
        dict.fromkeys(
            [
                *sources.problems,
                *_values(sources, where),
                *_differing(sources, where),
                *destination.problems_of(sources, where),
                *refusals.problems_of(sources, where, variables),
                *_credential(sources),
            ]
        )
    )


def _values(sources: Sources, where: Destination) -> Iterator[str]:
    """Check every value of the resource and the config. From the environment only the used values are checked."""
    return _problems_of([*_all(sources.inputs), *_all(sources.stack), *where.used], sources.secrets)


def _problems_of(settings: Iterable[Setting], secrets: Collection[str]) -> Iterator[str]:
    return (problem for setting in settings if (problem := values.problem_of(setting, secrets)))


def _all(source: Source) -> list[Setting]:
    return [Setting(source, key) for key in source.values]


def _differing(sources: Sources, where: Destination) -> Iterator[str]:
    """Refuse different values in variables of one setting."""
    owner = sources.owner
    used = [(setting.source, setting.key) for setting in where.used]
    used += [(owner, key) for key in credentials.keys_of(owner)] if owner else []
    for source, key in used:
        if names := source.differing.get(key):
            yield f"{' and '.join(names)} are one setting with different values: unset all but one"


def _credential(sources: Sources) -> Iterator[str]:
    owner = sources.owner
    if owner is None:
        return
    contradiction = credentials.contradiction(owner)
    if contradiction:
        yield contradiction
    elif not credentials.lacking(owner):
        yield from credentials.problems_of(owner)


def _users(sources: Sources, where: Destination, environ: Mapping[str, str]) -> Service:
    """The identity service for the owner of an access key, with the checks of a destination that signs in."""
    if sources.owner is None or not sources.owner.has("accessKey"):
        return Service()
    asking = replace(where, needs_iam=True)
    if where.iam.setting is None:
        return Service(problem=missing_iam(sources, where))
    problems = _wrong(sources, asking, environ)
    return Service(problem="\n".join(problems)) if problems else Service(_iam_endpoint(asking))


def _billing(sources: Sources, where: Destination) -> Service:
    address = where.billing_address
    return Service(normalised(address)) if address else Service(problem=missing_billing(sources, where))


def _network(sources: Sources, where: Destination) -> Service:
    address = where.network_address
    return Service(normalised(address)) if address else Service(problem=missing_network(sources))


def _iam_endpoint(where: Destination) -> str:
    # Tools disagree about the path in the address of the identity service.
    return normalised(where.iam.text, "/auth/tokens", "/v3") if where.needs_iam else ""


def _settings(sources: Sources, where: Destination) -> Settings:
    assert sources.owner is not None  # noqa: S101  (it would have been missing)
    assert where.project is not None  # noqa: S101  (likewise)
    by_id = where.project.key == "projectId"
    project_id, project_name = (where.project.value, "") if by_id else ("", where.project.value)
    iam_endpoint = _iam_endpoint(where)
    bundle = sources.stack.get("caBundle") or None
    credential = credentials.credential_of(sources.owner, iam_endpoint, project_id, project_name, bundle)
    rate_limit = values.number_of(sources.stack.get("maxRequestsPerMinute")) or REQUESTS_PER_MINUTE
    return Settings(
        normalised(where.endpoint.text), project_id, project_name, credential, iam_endpoint, bundle, rate_limit
    )
