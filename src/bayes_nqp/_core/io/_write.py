"""Atomic writing of files."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io._atomic_write import draft, exchange, move_new, sync
from bayes_nqp._core.io._names import final
from bayes_nqp._core.io._words import named, writing

_ARCHIVE = b"PK\x03\x04"
"""How an archive begins; its other marks stand by chance among the bytes of pictures too."""
_DATES = re.compile(rb"<dcterms:(created|modified)\b[^>]*>[^<]*</dcterms:\1>")
"""Of Office documents: when they were made and changed."""


def write_bytes(path: str | os.PathLike[str], content: bytes, *, replace: bool = True) -> Path:
    """Write a file completely or not at all.

    Parameters
    ----------
    path : str or Path
        Path of the file; missing folders are created, and links are followed.
    replace : bool, default True
        If True, replace an existing file and keep its permissions.

    Raises
    ------
    StudyError
        If the file cannot be written, or exists and `replace` is False. An existing file is then
        unchanged.
    """
    path = named(path)
    with writing(path):
        target = _target(path, replace)
        if final(target) != target:
            _fill(target, content)
            return path
        with folders(target), draft(target) as part:
            _fill(part, content)
            sync(part)
            if replace:
                _like(part, target)
                exchange(part, target)
            else:
                move_new(part, target)
    return path


def write_text(path: str | os.PathLike[str], content: str, *, replace: bool = True) -> Path:
    """Write a UTF-8 text file completely or not at all.

    Parameters
    ----------
    replace : bool, default True
        If True, replace an existing file.

    Raises
    ------
    StudyError
        If the file cannot be written, or exists and `replace` is False.
    """
    try:
        coded = content.encode("utf-8")
    except UnicodeEncodeError as error:
        around = content[max(0, error.start - 20) : error.end + 20]
        raise StudyError(
            f"{str(final(Path(path)))!r} cannot be written: unpaired surrogates are invalid",
            where=ascii(around),
            hint="correct this text; it was decoded with a wrong encoding",
        ) from error
    return write_bytes(path, coded, replace=replace)


def write(
    path: str | os.PathLike[str],
    into: Callable[[io.BytesIO], object],
    *,
    replace: bool = True,
    dated: bool = False,
) -> Path:
    """Write the output of another package's function completely or not at all.

    Archives, such as workbooks and Word documents, get no dates, so that equal content gives equal
    bytes. The function writes to memory, or to a temporary folder, and not to the target: this
    avoids its own errors on full disks.

    Parameters
    ----------
    into : callable
        Function of a binary file.
    replace : bool, default True
        If True, replace an existing file.
    dated : bool, default False
        If True, keep the dates in the properties of a document.

    Raises
    ------
    StudyError
        If the file cannot be written, or exists and `replace` is False.
    """
    buffer = io.BytesIO()
    try:
        into(buffer)
    except OSError as error:
        raise StudyError(
            f"{str(final(named(path)))!r} cannot be written: {error.strerror or error}",
            where=str(error.filename or ""),
            hint="set the environment variable TMPDIR to a folder for temporary files",
        ) from error
    content = buffer.getvalue()
    undated = _undated(content, dated=dated) if content.startswith(_ARCHIVE) else content
    return write_bytes(path, undated, replace=replace)


def _undated(archive: bytes, *, dated: bool) -> bytes:
    """Return an archive with the same files and without dates."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml" and not dated:
                content = _DATES.sub(b"", content)
            target.writestr(zipfile.ZipInfo(entry.filename), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def free(path: Path) -> None:
    """Raise an error if a path exists.

    Raises
    ------
    StudyError
        If the path exists, or the system cannot decide.
    """
    path = named(path)
    with writing(path):
        try:
            path.lstat()
        except FileNotFoundError:
            return
    raise StudyError(
        Message("{!r} already exists and is not overwritten", str(path)),
        hint="name another file with --out (out=)",
    )


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def folders(target: Path) -> Iterator[None]:
    """Create the parent folders of a path, and remove new ones that stay empty."""
    new: list[Path] = []
    try:
        for folder in reversed([above for above in target.parents if not above.exists()]):
            try:
                folder.mkdir()
                new.append(folder)
            except FileExistsError:  # another run was quicker
                if not folder.is_dir():
                    raise
        yield
    finally:
        for folder in reversed(new):
            with suppress(OSError):
                folder.rmdir()


def _target(path: Path, replace: bool) -> Path:
    """Return the path to write: the target of links if a file is replaced."""
    if not replace:
        free(path)
        return path
    if final(path) == path and path.is_symlink():
        path = path.resolve()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return path
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise StudyError(
            f"{str(path)!r} is a device or a pipe, but the output is a file",
            hint="use the name of a file",
        )
    return path


def _fill(part: Path, content: bytes) -> None:
    """Write bytes, and verify them by reading."""
    with part.open("wb") as file:
        file.write(content)
    if checksum(part) != hashlib.sha256(content).hexdigest():
        raise StudyError(
            f"{str(final(part))!r} cannot be written: the disk gives back other bytes",
            hint="use another disk and have this one checked",
        )


def _like(part: Path, target: Path) -> None:
    """Copy the permissions of the replaced file, if the disk supports permissions."""
    with suppress(OSError, AttributeError):
        part.chmod(stat.S_IMODE(target.stat().st_mode))
