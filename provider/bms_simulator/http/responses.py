"""The response to one request: a status, a body and the way of their delivery."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]
Delivery: TypeAlias = Literal["whole", "reset", "hang", "trickle", "cut"]

REQUEST_ID_HEADER = "X-Request-Id"
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class HugeBody:
    """A body too large to keep in memory: `size` bytes of filler between `head` and `tail`."""

    head: bytes
    tail: bytes
    size: int

    def __len__(self) -> int:
        """Return the number of bytes of the whole body."""
        return len(self.head) + self.size + len(self.tail)

    def pieces(self) -> Iterator[bytes]:
        """Return the body, piece by piece."""
        yield self.head
        piece = b"x" * PIECE_BYTES
        for left in range(self.size, 0, -PIECE_BYTES):
            yield piece[:left]
        yield self.tail


@dataclass(frozen=True, slots=True)
class Response:
    """One response: `str` and `bytes` bodies are sent as they are, None is an empty body, the rest is JSON."""

    status: int = 200
    body: Json | bytes | HugeBody = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delivery: Delivery = "whole"

    @property
    def sent_status(self) -> int | None:
        """The status that reaches the client, None when nothing does."""
        return None if self.delivery in {"reset", "hang"} else self.status

    def payload(self) -> bytes | HugeBody:
        """Return the body as it goes over the wire."""
        if isinstance(self.body, bytes | HugeBody):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return b"" if self.body is None else json.dumps(self.body).encode()

    def content_type(self) -> str:
        """Return the content type that such a body is served with, unless the headers name another."""
        return "text/html;charset=utf-8" if isinstance(self.body, str) else "application/json;charset=utf-8"


RESET = Response(delivery="reset")
HANG = Response(delivery="hang")


class Refused(Exception):  # noqa: N818 - it is a response on its way out, not a defect
    """A request that is answered with an error instead of being carried out."""

    def __init__(self, response: Response) -> None:
        """Keep the response to send."""
        super().__init__(response)
        self.response = response


def service_error(code: str, message: str, status: int = 400) -> Response:
    """Return an error in the shape of the service itself."""
    return Response(status, {"error": {"code": code, "message": message}})


def gateway_error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error in the shape of the API gateway. Its body repeats the request id of the header."""
    request_id = uuid.uuid4().hex
    body: JsonObject = {"error_code": code, "error_msg": message, "request_id": request_id}
    return Response(status, body, {REQUEST_ID_HEADER: request_id, **(headers or {})})


def unauthorized(reason: str) -> Response:
    """Return the gateway's error for a request without a valid credential."""
    return gateway_error(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")


def not_allowed(method: str) -> Response:
    """Return the gateway's error for a method that a path does not have."""
    return gateway_error(405, "APIGW.0501", f"The method {method} is not allowed here.")


def identity_error(status: int, title: str, message: str) -> Response:
    """Return an error in the shape of the identity service, whose code is a number."""
    return Response(status, {"error": {"code": status, "message": message, "title": title}})
