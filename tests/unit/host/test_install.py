"""The installation of the host in an infrastructure repository: the project, and the written lines."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_bms.host.install import FOLDER, LAUNCHER, check, install, uninstall
from tests.unit.host.projects import ENTRY, LINES, OPTIONS, ORIGINAL, PLAIN, project, providers, refusal

# --- Pulumi.yaml


@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n"])
def test_a_project_without_plugins_gets_them_at_its_end(tmp_path: Path, ending: str) -> None:
    """A project without plugins gets the lines at the end. Comments and all further text stay."""
    text = f"# our shop\nname: shop\n{OPTIONS}\n# what it is\ndescription: |\n  a\n  b\nconfig:\n  a: 1  # there"
    settings = project(tmp_path, text + ending)
    assert "Commit both" in install(tmp_path)
    assert settings.read_text() == f"{text}\n\n{LINES}"
    assert providers(settings) == [ENTRY]


def test_installing_again_changes_nothing(tmp_path: Path) -> None:
    """A second install changes no byte and no time of any file."""
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
    """With other plugins in Pulumi.yaml, install shows the lines to add and changes no file."""
    project(tmp_path, f"{PLAIN}{plugins}")
    assert LINES in refusal(tmp_path)


def test_lines_that_the_user_has_added_are_enough(tmp_path: Path) -> None:
    """With lines added by the user, in any style, install only adds the launcher."""
    text = f"{PLAIN}plugins: {{providers: [{{name: aws, path: ./aws}}, {{name: pulumi-python, path: {FOLDER}}}]}}\n"
    settings = project(tmp_path, text)
    assert install(tmp_path).startswith("installed: ")
    assert settings.read_text() == text
    assert (tmp_path / FOLDER / LAUNCHER).is_file()


def test_the_folder_may_lie_elsewhere(tmp_path: Path) -> None:
    """The launcher goes into the folder of the user's entry."""
    text = f"{PLAIN}plugins:\n  providers:\n    - name: pulumi-python\n      path: hosts/{FOLDER}/\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_text() == text
    assert (tmp_path / "hosts" / FOLDER / LAUNCHER).is_file()
    assert not (tmp_path / FOLDER).exists()


def test_the_installed_package_may_be_named_itself(tmp_path: Path) -> None:
    """An entry may name the folder of the installed package."""
    project(tmp_path, f"{PLAIN}plugins:\n  providers:\n    - {{name: pulumi-python, path: {ORIGINAL.parent}}}\n")
    assert check(tmp_path).startswith("in order: ")
    assert install(tmp_path).startswith("installed already")
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize("path", ["./theirs", "../hosts/theirs", ""])
@pytest.mark.parametrize("command", [install, check, uninstall])
def test_another_host_for_dynamic_resources_stays(tmp_path: Path, path: str, command: Callable[[Path], str]) -> None:
    """A different host for dynamic resources is refused, and the error has the path."""
    project(tmp_path, f"{PLAIN}plugins:\n  providers:\n    - name: pulumi-python\n      path: {path}\n")
    text = refusal(tmp_path, command)
    assert "another host" in text
    assert path in text


def test_a_block_that_only_looks_like_plugins_is_left_alone(tmp_path: Path) -> None:
    """Text inside a value that looks like `plugins` is kept."""
    text = f"{PLAIN}description: |\n  plugins:\n    providers:\n      - name: x\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_text() == f"{text}\n{LINES}"


def test_the_line_endings_stay(tmp_path: Path) -> None:
    """A file with CRLF keeps CRLF in all lines."""
    text = PLAIN.replace("\n", "\r\n")
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_bytes() == f"{text}\r\n".encode() + LINES.replace("\n", "\r\n").encode()
    assert providers(settings) == [ENTRY]
    uninstall(tmp_path)
    assert settings.read_bytes() == text.encode()


def test_letters_beyond_ascii_stay(tmp_path: Path) -> None:
    """Pulumi.yaml is read and written as UTF-8, in any locale."""
    text = f"{PLAIN}description: Läden — 店\n"
    settings = project(tmp_path, text)
    install(tmp_path)
    assert settings.read_bytes() == f"{text}\n{LINES}".encode()


def test_the_files_mode_stays(tmp_path: Path) -> None:
    """The file mode of Pulumi.yaml stays, and no further file is left."""
    settings = project(tmp_path)
    settings.chmod(0o640)
    install(tmp_path)
    assert stat.S_IMODE(settings.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Pulumi.yaml", FOLDER]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """If Pulumi.yaml is a link, the link's target is changed."""
    shared = project(tmp_path, name="shared.yaml")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").symlink_to(shared)
    install(folder)
    assert (folder / "Pulumi.yaml").is_symlink()
    assert providers(shared) == [ENTRY]


# --- the project


def test_a_project_may_be_called_yml(tmp_path: Path) -> None:
    """A project in Pulumi.yml is found."""
    settings = project(tmp_path, name="Pulumi.yml")
    assert "Pulumi.yml" in install(tmp_path)
    assert providers(settings) == [ENTRY]


def test_from_a_folder_further_down(tmp_path: Path) -> None:
    """From a subfolder the project above is found, and the launcher is beside Pulumi.yaml."""
    settings = project(tmp_path)
    below = tmp_path / "src" / "deeper"
    below.mkdir(parents=True)
    install(below)
    assert providers(settings) == [ENTRY]
    assert (tmp_path / FOLDER / LAUNCHER).is_file()
    assert not list(below.iterdir())


def test_a_project_in_json(tmp_path: Path) -> None:
    """For a project in JSON the user adds the shown lines, and install adds the launcher."""
    text = json.dumps({"name": "shop", "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}}})
    project(tmp_path, text, "Pulumi.json")
    assert LINES in refusal(tmp_path)
    settings = {**json.loads(text), "plugins": {"providers": [ENTRY]}}
    project(tmp_path, json.dumps(settings), "Pulumi.json")
    assert install(tmp_path).startswith("installed: Pulumi.json")


@pytest.mark.parametrize("command", [install, check, uninstall])
def test_without_a_project_nothing_is_done(tmp_path: Path, command: Callable[[Path], str]) -> None:
    """Without a project every command is refused."""
    assert "Pulumi.yaml was not found" in refusal(tmp_path, command)


@pytest.mark.parametrize("runtime", ["nodejs", "go", "{name: yaml}", ""])
def test_another_language_is_refused(tmp_path: Path, runtime: str) -> None:
    """A project in a language other than Python is refused."""
    project(tmp_path, f"name: shop\nruntime: {runtime}\n")
    assert "runtime" in refusal(tmp_path)


@pytest.mark.parametrize("text", ["a: [", "", "- a\n", "text"])
def test_what_is_no_project_is_refused(tmp_path: Path, text: str) -> None:
    """A file without a YAML mapping is refused."""
    project(tmp_path, text)
    assert "Pulumi.yaml" in refusal(tmp_path)
