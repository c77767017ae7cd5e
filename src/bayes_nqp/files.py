"""All of a folder or file, or none of it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayes_nqp.errors import StudyError

__all__ = ["Place", "checksum", "open_to_readers", "place", "write_bytes", "write_text"]


class Place:
    """A folder in the making, and where it will be.

    Parameters
    ----------
    out : Path
        Where it will be.
    draft : Path
        Where it is made, on the same disk.
    """

    def __init__(self, out: Path, draft: Path) -> None:
        self.out, self.draft = out, draft
        self.moved: Path | None = None

    def finish(self) -> None:
        """Move an earlier folder aside, and the new one to its place."""
        if os.path.lexists(self.out):
            self.moved = _aside(self.out)
            self.out.rename(self.moved)
        try:
            self.draft.rename(self.out)
        except BaseException:
            if self.moved is not None:
                self.moved.rename(self.out)
            raise


@contextmanager
def place(out: Path, *, force: bool, guarded: tuple[Path, ...] = ()) -> Iterator[Place]:
    """Make a folder beside its place; whatever goes wrong, nothing of it is left.

    Parameters
    ----------
    out : Path
        Where it will be.
    force : bool
        Whether an earlier folder is moved aside.
    guarded : tuple of Path
        What must not be moved with an earlier folder.

    Yields
    ------
    Place

    Raises
    ------
    StudyError
        If the place is taken or cannot be written, or the disk is full.
    """
    _check(out, force, guarded)
    made = _parents(out)
    draft: Path | None = None
    try:
        draft = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part"))
        open_to_readers(draft, 0o777)
        yield Place(out, draft)
    except OSError as error:
        raise _worded(error, out) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
        for folder in reversed(made):
            if not any(folder.iterdir()):
                folder.rmdir()


def checksum(path: Path) -> str:
    """SHA-256 of a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(out: Path, force: bool, guarded: tuple[Path, ...]) -> None:
    if not os.path.lexists(out):
        return
    if not force:
        raise StudyError(
            f"'out' {str(out)!r} is there already, and nothing is overwritten",
            hint="another name, or --force (force=True), which moves it aside to "
            f"{_aside(out).name}",
        )
    inside = [p for p in guarded if p.resolve().is_relative_to(out.resolve())]
    if inside:
        raise StudyError(
            f"'out' {str(out)!r} holds {inside[0].name!r}, and will not be moved aside",
            hint="a folder of its own, such as results/NAME",
        )


def _aside(out: Path) -> Path:
    number = 1
    while os.path.lexists(found := out.with_name(f"{out.name}.{number}")):
        number += 1
    return found


def _parents(out: Path) -> list[Path]:
    """Make the folders above, and tell which are new."""
    missing = [folder for folder in out.parents if not folder.exists()]
    made = []
    try:
        for folder in reversed(missing):
            folder.mkdir()
            made.append(folder)
    except OSError as error:
        for folder in reversed(made):
            folder.rmdir()
        raise _worded(error, out) from error
    return made


def open_to_readers(path: Path, mode: int) -> None:
    """Give a file or folder the permissions that any new one has; temporary ones have fewer.

    Parameters
    ----------
    path : Path
    mode : int
        Before the user's mask.
    """
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(mode & ~mask)


def _worded(error: OSError, out: Path) -> StudyError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StudyError(
            f"the disk is full, so nothing was written to {str(out)!r}",
            hint="free some space, or --out on another disk",
        )
    return StudyError(
        f"'out' {str(out)!r} cannot be written: {error.strerror or error}",
        where=str(error.filename or ""),
        hint="a folder you may write to; close files of it that are open in Excel",
    )


def write_bytes(path: str | Path, content: bytes) -> Path:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : str or Path
        Folders on the way are made; an existing file is replaced.
    content : bytes

    Returns
    -------
    Path
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(beside).chmod(0o666 & ~mask)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def write_text(path: str | Path, content: str) -> Path:
    """Write a text file in UTF-8, whole or not at all.

    Parameters
    ----------
    path : str or Path
    content : str

    Returns
    -------
    Path
    """
    return write_bytes(path, content.encode("utf-8"))
