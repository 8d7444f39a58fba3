"""Faults for single requests: the next fitting requests get another response, carried out or not."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from bms_simulator.http.request import Request
from bms_simulator.http.responses import Response


@dataclass(slots=True)
class Spoiler:
    """The response to the next `times` requests of a method with a text in the path."""

    response: Response
    method: str
    path_contains: str
    carried_out: bool
    times: int

    def fits(self, request: Request) -> bool:
        """Return whether a request fits."""
        return request.method == self.method and self.path_contains in request.path


class Spoilers:
    """All faults that are still to come, safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._spoilers: list[Spoiler] = []

    def add(self, spoiler: Spoiler) -> None:
        """Add a fault after all other faults."""
        with self._lock:
            self._spoilers.append(spoiler)

    def take(self, request: Request) -> Spoiler | None:
        """Return the fault for a request, None for no fault."""
        with self._lock:
            spoiler = next((each for each in self._spoilers if each.fits(request)), None)
            if spoiler:
                spoiler.times -= 1
                self._spoilers = [each for each in self._spoilers if each.times > 0]
            return spoiler
