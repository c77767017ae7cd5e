"""Atomic writes: drafts in the target folder, locks and synchronisation with the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import BaseFileLock, FileLock, Timeout

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.interrupts import Unbroken
from bayes_nqp._core.io._names import FINAL, final
from bayes_nqp._core.io._words import writing

_UNKNOWN = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF)
"""What disks say that know no such request."""


def sync(path: Path) -> None:
    """Flush a file, or a folder with its content, to the disk."""
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
    """Rename to a free name, and flush the renaming to the disk.

    Parameters
    ----------
    source, target : Path
        Paths on one disk.
    """
    source.rename(target)
    _sync_folder(target.parent)


def exchange(source: Path, target: Path) -> None:
    """Replace a file by another, and flush the renaming to the disk.

    Parameters
    ----------
    source, target : Path
        Paths on one disk.
    """
    source.replace(target)
    _sync_folder(target.parent)


def move_new(source: Path, target: Path) -> None:
    """Rename a file without replacing an existing one.

    Parameters
    ----------
    source, target : Path
        Paths on one disk.

    Raises
    ------
    FileExistsError
        If the target exists.
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
    """Open a file for writing on Windows and for reading on POSIX, as flushing requires."""
    try:
        return path.open("r+b")
    except PermissionError:
        return path.open("rb")


def _sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, if the system supports it."""
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


_PREFIX, _LOCK, _PART = ".bayes_nqp.", ".lock", ".part"
_LOCKS = re.compile(r"\.bayes_nqp\.[0-9a-f]{12}\.lock")
_PATIENCE = 0.5
"""Seconds for which a lock is asked for: another run that sweeps holds it for less."""


@contextmanager
def draft(target: Path, *, alone: bool = False, name: str = "") -> Iterator[Path]:
    """Yield a draft path in the folder of the target, and remove the draft at the end.

    Drafts of killed processes in that folder are removed first.

    Parameters
    ----------
    target : Path
        Final path.
    alone : bool, default False
        If True, no other process may write the same target at the same time.
    name : str, optional
        Name of the argument with the path.

    Yields
    ------
    Path
        Free path of the draft.

    Raises
    ------
    StudyError
        If another process writes the same target, or the system raises an error.
    """
    sweep(target.parent)
    key = _key(target) if alone else secrets.token_hex(6)
    part = target.parent / f"{_PREFIX}{key}.{secrets.token_hex(4)}{_PART}"
    with _held(target.parent / f"{_PREFIX}{key}{_LOCK}", target):
        FINAL[part] = target
        try:
            with writing(target, name):
                yield part
        finally:
            with Unbroken():
                _remove(part)
                del FINAL[part]


def sweep(folder: Path) -> None:
    """Remove drafts of processes that have ended.

    A draft has a lock file of this library; other files are never removed.
    """
    with suppress(OSError):
        for path in [file for file in folder.iterdir() if _LOCKS.fullmatch(file.name)]:
            with suppress(OSError), Unbroken():
                lock = _lock(path, 0.0)
                try:
                    for part in folder.glob(f"{path.stem}.*{_PART}"):
                        _remove(part)
                finally:
                    _release(lock, path)
                del lock  # what is raised in its `__del__` would be lost


def _key(target: Path) -> str:
    return hashlib.sha256(os.path.normcase(target.name).encode("utf-8", "replace")).hexdigest()[:12]


def _lock(path: Path, patience: float) -> BaseFileLock:
    lock = FileLock(path, timeout=patience, fallback_to_soft=False)
    lock.acquire(poll_interval=0.02)
    return lock


def _release(lock: BaseFileLock, path: Path) -> None:
    """Remove a lock file while no other process can lock it, and release the lock.

    On systems other than POSIX open files remain, as do files opened by another process.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        lock.release()
        with suppress(OSError):
            path.unlink(missing_ok=True)
    finally:
        lock.release()


@contextmanager
def _held(path: Path, target: Path) -> Iterator[None]:
    lock = None
    try:
        with Unbroken():
            lock = _lock(path, _PATIENCE)
    except (Timeout, OSError) as error:
        if isinstance(error, Timeout) and _lockable(path.parent):
            raise StudyError(
                f"{str(final(target))!r} is being written by another run, and nothing was touched",
                hint="wait until the other process has finished, or use another name",
            ) from error
        # There are no locks here; who may not write learns it from the draft.
        with suppress(OSError):
            path.unlink(missing_ok=True)
    except KeyboardInterrupt:
        if lock is not None:
            _release(lock, path)
        raise
    try:
        yield
    finally:
        with Unbroken():
            if lock is not None:
                _release(lock, path)
            del lock  # what is raised in its `__del__` would be lost


def _lockable(folder: Path) -> bool:
    """Return True if a folder supports locks; some disks report a lock of another process."""
    path = folder / f"{_PREFIX}{secrets.token_hex(6)}{_LOCK}"
    try:
        with Unbroken():
            _release(_lock(path, 0.0), path)
    except (Timeout, OSError):
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return False
    return True


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part, ignore_errors=True)
    else:
        with suppress(OSError):
            part.unlink(missing_ok=True)
