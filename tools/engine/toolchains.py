"""Which Python runs a program, how its environment is made, and which packages are in it: by pip, Poetry or uv."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pulumi.runtime.proto import language_pb2

# What a slow command prints, piece by piece.
Tell = Callable[[bytes], None]
NAMES: Final = ("pip", "poetry", "uv")
TYPE_CHECKERS: Final = ("mypy", "pyright")
# What `pip list` and `pip --version` say, in a fifth of their time: each run of a program asks for both.
INSTALLED: Final = """
import sys
del sys.path[0]
import importlib.metadata, json
names = {}
for one in importlib.metadata.distributions():
    if one.metadata["Name"]:
        names.setdefault(one.metadata["Name"], one.version)
print(json.dumps(names))
"""


class ToolchainError(Exception):
    """The program's environment can't be found, made or used; the text says what to do."""


@dataclass(frozen=True)
class Package:
    """An installed distribution; its name is normalized, and a lock may know no version."""

    name: str
    version: str


@dataclass(frozen=True)
class Pip:
    """The virtual environment that Pulumi.yaml names, or else the active Python."""

    root: Path
    program: Path
    virtualenv: str

    def environment(self) -> Path | None:
        """The folder of the virtual environment."""
        return self.root / self.virtualenv if self.virtualenv else None

    def prepare(self, tell: Tell) -> None:
        """Make an environment that is missing."""
        environment = self.environment()
        if environment and (not environment.exists() or (environment.is_dir() and not any(environment.iterdir()))):
            self.install(tell)

    def install(self, tell: Tell) -> None:
        """Make the environment, and install what requirements.txt lists."""
        environment = self.environment()
        if environment:
            tell(b"Creating virtual environment...\n")
            run([active_python(), "-m", "venv", str(environment)], self.program, os.environ, tell)
        pip = [python_of(self), "-m", "pip", "install"]
        tell(b"Installing packages...\n")
        run([*pip, "--upgrade", "pip", "setuptools", "wheel"], self.program, environment_of(self), tell)
        if (self.program / "requirements.txt").exists():
            run([*pip, "-r", "requirements.txt"], self.program, environment_of(self), tell)

    def packages(self, *, transitive: bool) -> list[Package]:
        """The installed packages, or those that no other package needs."""
        if transitive:
            return [Package(normalized(name), version) for name, version in self._installed().items()]
        command = [python_of(self), "-m", "pip", "list", "--format", "json", "--not-required"]
        listing = json.loads(output(command, self.program))
        return [Package(normalized(result["name"]), result["version"]) for result in listing]

    def version(self) -> str:
        """The version of pip."""
        return self._installed().get("pip", "")

    def _installed(self) -> dict[str, str]:
        versions: dict[str, str] = json.loads(output([python_of(self), "-c", INSTALLED], self.program))
        return versions


@dataclass(frozen=True)
class Poetry:
    """The environment that Poetry has for the program's folder; Pulumi.yaml's `virtualenv` is not read."""

    program: Path

    def environment(self) -> Path:
        """The folder of the virtual environment."""
        return Path(output([tool("poetry"), "env", "info", "--path"], self.program))

    def prepare(self, tell: Tell) -> None:
        """Make an environment that is missing."""
        try:
            self.environment()
        except ToolchainError:
            self.install(tell)

    def install(self, tell: Tell) -> None:
        """Install what pyproject.toml lists."""
        run([tool("poetry"), "install", "--no-ansi"], self.program, os.environ, tell)

    def packages(self, *, transitive: bool) -> list[Package]:
        """What poetry.lock lists."""
        return locked("poetry.lock", self.program, transitive=transitive)

    def version(self) -> str:
        """The version of Poetry."""
        return first_version(output([tool("poetry"), "--version", "--no-ansi", "--no-plugins"], self.program))


@dataclass(frozen=True)
class Uv:
    """`.venv` beside the nearest uv.lock, else pyproject.toml, unless Pulumi.yaml or a variable names another."""

    root: Path
    program: Path
    virtualenv: str

    def environment(self) -> Path:
        """The folder of the virtual environment."""
        if self.virtualenv:
            return self.root / self.virtualenv
        project = above("uv.lock", self.program) or above("pyproject.toml", self.program) or self.program
        return project / (os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")

    def prepare(self, tell: Tell) -> None:
        """Make an environment that is missing."""
        environment = self.environment()
        if not has_python(environment):
            command = [tool("uv"), "venv", "--quiet", "--allow-existing", str(environment)]
            run(command, self.program, self._settings(), tell)

    def install(self, tell: Tell) -> None:
        """Install what uv.lock or pyproject.toml lists."""
        run([tool("uv"), "sync"], self.program, self._settings(), tell)

    def bring_up_to_date(self) -> None:
        """Install what has come to pyproject.toml, as `uv run` does before each run."""
        if above("pyproject.toml", self.program):
            run([tool("uv"), "sync", "--inexact"], self.program, self._settings(), lambda _: None)

    def packages(self, *, transitive: bool) -> list[Package]:
        """What uv.lock lists."""
        return locked("uv.lock", self.program, transitive=transitive)

    def version(self) -> str:
        """The version of uv."""
        return first_version(output([tool("uv"), "--version"], self.program))

    def _settings(self) -> dict[str, str]:
        return {**os.environ, "UV_PROJECT_ENVIRONMENT": str(self.environment())}


Toolchain = Pip | Poetry | Uv


def toolchain_of(info: language_pb2.ProgramInfo) -> Toolchain:
    """The one that Pulumi.yaml names; else that of a lock file in the program's folder or above, or pip."""
    name, virtualenv = option(info, "toolchain", NAMES), option(info, "virtualenv")
    root, program = Path(info.root_directory), Path(info.program_directory)
    if name == "uv" or (not name and above("uv.lock", program)):
        return Uv(root, program, virtualenv)
    if name == "poetry" or (not name and above("poetry.lock", program)):
        return Poetry(program)
    return Pip(root, program, virtualenv)


def option(info: language_pb2.ProgramInfo, name: str, allowed: tuple[str, ...] = ()) -> str:
    """An option of the runtime in Pulumi.yaml, or nothing."""
    if name not in info.options.fields:
        return ""
    value = info.options.fields[name]
    if not value.HasField("string_value"):
        raise ToolchainError(f"{name} option must be a string")
    if allowed and value.string_value not in allowed:
        raise ToolchainError(f"unsupported {name} option: {value.string_value}")
    return value.string_value


def python_of(toolchain: Toolchain) -> str:
    """The Python that runs the program."""
    environment = toolchain.environment()
    if environment is None:
        return active_python()
    if not has_python(environment):
        raise ToolchainError(f"{environment} is not a virtual environment: run `pulumi install` to make one")
    return str(environment / "bin" / "python")


def environment_of(toolchain: Toolchain) -> dict[str, str]:
    """The variables of the program's process."""
    environment = toolchain.environment()
    if environment is None:
        return dict(os.environ)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]] if "PATH" in os.environ else [])
    return {**kept, "VIRTUAL_ENV": str(environment), "PATH": path or str(environment / "bin")}


def active_python() -> str:
    """The Python of PATH, unless PULUMI_PYTHON_CMD names another."""
    named = os.environ.get("PULUMI_PYTHON_CMD")
    for name in [named] if named else ["python3", "python"]:
        result = shutil.which(name)
        if result:
            return result
    raise ToolchainError(f"PATH holds no {named or 'python3'}")


def has_python(environment: Path) -> bool:
    """Whether the folder is a virtual environment."""
    return (environment / "bin" / "python").is_file()


def above(name: str, folder: Path) -> Path | None:
    """The nearest folder upwards that holds the file."""
    return next((parent for parent in (folder, *folder.parents) if (parent / name).exists()), None)


def locked(name: str, folder: Path, *, transitive: bool) -> list[Package]:
    """The packages of a lock file, without the project itself."""
    project = above(name, folder)
    if project is None:
        raise ToolchainError(f"could not find {name}: run `pulumi install` to make it")
    result = tomllib.loads((project / name).read_text(encoding="utf-8")).get("package", [])
    real = [each for each in result if "virtual" not in each.get("source", {})]
    packages = [Package(normalized(each["name"]), each.get("version", "")) for each in real]
    direct = None if transitive else direct_dependencies(project / "pyproject.toml")
    return [package for package in packages if direct is None or package.name in direct]


def direct_dependencies(pyproject: Path) -> set[str]:
    """The names that pyproject.toml lists."""
    settings = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    listed = settings.get("project", {}).get("dependencies", [])
    listed += settings.get("tool", {}).get("poetry", {}).get("dependencies", {})
    return {normalized(re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0]) for text in listed}


def normalized(name: str) -> str:
    """A distribution's name as packaging tools compare it."""
    return re.sub(r"[-_.]+", "-", name.lower())


def first_version(text: str) -> str:
    """The first version number in a text."""
    result = re.search(r"\d+(?:\.\d+)+", text)
    return result.group() if result else ""


def tool(name: str) -> str:
    """The program of that name on PATH."""
    result = shutil.which(name)
    if not result:
        raise ToolchainError(f"PATH holds no {name}: install it, or name another toolchain in Pulumi.yaml")
    return result


def output(command: list[str], folder: Path) -> str:
    """What a command prints that has to succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolchainError(f"`{' '.join(command)}` exited with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def run(command: list[str], folder: Path, environment: Mapping[str, str], tell: Tell) -> None:
    """Run a slow command that has to succeed, and hand on what it prints."""
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout or ():
            tell(line)
    if process.returncode:
        raise ToolchainError(f"`{' '.join(command)}` exited with status {process.returncode}")


def check_types(toolchain: Toolchain, info: language_pb2.ProgramInfo) -> None:
    """Run the type checker that Pulumi.yaml names, before the program."""
    name = option(info, "typechecker", TYPE_CHECKERS)
    if not name:
        return
    program, environment = Path(info.program_directory), toolchain.environment()
    skip = ["--exclude", os.path.relpath(environment, program)] if name == "mypy" and environment else []
    message: list[bytes] = []
    try:
        run([python_of(toolchain), "-m", name, *skip, str(program)], program, environment_of(toolchain), message.append)
    except ToolchainError as error:
        raise ToolchainError(f"{name} failed: {error}\n{b''.join(message).decode(errors='replace')}") from None
