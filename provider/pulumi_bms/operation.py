"""The operation that a provider is called for, as a value that it can ask for while one of its methods runs.

Standard library only. Pulumi's stock host does not tell its providers any of this: there `current()` is an operation
that is never cancelled and reports nowhere, so a provider has one code path for every host.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeAlias


class Purpose(Enum):
    """Why a provider's `read` is called."""

    REFRESH = auto()
    IMPORT = auto()
    """The resource is new to the stack; `read` is given the program's inputs."""
    GET = auto()
    """The resource is not the stack's own (`opts.id`); `read` is given the program's inputs."""


Outputs: TypeAlias = dict[str, Any] | Callable[[], dict[str, Any]]
"""Outputs, or what computes them."""


def _nowhere(*_: object) -> None:
    """A report that nobody sees."""


def _no_hold(_seconds: float) -> AbstractContextManager[None]:
    """A host without regard to requests under way."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a provider's method, as the host that makes it describes it.

    `timeout` is what the user set for it (`custom_timeouts`), in seconds, or None. `inputs` are the resource's inputs
    where the method is not given them (`read`, `delete`), for `diff` those of before. `keeps_partial_state` is whether
    the host saves what a `PartialStateError` carries.
    """

    urn: str = ""
    name: str = ""
    timeout: float | None = None
    preview: bool = False
    purpose: Purpose = Purpose.REFRESH
    inputs: Mapping[str, Any] = field(default_factory=dict)
    keeps_partial_state: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)
    report: Callable[[str], None] = _nowhere
    """Show a text on the resource's row, in place of the one before; an empty one changes nothing."""
    note: Callable[[str], None] = _nowhere
    """Leave a line that stays."""
    warn: Callable[[str], None] = _nowhere
    """Leave a warning that stays."""
    note_at_end: Callable[[Callable[[], str]], None] = _nowhere
    """Leave one line for the whole run. The function is called once, at the end of the run, for the text; "" is none.

    The same function may be given by any number of steps.
    """
    checkpoint: Callable[[str, Outputs, str], None] = _nowhere
    """Say what is known so far: id, outputs, and why that is not all. With "" for the id nothing is to be kept.

    Outputs that are a function are computed when the checkpoint is needed, in another thread.
    """
    hold: Callable[[float], AbstractContextManager[None]] = _no_hold
    """Around a request whose response must not be lost, and the seconds that may take at most.

    For so long the host does not end and makes no result from a checkpoint; those before it are void.
    """


class ExpectedError(Exception):
    """The operation can't succeed, and the text says all there is to say: no traceback helps."""


class PartialStateError(ExpectedError):
    """The operation failed and left something behind that belongs in the state: an id and outputs."""

    def __init__(self, id_: str, outputs: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.id = id_
        self.outputs = outputs
        self.reason = reason


_CURRENT: ContextVar[Operation] = ContextVar("operation")
_STOCK = Operation()


def current() -> Operation:
    """The operation of the running method."""
    return _CURRENT.get(_STOCK)


@contextmanager
def running(operation: Operation) -> Iterator[None]:
    """Make `operation` the current one for the code inside."""
    token = _CURRENT.set(operation)
    try:
        yield
    finally:
        _CURRENT.reset(token)
