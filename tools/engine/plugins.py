"""Which of a program's packages are SDKs of plugins, which the CLI downloads: by name, or by what the package says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from toolchains import Package, ToolchainError, output

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX: Final = "pulumi-"
# Distributions that have no plugin and do not say so.
WITHOUT_PLUGIN: Final = frozenset({"pulumi-policy", "pulumi-esc-sdk"})
# Only the top-level package that is called like its distribution is asked.
FIND_FILES: Final = """
import importlib.metadata, importlib.util, json, pathlib, sys
found = {}
for name in sys.argv[1:]:
    try:
        module = importlib.metadata.metadata(name)["Name"].replace("-", "_")
        spec = importlib.util.find_spec(module)
    except Exception:
        continue
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if pathlib.Path(folder, "pulumi-plugin.json").is_file():
            found.setdefault(name, str(pathlib.Path(folder, "pulumi-plugin.json")))
print(json.dumps(found))
"""
VERSION: Final = re.compile(r"(\d+(?:\.\d+)*)(?:(a|b|rc)(\d+))?(?:\.post(\d+))?(?:\.dev(\d+))?", re.ASCII)
STAGES: Final = {"a": "alpha", "b": "beta", "rc": "rc"}
NUMBERS: Final = 3


@dataclass(frozen=True)
class Plugin:
    """A plugin that a program needs."""

    name: str
    version: str
    server: str


def plugins_of(python: str, folder: Path, packages: Iterable[Package]) -> list[Plugin]:
    """The plugins that belong to a program's packages."""
    asked = [package for package in packages if package.name not in WITHOUT_PLUGIN]
    files = json.loads(output([python, "-c", FIND_FILES, *(package.name for package in asked)], folder))
    plugins = []
    for package in asked:
        file = files.get(package.name)
        plugin = plugin_of(package, settings_in(Path(file)) if file else None)
        if plugin:
            plugins.append(plugin)
    return plugins


def settings_in(file: Path) -> dict[str, Any]:
    """What a pulumi-plugin.json says."""
    try:
        settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ToolchainError(f"{file} is not JSON: {error}") from None
    return settings


def plugin_of(package: Package, settings: dict[str, Any] | None) -> Plugin | None:
    """The package's plugin; none where its settings say so, or where its version is none of a plugin."""
    if settings is None and not package.name.startswith(PREFIX):
        return None
    if settings is not None and not settings.get("resource"):
        return None
    settings = settings or {}
    version = settings.get("version") or plugin_version(package.version)
    if not version:
        return None
    name = settings.get("name") or package.name.removeprefix(PREFIX)
    return Plugin(name, f"v{version.removeprefix('v')}", settings.get("server") or "")


def plugin_version(version: str) -> str:
    """A package's version as a plugin's, which has three numbers; nothing where there is no such version."""
    result = VERSION.fullmatch(version)
    if not result:
        return ""
    release, stage, stage_number, post, dev = result.groups()
    numbers = release.split(".")
    text = ".".join([*numbers, *["0"] * (NUMBERS - len(numbers))])
    text += f"-{STAGES[stage]}.{stage_number}" if stage else ""
    build = (f"post{post}" if post else "") + (f"dev{dev}" if dev else "")
    return f"{text}+{build}" if build else text
