"""Warnings about the stack config: readable secrets and unused keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi
from pulumi.runtime import get_config, get_config_env, is_config_secret
from pulumi.runtime.config import CONFIG

from pulumi_bms.config_keys import NAMESPACE, SECRET_KEYS, profiles_of, unknown_keys
from pulumi_bms.lifecycle.once import ONCE


def warn_of_config() -> None:
    """Warn, once a run, of each secret set without `--secret`, and of each unused key."""
    for key, flags in _plain():
        _warn_once(key, unsafe_text(key, flags))
    # A project with the name of the namespace has its own settings there.
    if pulumi.get_project() != NAMESPACE:
        for key, like in unknown_keys({**get_config_env(), **CONFIG.get()}):
            _warn_once(key, unread_text(key, like))


def unsafe_text(key: str, flags: str) -> str:
    """The warning about a readable secret. `flags` are the options of the command."""
    return (
        f"{key} is set without --secret, so the value is readable in the stack's config file and state. "
        f"Replace the secret, and set the new secret with `pulumi config set {flags} {key}`"
    )


def unread_text(key: str, like: str) -> str:
    """The warning about an unknown key. `like` is the most similar known key, or ""."""
    return f"{key} is not read: " + (f"{like} may be meant" if like else "no known key has a similar name")


def _warn_once(key: str, text: str) -> None:
    if ONCE.first(f"{pulumi.get_stack()} {key}"):
        pulumi.log.warn(text)


def _plain() -> Iterator[tuple[str, str]]:
    for name in SECRET_KEYS:
        key = f"{NAMESPACE}:{name}"
        if get_config(key) and not is_config_secret(key):
            yield key, "--secret"
    profiles = f"{NAMESPACE}:profiles"
    if not is_config_secret(profiles):
        for profile, values in profiles_of(get_config).items():
            names = [name for name in SECRET_KEYS if isinstance(values, Mapping) and values.get(name)]
            yield from ((f"{profiles}.{profile}.{name}", "--secret --path") for name in names)
