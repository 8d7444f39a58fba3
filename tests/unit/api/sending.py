"""A client that shows a response as it came, whatever it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests.auth import AuthBase

from pulumi_bms.api.auth.credential import Credential
from pulumi_bms.api.client import Client
from pulumi_bms.api.http.request import Request
from pulumi_bms.api.http.response import Response
from pulumi_bms.api.http.transport import Transport

if TYPE_CHECKING:
    from requests import PreparedRequest


class _Signed(AuthBase):
    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self._credential.authenticate(request)
        return request


class Sender(Client):
    """Sends as a client does, and has a transport for responses that a client would turn into errors."""

    def __init__(self, endpoint: str, credential: Credential, **options: Any) -> None:
        super().__init__(endpoint, credential, **options)
        self._plain = Transport(endpoint)

    def send(self, request: Request) -> Response:
        return self._plain.deliver(self._plain.prepare(request, _Signed(self.credential)), request)
