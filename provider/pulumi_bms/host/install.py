"""`python -m pulumi_bms.host install`, `check` and `uninstall`: whether a user's project uses this plugin process.

The user's repository needs two things: a folder with the launcher, started by the engine, and the lines of Pulumi.yaml
with the path of the folder. Repeating a command changes nothing.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from pulumi_bms.host.project import (
    FOLDER,
    InstallError,
    Project,
    find_project,
)
from pulumi_bms.host.trial import start_once

__all__ = ["FOLDER", "LAUNCHER", "InstallError", "check", "install", "uninstall"]

LAUNCHER = "pulumi-resource-pulumi-python"
_ORIGINAL = Path(__file__).with_name(LAUNCHER)


def install(folder: Path) -> str:
    """Install into the project of `folder`, if the plugin process starts. Returns a report."""
    project = _project(folder)
    named = project.host_path is not None
    text = project.text if named else project.with_host()
    launcher = _launcher(project)
    was_there, was_current = launcher.exists(), _is_current(launcher)
    if not was_current:
        _write(launcher)
    try:
        start_once(launcher, project)
    except InstallError:
        if not was_there:
            _remove(launcher)
        raise
    if not named:
        project.write(text)
    path = project.host_path or f"./{FOLDER}"
    if was_current and named:
        return f"installed already: {project.file.name} names {path}, and the plugin process starts"
    return (
        f"installed: {project.file.name} names {path}, and the plugin process starts. "
        "Commit both, and run `pulumi up` as before"
    )


def check(folder: Path) -> str:
    """Report whether the project uses this plugin process, and whether the process starts."""
    project = _project(folder)
    if project.host_path is None:
        raise InstallError(f"{project.file.name} names no plugin process: run `python -m pulumi_bms.host install`")
    launcher = _launcher(project)
    if not _is_current(launcher):
        raise InstallError(
            f"{launcher} is missing or of another version: run `python -m pulumi_bms.host install`, and commit the file"
        )
    start_once(launcher, project)
    return f"in order: {project.file.name} names {project.host_path}, and the plugin process starts"


def uninstall(folder: Path) -> str:
    """Remove the lines of Pulumi.yaml, then the launcher. Returns a report."""
    project = _project(folder)
    launcher = _launcher(project)
    if project.host_path is None and not launcher.exists():
        return f"not installed: {project.file.name} names no plugin process"
    if project.host_path is not None:
        project.write(project.without_host())
    _remove(launcher)
    return f"uninstalled: {project.file.name} names no plugin process, and Pulumi's own host serves. Commit the change"


def _project(folder: Path) -> Project:
    if os.name == "nt":
        raise InstallError(
            "the launcher is a shell script, and Windows runs no shell scripts. Pulumi's own host serves here"
        )
    return find_project(folder)


def _launcher(project: Project) -> Path:
    """The path of the project's launcher, present or not."""
    path = project.host_path
    launcher = project.root / (FOLDER if path is None else path) / LAUNCHER
    if path is not None and Path(path).name != FOLDER and not _is_current(launcher):
        raise InstallError(f"{project.file.name} names another host for dynamic resources already: {path}")
    return launcher


def _is_current(launcher: Path) -> bool:
    return launcher.is_file() and launcher.read_bytes() == _ORIGINAL.read_bytes() and os.access(launcher, os.X_OK)


def _write(launcher: Path) -> None:
    launcher.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_ORIGINAL, launcher)
    launcher.chmod(0o755)


def _remove(launcher: Path) -> None:
    """Remove the launcher. The folder is removed too, unless the user keeps other files inside."""
    launcher.unlink(missing_ok=True)
    with suppress(OSError):
        launcher.parent.rmdir()
