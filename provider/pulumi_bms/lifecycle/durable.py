"""Files that are whole and on the disk, and locked while the process that wrote them has them open.

Standard library only.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: there no process can tell whether another one still lives
    fcntl = None

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def create(path: Path, content: bytes) -> int:
    """Write a new file; its locked descriptor, to be closed. Raises `FileExistsError`, and any other `OSError`."""
    return _place(path, content, exclusive=True)


def replace(path: Path, content: bytes) -> None:
    """Write a file in the place of the one of this name. Raises `OSError`; the file of before then stays."""
    os.close(_place(path, content, exclusive=False))


def is_locked(path: Path) -> bool:
    """Whether the process that wrote the file lives and has it open; False where that can't be told."""
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


def _place(path: Path, content: bytes, *, exclusive: bool) -> int:
    # A file is only named once its content is on the disk: no kill and no power failure leaves half of one.
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    new = Path(name)
    try:
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
        if exclusive:
            _link(new, path)
        else:
            new.replace(path)
        _sync(path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
    return descriptor


def _link(new: Path, path: Path) -> None:
    try:
        path.hardlink_to(new)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links: there the engine's lock of the stack alone keeps two runs apart.
        if path.exists():
            raise FileExistsError(path) from None
        new.replace(path)


def _sync(folder: Path) -> None:
    """Let the name of a file survive a power failure, where folders can be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
