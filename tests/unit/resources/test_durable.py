"""Files are whole or absent, on any file system."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pulumi_bms.lifecycle import durable


def without_links(_path: Path, _new: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def full(_path: Path, _new: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_system_without_links(tmp_path: Path) -> None:
    """Without links a new file gets its name too, and no existing file is replaced."""
    path = tmp_path / "record"
    os.close(durable.create(path, b"first", link=without_links))
    with pytest.raises(FileExistsError):
        durable.create(path, b"second", link=without_links)
    assert path.read_bytes() == b"first"
    assert [file.name for file in tmp_path.iterdir()] == ["record"]


def test_a_file_that_can_not_be_named(tmp_path: Path) -> None:
    """A failed creation raises the file system's error and leaves nothing."""
    with pytest.raises(OSError, match="No space left"):
        durable.create(tmp_path / "record", b"first", link=full)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_ends_with_the_descriptor(tmp_path: Path) -> None:
    """A file is locked while the writer has the file open. A missing file is not locked."""
    path = tmp_path / "record"
    descriptor = durable.create(path, b"first")
    assert durable.is_locked(path)
    os.close(descriptor)
    assert not durable.is_locked(path)
    assert not durable.is_locked(tmp_path / "another")


def test_a_replaced_file(tmp_path: Path) -> None:
    """A replaced file has the whole new content and is unlocked, also while the old file is open."""
    path = tmp_path / "record"
    descriptor = durable.create(path, b"first")
    durable.replace(path, b"second")
    assert path.read_bytes() == b"second"
    assert not durable.is_locked(path)
    os.close(descriptor)
