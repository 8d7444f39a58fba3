"""`python -m pulumi_bms.host install`: make an infrastructure repository use this host.

Two things are needed, and both belong into the repository: a folder with the launcher, which the engine starts, and
the lines of Pulumi.yaml that name the folder. Doing it again changes nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = "pulumi-bms-host"
LAUNCHER = "pulumi-resource-pulumi-python"
_PLUGIN = "pulumi-python"
_LINES = f"plugins:\n  providers:\n    - name: {_PLUGIN}\n      path: ./{FOLDER}\n"


class InstallError(Exception):
    """It can't be done here; the text says why, and what to do instead."""


def main(arguments: list[str]) -> int:
    """Install into the project of the current folder; the exit status."""
    if arguments:
        print("usage: python -m pulumi_bms.host install   (in the folder of Pulumi.yaml)", file=sys.stderr)  # noqa: T201
        return 2
    try:
        done = install(Path.cwd())
    except InstallError as error:
        print(f"not installed: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(done)  # noqa: T201
    return 0


def install(folder: Path) -> str:
    """Install into the project that holds `folder`; what was done, in words."""
    if os.name == "nt":
        raise InstallError("the launcher is a shell script, which Windows does not run; Pulumi's own host serves here")
    settings = _settings_file(folder)
    text = settings.read_text(encoding="utf-8")
    line_end = "\r\n" if b"\r\n" in settings.read_bytes() else "\n"
    project = _parsed(text)
    _check_runtime(project, settings.parent)
    changed = _with_plugin(text, project)
    launcher = settings.parent / FOLDER / LAUNCHER
    wrote = _write_launcher(launcher)
    if changed != text:
        _replace(settings.resolve(), changed, line_end)
    if not wrote and changed == text:
        return f"installed already: {settings.name} names ./{FOLDER}"
    return f"installed: {settings.name} names ./{FOLDER}; commit both, and run `pulumi up` as before"


def _settings_file(folder: Path) -> Path:
    for parent in (folder, *folder.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            if (parent / name).is_file():
                return parent / name
        if (parent / "Pulumi.json").is_file():
            raise InstallError(f"the project is described in JSON; add by hand, as JSON:\n{_LINES}")
    raise InstallError("there is no Pulumi.yaml here or above: run it in the infrastructure repository")


def _parsed(text: str) -> dict[str, Any]:
    try:
        project = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InstallError(f"Pulumi.yaml is no YAML: {error}") from None
    if not isinstance(project, dict):
        raise InstallError("Pulumi.yaml holds no project")
    return project


def _check_runtime(project: dict[str, Any], root: Path) -> None:
    runtime = project.get("runtime")
    name, options = (runtime.get("name"), runtime.get("options")) if isinstance(runtime, dict) else (runtime, None)
    if name != "python":
        raise InstallError(f"the project's runtime is {name}, and dynamic resources of this package are Python's")
    environment = options.get("virtualenv") if isinstance(options, dict) else None
    python = root / environment / "bin" / "python" if isinstance(environment, str) else None
    if python and not (python.exists() and _has_package(python)):
        raise InstallError(
            f"the project's virtualenv {environment} does not exist or lacks this package: "
            f"install pulumi-bms with `{environment}/bin/pip` first"
        )


def _has_package(python: Path) -> bool:
    command = [str(python), "-c", "import importlib.util as u, sys; sys.exit(u.find_spec('pulumi_bms') is None)"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603  (the user's own Python)


def _with_plugin(text: str, project: dict[str, Any]) -> str:
    plugins = project.get("plugins")
    providers = (plugins.get("providers") if isinstance(plugins, dict) else None) or []
    named = [found for found in providers if isinstance(found, dict) and found.get("name") == _PLUGIN]
    if any(_is_ours(found.get("path")) for found in named):
        return text
    if named:
        raise InstallError(f"Pulumi.yaml names another host for dynamic resources already: {named[0].get('path')}")
    # A key that is there and empty is not added again: PyYAML takes the last of two, Pulumi refuses the file.
    changed = _inserted(text) if "plugins" in project else f"{text.rstrip()}\n\n{_LINES}"
    if not _is_only_addition(project, changed):
        raise InstallError(f"Pulumi.yaml has plugins in a form that can't be added to safely; add by hand:\n{_LINES}")
    return changed


def _is_ours(path: object) -> bool:
    return isinstance(path, str) and Path(path).name == FOLDER


def _inserted(text: str) -> str:
    """The text with one more provider, in front of those that are there; nothing else of it is touched."""
    found = re.search(r"^plugins:[^\n]*\n(?:[ \t#][^\n]*\n|\n)*?( +)providers:[ \t]*(?:#[^\n]*)?\n", text, re.MULTILINE)
    if not found:
        return text
    following = re.match(r"(?:[ \t]*#[^\n]*\n|[ \t]*\n)*( *)- ", text[found.end() :])
    indent = following.group(1) if following else found.group(1) + "  "
    entry = f"{indent}- name: {_PLUGIN}\n{indent}  path: ./{FOLDER}\n"
    return text[: found.end()] + entry + text[found.end() :]


def _is_only_addition(before: dict[str, Any], changed: str) -> bool:
    entry = {"name": _PLUGIN, "path": f"./{FOLDER}"}
    plugins = before.get("plugins", {})
    if not isinstance(plugins, dict) or not isinstance(plugins.get("providers") or [], list):
        return False
    wanted = {**before, "plugins": {**plugins, "providers": [entry, *(plugins.get("providers") or [])]}}
    return _parsed(changed) == wanted


def _write_launcher(launcher: Path) -> bool:
    ours = Path(__file__).with_name(LAUNCHER)
    if launcher.exists() and launcher.read_bytes() == ours.read_bytes() and os.access(launcher, os.X_OK):
        return False
    launcher.parent.mkdir(exist_ok=True)
    shutil.copyfile(ours, launcher)
    launcher.chmod(0o755)
    return True


def _replace(path: Path, text: str, line_end: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text, encoding="utf-8", newline=line_end)
    shutil.copymode(path, temporary)
    temporary.replace(path)
