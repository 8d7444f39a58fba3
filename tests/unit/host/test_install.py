"""Adopting the host in an infrastructure repository: what is written, what is tried, and what is taken back."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_bms.host import install as module
from pulumi_bms.host.install import (
    FOLDER,
    LAUNCHER,
    InstallError,
    check,
    install,
    uninstall,
)
from pulumi_bms.host.project import find_project
from pulumi_bms.host.trial import start_once
from tests.host.conftest import PATIENCE

ENTRY = {"name": "pulumi-python", "path": f"./{FOLDER}"}
LINES = f"plugins:\n  providers:\n    - name: pulumi-python\n      path: ./{FOLDER}\n"
OPTIONS = f"runtime:\n  name: python\n  options:\n    virtualenv: {json.dumps(sys.prefix)}\n"
"""The environment of these tests, so that the launcher starts."""
PLAIN = f"name: shop\n{OPTIONS}"
ORIGINAL = Path(module.__file__).with_name(LAUNCHER)


def project(folder: Path, text: str = PLAIN, name: str = "Pulumi.yaml") -> Path:
    settings = folder / name
    settings.write_bytes(text.encode())
    return settings


def refusal(folder: Path, command: Callable[[Path], str] = install) -> str:
    """Why it can't be done; nothing is touched then."""

    def content() -> dict[Path, bytes | None]:
        return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}

    before = content()
    with pytest.raises(InstallError) as caught:
        command(folder)
    assert content() == before
    return str(caught.value)


def providers(settings: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(settings.read_text())["plugins"]["providers"]
    return found


# --- Pulumi.yaml


@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n"])
def test_a_project_without_plugins_gets_them_at_its_end(tmp_path: Path, ending: str) -> None:
    """Comments and all else stay as they are."""
    text = f"# our shop\nname: shop\n{OPTIONS}\n# what it is\ndescription: |\n  a\n  b\nconfig:\n  a: 1  # there"
    settings = project(tmp_path, text + ending)
    assert "commit both" in install(tmp_path)
    assert settings.read_text() == f"{text}\n\n{LINES}"
    assert providers(settings) == [ENTRY]


def test_installing_again_changes_nothing(tmp_path: Path) -> None:
    """Neither a byte nor a time of any file."""
    settings = project(tmp_path)
    install(tmp_path)
    files = [settings, tmp_path / FOLDER / LAUNCHER]
    before = [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
    assert install(tmp_path).startswith("installed already")
    assert [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files] == before


OTHERS = [
    "plugins:\n  providers:\n    - name: aws\n      path: ./aws\n",
    "plugins: {providers: [{name: aws, path: ./aws}]}\n",
    "plugins:\n  providers: []\n",
    "plugins:\n",
    "plugins: many\n",
    "plugins:\n  providers:\n    aws: ./aws\n",
    '"plugins":\n  languages:\n    - name: python\n      path: ./l\n',
    "...\n",
]


@pytest.mark.parametrize("plugins", OTHERS)
def test_plugins_that_are_there_are_the_users_to_change(tmp_path: Path, plugins: str) -> None:
    """The lines to add are shown, and no file is touched."""
    project(tmp_path, f"{PLAIN}{plugins}")
    assert LINES in refusal(tmp_path)


def test_lines_that_the_user_has_added_are_enough(tmp_path: Path) -> None:
    """In any style, beside other plugins: the command has the rest to do."""
    text = f"{PLAIN}plugins: {{providers: [{{name: aws, path: ./aws}}, {{name: pulumi-python, path: {FOLDER}}}]}}\n"
    settings = project(tmp_path, text)
    assert install(tmp_path).startswith("installed: ")
    assert settings.read_text() == text
    assert (tmp_path / FOLDER / LAUNCHER).is_file()


def test_the_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    """The launcher lies where the entry says."""
    text = f"{PLAIN}plugins:\n  providers:\n    - name: pulumi-python\n      path: hosts/{FOLDER}/\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_text() == text
    assert (tmp_path / "hosts" / FOLDER / LAUNCHER).is_file()
    assert not (tmp_path / FOLDER).exists()


def test_the_installed_package_may_be_named_itself(tmp_path: Path) -> None:
    """A project may name the package's own folder, as this one does."""
    project(tmp_path, f"{PLAIN}plugins:\n  providers:\n    - {{name: pulumi-python, path: {ORIGINAL.parent}}}\n")
    assert check(tmp_path).startswith("in order: ")
    assert install(tmp_path).startswith("installed already")
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("path", ["./theirs", "../hosts/theirs", ""])
@pytest.mark.parametrize("command", [install, check, uninstall])
def test_another_host_for_dynamic_resources_stays(tmp_path: Path, path: str, command: Callable[[Path], str]) -> None:
    """Two can't be; the user is told which one is there."""
    project(tmp_path, f"{PLAIN}plugins:\n  providers:\n    - name: pulumi-python\n      path: {path}\n")
    text = refusal(tmp_path, command)
    assert "another host" in text
    assert path in text


def test_a_block_that_only_looks_like_plugins_is_left_alone(tmp_path: Path) -> None:
    """Text inside other values is no key."""
    text = f"{PLAIN}description: |\n  plugins:\n    providers:\n      - name: x\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_text() == f"{text}\n{LINES}"


def test_the_line_endings_stay(tmp_path: Path) -> None:
    """A file with CRLF, as editors on Windows write, keeps them in each line that was there."""
    text = PLAIN.replace("\n", "\r\n")
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_bytes() == f"{text}\r\n".encode() + LINES.replace("\n", "\r\n").encode()
    assert providers(settings) == [ENTRY]
    uninstall(tmp_path)
    assert settings.read_bytes() == text.encode()


def test_letters_beyond_ascii_stay(tmp_path: Path) -> None:
    """The file is UTF-8, whatever the locale."""
    text = f"{PLAIN}description: Läden — 店\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_bytes() == f"{text}\n{LINES}".encode()


def test_the_files_mode_stays(tmp_path: Path) -> None:
    """Who may read the project may read it afterwards, and nobody else."""
    settings = project(tmp_path)
    settings.chmod(0o640)
    install(tmp_path)
    assert stat.S_IMODE(settings.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Pulumi.yaml", FOLDER]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Where Pulumi.yaml is a link the file behind it is changed."""
    shared = project(tmp_path, name="shared.yaml")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").symlink_to(shared)
    install(folder)
    assert (folder / "Pulumi.yaml").is_symlink()
    assert providers(shared) == [ENTRY]


# --- which project


def test_a_project_may_be_called_yml(tmp_path: Path) -> None:
    """Pulumi reads that too."""
    settings = project(tmp_path, name="Pulumi.yml")
    assert "Pulumi.yml" in install(tmp_path)
    assert providers(settings) == [ENTRY]


def test_from_a_folder_further_down(tmp_path: Path) -> None:
    """The project is the one that holds the folder, and the launcher lies beside its Pulumi.yaml."""
    settings = project(tmp_path)
    below = tmp_path / "src" / "deeper"
    below.mkdir(parents=True)
    install(below)
    assert providers(settings) == [ENTRY]
    assert (tmp_path / FOLDER / LAUNCHER).is_file()
    assert not list(below.iterdir())


def test_a_project_in_json(tmp_path: Path) -> None:
    """The user adds the lines, shown in YAML; the command has the rest to do."""
    text = json.dumps({"name": "shop", "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}})
    project(tmp_path, text, "Pulumi.json")
    assert LINES in refusal(tmp_path)
    settings = {**json.loads(text), "plugins": {"providers": [ENTRY]}}
    project(tmp_path, json.dumps(settings), "Pulumi.json")
    assert install(tmp_path).startswith("installed: Pulumi.json")


@pytest.mark.parametrize("command", [install, check, uninstall])
def test_without_a_project_nothing_is_done(tmp_path: Path, command: Callable[[Path], str]) -> None:
    """The user is told where to run it."""
    assert "no Pulumi.yaml" in refusal(tmp_path, command)


@pytest.mark.parametrize("runtime", ["nodejs", "go", "{name: yaml}", ""])
def test_another_language_is_refused(tmp_path: Path, runtime: str) -> None:
    """Its programs have no dynamic resources of this package."""
    project(tmp_path, f"name: shop\nruntime: {runtime}\n")
    assert "runtime" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["a: [", "", "- a\n", "text"])
def test_what_is_no_project_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is no YAML, or holds no mapping."""
    project(tmp_path, text)
    assert "Pulumi.yaml" in refusal(tmp_path)


# --- the trial start


def broken(folder: Path, script: str) -> None:
    """A project whose environment has another program in place of Python."""
    python = folder / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    project(folder, "name: shop\nruntime:\n  name: python\n  options:\n    virtualenv: env\n")


def test_an_environment_without_the_package_is_refused(tmp_path: Path) -> None:
    """The message has Python's own words, and what to do."""
    broken(tmp_path, f'exec "{sys.executable}" -S -I "$@"')
    text = refusal(tmp_path)
    assert "No module named" in text
    assert "Install pulumi-bms into that environment." in text


def test_an_environment_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The launcher's own words say which path."""
    project(tmp_path, "name: shop\nruntime:\n  name: python\n  options:\n    virtualenv: venv\n")
    assert f"{tmp_path}/venv/bin/python does not exist" in refusal(tmp_path)


def test_a_process_that_says_no_port_is_refused(tmp_path: Path) -> None:
    """Neither a text in its place nor an early end counts; the status is named."""
    broken(tmp_path, "echo hello; echo went wrong >&2; exit 3")
    text = refusal(tmp_path)
    assert "exited with status 3" in text
    assert "went wrong" in text


def test_a_process_that_hangs_is_stopped_and_refused(tmp_path: Path) -> None:
    """With all that it has started; the time is named."""
    broken(tmp_path, "sleep 600 & echo $! > pid; wait")
    launcher = tmp_path / FOLDER / LAUNCHER
    launcher.parent.mkdir()
    launcher.write_bytes(ORIGINAL.read_bytes())
    launcher.chmod(0o755)
    with pytest.raises(InstallError, match="told no port in 1 s"):
        start_once(launcher, find_project(tmp_path), longest=1.0)
    pid = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_the_trial_starts_where_the_program_runs(tmp_path: Path) -> None:
    """In the folder of `main:`, which decides the environment of uv, with the options of Pulumi.yaml."""
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
    """The lines, the launcher or its run bit; and that all is in order after an install."""
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
    """An environment that has lost the package is found out."""
    settings = project(tmp_path)
    install(tmp_path)
    settings.write_text(settings.read_text().replace(sys.prefix, str(tmp_path / "gone")))
    assert "gone/bin/python does not exist" in refusal(tmp_path, check)


@pytest.mark.parametrize("tail", ["", "config:\n  a: 1  # one\n"])
def test_uninstalling_leaves_what_was_there(tmp_path: Path, tail: str) -> None:
    """Pulumi.yaml as before, also where lines have come after ours; doing it again changes nothing."""
    settings = project(tmp_path)
    install(tmp_path)
    settings.write_text(settings.read_text() + tail)
    assert uninstall(tmp_path).startswith("uninstalled: ")
    assert settings.read_text() == PLAIN + tail
    assert [path.name for path in tmp_path.iterdir()] == ["Pulumi.yaml"]
    assert uninstall(tmp_path).startswith("not installed: ")
    assert settings.read_text() == PLAIN + tail


def test_uninstalling_keeps_the_users_files(tmp_path: Path) -> None:
    """Other files in the folder are not ours."""
    project(tmp_path)
    install(tmp_path)
    (tmp_path / FOLDER / "notes").touch()
    uninstall(tmp_path)
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == ["notes"]


def test_lines_that_the_user_has_added_are_the_users_to_remove(tmp_path: Path) -> None:
    """The launcher stays until the lines are gone: Pulumi would fail without."""
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
    """Each says what it did and what follows; an error is one line on stderr and status 1."""
    failed = command(tmp_path, "install")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("not installed: there is no Pulumi.yaml")
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
    """Only an address of an engine makes it serve: a misspelt command must not wait with a port."""
    ended = command(tmp_path, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: python -m pulumi_bms.host")
    assert list(tmp_path.iterdir()) == []


def test_help_lists_the_commands(tmp_path: Path) -> None:
    """With a line for each."""
    ended = command(tmp_path, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in ("install", "check", "uninstall"):
        assert f"    {name} " in ended.stdout


def test_a_module_of_the_user_stops_no_command(tmp_path: Path) -> None:
    """The folder of the project is not searched for Python's own modules, nor for those of this package."""
    for name in ("argparse", "calendar", "queue", "secrets", "yaml"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not this one')\n")
    project(tmp_path)
    assert command(tmp_path, "install").stdout.startswith("installed: ")
