"""Adopting the host in an infrastructure repository, and the launcher that lies there afterwards."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_bms.host import install as module
from pulumi_bms.host.install import FOLDER, LAUNCHER, InstallError, install, main

ENTRY = {"name": "pulumi-python", "path": f"./{FOLDER}"}
LINES = f"plugins:\n  providers:\n    - name: pulumi-python\n      path: ./{FOLDER}\n"
PLAIN = "name: shop\nruntime: python\n"
ORIGINAL = Path(module.__file__).with_name(LAUNCHER)


def project(folder: Path, text: str = PLAIN, name: str = "Pulumi.yaml") -> Path:
    settings = folder / name
    settings.write_bytes(text.encode())
    return settings


def refusal(folder: Path) -> str:
    """Why it can't be done; nothing is touched then."""
    before = {path: path.read_bytes() for path in folder.rglob("Pulumi.*")}
    with pytest.raises(InstallError) as caught:
        install(folder)
    assert {path: path.read_bytes() for path in folder.rglob("Pulumi.*")} == before
    assert not (folder / FOLDER).exists()
    return str(caught.value)


def providers(settings: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(settings.read_text())["plugins"]["providers"]
    return found


# --- Pulumi.yaml


@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n"])
def test_a_project_without_plugins_gets_them_at_its_end(tmp_path: Path, ending: str) -> None:
    """Comments and all else stay as they are."""
    text = (
        "# our shop\nname: shop\nruntime: python  # ours\n\n# what it is\ndescription: |\n  a\n  b\nmain: s/  # there"
    )
    settings = project(tmp_path, text + ending)
    assert "commit both" in install(tmp_path)
    assert settings.read_text() == f"{text}\n\n{LINES}"
    assert providers(settings) == [ENTRY]


OTHERS = {
    "indented": "plugins:\n  providers:\n    - name: aws\n      path: ./aws\n",
    "flush": "plugins:\n  providers:\n  - name: aws\n    path: ./aws\n",
    "four": "plugins:\n    providers:\n        - name: a\n          path: a\n        - name: b\n          path: b\n",
    "commented": (
        "plugins:  # ours\n  # the lot\n\n  providers:   # some\n\n    # 1\n    - name: aws  # it\n      path: ./a\n"
    ),
    "after-others": "plugins:\n  languages:\n    - name: l\n      path: l\n  providers:\n    - {name: a, path: a}\n",
    "before-others": "plugins:\n  providers:\n    - path: ./aws\n      name: aws\n  analyzers: []\n",
    "empty": "plugins:\n  providers:\n",
    "no-newline": "plugins:\n  providers:\n    - name: aws\n      path: ./aws",
}


@pytest.mark.parametrize("style", OTHERS)
@pytest.mark.parametrize("tail", ["", "config:\n  a: 1  # one\n"])
def test_plugins_that_are_there_stay(tmp_path: Path, style: str, tail: str) -> None:
    """One entry more, in front and in the style of the others, and not one line less."""
    if tail and style == "no-newline":
        tail = f"\n{tail}"
    text = f"{PLAIN}{OTHERS[style]}{tail}"
    settings = project(tmp_path, text)
    before = yaml.safe_load(text)
    install(tmp_path)
    after = settings.read_text()
    others = before["plugins"]["providers"] or []
    assert providers(settings) == [ENTRY, *others]
    before["plugins"]["providers"] = [ENTRY, *others]
    assert yaml.safe_load(after) == before
    added = after.splitlines()
    for line in text.splitlines():
        added.remove(line)
    assert [line.strip() for line in added] == ["- name: pulumi-python", f"path: ./{FOLDER}"]


@pytest.mark.parametrize("style", [None, *OTHERS])
def test_installing_again_changes_nothing(tmp_path: Path, style: str | None) -> None:
    """Neither a byte nor a time of any file."""
    settings = project(tmp_path, PLAIN + (OTHERS[style] if style else ""))
    install(tmp_path)
    files = [settings, tmp_path / FOLDER / LAUNCHER]
    before = [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files]
    assert install(tmp_path).startswith("installed already")
    assert [(path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files] == before


def test_the_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    """An entry that names the folder at another place is ours, and stays as it is written."""
    text = f"{PLAIN}plugins:\n  providers:\n    - name: pulumi-python\n      path: {FOLDER}/\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_text() == text


@pytest.mark.parametrize("path", ["./theirs", "../hosts/theirs", ""])
def test_another_host_for_dynamic_resources_stays(tmp_path: Path, path: str) -> None:
    """Two can't be; the user is told which one is there."""
    project(tmp_path, f"{PLAIN}plugins:\n  providers:\n    - name: pulumi-python\n      path: {path}\n")
    text = refusal(tmp_path)
    assert "another host" in text
    assert path in text


@pytest.mark.parametrize(
    "plugins",
    [
        "plugins: {providers: [{name: aws, path: ./aws}]}\n",
        "plugins:\n  providers: [{name: aws, path: ./aws}]\n",
        "plugins:\n  providers: []\n",
        "plugins:\n  languages:\n    - name: python\n      path: ./l\n",
        "plugins:\n",
        "plugins: {}\n",
        "plugins: many\n",
        "plugins: [aws]\n",
        "plugins:\n  providers:\n    aws: ./aws\n",
        '"plugins":\n  providers:\n    - name: aws\n      path: ./aws\n',
    ],
)
def test_plugins_in_another_form_are_the_users_to_change(tmp_path: Path, plugins: str) -> None:
    """The lines to add are shown; no file is half written."""
    project(tmp_path, f"{PLAIN}{plugins}")
    assert LINES in refusal(tmp_path)


def test_a_block_that_only_looks_like_plugins_is_left_alone(tmp_path: Path) -> None:
    """Text inside other values is no key."""
    text = f"{PLAIN}description: |\n  plugins:\n    providers:\n      - name: x\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_text() == f"{text}\n{LINES}"


def test_the_line_endings_stay(tmp_path: Path) -> None:
    """A file with CRLF, as editors on Windows write, keeps them in each line that was there."""
    text = "name: shop\r\nruntime: python\r\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_bytes() == f"{text}\r\n".encode() + LINES.replace("\n", "\r\n").encode()
    assert providers(settings) == [ENTRY]


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


def test_a_project_in_json_is_the_users_to_change(tmp_path: Path) -> None:
    """The lines to add are shown."""
    project(tmp_path, '{"name": "shop", "runtime": "python"}', "Pulumi.json")
    assert LINES in refusal(tmp_path)


def test_without_a_project_nothing_is_done(tmp_path: Path) -> None:
    """The user is told where to run it."""
    assert "no Pulumi.yaml" in refusal(tmp_path)


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


# --- the virtualenv


def with_virtualenv(folder: Path, environment: str) -> None:
    text = f"name: shop\nruntime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: {environment}\n"
    project(folder, text)


def fake_python(environment: Path, script: str) -> Path:
    python = environment / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize("absolute", [False, True])
def test_a_virtualenv_with_the_package_is_taken(tmp_path: Path, absolute: bool) -> None:  # noqa: FBT001  (pytest's way)
    """Relative to Pulumi.yaml's folder, or absolute; its Python is asked for the package."""
    fake_python(tmp_path / "env", f'exec "{sys.executable}" "$@"')
    with_virtualenv(tmp_path, str(tmp_path / "env") if absolute else "env")
    below = tmp_path / "src"
    below.mkdir()
    install(below)
    assert providers(tmp_path / "Pulumi.yaml") == [ENTRY]


@pytest.mark.parametrize("absolute", [False, True])
def test_a_virtualenv_without_the_package_is_refused(tmp_path: Path, absolute: bool) -> None:  # noqa: FBT001
    """The host would not start; the user is told what to run."""
    fake_python(tmp_path / "env", f'exec "{sys.executable}" -S -I "$@"')
    environment = str(tmp_path / "env") if absolute else "env"
    with_virtualenv(tmp_path, environment)
    assert f"install pulumi-bms with `{environment}/bin/pip` first" in refusal(tmp_path)


def test_a_virtualenv_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """As one without the package."""
    with_virtualenv(tmp_path, "venv")
    assert "venv does not exist or lacks" in refusal(tmp_path)


def test_a_runtime_without_a_virtualenv_is_taken(tmp_path: Path) -> None:
    """Which Python will be used is known at the run only."""
    settings = project(tmp_path, "name: shop\nruntime:\n  name: python\n  options:\n    toolchain: uv\n")
    install(tmp_path)
    assert providers(settings) == [ENTRY]


# --- the command


def test_the_command(tmp_path: Path) -> None:
    """It says what it did and what follows; an error is one line on stderr and status 1, an argument status 2."""
    command = [sys.executable, "-m", "pulumi_bms.host", "install"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], check=False, cwd=tmp_path, capture_output=True, text=True)

    failed = run()
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.startswith("not installed: there is no Pulumi.yaml")
    settings = project(tmp_path)
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("installed: Pulumi.yaml names")
    assert providers(settings) == [ENTRY]
    assert main(["--help"]) == 2


# --- the launcher


def test_the_launcher_is_a_program(tmp_path: Path) -> None:
    """It is this package's, and may be run; one that may not, or is older, is put right."""
    project(tmp_path)
    launcher = tmp_path / FOLDER / LAUNCHER
    install(tmp_path)
    assert launcher.read_bytes() == ORIGINAL.read_bytes()
    assert stat.S_IMODE(launcher.stat().st_mode) == 0o755
    launcher.chmod(0o644)
    assert install(tmp_path).startswith("installed: ")
    assert os.access(launcher, os.X_OK)
    launcher.write_text("#!/bin/sh\n")
    assert install(tmp_path).startswith("installed: ")
    assert launcher.read_bytes() == ORIGINAL.read_bytes()


def launch(root: Path, folder: Path | None = None, **environment: str) -> list[str]:
    """What a launcher in the project starts, from a working folder: the program and its arguments."""
    launcher = root / FOLDER / LAUNCHER
    if not launcher.exists():
        launcher.parent.mkdir()
        shutil.copy(ORIGINAL, launcher)
    ended = subprocess.run(
        [str(launcher), "-v=9", "127.0.0.1:1 2"],
        check=True,
        cwd=folder or root,
        env={"PATH": f"{root / 'path'}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines()


SAY = 'printf "%s\\n" "$0" "$@"'
STARTS = ["-u", "-m", "pulumi_bms.host", "-v=9", "127.0.0.1:1 2"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose folder has a space in its name, with a `main:` further down."""
    folder = tmp_path / "our shop"
    (folder / "src" / "deep").mkdir(parents=True)
    project(folder)
    fake = fake_python(folder / "path" / "unused", SAY)
    shutil.copy(fake, folder / "path" / "python3")
    return folder


@pytest.mark.parametrize("below", [".", "src", "src/deep"])
@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"])
def test_a_relative_virtualenv_is_relative_to_the_projects_folder(root: Path, below: str, name: str) -> None:
    """From wherever `main:` puts the working folder."""
    (root / "Pulumi.yaml").rename(root / name)
    python = fake_python(root / "my env", SAY)
    found = launch(root, root / below, PULUMI_RUNTIME_VIRTUALENV="my env")
    assert found == [str(python), *STARTS]


def test_an_absolute_virtualenv_is_taken_as_it_is(root: Path, tmp_path: Path) -> None:
    """It lies where it says."""
    python = fake_python(tmp_path / "elsewhere", SAY)
    found = launch(root, root / "src", PULUMI_RUNTIME_VIRTUALENV=str(tmp_path / "elsewhere"))
    assert found == [str(python), *STARTS]


def test_a_named_virtualenv_comes_before_all_else(root: Path) -> None:
    """Before `.venv`, and before the variable that says which Python."""
    fake_python(root / ".venv", SAY)
    python = fake_python(root / "env", SAY)
    command = str(root / "path" / "python3")
    assert launch(root, PULUMI_RUNTIME_VIRTUALENV="env", PULUMI_PYTHON_CMD=command) == [str(python), *STARTS]


@pytest.mark.parametrize("below", [".", "src"])
def test_without_a_name_the_projects_own_venv_is_taken(root: Path, below: str) -> None:
    """Where tools put it: beside Pulumi.yaml."""
    python = fake_python(root / ".venv", SAY)
    assert launch(root, root / below) == [str(python), *STARTS]
    assert launch(root, root / below, PULUMI_RUNTIME_VIRTUALENV="") == [str(python), *STARTS]


def test_the_python_that_the_variable_names(root: Path) -> None:
    """Before `.venv`: a program of the Automation API says which one it is inside."""
    fake_python(root / ".venv", SAY)
    python = fake_python(root / "other", SAY)
    assert launch(root, PULUMI_PYTHON_CMD=str(python)) == [str(python), *STARTS]


def test_without_any_virtualenv_it_is_the_python_of_the_path(root: Path) -> None:
    """As with Pulumi's own launcher; a virtualenv that is not there counts as none."""
    python = str(root / "path" / "python3")
    assert launch(root) == [python, *STARTS]
    assert launch(root, PULUMI_RUNTIME_VIRTUALENV="gone") == [python, *STARTS]


def test_without_a_project_above_the_working_folder_counts(root: Path) -> None:
    """An inline program of the Automation API may have none."""
    (root / "Pulumi.yaml").unlink()
    python = fake_python(root / "env", SAY)
    assert launch(root, PULUMI_RUNTIME_VIRTUALENV="env") == [str(python), *STARTS]
