"""The record of requests, in order: the evidence for tests such as "one POST and no more"."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bms_simulator.http.responses import Json


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that arrived whole, `at` seconds after the start. `status` is None without a response."""

    method: str
    path: str
    status: int | None
    at: float
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: Json = field(default=None, repr=False)


class Recorder:
    """Requests in order of arrival, from any number of threads."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []

    def arrived(self, request: RecordedRequest) -> int:
        """Keep a request and return its number."""
        with self._lock:
            self._requests.append(request)
            return len(self._requests) - 1

    def has_response(self, number: int, status: int | None) -> RecordedRequest:
        """Note the status of a response that is about to be sent."""
        with self._lock:
            self._requests[number] = replace(self._requests[number], status=status)
            return self._requests[number]

    def snapshot(self) -> list[RecordedRequest]:
        """All requests so far."""
        with self._lock:
            return list(self._requests)
