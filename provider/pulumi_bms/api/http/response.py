"""One complete HTTP response, and the JSON document of its body. Pure functions, and no knowledge of a cloud."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

DEEPEST = 64
"""Levels of objects and lists to read. One level of sub-jobs has three."""
TOO_DEEP = "[nested too deeply]"
"""The text in place of deeper levels."""
_LARGEST_WHOLE = 2**53
_MOST_DIGITS = 17
_IDENTIFIER = re.compile(r"[A-Za-z0-9][\w.:-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Response:
    """One complete HTTP response. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """The id of the request, for the cloud's support."""
        return identifier(self.headers.get("x-request-id"))

    @property
    def retry_after(self) -> float | None:
        """The pause that the server asks for, in seconds.

        The header has seconds, milliseconds, or a date beside `Date`.
        """
        milliseconds = _number(self.headers.get("retry-after-ms") or self.headers.get("x-ms-retry-after-ms"))
        if milliseconds is not None:
            return milliseconds / 1000
        error_body = self.headers.get("retry-after")
        seconds = _number(error_body)
        return seconds if seconds is not None else self._until(error_body)

    @property
    def date(self) -> datetime | None:
        """The time of the response on the server's clock."""
        return _date(self.headers.get("date"))

    def _until(self, error_body: str | None) -> float | None:
        # Measure the server's date by the server's clock: the local clock may jump.
        until, now = _date(error_body), self.date
        return max(0.0, (until - now).total_seconds()) if until and now else None


def parsed(body: bytes) -> object:
    """The document, or None for text that is not JSON, or JSON that could not be written again.

    A value that no state can hold becomes text: a number beyond floats, or a value nested too deeply.
    """
    try:
        document = json.loads(body, parse_constant=_refuse, parse_int=_whole, parse_float=_fraction)
        _cut(document)
        if b"\\ud" in body.lower():
            # Half a surrogate pair can't stand in a state or a message.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} must not stand in JSON")


def _whole(digits: str) -> int | str:
    """The number if a float holds the number exactly: states keep numbers as floats."""
    return int(digits) if len(digits) <= _MOST_DIGITS and abs(int(digits)) <= _LARGEST_WHOLE else digits


def _fraction(digits: str) -> float | str:
    number = float(digits)
    return number if isfinite(number) else digits


def _cut(document: object) -> None:
    """Replace values more than `DEEPEST` levels deep: the code that reads and stores a document recurses."""
    level = [document]
    for _ in range(DEEPEST - 1):
        level = [inner for outer in level for _, inner in _inside(outer)]
    for outer in level:
        for key, inner in _inside(outer):
            if isinstance(inner, dict | list):
                outer[key] = TOO_DEEP  # type: ignore[index]  # it has an inside


def _inside(value: object) -> list[tuple[Any, object]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def is_page(body: bytes) -> bool:
    """Whether a body is a page of HTML or XML."""
    return body[:200].lstrip().startswith(b"<")


def identifier(text: str | None) -> str | None:
    """An id in safe characters, else None. Other text could rewrite the terminal."""
    return text if text and _IDENTIFIER.fullmatch(text) else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) and number >= 0 else None


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment if moment and moment.tzinfo else None
