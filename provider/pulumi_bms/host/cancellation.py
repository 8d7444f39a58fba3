"""Ctrl-C: the engine sends `Cancel`. A method that does not end within `PATIENCE` is answered by its last checkpoint.

`calls` waits for both, the method and the cancel.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

from pulumi_bms.operation import ExpectedError, Outputs, PartialStateError

PATIENCE = 0.5
"""Seconds after a cancel for a method to end by itself."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The known state of a step, reported by the method."""

    id: str
    outputs: Outputs
    reason: str

    def as_error(self) -> ExpectedError:
        """The response in the method's place."""
        outputs = self.outputs() if callable(self.outputs) else self.outputs
        return PartialStateError(self.id, outputs, self.reason) if self.id else ExpectedError(self.reason)


class Cancellation:
    """Whether the run must end: an event for the threads, and a future for the event loop."""

    def __init__(self) -> None:
        self.threads = threading.Event()
        self.requested: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def set(self) -> None:
        """End the run. Must be called in the event loop."""
        self.threads.set()
        if not self.requested.done():
            self.requested.set_result(None)
