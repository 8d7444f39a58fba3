"""What all parts of the engine's set-up share: commands that are run, lines that are told, the error that ends it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TextIO


class EngineError(Exception):
    """No Pulumi can be had; the text says what to install."""


def say(line: str) -> None:
    """Tell what takes time, on standard error."""
    print(f"engine: {line}", file=sys.stderr, flush=True)


def output(command: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """The standard output of a command that has to succeed."""
    done = subprocess.run(command, cwd=cwd, env=env, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return done.stdout.decode().strip()


def watch(
    command: list[str], cwd: Path, env: Mapping[str, str], standard_output: TextIO, heard: Callable[[str], None]
) -> int:
    """Run a command, and hand on each line of its standard error as it comes; the exit status."""
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=standard_output, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        for line in process.stderr or ():
            heard(line.rstrip("\n"))
    return process.returncode


def is_program(path: Path) -> bool:
    """Whether the file is there and may be run."""
    return path.is_file() and os.access(path, os.X_OK)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: v3.259.0-dev and go1.26.8 alike."""
    match = re.search(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()
