"""Whole files on the disk, locked for as long as the writing process has a file open. Standard library only."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: processes can't see locks of processes
    fcntl = None

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


Link = Callable[[Path, Path], None]
"""Gives the file of the second path the name of the first path too. Raises `FileExistsError` for a taken name."""


def create(path: Path, content: bytes, *, link: Link = Path.hardlink_to) -> int:
    """Write a new file. The result is the locked descriptor. Raises `FileExistsError` and every `OSError`."""
    return _place(path, content, lambda new: _link(new, path, link))


def replace(path: Path, content: bytes) -> None:
    """Write a file in the place of the file of the same name. After an `OSError` the old file is as before."""
    os.close(_place(path, content, lambda new: new.replace(path)))


def is_locked(path: Path) -> bool:
    """Whether the writing process lives and has the file open. False on systems without locks."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _place(path: Path, content: bytes, name: Callable[[Path], object]) -> int:
    # The name comes after the content is on the disk: no kill and no power failure leaves half a file.
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    new = Path(temporary)
    try:
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
        name(new)
        _sync(path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return descriptor


def _link(new: Path, path: Path, link: Link) -> None:
    try:
        link(path, new)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # On a file system without links the engine's lock of the stack alone keeps two runs apart.
        if path.exists():
            raise FileExistsError(path) from None
        new.replace(path)


def _sync(folder: Path) -> None:
    """Let the name of a file survive a power failure. Windows opens no folders."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
