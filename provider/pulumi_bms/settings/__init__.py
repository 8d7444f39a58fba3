"""Stack config and environment -> `Settings`: where the API is and how to sign in, typed and checked.

A credential comes whole from one source: the families of environment variables in their order, then the config. So
one in the environment beats the config's, for `pulumi refresh` and `pulumi destroy` run with the config of the last
`pulumi up`, and its credential may have been replaced since.

Where the API is goes the other way round: the resource's inputs, the config, then the environment; and of the
environment only the family that the credential is from, so that no credential meets another cloud's endpoint. With a
profile all of it comes from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pulumi_bms.api.auth import Credential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.settings import credentials, sources
from pulumi_bms.settings.endpoints import endpoint_of, endpoint_problem, name_problem, region_problem
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
    profile = inputs.get("profile")
    given = sources.of_inputs(inputs)
    if isinstance(profile, str) and profile:
        if given.values:
            names = " and ".join(given.name(key) for key in given.values)
            raise SettingsError(f"profile and {names}: a profile has all of it, so write {names} there")
        source = sources.of_profile(config, profile)
        return _settings(source if credentials.bearer_of([source]) else None, [source], source, source)
    stack = sources.of_config(config)
    families = sources.of_environment(environ)
    bearer = credentials.bearer_of((*families, stack))
    around = [bearer] if bearer in families and "region" in bearer.names else families
    return _settings(bearer, [given, stack, *around], stack, None)


def _settings(bearer: Source | None, places: Sequence[Source], stack: Source, profile: Source | None) -> Settings:
    if bearer:
        credentials.check(bearer)
    endpoint = _address(places, "bms", "endpoint")
    project_id, project_name = _project(places)
    needs_iam = bool(project_name) or (bearer is not None and credentials.is_user(bearer))
    iam_endpoint = _iam_endpoint(bearer, places) if needs_iam else ""
    _refuse_missing(
        profile,
        (endpoint, "the endpoint", "region", "`bms:region` or `bms:endpoint` (or HW_REGION_NAME, BMS_ENDPOINT)"),
        (project_id or project_name, "the project", "projectId", _PROJECT),
        (bearer, "a credential", "token", _CREDENTIAL),
        (iam_endpoint or not needs_iam, "the IAM endpoint", "iamEndpoint", _IAM),
    )
    assert bearer is not None  # noqa: S101  (it would have been missing)
    _refuse_wrong(
        endpoint_problem(endpoint),
        endpoint_problem(iam_endpoint, "the IAM endpoint") if iam_endpoint else None,
        name_problem("the project id", project_id) if project_id else None,
    )
    ca_bundle = _ca_bundle(stack)
    credential = credentials.credential_of(bearer, iam_endpoint, project_id, project_name, ca_bundle)
    return Settings(endpoint.rstrip("/"), project_id, project_name, credential, iam_endpoint, ca_bundle, _budget(stack))


_PROJECT = "`bms:projectId` or `bms:projectName` (or HW_PROJECT_ID)"
_CREDENTIAL = (
    "HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN, or another of the README's table "
    "(or `pulumi config set --secret bms:token` and the like)"
)
_IAM = (
    "`bms:iamEndpoint` or `bms:region` (or HW_AUTH_URL), where users sign in and projects are looked up by name; "
    "a token or an access key does without it once the project id is set"
)


def _refuse_missing(profile: Source | None, *wanted: tuple[object, str, str, str]) -> None:
    missing = [
        f"{what}: set " + (f"`{profile.name(key)}`" if profile else where)
        for found, what, key, where in wanted
        if not found
    ]
    if missing:
        raise SettingsError(f"not set{f' in {profile.title}' if profile else ''}: " + "; ".join(missing))


def _refuse_wrong(*problems: str | None) -> None:
    for problem in filter(None, problems):
        raise SettingsError(problem)


def _address(places: Sequence[Source], service: str, key: str) -> str:
    # Source by source, not key by key: a variable left in the environment must not redirect a region of the config.
    place = next((place for place in places if place.has(key, "region")), None)
    if place is None or place.has(key):
        return place.get(key) if place else ""
    _refuse_wrong(region_problem(place.get("region")))
    return endpoint_of(service, place.get("region"))


def _iam_endpoint(bearer: Source | None, places: Sequence[Source]) -> str:
    # A password goes where its own source says, before any other.
    own = bearer.get("iamEndpoint") if bearer else ""
    given, *others = places
    address = own or _address([given, *([bearer] if bearer else []), *others], "iam", "iamEndpoint")
    # Tools differ in whether the version belongs to it.
    return address.rstrip("/").removesuffix("/v3").rstrip("/")


def _project(places: Sequence[Source]) -> tuple[str, str]:
    for place in places:
        if place.has("projectId", "projectName"):
            return place.get("projectId"), "" if place.has("projectId") else place.get("projectName")
    # Each region has a project of its name.
    return "", next((place.get("region") for place in places if place.has("region")), "")


def _ca_bundle(stack: Source) -> str | None:
    path = stack.get("caBundle")
    if path and not Path(path).exists():
        raise SettingsError(
            f"{stack.name('caBundle')} is {path!r}, and there is no such file or folder of certificates"
        )
    return path or None


def _budget(stack: Source) -> int:
    text = stack.get("maxRequestsPerMinute").removesuffix(".0")
    if not text:
        return REQUESTS_PER_MINUTE
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        name = stack.name("maxRequestsPerMinute")
        raise SettingsError(f"{name} is {text[:20]!r}: write a whole number of at least 1")
    return int(text)
