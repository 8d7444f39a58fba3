"""Build the pinned Pulumi CLI from its Go module, and tell how far the build is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands import EngineError, say, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION: Final = "3.259.0"
PACKAGE: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE: Final = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
HERE: Final = Path(__file__).resolve().parent
LOG_LINES_SHOWN: Final = 15
# A line for every so many modules, and for every twentieth of the packages: some seconds apart.
MODULES_A_LINE: Final = 25
LINES_OF_A_BUILD: Final = 20


@dataclass(frozen=True)
class Build:
    """One build of the CLI: with which Go, in which environment, and where the log of all its commands is."""

    go: str
    environment: Mapping[str, str]
    log: Path

    def run(self, built: Path) -> None:
        """Compile to the file `built`; raises `EngineError` with the end of the log."""
        self.log.write_text("")
        packages = self._packages(built.with_name("packages.txt"))
        say(f"compiling {len(packages):,} packages")
        compiled = Compiled(packages)
        # Without C the result doesn't depend on the compiler and libraries of this machine.
        flags = f"-s -w -X {VERSION_VARIABLE}={VERSION}"
        command = ["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(built), PACKAGE]
        self._go(command, self.log, compiled.hear, packages)

    def _packages(self, listing: Path) -> frozenset[str]:
        """The packages that the CLI is made of; their modules are downloaded on the way, as far as they are missing."""
        modules = Modules()
        self._go(["list", "-deps", PACKAGE], listing, modules.hear, frozenset())
        return frozenset(listing.read_text().split())

    def _go(
        self, arguments: list[str], standard_output: Path, heard: Callable[[str], None], usual: frozenset[str]
    ) -> None:
        messages: list[str] = []

        def hear(line: str) -> None:
            messages.append(line)
            heard(line)

        settled = {**os.environ, **self.environment, "CGO_ENABLED": "0", "GOWORK": "off"}
        with standard_output.open("a") as stream:
            status = watch([self.go, *arguments], HERE, settled, stream, hear)
        with self.log.open("a") as log:
            log.writelines(f"{line}\n" for line in messages)
        if status:
            # Other packages are named between the lines of an error, and after them.
            tail = "\n".join([line for line in messages if line not in usual][-LOG_LINES_SHOWN:])
            raise EngineError(f"the build of the Pulumi CLI failed, see {self.log}:\n{tail}")


class Modules:
    """The modules that Go downloads: a line of Go's for each."""

    def __init__(self) -> None:
        self._count = 0

    def hear(self, _line: str) -> None:
        """Count one more."""
        self._count += 1
        if self._count % MODULES_A_LINE == 1:
            say(f"downloading Go modules: {self._count - 1} so far")


class Compiled:
    """The packages that Go has compiled: each is named by a line of its own, those in Go's cache are not."""

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages
        self._count = 0
        self._step = max(1, len(packages) // LINES_OF_A_BUILD)

    def hear(self, line: str) -> None:
        """Count one more, if the line names a package."""
        if line not in self._packages:
            return
        self._count += 1
        if line == PACKAGE:
            say(f"{self._count:,} packages compiled, linking")
        elif self._count % self._step == 0:
            say(f"{self._count:,} of {len(self._packages):,} packages compiled")
