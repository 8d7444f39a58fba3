"""Stack config and environment -> `Settings`: where the API is and how to sign in, typed and checked.

A credential comes whole from one source: the families of environment variables in their order, then the config. So
one in the environment beats the config's, for `pulumi refresh` and `pulumi destroy` run with the config of the last
`pulumi up`, and its credential may have been replaced since.

Where the API is goes the other way round: the resource's inputs, the config, then the environment; and of the
environment only the family that the credential is from, so that no credential meets another cloud's endpoint. Users
sign in where the credential's own source says. With a profile all of it comes from there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_bms.api.auth import Credential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import credentials, sources
from pulumi_bms.settings.endpoints import (
    endpoint_of,
    endpoint_problem,
    is_of_one_cloud,
    name_problem,
    normalised,
    region_problem,
)
from pulumi_bms.settings.sources import Lookup, Source

__all__ = ["REQUESTS_PER_MINUTE", "Lookup", "Settings", "endpoint_problem", "load", "name_problem", "region_problem"]

REQUESTS_PER_MINUTE = 1200
"""Requests a minute that all waits of a process may send, by default; the API documents 2,000 job queries."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach the API of one project, which is known by its id, else by its name (then at the IAM endpoint)."""

    endpoint: str
    project_id: str
    project_name: str
    credential: Credential
    iam_endpoint: str = ""
    ca_bundle: str | None = None
    max_requests_per_minute: int = REQUESTS_PER_MINUTE


def load(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str]) -> Settings:
    """The settings for a resource with these inputs; raises `SettingsError` naming all that is missing or wrong."""
    given = sources.of_inputs(inputs)
    profile = inputs.get("profile")
    if isinstance(profile, str) and profile:
        return _of_profile(given, sources.of_profile(config, profile))
    stack = sources.of_config(config)
    families = sources.of_environment(environ)
    bearer = credentials.bearer_of((*families, stack))
    around = sources.around(bearer, families)
    return _settings(bearer, [given, stack, *around], stack, around[0])


def _of_profile(given: Source, source: Source) -> Settings:
    if given.values:
        names = " and ".join(given.name(key) for key in given.values)
        raise SettingsError(f"profile and {names}: a profile has all of it, so write {names} there")
    bearer = source if credentials.bearer_of([source]) else None
    try:
        return _settings(bearer, [source], source, None)
    except SettingsError as error:
        named = source.title in str(error) or source.name("token").removesuffix("token") in str(error)
        raise SettingsError(str(error) if named else f"{source.title}: {error}") from None


def _settings(bearer: Source | None, places: Sequence[Source], stack: Source, family: Source | None) -> Settings:
    """From the source of the credential and the places where the rest is looked for; `family` is for hints."""
    if bearer:
        credentials.check(bearer)
        _refuse_another_cloud(bearer, places)
    endpoint = _address(places, "bms", "endpoint")
    project_id, project_name = _project(places)
    needs_iam = bearer is not None and bool(project_name or credentials.is_user(bearer))
    iam_endpoint = _iam_endpoint(bearer, places) if bearer and needs_iam else ""
    _refuse_missing(
        stack,
        family,
        (endpoint, "the endpoint", ("region", "endpoint"), ("region", "endpoint"), ""),
        (project_id or project_name, "the project", ("projectId", "projectName"), ("projectId",), ""),
        (bearer, "a credential", () if family else ("token",), (), _CREDENTIAL),
        (iam_endpoint or not needs_iam, "the IAM endpoint", ("iamEndpoint", "region"), ("iamEndpoint",), _IAM),
    )
    assert bearer is not None  # noqa: S101  (it would have been missing)
    _refuse_wrong(
        endpoint_problem(endpoint),
        endpoint_problem(iam_endpoint, "the IAM endpoint") if iam_endpoint else None,
        name_problem("the project id", project_id) if project_id else None,
    )
    # Tools differ in how much of the path belongs to the address of the identity service.
    iam_endpoint = normalised(iam_endpoint, "/auth/tokens", "/v3") if iam_endpoint else ""
    bundle = _ca_bundle(stack)
    credential = credentials.credential_of(bearer, iam_endpoint, project_id, project_name, bundle)
    return Settings(normalised(endpoint), project_id, project_name, credential, iam_endpoint, bundle, _budget(stack))


_CREDENTIAL = (
    "HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN, or another of the README's table "
    "(or `pulumi config set --secret bms:token` and the like)"
)
_IAM = (
    ", where users sign in and projects are looked up by name; a token or an access key does without it once the "
    "project id is set"
)


def _refuse_missing(
    stack: Source, family: Source | None, *wanted: tuple[object, str, tuple[str, ...], tuple[str, ...], str]
) -> None:
    """Raise for what was not found: what it is, its keys in the config and in a family of variables, more words."""
    missing = []
    for _, what, keys, variables, words in (each for each in wanted if not each[0]):
        where = " or ".join(f"`{stack.name(key)}`" for key in keys)
        names = ", ".join(family.names[key] for key in variables if key in family.names) if family else ""
        missing.append(f"{what}: set {where}{f' (or {names})' if names else ''}{words if family else ''}")
    if missing:
        raise SettingsError(f"not set{f' in {stack.title}' if family is None else ''}: " + "; ".join(missing))


def _refuse_wrong(*problems: str | None) -> None:
    for problem in filter(None, problems):
        raise SettingsError(problem)


def _place_of(places: Sequence[Source], key: str) -> Source | None:
    # Source by source, not key by key: a variable left in the environment must not redirect a region of the config.
    return next((place for place in places if place.has(key, "region")), None)


def _address(places: Sequence[Source], service: str, key: str) -> str:
    place = _place_of(places, key)
    if place is None or place.has(key):
        return place.get(key) if place else ""
    return _of_region(service, place)


def _of_region(service: str, place: Source) -> str:
    _refuse_wrong(region_problem(place.get("region")))
    return endpoint_of(service, place.get("region"))


def _refuse_another_cloud(bearer: Source, places: Sequence[Source]) -> None:
    place = _place_of(places, "endpoint")
    if place is None or place.has("endpoint") or not bearer.has("region"):
        return
    if not is_of_one_cloud(place.get("region"), bearer.get("region")):
        raise SettingsError(
            f"{place.name('region')} is {place.get('region')!r}, which is of another cloud than the region beside the "
            f"credential, {bearer.name('region')}: a profile can have both, a region and its own credential"
        )


def _iam_endpoint(bearer: Source, places: Sequence[Source]) -> str:
    """Where the credential's own source says, by address or by region, else where the rest of the settings do."""
    if bearer.has("iamEndpoint"):
        return bearer.get("iamEndpoint")
    nearer = places[0].get("region")
    if bearer.has("region") and not (nearer and is_of_one_cloud(nearer, bearer.get("region"))):
        return _of_region("iam", bearer)
    return _address(places, "iam", "iamEndpoint")


def _project(places: Sequence[Source]) -> tuple[str, str]:
    for place in places:
        if place.has("projectId", "projectName"):
            return place.get("projectId"), "" if place.has("projectId") else place.get("projectName")
    # Each region has a project of its name.
    return "", next((place.get("region") for place in places if place.has("region")), "")


def _ca_bundle(stack: Source) -> str | None:
    path = stack.get("caBundle")
    try:
        exists = not path or Path(path).exists()
    except (OSError, ValueError):
        exists = False
    if not exists:
        # Without the value: somebody may have set the certificates themselves, or a key.
        raise SettingsError(f"{stack.name('caBundle')} is no file or folder of certificates that exists: set its path")
    return path or None


def _budget(stack: Source) -> int:
    text = stack.get("maxRequestsPerMinute")
    found = re.fullmatch(r"([0-9]{1,9})(\.0)?", text, re.ASCII) if text else None
    if text and not (found and int(found[1])):
        raise SettingsError(f"{stack.name('maxRequestsPerMinute')} is no whole number of at least 1")
    return int(found[1]) if found else REQUESTS_PER_MINUTE
