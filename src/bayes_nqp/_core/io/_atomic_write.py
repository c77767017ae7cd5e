"""Drafts made beside their place, and what makes them last."""

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


_PREFIX, _LOCK, _PART = ".bayes_nqp.", ".lock", ".part"
_LOCKS = re.compile(r"\.bayes_nqp\.[0-9a-f]{12}\.lock")
_PATIENCE = 0.5
"""Seconds for which a lock is asked for: another run that sweeps holds it for less."""


@contextmanager
def draft(target: Path, *, alone: bool = False, name: str = "") -> Iterator[Path]:
    """Name a draft beside a place, on the same disk; whatever is left of it goes.

    Drafts that a killed process left in that folder go first.

    Parameters
    ----------
    target : Path
        Where it will be.
    alone : bool, default False
        Whether nobody else may make the same place meanwhile.
    name : str, optional
        Of the argument that named the place.

    Yields
    ------
    Path
        A name that is free.

    Raises
    ------
    StudyError
        If another process makes the same place, or the system refuses something within.
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
    """Remove drafts whose process is no more.

    A draft belongs to a lock of this library; nothing else is touched, whatever it is called.
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
    """Remove a lock's file while nobody else can hold it, and let go.

    Elsewhere than on POSIX an open file stays; one that another opened meanwhile does too.
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
    """Whether a lock can be made in a folder: some disks answer as if another run had it."""
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
