"""The Python of a program, and the same Python for this package's plugin process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pulumi.runtime.proto import LanguageRuntimeStub, language_pb2

from pulumi_bms.host import install
from tests.engine.conftest import program_info, running_language_host
from tests.host.conftest import PATIENCE

LAUNCHER = Path(install.__file__).with_name(install.LAUNCHER)
# Records the start of a program or plugin process: the variables, one per line.
RECORDER = (
    '#!/bin/sh\nprintf "%s\\n" "$0" "${VIRTUAL_ENV-none}" "${PYTHONHOME-none}" "$PATH" "$PWD" "$*" > "$PWD/record"\n'
)
POETRY = "#!/bin/sh\n[ -f .poetry-env ] || exit 1\ncat .poetry-env\n"
ELSEWHERE = "/elsewhere"
ACTIVE = "python3"


@dataclass(frozen=True)
class Layout:
    """A project: the files, the options of Pulumi.yaml, the variables, and the expected environment."""

    options: dict[str, str]
    environment: str = ""
    """Relative to the project's folder."""
    files: tuple[str, ...] = ()
    main: str = "."
    variables: dict[str, str] = field(default_factory=dict)
    active: str = ""
    """The Python to take unchanged, in place of an environment."""


LAYOUTS = {
    "virtualenv": Layout({"virtualenv": "my env"}, "my env", main="src"),
    "virtualenv-trailing-slash": Layout({"virtualenv": "env/"}, "env"),
    "virtualenv-absolute": Layout({"virtualenv": "{root}/env"}, "env", main="src/deep"),
    "virtualenv-of-pip": Layout({"toolchain": "pip", "virtualenv": "env"}, "env", ("uv.lock", "poetry.lock")),
    "virtualenv-before-command": Layout({"virtualenv": "env"}, "env", variables={"PULUMI_PYTHON_CMD": "other"}),
    "active": Layout({}, active=ACTIVE),
    "active-beside-an-unused-venv": Layout({}, "", (".venv/bin/python",), "src", active=ACTIVE),
    "active-with-pyproject": Layout({}, "", (".venv/bin/python", "pyproject.toml"), active=ACTIVE),
    "active-of-pip": Layout({"toolchain": "pip"}, "", (".venv/bin/python", "uv.lock"), active=ACTIVE),
    "command": Layout({}, active="named", variables={"PULUMI_PYTHON_CMD": "{path}/named"}),
    "uv": Layout({"toolchain": "uv"}, ".venv", ("pyproject.toml",), main="src"),
    "uv-beside-lock": Layout({"toolchain": "uv"}, ".venv", ("uv.lock", "src/pyproject.toml"), main="src/deep"),
    "uv-beside-pyproject": Layout({"toolchain": "uv"}, "src/.venv", ("src/pyproject.toml",), main="src/deep"),
    "uv-alone": Layout({"toolchain": "uv"}, "src/.venv", main="src"),
    "uv-by-lock": Layout({}, ".venv", ("uv.lock", "poetry.lock"), main="src"),
    "uv-virtualenv": Layout({"toolchain": "uv", "virtualenv": "env"}, "env", ("src/uv.lock",), main="src"),
    "uv-by-lock-virtualenv": Layout({"virtualenv": "env"}, "env", ("src/uv.lock",), main="src"),
    "uv-variable": Layout({}, "other/env", ("uv.lock",), "src", {"UV_PROJECT_ENVIRONMENT": "other/env"}),
    "uv-variable-absolute": Layout({}, "env", ("src/uv.lock",), "src", {"UV_PROJECT_ENVIRONMENT": "{root}/env"}),
    "poetry": Layout({"toolchain": "poetry"}, "cache/env", ("src/.poetry-env", ".venv/bin/python"), main="src"),
    "poetry-by-lock": Layout({}, "cache/env", ("poetry.lock", "src/.poetry-env"), main="src"),
    "poetry-not-virtualenv": Layout({"toolchain": "poetry", "virtualenv": "env"}, "cache/env", (".poetry-env",)),
}


@dataclass(frozen=True)
class Project:
    """A layout with the files written to disk."""

    root: Path
    program: Path
    layout: Layout
    programs: Path
    """The folder of the programs on PATH."""

    @property
    def path(self) -> str:
        return f"{self.programs}:/usr/bin:/bin"

    def filled(self, values: dict[str, str]) -> dict[str, str]:
        """The values with the real folders inserted."""
        return {name: value.format(root=self.root, path=self.programs) for name, value in values.items()}

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": self.path, "VIRTUAL_ENV": ELSEWHERE, **self.filled(self.layout.variables)}

    def started(self) -> list[str]:
        """The start of the Python: path, VIRTUAL_ENV, PYTHONHOME, PATH, the working folder."""
        return (self.program / "record").read_text().splitlines()[:5]

    def expected(self) -> list[str]:
        """The expected start of the Python."""
        if self.layout.active:
            return [f"{self.programs}/{self.layout.active}", ELSEWHERE, "none", self.path, str(self.program)]
        folder = f"{self.root}/{self.layout.environment}"
        return [f"{folder}/bin/python", folder, "none", f"{folder}/bin:{self.path}", str(self.program)]


def as_variables(options: dict[str, str]) -> dict[str, str]:
    """The options of Pulumi.yaml in the variables of a plugin process."""
    return {f"PULUMI_RUNTIME_{name.upper()}": value for name, value in options.items()}


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs in place of Python, Poetry and uv."""
    folder = tmp_path_factory.mktemp("programs")
    for name, text in {ACTIVE: RECORDER, "named": RECORDER, "poetry": POETRY, "uv": "#!/bin/sh\n"}.items():
        write(folder / name, text)
    return folder


@pytest.fixture(scope="module")
def stub(programs: Path) -> Iterator[LanguageRuntimeStub]:
    """The language host for all layouts without extra variables."""
    with running_language_host({"PATH": f"{programs}:/usr/bin:/bin", "VIRTUAL_ENV": ELSEWHERE}) as stub:
        yield stub


@pytest.fixture(params=LAYOUTS)
def project(tmp_path: Path, programs: Path, request: pytest.FixtureRequest) -> Project:
    """All layouts in turn, with a program in place of the environment's Python. The program records the start."""
    layout = LAYOUTS[request.param]
    root = tmp_path / "our shop"
    program = root / layout.main
    program.mkdir(parents=True)
    write(root / "Pulumi.yaml", "name: shop\nruntime: python\n")
    for file in layout.files:
        write(root / file, f"{root}/{layout.environment}\n" if file.endswith(".poetry-env") else "")
    if layout.environment:
        write(root / layout.environment / "bin" / "python", RECORDER)
    return Project(root, program, layout, programs)


def test_the_plugin_process_runs_with_the_programs_python(project: Project) -> None:
    """The plugin process runs with the program's Python for every layout: scripts first on PATH, no PYTHONHOME."""
    options = as_variables(project.filled(project.layout.options))
    home = {"PYTHONHOME": "/nowhere"} if project.layout.environment else {}
    command = [str(LAUNCHER), "-v=9", "127.0.0.1:1"]
    environment = {**project.variables, **options, **home}
    ended = subprocess.run(command, cwd=project.program, env=environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert project.started() == project.expected()
    arguments = (project.program / "record").read_text().splitlines()[5]
    assert arguments == "-u -P -m pulumi_bms.host -v=9 127.0.0.1:1"


def test_the_stand_in_runs_programs_by_the_same_rules(project: Project, stub: LanguageRuntimeStub) -> None:
    """The language host of machines without Pulumi takes the same Python as Pulumi's language host."""
    options = project.filled(project.layout.options)
    request = language_pb2.RunRequest(
        info=program_info(project.root, options, project.layout.main), pwd=str(project.program)
    )
    own = running_language_host(project.variables) if project.layout.variables else nullcontext(stub)
    with own as asked:
        response: language_pb2.RunResponse = asked.Run(request, timeout=PATIENCE)
    assert (response.error, response.bail) == ("", False)
    assert project.started() == project.expected()


# --- the reason of a failed start


def refusal(program: Path, path: str = "/usr/bin:/bin", **options: str) -> str:
    """The reason of a refused start. The launcher prints no port."""
    return refusal_of(LAUNCHER, program, {"PATH": path, **as_variables(options)})


def refusal_of(launcher: Path, program: Path, environment: dict[str, str]) -> str:
    ended = subprocess.run(
        [launcher, "127.0.0.1:1"], cwd=program, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A project without an environment, and a folder `path` of programs."""
    write(tmp_path / "Pulumi.yaml")
    write(tmp_path / "path" / "poetry", POETRY)
    return tmp_path


def test_an_environment_that_is_missing_is_named(bare: Path) -> None:
    """The message for a missing environment has the path of the missing Python, and the command to run."""
    for options in ({"virtualenv": "venv"}, {"toolchain": "uv", "virtualenv": "venv"}):
        text = refusal(bare, **options)
        assert f"{bare}/venv/bin/python does not exist: run `pulumi install`" in text


def test_poetry_that_is_missing_or_has_no_environment_is_named(bare: Path) -> None:
    """The message for a missing Poetry or a missing environment of Poetry names Poetry's command."""
    assert "PATH holds no poetry" in refusal(bare, path=str(bare), toolchain="poetry")
    text = refusal(bare, path=f"{bare}/path:/usr/bin:/bin", toolchain="poetry")
    assert f"`poetry env info --path` in {bare} names no environment: run `poetry install`" in text


def test_a_toolchain_without_rules_is_named(bare: Path) -> None:
    """An unknown toolchain is refused by name: a guess could start the wrong Python."""
    assert "the toolchain conda is none of pip, poetry, uv" in refusal(bare, toolchain="conda")


def test_a_relative_virtualenv_needs_a_project(tmp_path: Path) -> None:
    """A relative virtualenv without a Pulumi.yaml above the program is refused."""
    launcher = tmp_path / LAUNCHER.name
    launcher.write_bytes(LAUNCHER.read_bytes())
    launcher.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "PULUMI_RUNTIME_VIRTUALENV": "venv"}
    text = refusal_of(launcher, Path("/"), environment)
    assert "virtualenv is venv, and no folder above / holds a Pulumi.yaml" in text


def test_a_program_outside_the_project_has_the_launchers_project(tmp_path: Path) -> None:
    """A program outside the project (the Automation API) has the environment of the launcher's project."""
    project = tmp_path / "project"
    write(project / "Pulumi.yaml")
    write(project / "hosts" / LAUNCHER.name, LAUNCHER.read_text())
    write(project / "venv" / "bin" / "python", RECORDER)
    program = tmp_path / "program"
    program.mkdir()
    environment = {"PATH": os.environ["PATH"], "PULUMI_RUNTIME_VIRTUALENV": "venv"}
    subprocess.run([project / "hosts" / LAUNCHER.name, "127.0.0.1:1"], cwd=program, env=environment, check=True)
    assert (program / "record").read_text().splitlines()[0] == f"{project}/venv/bin/python"
