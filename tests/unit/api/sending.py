"""Requests over real sockets: a client that returns any response, and waits for threads."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from requests.auth import AuthBase

from pulumi_bms.api.auth.credential import Credential, TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.response import Response
from pulumi_bms.api.http.transport import Transport
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import UserCredential

if TYPE_CHECKING:
    from requests import PreparedRequest

TOKEN = "geheim-token"
PATIENCE = 10.0


class _Signed(AuthBase):
    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._credential.authenticate(request)
        return request


class Sender(Client):
    """Sends like a client, and has a transport for responses that a client would turn into errors."""

    def __init__(self, endpoint: str, credential: Credential, **options: Any) -> None:
        super().__init__(endpoint, credential, **options)
        self._plain = Transport(endpoint)

    def send(self, request: Request) -> Response:
        return self._plain.deliver(self._plain.prepare(request, _Signed(self.credential)), request)


def transport_to(endpoint: str) -> Sender:
    """Make a client with a token and a separate lockout guard."""
    return Sender(endpoint, TokenCredential(TOKEN, "HW_AUTH_TOKEN"), lockout_guard=LockoutGuard())


def no_news(transport: Client, request: Request) -> NoAnswerError:
    """Send a request without a response, and return the error. The error must not show the token."""
    with pytest.raises(NoAnswerError) as caught:
        transport.ask(request, lambda _: True)
    assert TOKEN not in f"{caught.value} {caught.value!r} {pickle.dumps(caught.value)!r}"
    return caught.value


def user_at(endpoint: str) -> UserCredential:
    return UserCredential(
        user_name="deploy",
        password="Geheim-1!",
        domain_name="acme",
        source="HW_USER_NAME",
        iam_endpoint=endpoint,
        project_name="eu-de",
        tokens=Tokens(),
        lockout_guard=LockoutGuard(),
    )


def exchanges() -> int:
    """The number of threads with an exchange under way."""
    return sum(thread.name == "exchange" for thread in threading.enumerate())


def wait_until(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true in good time."""
    ends_at = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < ends_at:
        time.sleep(0.01)
    return condition()
