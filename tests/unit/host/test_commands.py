"""The commands of the host: the trial start, `check`, `uninstall`, and the command line."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_bms.host.install import FOLDER, LAUNCHER, check, install, uninstall
from pulumi_bms.host.project import InstallError, find_project
from pulumi_bms.host.trial import start_once
from tests.host.conftest import PATIENCE
from tests.unit.host.projects import ENTRY, ORIGINAL, PLAIN, project, providers, refusal

# --- the trial start


def broken(folder: Path, script: str) -> None:
    """A project whose environment has a script in place of Python."""
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    project(folder, "name: shop\nruntime:\n  name: python\n  options:\n    virtualenv: env\n")


def test_an_environment_without_the_package_is_refused(tmp_path: Path) -> None:
    """An environment without the package is refused, with Python's message and the next step."""
    broken(tmp_path, f'exec "{sys.executable}" -S -I "$@"')
    text = refusal(tmp_path)
    assert "No module named" in text
    assert "Install pulumi-bms into that environment." in text


def test_an_environment_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A missing environment is refused with the launcher's message and the path."""
    project(tmp_path, "name: shop\nruntime:\n  name: python\n  options:\n    virtualenv: venv\n")
    assert f"{tmp_path}/venv/bin/python does not exist" in refusal(tmp_path)


def test_a_process_that_says_no_port_is_refused(tmp_path: Path) -> None:
    """A process without a port is refused, with the exit status and the process's message."""
    broken(tmp_path, "echo hello; echo went wrong >&2; exit 3")
    text = refusal(tmp_path)
    assert "exited with status 3" in text
    assert "went wrong" in text


def test_a_process_that_hangs_is_stopped_and_refused(tmp_path: Path) -> None:
    """A hanging process is stopped with all child processes. The error names the time."""
    broken(tmp_path, "sleep 600 & echo $! > pid; wait")
    launcher = tmp_path / FOLDER / LAUNCHER
    launcher.parent.mkdir()
    launcher.write_bytes(ORIGINAL.read_bytes())
    launcher.chmod(0o755)
    with pytest.raises(InstallError, match="gave no port in 1 s"):
        start_once(launcher, find_project(tmp_path), longest=1.0)
    pid = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_trial_starts_where_the_program_runs(tmp_path: Path) -> None:
    """The trial start runs in the folder of `main:`, with the options of Pulumi.yaml."""
    python = tmp_path / "src" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho $PWD > here\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "src" / "uv.lock").touch()
    (tmp_path / "src" / "app.py").touch()
    project(tmp_path, "name: shop\nmain: src/app.py\nruntime: {name: python, options: {toolchain: uv}}\n")
    assert install(tmp_path).startswith("installed: ")
    assert (tmp_path / "src" / "here").read_text() == f"{tmp_path}/src\n"


# --- check and uninstall


def test_check_says_what_is_missing(tmp_path: Path) -> None:
    """`check` finds missing lines, and a missing, changed or non-executable launcher, and passes after an install."""
    settings = project(tmp_path)
    assert "names no plugin process: run" in refusal(tmp_path, check)
    install(tmp_path)
    assert check(tmp_path).startswith("in order: Pulumi.yaml names ./pulumi-bms-host, and the plugin process starts")
    launcher = tmp_path / FOLDER / LAUNCHER
    launcher.chmod(0o644)
    assert "is missing or of another version" in refusal(tmp_path, check)
    launcher.write_text("#!/bin/sh\n")
    assert "is missing or of another version" in refusal(tmp_path, check)
    assert install(tmp_path).startswith("installed: ")
    assert launcher.read_bytes() == ORIGINAL.read_bytes()
    assert stat.S_IMODE(launcher.stat().st_mode) == 0o755
    launcher.unlink()
    assert "is missing or of another version" in refusal(tmp_path, check)
    assert providers(settings) == [ENTRY]


def test_check_starts_the_process(tmp_path: Path) -> None:
    """`check` finds an environment that does not start."""
    settings = project(tmp_path)
    install(tmp_path)
    settings.write_text(settings.read_text().replace(sys.prefix, str(tmp_path / "gone")))
    assert "gone/bin/python does not exist" in refusal(tmp_path, check)


@pytest.mark.parametrize("tail", ["", "config:\n  a: 1  # one\n"])
def test_uninstalling_leaves_what_was_there(tmp_path: Path, tail: str) -> None:
    """Uninstall restores Pulumi.yaml and keeps later lines. A second uninstall changes nothing."""
    settings = project(tmp_path)
    install(tmp_path)
    settings.write_text(settings.read_text() + tail)
    assert uninstall(tmp_path).startswith("uninstalled: ")
    assert settings.read_text() == PLAIN + tail
    assert [path.name for path in tmp_path.iterdir()] == ["Pulumi.yaml"]
    assert uninstall(tmp_path).startswith("not installed: ")
    assert settings.read_text() == PLAIN + tail


def test_uninstalling_keeps_the_users_files(tmp_path: Path) -> None:
    """Uninstall keeps the user's files in the folder."""
    project(tmp_path)
    install(tmp_path)
    (tmp_path / FOLDER / "notes").touch()
    uninstall(tmp_path)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["notes"]


def test_lines_that_the_user_has_added_are_the_users_to_remove(tmp_path: Path) -> None:
    """Uninstall refuses to remove the user's lines. The launcher stays as long as the lines."""
    text = f"{PLAIN}plugins: {{providers: [{{name: pulumi-python, path: {FOLDER}}}]}}\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert "remove the provider pulumi-python" in refusal(tmp_path, uninstall)
    settings.write_text(PLAIN)
    assert uninstall(tmp_path).startswith("uninstalled: ")
    assert not (tmp_path / FOLDER).exists()


# --- the command


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pulumi_bms.host", *arguments],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def test_the_commands(tmp_path: Path) -> None:
    """Every command prints a success line, or one error line on stderr with status 1."""
    failed = command(tmp_path, "install")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("not installed: Pulumi.yaml was not found")
    settings = project(tmp_path)
    missing = command(tmp_path, "check")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("not in order: Pulumi.yaml names no plugin process")
    for name, words in {"install": "installed: ", "check": "in order: ", "uninstall": "uninstalled: "}.items():
        done = command(tmp_path, name)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(words)
    assert settings.read_text() == PLAIN


@pytest.mark.parametrize("arguments", [(), ("instal",), ("install", "it"), ("--port", "1"), ("8080",), (":1",)])
def test_wrong_usage_ends_at_once(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Wrong arguments print the usage with status 2. Only the address of an engine starts the host."""
    ended = command(tmp_path, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: python -m pulumi_bms.host")
    assert list(tmp_path.iterdir()) == []


def test_help_lists_the_commands(tmp_path: Path) -> None:
    """The help has a line for each command."""
    ended = command(tmp_path, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in ("install", "check", "uninstall"):
        assert f"    {name} " in ended.stdout


def test_a_module_of_the_user_stops_no_command(tmp_path: Path) -> None:
    """Modules in the project's folder never replace modules of Python or of the package."""
    for name in ("argparse", "calendar", "queue", "secrets", "yaml"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
    project(tmp_path)
    assert command(tmp_path, "install").stdout.startswith("installed: ")
