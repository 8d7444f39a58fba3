"""Users: the owner of an access key. Servers are ordered in the owner's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_bms.api import operations
from pulumi_bms.api.channel import Channel, holds_object
from pulumi_bms.api.errors import NotFoundError, RefusedError
from pulumi_bms.api.identity.projects import before_the_request
from pulumi_bms.api.models.job import Unreadable

SET_USER_ID = "set `user_id`, the id of the IAM user, which needs no lookup"
"""The next step without a lookup."""


@dataclass(frozen=True, slots=True)
class UserApi:
    """Users of an account. The channel leads to the identity service's endpoint, without a project."""

    channel: Channel

    def owner_of(self, access_key: str) -> str:
        """GET /v3.0/OS-CREDENTIAL/credentials/{access_key} (no limit documented).

        Page "Querying a Permanent Access Key" of the identity service. The id of the owner of a permanent access key.
        Not every user may send this request: `RefusedError` has the next step. Raises an `ApiError`.
        """
        with before_the_request():
            try:
                return self.channel.read(
                    operations.GET_ACCESS_KEY,
                    holds_object("credential"),
                    _user_id,
                    names={"access_key": access_key},
                )
            except (RefusedError, NotFoundError) as error:
                ways = filter(None, (error.hint, SET_USER_ID))
                raise error.recast(RefusedError, next_step=". Or ".join(ways)) from None


def _user_id(document: Mapping[str, Any]) -> str:
    user_id = document["credential"].get("user_id")
    if not isinstance(user_id, str) or not user_id.strip():
        raise Unreadable("the access key has no user_id")
    return user_id.strip()
