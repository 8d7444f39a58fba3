"""The operation that a provider is called for, as a value that it can ask for while one of its methods runs.

Standard library only. Pulumi's stock host does not tell its providers any of this: there `current()` is an operation
that is never cancelled and reports nowhere, so a provider has one code path for every host.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a provider's method.

    `timeout` is what the user set for it (`custom_timeouts`), in seconds, or None. `inputs` are the resource's inputs
    where the method is not given them (`read`), or None.
    """

    urn: str = ""
    name: str = ""
    timeout: float | None = None
    preview: bool = False
    inputs: Mapping[str, Any] | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    report: Callable[[str], None] = lambda _: None
    """Show a text on the resource's row; "" clears it."""
    checkpoint: Callable[[str, dict[str, Any], str], None] = lambda *_: None
    """Say what is known so far: id, outputs, and why it is not all yet."""


class PartialStateError(Exception):
    """The operation failed and left something behind that belongs in the state: an id and outputs.

    A host that can't save it shows the text alone.
    """

    def __init__(self, id_: str, outputs: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.id = id_
        self.outputs = outputs
        self.reason = reason


_CURRENT: ContextVar[Operation] = ContextVar("operation")


def current() -> Operation:
    """The operation of the running method."""
    return _CURRENT.get(Operation())


@contextmanager
def running(operation: Operation) -> Iterator[None]:
    """Make `operation` the current one for the code inside."""
    token = _CURRENT.set(operation)
    try:
        yield
    finally:
        _CURRENT.reset(token)
