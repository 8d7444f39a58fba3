"""The packages of a program by the language host: the list of packages, and the plugins for the CLI to download."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.runtime.proto import LanguageRuntimeStub, language_pb2

from tests.engine.conftest import program_info, running_language_host
from tests.host.conftest import PATIENCE

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stub() -> Iterator[LanguageRuntimeStub]:
    with running_language_host(os.environ) as stub:
        yield stub


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this package, built from the current project."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with this package's wheel, and with packages for every kind of plugin information."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    install(packages, "pulumi-plain", "1.2.3")
    install(packages, "Pulumi_Stage", "4.0rc1")
    install(packages, "pulumi-local", "1.0+here")
    install(packages, "pulumi-policy", "1.0.0")
    install(packages, "pulumi-quiet", "1.0.0", {"resource": False})
    install(packages, "told", "9.9", {"resource": True, "name": "other", "version": "v2.0.0", "server": "https://s"})
    install(packages, "silent", "1.0.0")
    return folder / "venv"


def install(packages: Path, name: str, version: str, settings: dict[str, object] | None = None) -> None:
    """Write a distribution into the folder, like pip."""
    module = name.replace("-", "_")
    information = packages / f"{module}-{version}.dist-info"
    for folder in (information, packages / module):
        folder.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (packages / module / "__init__.py").touch()
    if settings is not None:
        (packages / module / "pulumi-plugin.json").write_text(json.dumps(settings))


def plugins(stub: LanguageRuntimeStub, environment: Path, folder: Path) -> dict[str, tuple[str, str]]:
    """The plugins for the CLI to download: names, versions and servers."""
    info = program_info(folder, {"virtualenv": str(environment)})
    response = stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info), timeout=PATIENCE)
    assert {result.kind for result in response.packages} <= {"resource"}
    return {result.name: (result.version, result.server) for result in response.packages}


def test_this_package_asks_for_no_plugin(stub: LanguageRuntimeStub, environment: Path, tmp_path: Path) -> None:
    """The package asks for no plugin, neither installed in place nor as a wheel. Further packages ask for plugins."""
    assert plugins(stub, Path(sys.prefix), tmp_path) == {}
    assert plugins(stub, environment, tmp_path) == {
        "plain": ("v1.2.3", ""),
        "stage": ("v4.0.0-rc.1", ""),
        "other": ("v2.0.0", "https://s"),
    }


def test_both_packages_of_the_wheel_say_so(environment: Path) -> None:
    """Both packages of the wheel have the file `pulumi-plugin.json`."""
    (packages,) = (environment / "lib").glob("python*/site-packages")
    for name in ("pulumi_bms", "bms_simulator"):
        assert json.loads((packages / name / "pulumi-plugin.json").read_text()) == {"resource": False}


def test_the_launcher_in_the_wheel_may_be_run(wheel: Path) -> None:
    """Pulumi.yaml may name the folder of the installed package: the wheel keeps the run bit."""
    with zipfile.ZipFile(wheel) as archive:
        launcher = archive.getinfo("pulumi_bms/host/pulumi-resource-pulumi-python")
    assert launcher.external_attr >> 16 & 0o111 == 0o111


LOCK = """
version = 1
[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
[[package]]
name = "Pulumi_Lock"
version = "1.0.0"
[[package]]
name = "below"
version = "2.0"
[[package]]
name = "pulumi-bms"
source = { directory = "../bms" }
"""


@pytest.mark.parametrize(
    ("lock", "pyproject"),
    [
        ("uv.lock", '[project]\nname = "shop"\ndependencies = ["pulumi.lock>=1,<2"]\n'),
        ("poetry.lock", '[tool.poetry.dependencies]\npython = "^3.11"\npulumi-lock = "*"\n'),
    ],
)
def test_a_lock_lists_the_packages(stub: LanguageRuntimeStub, tmp_path: Path, lock: str, pyproject: str) -> None:
    """With Poetry and uv the packages come from the lock. The project is not a package in the list."""
    (tmp_path / lock).write_text(LOCK)
    (tmp_path / "pyproject.toml").write_text(pyproject)
    info = program_info(tmp_path, {})

    def listed(*, transitive: bool) -> list[tuple[str, str]]:
        request = language_pb2.GetProgramDependenciesRequest(info=info, transitiveDependencies=transitive)
        response = stub.GetProgramDependencies(request, timeout=PATIENCE)
        return [(result.name, result.version) for result in response.dependencies]

    assert listed(transitive=False) == [("pulumi-lock", "1.0.0")]
    assert listed(transitive=True) == [("pulumi-lock", "1.0.0"), ("below", "2.0"), ("pulumi-bms", "")]
