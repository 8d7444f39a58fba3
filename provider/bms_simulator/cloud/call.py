"""A request with a valid credential, as operations read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from bms_simulator.clock import Moment
from bms_simulator.http.responses import Json, Refused, service_error

MOST_DIGITS = 9


def refuse(code: str, message: str, status: int = 400) -> NoReturn:
    """End the request with an error of the service."""
    raise Refused(service_error(code, message, status))


@dataclass(frozen=True, slots=True)
class Call:
    """The moment of a request, the names in the path, the query and the body."""

    moment: Moment
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    pairs: tuple[tuple[str, str], ...] = ()
    body: Json = None

    @property
    def now(self) -> float:
        """The simulated second at which the request came."""
        return self.moment.simulated

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the query. The last one of a name counts."""
        return dict(self.pairs)

    def values(self, name: str) -> list[str]:
        """Return all values of a parameter that may be repeated, or be a list with commas."""
        return [value for key, values in self.pairs if key == name for value in values.split(",") if value]

    def number(self, name: str, default: int, *, least: int = 1) -> int:
        """Return a number of the query. Any other value is refused."""
        value = self.query.get(name, str(default))
        # int() alone would take signs and the digits of any script. More than nine digits are a mistake.
        if not value.isascii() or not value.isdigit() or len(value) > MOST_DIGITS or int(value) < least:
            refuse("BMS.0018", f"{name} must be a number from {least} on.")
        return int(value)
