"""Refuse variables that are not read and would change the destination or the sender of an order. Each is named.

A variable counts only if no source before the variable decides the setting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pulumi_bms.settings import credentials, regions
from pulumi_bms.settings.destination import Destination, names_of_endpoint
from pulumi_bms.settings.precedence import Sources
from pulumi_bms.settings.sources import Source
from pulumi_bms.settings.values import shown
from pulumi_bms.settings.variables import (
    VARIABLES,
    Effect,
    Family,
    Variable,
)

_ORDER = {family: number for number, family in enumerate(Family)}
_PROJECT = ("projectId", "projectName")
_CREDENTIALS = (Effect.CREDENTIAL, Effect.LATER_CREDENTIAL, Effect.LAST_CREDENTIAL)


def problems_of(sources: Sources, destination: Destination, environ: Mapping[str, str]) -> Iterator[str]:
    """The problems of variables that must not be ignored."""
    for variable in _set(environ):
        if variable.effect in _CREDENTIALS and sources.owner and _comes_before(variable, sources.owner):
            yield _text(variable.name, "", "so another credential would be used", variable.instead)
    yield from _of_project(sources, destination, environ)
    yield from _of_address(sources, destination, environ)
    yield from _of_signing_in(sources, destination, environ)


def unread_credentials(environ: Mapping[str, str]) -> list[str]:
    """The set variables with a credential in an unsupported form."""
    return [variable.name for variable in _set(environ) if variable.effect in _CREDENTIALS]


def unread_parts(owner: Source, environ: Mapping[str, str]) -> list[str]:
    """The set variables with a missing part of the owner's credential in an unsupported form."""
    lacking = credentials.lacking(owner)
    return [
        variable.name
        for variable in _set(environ)
        if variable.effect is Effect.PART and variable.family is owner.family and variable.key in lacking
    ]


def enterprise_project(sources: Sources, environ: Mapping[str, str]) -> str | None:
    """The variable with the enterprise project of new servers, or None."""
    variables = (variable for variable in _set(environ) if variable.effect is Effect.ENTERPRISE_PROJECT)
    return next((variable.name for variable in variables if _concerns(variable, sources)), None)


def _set(environ: Mapping[str, str]) -> Iterator[Variable]:
    """The set variables with a value that has an effect."""
    values = {name: value.strip() for name, value in environ.items()}
    return (each for each in VARIABLES if values.get(each.name) and values[each.name] not in each.harmless)


def _comes_before(variable: Variable, owner: Source) -> bool:
    """Whether a variable's credential comes before the owner's credential."""
    if variable.effect is Effect.LAST_CREDENTIAL:
        return False
    if owner.family is None or owner.family in variable.also:
        return True
    distance = _ORDER[variable.family] - _ORDER[owner.family]
    return distance < 0 or (distance == 0 and variable.effect is Effect.CREDENTIAL)


def _concerns(variable: Variable, sources: Sources) -> bool:
    """Whether the variable belongs to the tools of a family that gives the API's address."""
    owner = sources.owner.family if sources.owner else None
    return sources.is_place(variable.family) or owner in variable.also


def _of_project(sources: Sources, destination: Destination, environ: Mapping[str, str]) -> Iterator[str]:
    """Refuse variables with a project, if the project is the region's default project."""
    if not destination.has_default_project or destination.project is None:
        return
    default = destination.project.value
    config = " or ".join(f"`{sources.stack.name(key)}`" for key in _PROJECT)
    instead = f"set {config} (or {sources.hints.name('projectId')})" if sources.hints else f"set {config}"
    for variable in _set(environ):
        value = environ[variable.name].strip()
        names_project = variable.effect is Effect.PROJECT or variable.key in _PROJECT
        if names_project and _concerns(variable, sources) and value != default:
            consequence = f"so the project would be {default!r}, by the region's name"
            yield _text(variable.name, shown(value, sources.secrets), consequence, instead)


def _of_address(sources: Sources, destination: Destination, environ: Mapping[str, str]) -> Iterator[str]:
    """Refuse variables with an address, if the address is built from a region."""
    endpoint = destination.endpoint
    if not endpoint.is_of_region or endpoint.setting is None or not endpoint.text:
        return
    region = endpoint.setting.value.replace("-", "_").upper()
    values = dict(environ)
    for variable in VARIABLES:
        name = variable.name.format(region=region)
        value = values.get(name, "").strip()
        changes = value and value not in variable.harmless and value.rstrip("/") != endpoint.text
        if variable.effect is Effect.ADDRESS and changes and _concerns(variable, sources):
            instead = f"set {names_of_endpoint(endpoint.setting, sources)} to the address"
            consequence = f"so the API would be at {endpoint.text}"
            yield _text(name, shown(value, sources.secrets), consequence, instead)


def _of_signing_in(sources: Sources, destination: Destination, environ: Mapping[str, str]) -> Iterator[str]:
    """Refuse variables with an identity service, if its address is built from a region of the environment."""
    setting, iam = destination.iam.setting, destination.iam
    if not destination.needs_iam or setting is None or setting.key != "region" or setting.source.family is None:
        return
    # The credential's own source comes first.
    owner = sources.owner if sources.owner and sources.owner.family else None
    instead = f"set {owner.name('iamEndpoint')}" if owner else f"set `{sources.stack.name('iamEndpoint')}`"
    for variable in _set(environ):
        value = environ[variable.name].strip()
        names_iam = variable.is_read and variable.key == "iamEndpoint"
        if names_iam and _concerns(variable, sources) and regions.cloud_of_address(value) is not iam.cloud:
            consequence = f"so the identity service would be {iam.text}"
            yield _text(variable.name, shown(value, sources.secrets), consequence, instead)


def _text(name: str, value: str, consequence: str, instead: str) -> str:
    return f"{name}{value} is set and not read here, {consequence}: {instead}, or unset {name}"
