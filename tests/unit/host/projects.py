"""Projects of users, as targets of an installation."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_bms.host import install as module
from pulumi_bms.host.install import FOLDER, LAUNCHER, InstallError, install

ENTRY = {"name": "pulumi-python", "path": f"./{FOLDER}"}
LINES = f"plugins:\n  providers:\n    - name: pulumi-python\n      path: ./{FOLDER}\n"
OPTIONS = f"runtime:\n  name: python\n  options:\n    virtualenv: {json.dumps(sys.prefix)}\n"
"""The environment of the tests, for the start of the launcher."""
PLAIN = f"name: shop\n{OPTIONS}"
ORIGINAL = Path(module.__file__).with_name(LAUNCHER)


def project(folder: Path, text: str = PLAIN, name: str = "Pulumi.yaml") -> Path:
    settings = folder / name
    settings.write_bytes(text.encode())
    return settings


def refusal(folder: Path, command: Callable[[Path], str] = install) -> str:
    """The reason of a refusal. No file may change."""

    def content() -> dict[Path, bytes | None]:
        return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}

    before = content()
    with pytest.raises(InstallError) as caught:
        command(folder)
    assert content() == before
    return str(caught.value)


def providers(settings: Path) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = yaml.safe_load(settings.read_text())["plugins"]["providers"]
    return result
