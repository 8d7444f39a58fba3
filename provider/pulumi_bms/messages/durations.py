"""Durations, in the format of Pulumi's `custom_timeouts` and in the format of messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi

_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)


def create_timeout(opts: pulumi.ResourceOptions | None) -> float | None:
    """`custom_timeouts.create` in seconds, or None. Raises `ValueError` with the name of any invalid timeout."""
    timeouts = opts.custom_timeouts if opts else None
    if timeouts is None:
        return None
    texts = {name: _of(timeouts, name) for name in ("create", "update", "delete", "read")}
    seconds = {name: parse(f"custom_timeouts.{name}", value) for name, value in texts.items() if value is not None}
    return seconds.get("create")


def _of(timeouts: object, name: str) -> object:
    return timeouts.get(name) if isinstance(timeouts, Mapping) else getattr(timeouts, name, None)


def parse(name: str, value: object) -> float:
    """A duration such as "90m" or "1h30m" in seconds. Raises `ValueError` for anything else, and for zero or less."""
    text = value.strip() if isinstance(value, str) else ""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f'{name} must be a duration such as "90m", "1h30m" or "5400s", not {value!r}')
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    if seconds <= 0:
        raise ValueError(f"{name} must be a duration above zero, not {value!r}: to use the default, leave {name} out")
    return seconds


def show(seconds: float) -> str:
    """A duration for people, rounded to the second: `45s`, `4m07s`, `1h30m00s`."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours}h{minutes:02}m{left:02}s"
    return f"{minutes}m{left:02}s" if minutes else f"{left}s"
