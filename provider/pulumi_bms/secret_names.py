"""The names of secrets, for config keys, request bodies and responses: one list. Standard library only."""

from __future__ import annotations

_PARTS = ("pass", "pwd", "secret", "user_data", "token", "private", "personality")


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is a secret: `adminPass`, `secretKey`, `user_data`. Case makes no difference."""
    lower = name.lower()
    return any(part in lower for part in _PARTS)
