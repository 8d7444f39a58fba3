"""Fill .engine/bin with a Pulumi: the one of this machine if it is complete, else the pinned CLI, built once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli_build import VERSION, Build
from commands import EngineError, is_program, numbers, output, say
from go_toolchain import find_go

if TYPE_CHECKING:
    from collections.abc import Iterator

# The provider's plugin process is tested from this version on; an older Pulumi on PATH is left alone.
MINIMUM: Final = (3, 259, 0)
LANGUAGE_HOST: Final = "pulumi-language-python"

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent.parent
BIN: Final = ROOT / ".engine" / "bin"
LAUNCHERS: Final = HERE / "launchers"


def main() -> int:
    """Make .engine/bin; quick when there is nothing to do."""
    try:
        provide()
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def provide() -> None:
    """Link a complete Pulumi of this machine, or else the pinned one with its stand-ins."""
    BIN.mkdir(parents=True, exist_ok=True)
    installed = installed_pulumi()
    if installed:
        # The CLI warns of plugin programs that are not its own, so nothing else may lie here.
        keep_only({"pulumi"})
        link_symbolically(installed, BIN / "pulumi")
        return
    pinned = cached_pulumi()
    launchers = sorted(LAUNCHERS.iterdir())
    keep_only({"pulumi", *(launcher.name for launcher in launchers)})
    place(pinned, BIN / "pulumi")
    for launcher in launchers:
        copy_if_changed(launcher, BIN / launcher.name)


# --- a Pulumi that is here already -------------------------------------------------------------


def installed_pulumi() -> Path | None:
    """The first pulumi on PATH that has its language host and is recent enough."""
    folders = search_path()
    for folder in folders:
        candidate = folder / "pulumi"
        if is_program(candidate) and has_language_host(candidate, folders) and is_recent(candidate):
            return candidate
    return None


def search_path() -> list[Path]:
    """The absolute folders of PATH, without .engine/bin."""
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    return [folder for folder in folders if folder.is_absolute() and folder.resolve() != BIN.resolve()]


def has_language_host(pulumi: Path, folders: list[Path]) -> bool:
    """Whether Pulumi's Python language host lies beside the CLI or on PATH."""
    return any(is_program(folder / LANGUAGE_HOST) for folder in (pulumi.resolve().parent, *folders))


def is_recent(pulumi: Path) -> bool:
    """Whether this CLI is at least the oldest version tested; asked once per file."""
    note = BIN.parent / "installed"
    stat = pulumi.stat()
    identity = f"{pulumi.resolve()} {stat.st_mtime_ns} {stat.st_size}"
    known, _, version = note.read_text().partition("\n") if note.is_file() else ("", "", "")
    if known != identity:
        version = version_of(pulumi)
        note.write_text(f"{identity}\n{version}")
        if numbers(version) < MINIMUM:
            result = version or "of unknown version"
            print(f"engine: {pulumi} is {result}, older than {VERSION}: not used", file=sys.stderr)
    return numbers(version) >= MINIMUM


def version_of(pulumi: Path) -> str:
    """What `pulumi version` prints, or nothing if it fails."""
    quiet = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        return output([str(pulumi), "version"], env=quiet)
    except (OSError, subprocess.SubprocessError):
        return ""


# --- the pinned CLI, built once per user -------------------------------------------------------


def cached_pulumi() -> Path:
    """The pinned CLI in the user's cache, built first if it is missing."""
    pulumi = cache_folder() / "pulumi"
    if not pulumi.is_file():
        pulumi.parent.mkdir(parents=True, exist_ok=True)
        with locked(pulumi.parent / "lock"):
            if not pulumi.is_file():
                build(pulumi)
    return pulumi


def cache_folder() -> Path:
    """A folder named for all that decides what the build yields."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    pins = hashlib.sha256((HERE / "go.mod").read_bytes() + (HERE / "go.sum").read_bytes()).hexdigest()[:12]
    key = f"{VERSION}-{pins}-{sys.platform}-{platform.machine()}"
    return Path(base) / "pulumi-bms" / "engine" / key


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, whatever ends it."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another build of the Pulumi CLI")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(target: Path) -> None:
    """Build the CLI under a temporary name and move it into place."""
    with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as scratch:
        go, settings = find_go(Path(scratch))
        say(f"building the Pulumi CLI {VERSION} once, about 3 minutes on two cores ...")
        built = Path(scratch) / "pulumi"
        Build(go, settings, target.parent / "build.log").run(built)
        built.replace(target)
    say(f"built {target}")


# --- small things ------------------------------------------------------------------------------


def keep_only(names: set[str]) -> None:
    """Remove all else from .engine/bin."""
    for path in BIN.iterdir():
        if path.name not in names:
            path.unlink()


def link_symbolically(source: Path, target: Path) -> None:
    """Make target a symbolic link to source, unless it is that already."""
    if target.is_symlink() and target.readlink() == source:
        return
    target.unlink(missing_ok=True)
    target.symlink_to(source)


def place(source: Path, target: Path) -> None:
    """Make target the same file as source, or a copy where they lie on two file systems.

    The CLI looks for its plugin programs beside its own real file, and warns of those it finds elsewhere:
    a symbolic link would make .engine/bin "elsewhere".
    """
    if not target.is_symlink() and target.exists() and same_content(source, target):
        return
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        copy(source, target)


def same_content(source: Path, target: Path) -> bool:
    """Whether target is source, or a copy that kept its time and size."""
    ours, theirs = target.stat(), source.stat()
    if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino):
        return True
    return (ours.st_mtime_ns, ours.st_size) == (theirs.st_mtime_ns, theirs.st_size)


def copy_if_changed(source: Path, target: Path) -> None:
    """Copy a launcher unless it is there."""
    if not is_program(target) or target.read_bytes() != source.read_bytes():
        copy(source, target)


def copy(source: Path, target: Path) -> None:
    """Copy so that nobody ever sees half a file."""
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy2(source, scratch)
    scratch.chmod(0o755)
    scratch.replace(target)


if __name__ == "__main__":
    sys.exit(main())
