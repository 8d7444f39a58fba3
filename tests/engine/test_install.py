"""`pulumi install`, and a first run without an environment, with pip, uv and Poetry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import LanguageRuntimeStub, language_pb2

from tests.engine.conftest import program_info, running_language_host
from tests.host.conftest import PATIENCE

# Every program records the arguments. Python makes "environments" with a copy of the program, and lists no package.
PROGRAM = """#!/bin/sh
echo "${0##*/} $*" >> "$PWD/calls"
case "$1 $2" in
"-m venv") { mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; } || exit 1 ;;
"-m pip") [ "$3" != list ] || echo "[]" ;;
"-c "*) echo "{}" ;;
"env info") exit 1 ;;
esac
echo "done by ${0##*/}"
"""
UPGRADED = "python -m pip install --upgrade pip setuptools wheel"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name in ("python3", "poetry", "uv"):
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
    (folder / "python3").write_text(PROGRAM.replace('echo "done', '[ "$3" = list ] || [ "$1" = -c ] || echo "done'))
    return folder


@pytest.fixture(scope="module")
def stub(programs: Path) -> Iterator[LanguageRuntimeStub]:
    with running_language_host({"PATH": f"{programs}:/usr/bin:/bin"}) as stub:
        yield stub


def install(stub: LanguageRuntimeStub, info: language_pb2.ProgramInfo) -> str:
    """The output of `pulumi install`."""
    request = language_pb2.InstallDependenciesRequest(info=info)
    return b"".join(part.stdout for part in stub.InstallDependencies(request, timeout=PATIENCE)).decode()


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_pip_makes_the_environment_and_installs_the_requirements(stub: LanguageRuntimeStub, tmp_path: Path) -> None:
    """Pip makes the environment in the folder of the program, and the output of the tools is shown."""
    program = tmp_path / "src"
    program.mkdir()
    (program / "requirements.txt").touch()
    shown = install(stub, program_info(tmp_path, {"virtualenv": "env"}, "src"))
    assert calls(program) == [
        f"python3 -m venv {tmp_path}/env",
        UPGRADED,
        "python -m pip install -r requirements.txt",
    ]
    assert shown.startswith("Installing dependencies...")
    assert "done by python3" in shown
    assert shown.endswith("Finished installing dependencies\n\n")


@pytest.mark.parametrize(
    ("toolchain", "expected"), [("uv", "uv sync"), ("poetry", "poetry install --no-ansi"), ("pip", "python3 -m pip")]
)
def test_the_toolchain_installs(stub: LanguageRuntimeStub, tmp_path: Path, toolchain: str, expected: str) -> None:
    """Each toolchain installs by a separate command. Pip without `virtualenv` installs into the active Python."""
    install(stub, program_info(tmp_path, {"toolchain": toolchain}))
    assert calls(tmp_path)[0].startswith(expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"virtualenv": "env"}, ["python3 -m venv {root}/env", UPGRADED]),
        ({"toolchain": "uv", "virtualenv": "env"}, ["uv venv --quiet --allow-existing {root}/env"]),
        ({"toolchain": "poetry"}, ["poetry env info --path", "poetry install --no-ansi"]),
    ],
)
def test_a_first_run_makes_the_environment(
    stub: LanguageRuntimeStub, tmp_path: Path, options: dict[str, str], expected: list[str]
) -> None:
    """A missing environment is made before the packages are listed."""
    request = language_pb2.GetRequiredPackagesRequest(info=program_info(tmp_path, options))
    # Uv and Poetry have no lock here: the call fails later.
    with suppress(grpc.RpcError):
        stub.GetRequiredPackages(request, timeout=PATIENCE)
    assert calls(tmp_path)[: len(expected)] == [call.format(root=tmp_path) for call in expected]


def test_an_error_of_a_tool_is_the_commands_error(stub: LanguageRuntimeStub, tmp_path: Path) -> None:
    """An error of `pulumi install` has the tool's exit status, or the name of the wrong option."""
    (tmp_path / "env").touch()
    with pytest.raises(grpc.RpcError, match="exited with status 1"):
        install(stub, program_info(tmp_path, {"virtualenv": "env"}))
    with pytest.raises(grpc.RpcError, match="unsupported toolchain option: conda"):
        install(stub, program_info(tmp_path, {"toolchain": "conda"}))
    with pytest.raises(grpc.RpcError, match="virtualenv option must be a string"):
        install(stub, program_info(tmp_path, {"virtualenv": 3}))
