"""Secrets that stand readable in the stack config, of which the program warns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi
from pulumi.runtime import get_config, is_config_secret

from pulumi_bms.resources.provider import ONCE
from pulumi_bms.settings.sources import NAMESPACE, SECRET_KEYS, profiles_of


def warn_of_plain_secrets() -> None:
    """Warn, once a run, of each secret that was set without `--secret`: it is readable in the config and the state."""
    for key, flags in _plain():
        if ONCE.first(f"{pulumi.get_stack()} {key}"):
            pulumi.log.warn(
                f"{key} is set without --secret, so it is readable in the stack's config file and in its state: "
                f"replace it, and set the new one with `pulumi config set {flags} {key}`"
            )


def _plain() -> Iterator[tuple[str, str]]:
    for name in SECRET_KEYS:
        key = f"{NAMESPACE}:{name}"
        if get_config(key) and not is_config_secret(key):
            yield key, "--secret"
    profiles = f"{NAMESPACE}:profiles"
    if not is_config_secret(profiles):
        for profile, values in profiles_of(get_config).items():
            found = [name for name in SECRET_KEYS if isinstance(values, Mapping) and values.get(name)]
            yield from ((f"{profiles}.{profile}.{name}", "--secret --path") for name in found)
