"""Drafts beside the place where they will be, each under a lock that dies with its process."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from bayes_nqp.errors import StudyError
from bayes_nqp.files._names import FINAL, final
from bayes_nqp.files._words import writing
from bayes_nqp.signals import Unbroken

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
                hint="wait until that is done, or another name",
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
