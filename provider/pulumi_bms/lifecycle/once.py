"""Texts shown once a run. Standard library only."""

from __future__ import annotations

import sys
import threading


class Once:
    """Remembers the texts shown in a process. A plugin process is one run of the CLI, and so is a program."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: set[str] = set()

    def first(self, what: str) -> bool:
        """Whether the text is new in the run."""
        with self._lock:
            new = what not in self._messages
            self._messages.add(what)
            return new


ONCE = Once()


def print_once(text: str) -> None:
    """Print one line on stderr, once a run. Pulumi's own host has no other channel."""
    if ONCE.first(text):
        print(text, file=sys.stderr, flush=True)  # noqa: T201
