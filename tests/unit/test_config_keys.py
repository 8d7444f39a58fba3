"""Keys of the config that nothing reads, and what may have been meant."""

from __future__ import annotations

import pytest

from pulumi_bms.config_keys import KEYS, nearest, unknown_keys


def test_only_unread_keys_of_the_namespace_are_told() -> None:
    """Known keys, and keys of other namespaces, are none of it."""
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
    """Case and separators are no difference; a word that is like none is told none."""
    assert nearest(written, KEYS) == meant
