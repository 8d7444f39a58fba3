"""All pages of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pulumi_bms.api.errors import NoAnswerError

T = TypeVar("T")

MOST_PAGES = 10_000
"""Limit of pages. A list with more pages has no end."""


def all_pages(page: Callable[[int], Sequence[T]], key: Callable[[T], str], shortest_full: int) -> tuple[T, ...]:
    """All items on the pages 0, 1 and so on, without duplicates.

    A page with fewer than `shortest_full` items is the last page. A page without new items is the last page too: an API
    without pages repeats the same items for ever.
    """
    items: dict[str, T] = {}
    for number in range(MOST_PAGES):
        before, listed = len(items), page(number)
        for each in listed:
            items.setdefault(key(each), each)
        if len(listed) < shortest_full or len(items) == before:
            return tuple(items.values())
    raise NoAnswerError("a list", detail=f"the list has more than {MOST_PAGES} pages")
