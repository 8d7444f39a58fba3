"""The backend of the running stack, as far as a provider can tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
_LOCAL = "file://"


def backend_of(environ: Mapping[str, str], folder: Path) -> str:
    """The backend named by the environment, else by the project around `folder`, in a normal form.

    "" for a backend chosen by `pulumi login`: only the file of Pulumi's credentials names the backend then, and
    providers don't read the file.
    """
    named = environ.get("PULUMI_BACKEND_URL", "").strip()
    if named:
        return _spelt(named, folder)
    for parent in (folder, *folder.parents):
        for name in _PROJECT_FILES:
            if (parent / name).is_file():
                return _spelt(_of_project(parent / name), parent)
    return ""


def _of_project(file: Path) -> str:
    try:
        project = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return ""
    backend = project.get("backend") if isinstance(project, dict) else None
    url = backend.get("url") if isinstance(backend, dict) else None
    return url.strip() if isinstance(url, str) else ""


def _spelt(url: str, folder: Path) -> str:
    if url.startswith(_LOCAL):
        return _LOCAL + os.path.realpath(folder / Path(url.removeprefix(_LOCAL)).expanduser())
    return url.partition("?")[0].rstrip("/")
