"""The programs of `examples/`, copied into a repository and set up by the steps of examples/README.md."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import ROOT, Stack

EXAMPLES = ROOT / "examples"
CONFIG = {
    "wait-only": {"jobId": "quick.1"},
    "order-and-wait": {},
    "many-jobs": {"jobIds.web": "quick.1", "jobIds.db": "quick.2"},
    "two-accounts": {"europeJobId": "quick.1", "chinaJobId": "quick.2"},
    "rolling-reinstall": {"generation": "1"},
}
SERVERS = {"wait-only": 3, "order-and-wait": 2, "many-jobs": 6, "two-accounts": 6, "rolling-reinstall": 5}


@pytest.fixture
def place(tmp_path: Path, simulator: Simulator) -> Callable[[str], Stack]:
    """Copy an example, install the plugin process, make a stack."""

    def copy(name: str) -> Stack:
        folder = tmp_path / name
        shutil.copytree(EXAMPLES / name, folder)
        (folder / "state").mkdir()
        (folder / "venv").symlink_to(sys.prefix)
        command = [str(folder / "venv" / "bin" / "python"), "-m", "pulumi_bms.host", "install"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        stack = Stack(folder)
        stack.run("stack", "init").ok()
        if name != "two-accounts":
            stack.connect(simulator)
        return stack

    return copy


def test_every_example_is_run() -> None:
    """The folders of `examples/` are the folders of this test. Every program has fewer than 30 lines."""
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == set(CONFIG)
    for path in EXAMPLES.glob("*/__main__.py"):
        assert len(path.read_text().splitlines()) < 30, path


def ids(value: object) -> list[str]:
    """All texts of the stack's outputs: server ids."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [name for each in inner for name in ids(each)]


@pytest.mark.parametrize("name", CONFIG)
def test_an_example_runs(
    place: Callable[[str], Stack], simulator: Simulator, simulator_with: Callable[..., Simulator], name: str
) -> None:
    """An example exports the ids of the servers, and a second `up` changes nothing."""
    stack = place(name)
    if name == "two-accounts":
        for profile, account in (("europe", simulator), ("china", simulator_with())):
            where = {"endpoint": account.endpoint, "projectId": account.project_id}
            plain = {f"profiles.{profile}.{key}": value for key, value in where.items()}
            stack.configure(plain, {f"profiles.{profile}.token": account.token})
    if CONFIG[name]:
        values = [part for key, value in CONFIG[name].items() for part in ("--plaintext", f"{key}={value}")]
        stack.run("config", "set-all", "--path", *values).ok()
    stack.up().ok()
    shown = json.loads(stack.run("stack", "output", "--json").ok().output)
    assert len(set(ids(shown))) == SERVERS[name]
    asked = len(simulator.requests)
    stack.up("--expect-no-changes").ok()
    assert len(simulator.requests) == asked
