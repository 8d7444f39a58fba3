"""The keys of the stack config: all keys, the secret keys, the profiles, and unknown keys. Standard library only."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Collection, Iterable, Mapping

from pulumi_bms.secret_names import is_secret_name

NAMESPACE = "bms"
"""The namespace of the stack config."""

KEYS = (
    *("accessKey", "secretKey", "securityToken", "username", "password", "domainName", "token"),
    *("projectName", "projectId", "region", "endpoint", "iamEndpoint", "billingEndpoint", "vpcEndpoint"),
    *("caBundle", "maxRequestsPerMinute"),
)
"""The keys of the stack config and of a profile."""

SECRET_KEYS = tuple(key for key in KEYS if is_secret_name(key))
"""The secret keys."""

Lookup = Callable[[str], object]
"""The value of a stack config key such as `bms:endpoint`, or None."""

_CUTOFF = 0.6


def profiles_of(config: Lookup) -> Mapping[str, object]:
    """The profiles in the stack config by name, with any content."""
    value = config(f"{NAMESPACE}:profiles")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    return value if isinstance(value, Mapping) else {}


def unknown_keys(keys: Iterable[str]) -> list[tuple[str, str]]:
    """The unknown keys of this namespace in a config, with the most similar known key or ""."""
    known = (*KEYS, "profiles")
    parts = (key.partition(":") for key in sorted(keys))
    unknown = [name for namespace, _, name in parts if namespace == NAMESPACE and name not in known]
    return [(f"{NAMESPACE}:{name}", _full(nearest(name, known))) for name in unknown]


def nearest(name: str, known: Collection[str]) -> str:
    """The most similar known name, or "". Case and separators are ignored."""
    plain = {_plain(each): each for each in known}
    matches = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_CUTOFF)
    return plain[matches[0]] if matches else ""


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _full(name: str) -> str:
    return f"{NAMESPACE}:{name}" if name else ""
