"""Things over time: the second of their beginning, and the changes planned for later."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)


class History(Generic[T]):
    """Things by id. The state of a thing at any second follows from its beginning and the changes until then."""

    def __init__(self) -> None:
        """Begin empty."""
        self._appearing: dict[str, tuple[float, T]] = {}
        self._changes: dict[str, list[tuple[float, Callable[[T], T | None]]]] = {}

    def begin(self, since: float, thing: T) -> None:
        """Let a thing appear at that second."""
        self._appearing[thing.id] = (since, thing)
        self._changes[thing.id] = []

    def plan(self, thing_id: str, since: float, change: Callable[[T], T | None]) -> None:
        """Let a change happen at that second. A change to None takes the thing away."""
        if since < math.inf:
            changes = self._changes[thing_id]
            changes.append((since, change))
            changes.sort(key=lambda planned: planned[0])

    def end(self, thing_id: str, since: float) -> None:
        """Let a thing be gone from that second on."""
        self.plan(thing_id, since, lambda _thing: None)

    def at(self, thing_id: str, now: float) -> T | None:
        """Return the state of a thing at that second, None for a missing thing."""
        since, state = self._appearing.get(thing_id, (math.inf, None))
        return None if since > now else self._changed(thing_id, state, now)

    def _changed(self, thing_id: str, state: T | None, now: float) -> T | None:
        for when, change in self._changes[thing_id]:
            if when <= now and state is not None:
                state = change(state)
        return state

    def all_at(self, now: float) -> tuple[T, ...]:
        """Return everything at that second, in the order of planning."""
        states = (self.at(thing_id, now) for thing_id in self._appearing)
        return tuple(state for state in states if state is not None)

    def all_until(self, now: float) -> Iterator[T]:
        """Return everything at that second, and everything that will appear later."""
        for thing_id, (since, thing) in self._appearing.items():
            state = thing if since > now else self.at(thing_id, now)
            if state is not None:
                yield state

    def seconds(self, now: float) -> set[float]:
        """Return the seconds until now at which anything appears or changes."""
        appearing = {since for since, _thing in self._appearing.values()}
        changing = {since for changes in self._changes.values() for since, _change in changes}
        return {since for since in appearing | changing if since <= now}
