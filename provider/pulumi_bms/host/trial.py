"""A trial start of the plugin process, as the engine starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pulumi_bms.host.project import InstallError, Project

LONGEST_START = 120.0
"""The most seconds until the port is printed: imports take one or two seconds, `poetry env info` a few."""
_ENGINE = "127.0.0.1:1"
"""An address without an engine. The process sends nothing before the first request."""


def start_once(launcher: Path, project: Project, longest: float = LONGEST_START) -> None:
    """Start the launcher, read the port, and stop the process. Without a port, an error has the reason."""
    with tempfile.TemporaryFile() as errors, _started(launcher, project, errors) as process:
        too_late = threading.Timer(longest, _kill, [process])
        too_late.start()
        port = process.stdout.readline().strip() if process.stdout else b""
        timed_out = not too_late.is_alive()
        too_late.cancel()
        if port.isdigit():
            return
        process.wait()
        errors.seek(0)
        message = errors.read().decode(errors="replace").strip()
    why = (
        f"the process gave no port in {longest:.0f} s"
        if timed_out
        else f"the process exited with status {process.returncode}"
    )
    raise InstallError(
        f"the plugin process does not start in the environment of the program: {why}\n{message}\n"
        "Install pulumi-bms into that environment. A project without `virtualenv` and `toolchain` has the active "
        "Python, or the Python of PULUMI_PYTHON_CMD."
    )


@contextmanager
def _started(launcher: Path, project: Project, errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(  # noqa: S603  (the launcher of this package)
            [launcher.absolute(), _ENGINE],
            cwd=project.program_folder,
            env=_environment(project),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as error:
        raise InstallError(f"the launcher {launcher} cannot be run: {error}") from None
    with process:
        try:
            yield process
        finally:
            _kill(process)


def _environment(project: Project) -> dict[str, str]:
    """The variables set by the engine: the options of the runtime, as written in Pulumi.yaml."""
    options = {f"PULUMI_RUNTIME_{name.upper()}": str(value) for name, value in project.runtime_options.items()}
    return {**os.environ, **options}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process, and all running processes of the launcher."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
