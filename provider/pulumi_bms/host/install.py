"""`python -m pulumi_bms.host install`, `check` and `uninstall`: whether a user's project uses this plugin process.

Two things are needed, and both belong into the user's repository: a folder with the launcher, which the engine starts,
and the lines of Pulumi.yaml that name the folder. Doing a command again changes nothing.
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
    """Install into the project that holds `folder`, if the plugin process starts there; what was done, in words."""
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
        f"installed: {project.file.name} names {path}, and the plugin process starts; "
        "commit both, and run `pulumi up` as before"
    )


def check(folder: Path) -> str:
    """Whether the project uses this plugin process, and whether the process starts; in words."""
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
    """Take out the lines of Pulumi.yaml, then the launcher; what was done, in words."""
    project = _project(folder)
    launcher = _launcher(project)
    if project.host_path is None and not launcher.exists():
        return f"not installed: {project.file.name} names no plugin process"
    if project.host_path is not None:
        project.write(project.without_host())
    _remove(launcher)
    return f"uninstalled: {project.file.name} names no plugin process, and Pulumi's own serves; commit the change"


def _project(folder: Path) -> Project:
    if os.name == "nt":
        raise InstallError("the launcher is a shell script, which Windows does not run; Pulumi's own host serves here")
    return find_project(folder)


def _launcher(project: Project) -> Path:
    """Where the project's launcher is, or belongs."""
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
    """Remove the launcher, and its folder unless the user keeps other files there."""
    launcher.unlink(missing_ok=True)
    with suppress(OSError):
        launcher.parent.rmdir()
