"""The command line of `python -m pulumi_bms.host`, apart from serving an engine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from pulumi_bms.host.install import (
    InstallError,
    check,
    install,
    uninstall,
)

_COMMANDS: dict[str, Callable[[Path], str]] = {"install": install, "check": check, "uninstall": uninstall}
_FAILED = {"install": "not installed", "check": "not in order", "uninstall": "not uninstalled"}


def run(arguments: list[str]) -> int:
    """Run one command in the current folder. Returns the exit status: 1 for a failure, 2 for wrong usage."""
    parser = _parser()
    command: str | None = parser.parse_args(arguments).command
    if command is None:
        parser.print_usage(sys.stderr)
        return 2
    try:
        print(_COMMANDS[command](Path.cwd()))  # noqa: T201
    except InstallError as error:
        print(f"{_FAILED[command]}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pulumi_bms.host",
        description="The plugin process of pulumi-bms for dynamic resources. Commands work on the Pulumi project "
        "of the current folder. Pulumi itself starts the process with the address of its engine, HOST:PORT.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", metavar="install | check | uninstall")
    commands.add_parser("install", help="make the project use this plugin process, after a trial start")
    commands.add_parser("check", help="say whether the project uses this plugin process, and start it once")
    commands.add_parser("uninstall", help="go back to Pulumi's own plugin process")
    return parser
