"""A user's Pulumi project: Pulumi.yaml, the plugin process named there, and the program's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = "pulumi-bms-host"
PLUGIN = "pulumi-python"
LINES = f"plugins:\n  providers:\n    - name: {PLUGIN}\n      path: ./{FOLDER}\n"
_NAMES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


class InstallError(Exception):
    """The command can't be done here. The text has the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project's file. `settings` is the parsed text."""

    file: Path
    text: str
    settings: dict[str, Any]

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.file.parent

    @property
    def host_path(self) -> str | None:
        """The `path` of the plugin process for dynamic resources, as written. None if the file has no path."""
        plugins = self.settings.get("plugins")
        providers = plugins.get("providers") if isinstance(plugins, dict) else None
        for plugin in providers if isinstance(providers, list) else ():
            if isinstance(plugin, dict) and plugin.get("name") == PLUGIN:
                return str(plugin.get("path") or "")
        return None

    @property
    def runtime_options(self) -> dict[str, Any]:
        """The options of the runtime, such as `virtualenv` and `toolchain`."""
        runtime = self.settings.get("runtime")
        options = runtime.get("options") if isinstance(runtime, dict) else None
        return options if isinstance(options, dict) else {}

    @property
    def program_folder(self) -> Path:
        """The working folder of plugin processes: the folder of `main:`, by default the project's folder."""
        main = self.root / str(self.settings.get("main") or ".")
        return main if main.is_dir() else main.parent

    def with_host(self) -> str:
        """The text with the lines for the plugin process. If the lines can't be added, an error shows the lines."""
        if "plugins" not in self.settings:
            text = f"{self.text.rstrip()}\n\n{LINES}"
            entry = {"name": PLUGIN, "path": f"./{FOLDER}"}
            # After a flow mapping or the end of a YAML document, no lines can be added.
            if _settings(text) == {**self.settings, "plugins": {"providers": [entry]}}:
                return text
        raise InstallError(f"add these lines to {self.file.name} by hand, then run the command again:\n{LINES}")

    def without_host(self) -> str:
        """The text without the lines of `with_host`. If the lines can't be removed, an error shows the lines."""
        before, plugin, after = self.text.partition(LINES)
        text = f"{before.rstrip()}\n{after}"
        rest = {key: value for key, value in self.settings.items() if key != "plugins"}
        if plugin and _settings(text) == rest:
            return text
        raise InstallError(
            f"remove the provider {PLUGIN} from `plugins` in {self.file.name} by hand, then run the command again"
        )

    def write(self, text: str) -> None:
        """Replace the file's text in one step. Line ends and mode stay, and a link stays a link."""
        path = self.file.resolve()
        line_end = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
        temporary = path.with_name(f".{path.name}.new")
        temporary.write_text(text, encoding="utf-8", newline=line_end)
        temporary.chmod(path.stat().st_mode)
        temporary.replace(path)


def find_project(folder: Path) -> Project:
    """The Python project of the folder."""
    for parent in (folder, *folder.parents):
        for name in _NAMES:
            if (parent / name).is_file():
                return _read(parent / name)
    raise InstallError(
        "Pulumi.yaml was not found here or above: run the command in the folder of the infrastructure program"
    )


def _read(file: Path) -> Project:
    text = file.read_text(encoding="utf-8")
    settings = _settings(text)
    if settings is None:
        raise InstallError(f"{file.name} contains no project, or is not YAML: `pulumi about` shows the reason")
    runtime = settings.get("runtime")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise InstallError(f"the project's runtime is {name}, and dynamic resources of this package are Python's")
    return Project(file, text, settings)


def _settings(text: str) -> dict[str, Any] | None:
    """The mapping in the text. JSON is YAML too."""
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return settings if isinstance(settings, dict) else None
