"""The process that runs a program: it gets its request by a pipe, is interrupted once, and killed if that is no use."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from toolchains import environment_of, python_of

if TYPE_CHECKING:
    from toolchains import Toolchain

RUNNER: Final = Path(__file__).resolve().with_name("run_program.py")
# After an interrupt, until the program is killed.
GRACE_SECONDS: Final = 5.0


class Program:
    """A running program."""

    def __init__(self, toolchain: Toolchain, folder: str) -> None:
        # Standard output is free again: the CLI shows what a program prints. No process group of its own:
        # the CLI ends its plugins by group.
        command = [python_of(toolchain), str(RUNNER)]
        self._process = subprocess.Popen(command, cwd=folder, env=environment_of(toolchain), stdin=subprocess.PIPE)
        self._lock = threading.Lock()
        self._interrupted = False

    def run(self, request: bytes) -> int:
        """Send the request and wait for the end; the exit status. The pipe stays open as a sign of life."""
        try:
            # By a pipe, as config may hold secrets. A child that could not start says why by itself.
            with contextlib.suppress(BrokenPipeError):
                self._send(request)
            return self._process.wait()
        finally:
            self._process.kill()
            self._process.wait()
            # A child that died early leaves unread bytes behind.
            with contextlib.suppress(BrokenPipeError):
                if self._process.stdin:
                    self._process.stdin.close()

    def _send(self, request: bytes) -> None:
        if self._process.stdin:
            self._process.stdin.write(len(request).to_bytes(8, "big") + request)
            self._process.stdin.flush()

    def interrupt(self) -> None:
        """Interrupt the program, the first time; kill it where that is not enough."""
        with self._lock:
            if self._interrupted:
                return
            self._interrupted = True
        self._process.send_signal(signal.SIGINT)
        too_late = threading.Timer(GRACE_SECONDS, self._process.kill)
        too_late.daemon = True
        too_late.start()

    def wait(self) -> None:
        """Return once the program has ended; after an interrupt that is soon."""
        self._process.wait()
