"""The demo's simulator: started so that it outlives the command, found again, stopped."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

TOKEN: Final = "demo-token"
PROJECT_ID: Final = "0123456789abcdef0123456789abcdef"
# Jobs of 240 s nominally take 5 s.
TIME_SCALE: Final = "48"
START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.05
RESPONSE_SECONDS: Final = 2.0
ANNOUNCEMENT: Final = re.compile(r"listening on (http://\S+:(\d+))")


class SimulatorError(Exception):
    """The simulator did not start or did not end."""


@dataclass(frozen=True)
class Running:
    """A simulator that was started: by which project, its process, and where it listens."""

    folder: str
    pid: int
    port: int
    command: list[str]

    @property
    def endpoint(self) -> str:
        """What the stack's config gets as bms:endpoint."""
        return f"http://127.0.0.1:{self.port}"


def ensure(folder: Path, python: Path) -> Running:
    """The running simulator, or a new one at the same port where that can be had."""
    known = remembered(folder)
    if known and is_ours(known) and responses(known.port):
        return known
    if known:
        stop(folder)
    return start(folder, python, known.port if known else 0)


def start(folder: Path, python: Path, port: int) -> Running:
    """Start at this port, or at any free one if another program has taken it meanwhile."""
    for is_expected in dict.fromkeys((port, 0)):
        started = launch(folder, python, is_expected)
        if started:
            remember(folder, started)
            return started
    raise SimulatorError(f"the simulator did not start:\n{log_of(folder).read_text(errors='replace')}")


def launch(folder: Path, python: Path, port: int) -> Running | None:
    """One try to start it; None when it ended at once."""
    command = [str(python), "-u", "-m", "bms_simulator", "--port", str(port), "--time-scale", TIME_SCALE]
    command += ["--token", TOKEN, "--project-id", PROJECT_ID]
    with log_of(folder).open("wb") as log:
        # A session of its own, so that a Ctrl-C in this terminal ends the deployment and not the cloud.
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        announced = ANNOUNCEMENT.search(log_of(folder).read_text(errors="replace"))
        if announced:
            return Running(str(folder), process.pid, int(announced.group(2)), command)
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    return None


def stop(folder: Path) -> bool:
    """End the simulator if it is still ours; whether there was one."""
    known = remembered(folder)
    record_of(folder).unlink(missing_ok=True)
    if known is None or not is_ours(known):
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(known.pid, number)
        if ended(known):
            return True
    raise SimulatorError(f"the simulator (process {known.pid}) did not end")


def ended(known: Running) -> bool:
    """Whether the process is gone within a few seconds."""
    deadline = time.monotonic() + STOP_SECONDS
    while is_ours(known):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def is_ours(known: Running) -> bool:
    """Whether that process is still the one started here: a process id is used again, a whole command is not."""
    return command_of(known.pid) == known.command


def command_of(pid: int) -> list[str]:
    """The command line of a process; empty when there is none."""
    if sys.platform == "linux":
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return raw.decode(errors="replace").split("\0")[:-1]
    listing = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True)
    return listing.stdout.decode(errors="replace").split()


def responses(port: int) -> bool:
    """Whether something speaks HTTP there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=RESPONSE_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def record_of(folder: Path) -> Path:
    """Where the running simulator is written down."""
    return folder / "simulator.json"


def log_of(folder: Path) -> Path:
    """What the simulator prints."""
    return folder / "simulator.log"


def remember(folder: Path, running: Running) -> None:
    """Write down which process it is."""
    record_of(folder).write_text(json.dumps(asdict(running)) + "\n")


def remembered(folder: Path) -> Running | None:
    """The simulator of an earlier run, if one was written down here."""
    try:
        known = Running(**json.loads(record_of(folder).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    # A copy of a project brings the record along, but the simulator belongs to the original.
    return known if known.folder == str(folder) else None
