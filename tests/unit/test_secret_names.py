"""The names of secrets: one list for the config, for request bodies, and for masked values."""

from __future__ import annotations

import asyncio

import pulumi
import pytest

from pulumi_bms.api.http.redaction import secrets_of
from pulumi_bms.config_keys import SECRET_KEYS
from pulumi_bms.lifecycle.body_values import mark_secrets

SECRET = ("adminPass", "admin_pass", "new_password", "user_data", "personality", "os_token", "private_key", "pwd")
PLAIN = ("name", "flavorRef", "count", "key_name", "tags")


def test_the_secret_keys_of_the_config() -> None:
    """The secret keys of the config are pinned. A secret key in plain text causes a warning."""
    assert SECRET_KEYS == ("secretKey", "securityToken", "password", "token")


@pytest.mark.parametrize(("names", "is_secret"), [(SECRET, True), (PLAIN, False)])
def test_what_is_masked_is_marked(names: tuple[str, ...], *, is_secret: bool) -> None:
    """A value masked by name in messages is a secret in the stack's state, at any depth. No further value is."""

    async def marked() -> dict[str, bool]:
        body = mark_secrets({"list": [dict.fromkeys(names, "x")]})
        return {name: isinstance(value, pulumi.Output) for name, value in body["list"][0].items()}

    assert asyncio.run(marked()) == dict.fromkeys(names, is_secret)
    for name in names:
        assert (secrets_of({"list": [{name: "x"}]}) == ("x",)) is is_secret
