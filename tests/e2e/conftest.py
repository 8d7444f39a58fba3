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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from bms_simulator import Simulator

ROOT = Path(__file__).parents[2]
HOST = ROOT / "provider" / "pulumi_bms" / "host"
CLI = ROOT / ".engine" / "bin" / "pulumi"
PASSPHRASE = "e2e"
QUIET = "import signal\n\nsignal.signal(signal.SIGINT, signal.SIG_DFL)\n"
"""The documented lines: without the lines Python prints a traceback when a failed run ends the program."""
LONGEST_COMMAND = 300.0
"""Seconds after which a command counts as hanging."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended: the exit code and the printed text."""

    code: int
    output: str

    def ok(self) -> Ended:
        assert self.code == 0, self.output
        return self

    def failed(self) -> Ended:
        assert self.code != 0, self.output
        return self


def plugins_of(host: str) -> dict[str, Any]:
    """The option `plugins` of a project whose resources the plugin process `host` serves."""
    return {"providers": [{"name": "pulumi-python", "path": str(HOST)}]} if host == "own" else {}


def by_name(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources in a state, by the last part of the URN."""
    return {result["urn"].rsplit("::", 1)[1]: result for result in state.get("resources", [])}


def host_of(process: subprocess.Popen[str]) -> int:
    """The process id of the plugin process that serves the command's resources."""
    listed = subprocess.run(
        ["/bin/ps", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout
    (result,) = [line.split()[0] for line in listed.splitlines() if "pulumi_bms.host" in line]
    return int(result)


def job_body(job_id: str, status: str, *parts: str, total: int | None = None) -> dict[str, Any]:
    """A job that creates a server in each sub-job. `parts` are the sub-jobs' statuses. Ids are `JOB_ID-server-I`."""
    sub_jobs = [
        {
            "job_id": f"{job_id}-{number}",
            "job_type": "baremetalSingleCreate",
            "status": part,
            "error_code": "BMS.3037" if part == "FAIL" else None,
            "entities": {"server_id": f"{job_id}-server-{number}"} if part == "SUCCESS" else {},
        }
        for number, part in enumerate(parts)
    ]
    return {
        "job_id": job_id,
        "job_type": "baremetalBatchCreate",
        "status": status,
        "begin_time": "2026-01-01T00:00:00.000Z",
        "end_time": "2026-01-01T00:04:07.000Z" if status in ("SUCCESS", "FAIL") else "",
        "error_code": "BMS.3004" if status == "FAIL" else None,
        "entities": {"sub_jobs_total": total or len(parts), "sub_jobs": sub_jobs},
    }


@dataclass
class Stack:
    """A project in a separate folder, with one stack in a local backend in the same folder."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(QUIET + textwrap.dedent(text))

    def set(self, **values: str) -> None:
        """Set values of the program's own config, in the stack's file."""
        file = self.folder / "Pulumi.test.yaml"
        settings = yaml.safe_load(file.read_text())
        settings["config"] = settings.get("config", {}) | {f"e2e:{name}": value for name, value in values.items()}
        file.write_text(yaml.safe_dump(settings))

    def unset(self, *names: str) -> None:
        """Remove values of the program's own config."""
        file = self.folder / "Pulumi.test.yaml"
        settings = yaml.safe_load(file.read_text())
        for name in names:
            del settings["config"][f"e2e:{name}"]
        file.write_text(yaml.safe_dump(settings))

    def configure(self, plain: Mapping[str, str], secret: Mapping[str, str] | None = None) -> None:
        """Set many values of the namespace `bms`. A name like `profiles.eu.token` is a path."""
        flags = [part for name, value in plain.items() for part in ("--plaintext", f"bms:{name}={value}")]
        flags += [part for name, value in (secret or {}).items() for part in ("--secret", f"bms:{name}={value}")]
        self.run("config", "set-all", "--path", *flags).ok()

    def connect(self, simulator: Simulator) -> None:
        """Set the simulator's address and token in the environment."""
        self.environment |= {
            "BMS_ENDPOINT": simulator.endpoint,
            "HW_PROJECT_ID": simulator.project_id,
            "HW_AUTH_TOKEN": simulator.token,
        }

    def disconnect(self) -> None:
        """Remove the address and the credential."""
        for name in ("BMS_ENDPOINT", "HW_PROJECT_ID", "HW_AUTH_TOKEN"):
            self.environment.pop(name, None)

    def serve_by(self, host: str) -> None:
        """Let the plugin process `host`, `stock` or `own`, serve the resources from now on."""
        file = self.folder / "Pulumi.yaml"
        project = json.loads(file.read_text()) | {"plugins": plugins_of(host)}
        file.write_text(json.dumps(project))

    def up(self, *flags: str) -> Ended:
        return self.run("up", "--yes", "--skip-preview", *flags)

    def preview(self, *flags: str) -> Ended:
        return self.run("preview", *flags)

    def refresh(self, *flags: str) -> Ended:
        return self.run("refresh", "--yes", "--skip-preview", *flags)

    def destroy(self, *flags: str) -> Ended:
        return self.run("destroy", "--yes", "--skip-preview", *flags)

    def run(self, *arguments: str) -> Ended:
        return self.ended(self.start(*arguments), LONGEST_COMMAND)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a separate process group, so that a signal to the command stays in the group."""
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

    def ended(self, process: subprocess.Popen[str], bound: float) -> Ended:
        """The exit code and the output of a started command, within `bound` seconds."""
        with process:
            try:
                output, _ = process.communicate(timeout=bound)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                pytest.fail(f"the command did not end in {bound:.0f} s:\n{output}")
        return Ended(process.returncode, output)

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
        """The stack's outputs. No output in the tests is secret."""
        (outputs,) = [each["outputs"] for each in self.state()["resources"] if each["type"] == "pulumi:pulumi:Stack"]
        return dict(outputs)

    def state(self) -> dict[str, Any]:
        """The deployment of `pulumi stack export`, from the file of the local backend: quicker than the command."""
        file = self.folder / "state" / ".pulumi" / "stacks" / "e2e" / "test.json"
        return dict(json.loads(file.read_text())["checkpoint"]["latest"] or {})

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources in the state, by the last part of the URN."""
        return by_name(self.state())


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A simulator with the `TIME_SCALE` of the test's module. By default jobs take 4 s."""
    with Simulator(time_scale=getattr(request.module, "TIME_SCALE", 60.0)) as simulator:
        yield simulator


@pytest.fixture
def simulator_with() -> Iterator[Callable[..., Simulator]]:
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(Simulator(**{"time_scale": 60.0, **settings}))


@pytest.fixture
def host() -> str:
    """The plugin process that serves the resources: this project's process. A test of `stock` names both processes."""
    return "own"


on_both_hosts = pytest.mark.parametrize("host", ["stock", "own"])


def write_project(folder: Path, host: str) -> Stack:
    """A project without a stack, and with a program that does nothing."""
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    project = {"name": "e2e", "runtime": runtime, "plugins": plugins_of(host)}
    (folder / "Pulumi.yaml").write_text(json.dumps(project))
    stack = Stack(folder)
    stack.program("")
    return stack


@pytest.fixture(scope="session")
def new_stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new stack. A copy is a new stack too, without the time of `pulumi stack init`."""
    folder = tmp_path_factory.mktemp("new")
    (folder / "state").mkdir()
    write_project(folder, "own").run("stack", "init").ok()
    shutil.rmtree(folder / "home")
    return folder


@pytest.fixture
def make_stack(tmp_path: Path, host: str, new_stack: Path) -> Callable[..., Stack]:
    def make(name: str = "project") -> Stack:
        shutil.copytree(new_stack, tmp_path / name)
        return write_project(tmp_path / name, host)

    return make


@pytest.fixture
def stack(make_stack: Callable[..., Stack], simulator: Simulator) -> Stack:
    """A stack with the simulator's address in the environment."""
    stack = make_stack()
    stack.connect(simulator)
    return stack


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for an event of a different process. The bound is generous and measures nothing."""

    def wait(happened: Callable[[], bool], bound: float = 60.0) -> None:
        ends = time.monotonic() + bound
        while not happened():
            assert time.monotonic() < ends, "did not happen in time"
            time.sleep(0.05)

    return wait


@pytest.fixture(scope="session", autouse=True)
def _engine() -> None:
    assert shutil.which(CLI), "no Pulumi CLI in .engine/bin: run `make engine`"


@pytest.fixture
def networked(stack: Stack, simulator: Simulator) -> None:
    """Makes the simulator the network service of the stack too."""
    stack.configure({"vpcEndpoint": simulator.endpoint})
