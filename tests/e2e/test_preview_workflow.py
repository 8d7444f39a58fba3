"""`.github/workflows/preview.yml`, copied into an infrastructure repository, with the commands run as on a runner."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import CLI, ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "preview.yml"
LONGEST_STEP = 900.0
"""Seconds after which a step counts as hanging."""

# As `pulumi new python` writes the file.
PROJECT = "name: shop\nruntime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: venv\n"
PROGRAM = """
import pulumi
from pulumi_bms import JobCompletion, JobSubmission

flavor = pulumi.Config().require("flavor")
order = JobSubmission("order", path="baremetalservers", body={"server": {"flavorRef": flavor}})
web = JobCompletion("web", job_id=order.job_id)
pulumi.export("server_ids", web.server_ids)
"""


@dataclass
class Runner:
    """A machine of a CI service, with a checked out repository in a folder."""

    repository: Path
    temp: Path

    def run(self, command: list[str], env: Mapping[str, str] | None = None) -> str:
        """The output of a command that has to succeed."""
        ended = subprocess.run(
            command,
            cwd=self.repository,
            env={**self._environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LONGEST_STEP,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def step(self, step: dict[str, Any]) -> str:
        """One step of a job, by the local stand-in for the step's action."""
        if "run" in step:
            return self.run(["bash", "-e", "-c", step["run"]])
        action = step["uses"].partition("@")[0]
        return str(getattr(self, action.replace("/", "_").replace("-", "_"))(step))

    def actions_checkout(self, _step: dict[str, Any]) -> str:
        return ""

    def actions_setup_python(self, step: dict[str, Any]) -> str:
        # The action fails if no file has the name.
        assert list(self.repository.glob(step["with"]["cache-dependency-path"]))
        (self.temp / "bin").mkdir()
        (self.temp / "bin" / "python").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
        return ""

    def pulumi_actions(self, step: dict[str, Any]) -> str:
        inputs = {name: self._filled(str(value)) for name, value in step["with"].items()}
        assert inputs["upsert"] == "True"
        env = {name: str(value) for name, value in step["env"].items()}
        self.run([str(CLI), "login", inputs["cloud-url"]], env)
        self.run([str(CLI), "stack", "select", "--create", inputs["stack-name"], "--non-interactive"], env)
        return self.run([str(CLI), inputs["command"], "--stack", inputs["stack-name"], "--non-interactive"], env)

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ runner\.temp \}\}", str(self.temp), text)

    def _environment(self) -> dict[str, str]:
        added = self.temp / "path"
        path = [*(added.read_text().split() if added.exists() else []), str(self.temp / "bin"), str(CLI.parent)]
        return {
            **{name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "HOME", "LANG", "XDG_"))},
            "PATH": os.pathsep.join([*path, os.environ["PATH"]]),
            "GITHUB_PATH": str(added),
            "RUNNER_TEMP": str(self.temp),
            "PULUMI_HOME": str(self.temp / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    repository, temp = tmp_path / "repository", tmp_path / "temp"
    temp.mkdir()
    return Runner(repository, temp)


def steps() -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["preview"]["steps"]
    return result


def previewed(runner: Runner) -> str:
    """The output of the last step, the preview."""
    return [runner.step(step) for step in steps()][-1]


def make_wheel(folder: Path) -> Path:
    """The package, made by the workflow's command."""
    command = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, *command, str(ROOT)], check=True)
    (wheel,) = folder.iterdir()
    return wheel


def test_it_works_in_an_infrastructure_repository(runner: Runner) -> None:
    """A repository with a wheel of the package and a requirements.txt previews without network and credentials."""
    runner.repository.mkdir()
    wheel = make_wheel(runner.repository / "wheels")
    # The test must not depend on the newest versions of today.
    pinned = re.findall(r"^[a-z0-9-]+==[^ ]+", (ROOT / "requirements-newest.lock").read_text(), re.MULTILINE)
    (runner.repository / "constraints.txt").write_text("\n".join(pinned))
    (runner.repository / "requirements.txt").write_text(f"-c constraints.txt\n./wheels/{wheel.name}\n")
    (runner.repository / "Pulumi.yaml").write_text(PROJECT)
    (runner.repository / "Pulumi.pull-request.yaml").write_text("config:\n  shop:flavor: physical.s3.large\n")
    (runner.repository / "__main__.py").write_text(PROGRAM)
    messages = previewed(runner)
    assert "+ 3 to create" in messages
    assert "server_ids: [unknown]" in messages


@pytest.mark.parametrize(
    ("option", "folder"),
    {
        "    virtualenv: 'env'  # ours": "env",
        "    toolchain: pip": ".venv",
    }.items(),
)
def test_the_environment_is_where_the_project_says(runner: Runner, option: str, folder: str) -> None:
    """The packages go into the environment of Pulumi.yaml, and the later steps run in the same environment."""
    runner.repository.mkdir()
    (runner.repository / "requirements.txt").write_text("")
    (runner.repository / "Pulumi.yaml").write_text(f"name: shop\nruntime:\n  name: python\n  options:\n{option}\n")
    for step in steps()[:3]:
        runner.step(step)
    prefix = runner.run(["python", "-c", "import sys; print(sys.prefix)"]).strip()
    assert Path(prefix) == runner.repository / folder
