"""The real CLI on throw-away projects, against the simulator over real sockets."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bms_simulator import Simulator

ROOT = Path(__file__).parents[2]
HOST = ROOT / "provider" / "pulumi_bms" / "host"
CLI = ROOT / ".engine" / "bin" / "pulumi"
PASSPHRASE = "e2e"
LONGEST_COMMAND = 300.0
"""Seconds after which a command hangs rather than works."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code, and all that it printed."""

    code: int
    output: str

    def ok(self) -> Ended:
        assert self.code == 0, self.output
        return self

    def failed(self) -> Ended:
        assert self.code != 0, self.output
        return self


@dataclass
class Stack:
    """A project in a folder of its own, with one stack in a local backend beside it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(textwrap.dedent(text))

    def config(self, **values: str) -> None:
        """Set plain values of the namespace `bms`."""
        for key, value in values.items():
            self.run("config", "set", "--plaintext", f"bms:{key}", value).ok()

    def secret(self, key: str, value: str) -> None:
        self.run("config", "set", "--secret", f"bms:{key}", value).ok()

    def connect(self, simulator: Simulator) -> None:
        """Give the simulator's address and token by the environment."""
        self.environment |= {
            "BMS_ENDPOINT": simulator.endpoint,
            "HW_PROJECT_ID": simulator.project_id,
            "HW_AUTH_TOKEN": simulator.token,
        }

    def disconnect(self) -> None:
        """No address, no credential."""
        for name in ("BMS_ENDPOINT", "HW_PROJECT_ID", "HW_AUTH_TOKEN"):
            self.environment.pop(name, None)

    def up(self, *flags: str) -> Ended:
        return self.run("up", "--yes", "--skip-preview", *flags)

    def preview(self, *flags: str) -> Ended:
        return self.run("preview", *flags)

    def refresh(self, *flags: str) -> Ended:
        return self.run("refresh", "--yes", "--skip-preview", *flags)

    def destroy(self, *flags: str) -> Ended:
        return self.run("destroy", "--yes", "--skip-preview", *flags)

    def run(self, *arguments: str) -> Ended:
        with self.start(*arguments) as process:
            try:
                output, _ = process.communicate(timeout=LONGEST_COMMAND)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                pytest.fail(f"pulumi {arguments[0]} did not end in {LONGEST_COMMAND:.0f} s:\n{output}")
        return Ended(process.returncode, output)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own, so that a signal to it stays there."""
        return subprocess.Popen(
            [CLI, *arguments, "--non-interactive", "--color", "never", "--stack", "test"],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR", "PYTHONPATH") if name in os.environ}
        return {
            **kept,
            "PATH": f"{CLI.parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self.environment,
        }

    def outputs(self) -> dict[str, Any]:
        shown = self.run("stack", "output", "--json", "--show-secrets").ok()
        return dict(json.loads(shown.output))

    def state(self) -> dict[str, Any]:
        exported = self.run("stack", "export").ok()
        return dict(json.loads(exported.output)["deployment"])

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources in the state, by the last part of their URN."""
        return {found["urn"].rsplit("::", 1)[1]: found for found in self.state().get("resources", [])}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """One whose jobs take 4 s."""
    with Simulator(time_scale=60.0) as simulator:
        yield simulator


@pytest.fixture
def simulator_with() -> Iterator[Callable[..., Simulator]]:
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(Simulator(**{"time_scale": 60.0, **settings}))


@pytest.fixture(params=["stock", "own"])
def host(request: pytest.FixtureRequest) -> str:
    """Which plugin process serves the resources: Pulumi's, or this project's."""
    return str(request.param)


@pytest.fixture
def make_stack(tmp_path: Path, host: str) -> Callable[..., Stack]:
    plugins = {"providers": [{"name": "pulumi-python", "path": str(HOST)}]} if host == "own" else {}

    def make(name: str = "project", **settings: Any) -> Stack:
        folder = tmp_path / name
        (folder / "state").mkdir(parents=True)
        runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
        (folder / "Pulumi.yaml").write_text(json.dumps({"name": "e2e", "runtime": runtime, "plugins": plugins, **settings}))
        stack = Stack(folder)
        stack.program("")
        stack.run("stack", "init").ok()
        return stack

    return make


@pytest.fixture
def stack(make_stack: Callable[..., Stack], simulator: Simulator) -> Stack:
    """A stack that reaches the simulator by its environment."""
    stack = make_stack()
    stack.connect(simulator)
    return stack


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that another process does; a generous bound, no measurement."""

    def wait(happened: Callable[[], bool], bound: float = 60.0) -> None:
        ends = time.monotonic() + bound
        while not happened():
            assert time.monotonic() < ends, "did not happen in time"
            time.sleep(0.05)

    return wait


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    assert shutil.which(CLI), "no Pulumi CLI in .engine/bin: run `make engine`"
