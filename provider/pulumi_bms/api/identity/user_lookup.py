"""The id of the user of a credential. Servers are ordered in the user's name.

A signed-in user's token has the id. The owner of a permanent access key is looked up, once. The service does not tell
the user of any other credential.
"""

from __future__ import annotations

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.credential import Credential
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import RefusedError
from pulumi_bms.api.http.background import Unwanted
from pulumi_bms.api.identity.key_owner import SET_USER_ID, UserApi
from pulumi_bms.api.identity.single_flight import Once, before_sending
from pulumi_bms.api.identity.user import UserCredential

_WHAT = "the lookup of the user of the order"


class UserLookup:
    """The user of one credential. Safe to use from many threads.

    `iam` is the identity service for the owner of an access key, None with the reason in `problem`.
    """

    def __init__(self, credential: Credential, iam: Client | None = None, problem: str = "") -> None:
        self._credential = credential
        self._iam = iam
        self._problem = problem
        self._owner_id: Once[str] = Once()
        self._id: str | None = None

    def id(self, timeout: float | None = None, unwanted: Unwanted = None) -> str:
        """The id. The first caller sends the request, and the other callers wait for the response.

        `timeout` is in seconds. Raises an `ApiError`: a `RefusedError` asks for `user_id`.
        """
        if isinstance(self._credential, UserCredential):
            return self._id_of_token(self._credential, timeout, unwanted)
        lookup = self._lookup(self._credential)
        with before_sending(_WHAT, "the lookup is still under way"):
            return self._owner_id.get(lambda: self._owner(*lookup), timeout, unwanted)

    def _id_of_token(self, user: UserCredential, timeout: float | None, unwanted: Unwanted) -> str:
        self._id = self._id or user.token(timeout, unwanted).user_id
        if self._id is None:
            raise self._refused("the user's token names no user")
        return self._id

    def _lookup(self, credential: Credential) -> tuple[Client, str]:
        """The identity service and the access key. Raises `RefusedError` for a credential without a known owner."""
        if not isinstance(credential, AccessKeyCredential):
            raise self._refused("a ready token does not tell the id of its user")
        if credential.security_token:
            raise self._refused("the owner of a temporary access key can't be looked up")
        if self._iam is None:
            raise self._refused(self._problem)
        return self._iam, credential.access_key

    def _owner(self, iam: Client, access_key: str) -> str:
        return UserApi(Channel(iam)).owner_of(access_key)

    def _refused(self, why: str) -> RefusedError:
        return RefusedError(_WHAT, detail=why, sent=False, credential=self._credential.name, next_step=SET_USER_ID)
