"""Moving what was written so that it outlives a power cut."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

_UNKNOWN = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF)
"""What disks say that know no such request."""


def sync(path: Path) -> None:
    """Bring a file, or a folder with all that is in it, to the disk."""
    if path.is_symlink():
        return
    if path.is_dir():
        for inner in path.iterdir():
            sync(inner)
        _sync_folder(path)
    else:
        with _opened(path) as file:
            _flush(file.fileno())


def move(source: Path, target: Path) -> None:
    """Rename to a name that is free, and bring the renaming to the disk.

    Parameters
    ----------
    source, target : Path
        On one disk.
    """
    source.rename(target)
    _sync_folder(target.parent)


def exchange(source: Path, target: Path) -> None:
    """Rename a file over another one, if that is there, and bring the renaming to the disk.

    Parameters
    ----------
    source, target : Path
        On one disk.
    """
    source.replace(target)
    _sync_folder(target.parent)


def move_new(source: Path, target: Path) -> None:
    """Rename a file, without ever taking the place of another one.

    Parameters
    ----------
    source, target : Path
        On one disk.

    Raises
    ------
    FileExistsError
        If the target is there.
    """
    link = getattr(os, "link", None)
    linked = False
    if link is not None:
        try:
            link(source, target)
            linked = True
        except FileExistsError:
            raise
        except OSError:  # a disk without hard links
            linked = False
    if linked:
        with suppress(OSError):
            source.unlink()
    elif os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    else:
        source.rename(target)
    _sync_folder(target.parent)


def _opened(path: Path) -> BinaryIO:
    """Open a file for writing, as Windows wants for this, or for reading, which POSIX takes."""
    try:
        return path.open("r+b")
    except PermissionError:
        return path.open("rb")


def _sync_folder(folder: Path) -> None:
    """Bring a folder's names to the disk, where the system knows how."""
    flag = getattr(os, "O_DIRECTORY", None)
    if flag is None:
        return
    try:
        handle = os.open(folder, os.O_RDONLY | flag)
    except PermissionError:  # a folder that may be written and not be listed
        return
    try:
        _flush(handle)
    finally:
        os.close(handle)


def _flush(handle: int) -> None:
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
