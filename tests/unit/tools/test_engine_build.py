"""The output of the engine's set-up during the build of the CLI, with a fake Go."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = 200
GO = f"""#!{sys.executable}
import pathlib, sys
packages = [f"example.com/p{{number}}" for number in range({PACKAGES} - 1)]
packages.append("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")
match sys.argv[1]:
    case "env":
        print("go1.26.8")
    case "list":
        print(*[f"go: downloading example.com/m{{number}} v1" for number in range(60)], sep="\\n", file=sys.stderr)
        print(*packages, sep="\\n")
    case "build":
        print(*packages[:50], sep="\\n", file=sys.stderr)
        if "BROKEN":
            print("# example.com/p50", "p50.go:7: undefined: x", sep="\\n", file=sys.stderr)
        print(*packages[50:], sep="\\n", file=sys.stderr)
        pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).write_text("#!/bin/sh\\n")
        sys.exit(1 if "BROKEN" else 0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with only the engine's tools."""
    shutil.copytree(ROOT / "tools" / "engine", tmp_path / "project" / "tools" / "engine")
    return tmp_path / "project"


def provide(project: Path, *, broken: bool = False) -> subprocess.CompletedProcess[str]:
    """Fill the project's .engine on a machine with Go and without Pulumi."""
    go = project.parent / "bin" / "go"
    go.parent.mkdir(exist_ok=True)
    go.write_text(GO.replace('"BROKEN"', str(broken)))
    go.chmod(0o755)
    environment = {"PATH": str(go.parent), "XDG_CACHE_HOME": str(project.parent / "cache")}
    command = [sys.executable, str(project / "tools" / "engine" / "engine.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_each_part_of_the_build_is_told(project: Path) -> None:
    """Without a terminal the output has lines for the modules, the number of built packages, and the linking."""
    ended = provide(project)
    assert ended.returncode == 0, ended.stderr
    lines = [line.removeprefix("engine: ") for line in ended.stderr.splitlines()]
    assert lines[1:5] == [*(f"downloading Go modules: {n} so far" for n in (0, 25, 50)), "compiling 200 packages"]
    assert lines[5:-2] == [f"{number} of 200 packages compiled" for number in range(10, 200, 10)]
    assert lines[-2] == "200 packages compiled, linking"
    assert re.fullmatch("built .+/pulumi", lines[-1])


def test_what_is_built_already_is_told_no_more(project: Path) -> None:
    """The next set-up takes the CLI of the cache without output."""
    provide(project)
    ended = provide(project, broken=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (project / ".engine" / "bin" / "pulumi").is_file()


def test_a_failed_build_shows_its_error(project: Path) -> None:
    """A failed build shows the compiler's error without the names of packages, and names the log."""
    ended = provide(project, broken=True)
    assert ended.returncode == 1
    messages = ended.stderr.partition("engine: the build of the Pulumi CLI failed, see ")[2]
    log, *lines = messages.rstrip("\n").splitlines()
    assert lines == ["# example.com/p50", "p50.go:7: undefined: x"]
    assert lines[1] in Path(log.rstrip(":")).read_text()
    assert not (project / ".engine" / "bin" / "pulumi").exists()
