"""The operation: a value with the host's description of one call. A provider's method can ask for the operation.

Standard library only. Pulumi's stock host has no operations. On the stock host, `current()` returns an operation
without cancel and reports, so a provider has one code path for all hosts.
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
    """The resource is new to the stack. `read` gets the program's inputs."""
    GET = auto()
    """The resource is not owned by the stack (`opts.id`). `read` gets the program's inputs."""


class Effect(Enum):
    """The effect of a changed property. `preview --diff` shows the effect beside the property."""

    ADD = auto()
    ADD_REPLACE = auto()
    DELETE = auto()
    DELETE_REPLACE = auto()
    UPDATE = auto()
    UPDATE_REPLACE = auto()

    @classmethod
    def of(cls, old: object, new: object, *, replaces: bool) -> Effect:
        """The effect of a change from `old` to `new`. None stands for an absent value."""
        if old is None:
            return cls.ADD_REPLACE if replaces else cls.ADD
        if new is None:
            return cls.DELETE_REPLACE if replaces else cls.DELETE
        return cls.UPDATE_REPLACE if replaces else cls.UPDATE


Outputs: TypeAlias = dict[str, Any] | Callable[[], dict[str, Any]]
"""Outputs, or a function that computes the outputs."""


def _nowhere(*_: object) -> None:
    """A report without a reader."""


def _no_hold(_seconds: float) -> AbstractContextManager[None]:
    """A host without regard to requests under way."""
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a provider's method, as described by the host.

    `timeout` is the user's `custom_timeouts` in seconds, or None. `inputs` are the resource's inputs for methods
    without an inputs argument (`read`, `delete`), and the old inputs for `diff`. `keeps_partial_state` is whether the
    host saves the state in a `PartialStateError`.
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
    """Replace the text on the resource's row. An empty text changes nothing."""
    note: Callable[[str], None] = _nowhere
    """Leave a lasting line."""
    warn: Callable[[str], None] = _nowhere
    """Leave a lasting warning."""
    note_at_end: Callable[[Callable[[], str]], None] = _nowhere
    """Leave one line for the whole run. The host calls the function once, at the end of the run. "" shows no line.

    Any number of steps may pass the same function.
    """
    explain: Callable[[Mapping[str, Effect]], None] = _nowhere
    """Report in `diff` the effect of each changed property, by the path of the property."""
    checkpoint: Callable[[str, Outputs, str], None] = _nowhere
    """Report the known id and outputs, and the reason for the missing rest. With an empty id, no state is kept.

    A function for outputs runs when the checkpoint is needed, in another thread.
    """
    hold: Callable[[float], AbstractContextManager[None]] = _no_hold
    """Guard a request with a response that must not be lost. The argument is the longest time in seconds.

    Within that time the host does not end, and makes no result from a checkpoint. Earlier checkpoints are void.
    """


class ExpectedError(Exception):
    """The operation can't succeed. The text is complete, without need of a traceback."""


class PartialStateError(ExpectedError):
    """The operation failed, but left an id and outputs for the state."""

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
    """Make `operation` the current operation for the code inside."""
    token = _CURRENT.set(operation)
    try:
        yield
    finally:
        _CURRENT.reset(token)
