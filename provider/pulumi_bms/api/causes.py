"""Why an exchange brought no answer: whether the request left, and the reason in plain words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError

_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_NEVER_SENT = (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError, *_NO_ADDRESS)
_NO_CONNECTION = (NewConnectionError, ssl.SSLCertVerificationError)


def never_sent(error: Exception) -> bool:
    """Whether no connection stood, so that the request can't have taken effect."""
    return isinstance(error, _NEVER_SENT) or any(isinstance(cause, _NO_CONNECTION) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        item = queue.pop()
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            queue += [*item.args, item.__cause__, getattr(item, "reason", None)]


def cause_of(error: Exception) -> str:
    """The innermost reason in plain words: requests wraps one error in another, with object addresses."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.exceptions.ReadTimeout | ReadTimeoutError):
        return "no answer in time"
    systems = [c for c in _causes(error) if isinstance(c, OSError) and c.strerror and not isinstance(c, HTTPError)]
    if systems:
        return str(systems[-1].strerror)
    if isinstance(error, requests.exceptions.SSLError):
        return f"TLS: {list(_causes(error))[-1]}"
    if isinstance(error, _NO_ADDRESS):
        # Without its text, which may repeat the password of a proxy.
        return "the address of the endpoint, or of a proxy that the environment names, can't be used"
    if not isinstance(error, requests.RequestException | HTTPError):
        return str(error)
    return "the connection ended before the answer was whole"
