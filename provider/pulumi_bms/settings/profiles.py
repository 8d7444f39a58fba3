"""A profile in the stack config: all settings of an account."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_bms.api.errors import SettingsError
from pulumi_bms.config_keys import KEYS, Lookup, nearest, profiles_of
from pulumi_bms.settings import precedence
from pulumi_bms.settings.endpoints import name_problem
from pulumi_bms.settings.precedence import Sources
from pulumi_bms.settings.sources import Source, of_profile, place_of
from pulumi_bms.settings.values import shown


def with_profile(inputs: Source, config: Lookup, name: str) -> Sources:
    """The sources of a resource with a profile.

    Raises `SettingsError` if the profile does not exist, or if the resource's own inputs give the API's address.
    """
    if inputs.values:
        names = " and ".join(inputs.name(key) for key in inputs.values)
        raise SettingsError(f"profile and {names} can't be set together: write {names} in the profile")
    if problem := name_problem(f"profile{shown(name, ())}", name):
        raise SettingsError(problem)
    profiles = profiles_of(config)
    values = profiles.get(name)
    if not isinstance(values, Mapping):
        raise SettingsError(_no_profile(name, list(profiles)))
    return precedence.with_profile(inputs, of_profile(name, values), _unknown_keys(name, values))


def _no_profile(name: str, profiles: list[str]) -> str:
    like = nearest(name, [each for each in profiles if each != name])
    meant = f" If {like!r} is meant, write {like!r}. Else add" if like else " Add"
    command = f"`pulumi config set --path '{place_of(name)}.region' ...`"
    return f"profile {name!r} is not in the config.{meant} the profile by {command}"


def _unknown_keys(name: str, values: Mapping[str, object]) -> tuple[str, ...]:
    unknown = [_unknown(key) for key in sorted(map(str, values)) if key not in KEYS]
    return (
        (f"{place_of(name)} has the unknown keys {', '.join(unknown)}. The known keys are {', '.join(KEYS)}",)
        if unknown
        else ()
    )


def _unknown(key: str) -> str:
    like = nearest(key, KEYS)
    return f"{key} (write {like})" if like else key
