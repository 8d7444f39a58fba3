"""The problem of one setting's value.

The message names the setting, and the value unless the value may hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from pulumi_bms.settings.endpoints import endpoint_problem, name_problem, region_problem
from pulumi_bms.settings.sources import Setting

LONGEST_SHOWN = 100
"""Characters of a value in a message."""
SHORTEST_SECRET = 4
"""Shortest secret to search in other values. A shorter secret stands in many values by chance."""

# The form of a cloud's keys: long, of letters and digits. A hexadecimal text is a project id, not a key.
_KEY_LIKE = re.compile(
    r"(?=[a-z0-9+/=]*[A-Z])(?=[A-Za-z+/=]*[0-9])[A-Za-z0-9+/=]{20,}|(?=[a-f0-9]*[g-z])(?=[a-z]*[0-9])[a-z0-9]{20,}"
)
_WHOLE = re.compile(r"([0-9]{1,9})(\.0)?", re.ASCII)


def problem_of(setting: Setting, secrets: Collection[str]) -> str | None:
    """The problem of a setting's value, or None. A value with a secret in the text is not shown."""
    what = f"{setting.name}{shown(setting.value, secrets)}"
    match setting.key:
        case "endpoint" | "iamEndpoint" | "billingEndpoint" | "vpcEndpoint":
            return endpoint_problem(setting.value, what)
        case "region":
            return region_problem(setting.value, what)
        case "projectId":
            return name_problem(what, setting.value)
        case "caBundle":
            return (
                None
                if _exists(setting.value)
                else f"{what} must be the path of an existing file or folder of certificates"
            )
        case "maxRequestsPerMinute":
            return None if number_of(setting.value) else f"{what} must be a whole number of at least 1"
        case _:
            return None


def number_of(text: str) -> int:
    """A whole number of at least 1 in the config's form. 0 for any other text."""
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else 0


def shown(value: str, secrets: Collection[str]) -> str:
    """A value for a message, with a blank before the value. "" if the value may hold a secret."""
    is_plain = value.isprintable() and len(value) <= LONGEST_SHOWN and not set(value) & set("@?#")
    # Regions are lower case here, in any spelling of the source.
    holds_secret = any(len(secret) >= SHORTEST_SECRET and secret.lower() in value.lower() for secret in secrets)
    return f" {value!r}" if is_plain and not holds_secret and not _KEY_LIKE.search(value) else ""


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
