"""Unknown keys of the config, and the nearest known keys."""

from __future__ import annotations

import pytest

from pulumi_bms.config_keys import KEYS, nearest, unknown_keys


def test_only_unread_keys_of_the_namespace_are_told() -> None:
    """Only unknown keys of the namespace `bms` are reported."""
    keys = [*(f"bms:{key}" for key in KEYS), "bms:profiles", "other:regoin", "regoin", "bmsx:region"]
    assert unknown_keys(keys) == []
    assert unknown_keys([*keys, "bms:regoin", "bms:colour"]) == [("bms:colour", ""), ("bms:regoin", "bms:region")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("regoin", "region"),
        ("project_id", "projectId"),
        ("projectID", "projectId"),
        ("PROJECT-NAME", "projectName"),
        ("endpiont", "endpoint"),
        ("authUrl", ""),
        ("maxRequests", "maxRequestsPerMinute"),
        ("", ""),
    ],
)
def test_the_nearest_key(written: str, meant: str) -> None:
    """The nearest key ignores case and separators. A dissimilar word has no nearest key."""
    assert nearest(written, KEYS) == meant
