"""Why an exchange got no response, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        item = queue.pop()
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            queue += [*item.args, item.__cause__, getattr(item, "reason", None)]


def cause_of(error: Exception, *, has_begun: bool) -> str:
    """The innermost reason: requests nests errors, with object addresses in the text.

    `has_begun` is whether the request has begun to leave. A timeout before belongs to the connection.
    """
    if isinstance(error, requests.exceptions.Timeout | ReadTimeoutError):
        return "no response in time" if has_begun else "no connection in time"
    systems = [c for c in _causes(error) if isinstance(c, OSError) and c.strerror and not isinstance(c, HTTPError)]
    if systems:
        return str(systems[-1].strerror)
    if isinstance(error, requests.exceptions.SSLError):
        return f"TLS: {list(_causes(error))[-1]}"
    if isinstance(error, _NO_ADDRESS):
        # Without the text of the error: the text may repeat the password of a proxy.
        return "the address of the endpoint, or of a proxy in the environment, is not valid"
    if not isinstance(error, requests.RequestException | HTTPError):
        return str(error)
    return "the connection ended before the response was complete"
