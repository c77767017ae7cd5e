"""Messages for files that cannot be written, with suggestions."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io._names import final

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_OPEN_ELSEWHERE = (32, 33)
"""Windows: another program holds the file, or a part of it."""
_BAD_NAME = (123, 161, 267)
"""Windows: characters or parts of a path that it does not take."""
_REASONS: dict[int, tuple[str, str]] = {
    errno.EROFS: ("its disk is read-only", "use a folder on another disk"),
    errno.EISDIR: ("it is a folder", "use the name of a file, or of a file in that folder"),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "use another folder"),
    errno.ENAMETOOLONG: ("its name is too long for this disk", "use a shorter name"),
    errno.ENOENT: (
        "its folder does not exist or was removed",
        "use an existing folder on a connected disk",
    ),
    errno.EEXIST: ("it exists already", "use another name"),
    errno.ENOTEMPTY: ("it exists already", "use another name"),
    errno.EACCES: (
        "permission denied",
        "close the file in other programs, such as Excel; or use a writable folder",
    ),
    errno.EBUSY: ("it is open in another program", "close it there, or use another name"),
    errno.EMFILE: (
        "too many files are open",
        "restart the session, close other programs, or raise the limit (ulimit -n)",
    ),
    errno.EFBIG: (
        "it would exceed the maximal file size",
        "raise the limit (ulimit -f), or use another disk",
    ),
    errno.EIO: ("the disk reports an error", "use another disk and have this one checked"),
    errno.ELOOP: ("links on its path form a loop", "use a path without these links"),
    errno.EINVAL: ("the system does not accept this name", "use letters, digits, - and _ only"),
}
_ALIKE = {
    errno.EPERM: errno.EACCES,
    errno.ENFILE: errno.EMFILE,
    getattr(errno, "ETXTBSY", errno.EBUSY): errno.EBUSY,
    getattr(errno, "ESTALE", errno.ENOENT): errno.ENOENT,
    getattr(errno, "ENODEV", errno.ENOENT): errno.ENOENT,
    getattr(errno, "ENXIO", errno.ENOENT): errno.ENOENT,
    getattr(errno, "EILSEQ", errno.EINVAL): errno.EINVAL,
}


def worded(error: OSError, path: str | Path, name: str = "") -> StudyError:
    """Return the error for a file or folder that could not be written.

    Parameters
    ----------
    path : str or Path
        File or folder.
    name : str, optional
        Name of the argument with the path.
    """
    target = final(Path(path))
    called = f"{name!r} {str(target)!r}" if name else repr(str(target))
    number = _ALIKE.get(error.errno or 0, error.errno)
    windows = getattr(error, "winerror", None)
    if number in _FULL:
        return StudyError(
            f"the disk is full, so nothing was written to {str(target)!r}",
            hint="free disk space, or use a folder on another disk",
        )
    if windows in _OPEN_ELSEWHERE:
        number = errno.EBUSY
    elif windows in _BAD_NAME:
        number = errno.EINVAL
    about = error.filename
    raw = Path(os.fsdecode(about)) if isinstance(about, str | bytes) else target
    reason, hint = _of_folder(number, raw.parent) or _REASONS.get(
        number or 0, (str(error.strerror or error), "a folder you may write to")
    )
    place = final(raw)
    return StudyError(
        f"{called} cannot be written: {reason}",
        where="" if place == target else str(place),
        hint=hint,
    )


def _of_folder(number: int | None, folder: Path) -> tuple[str, str] | None:
    """Return the problem with the folder of a file, if the file itself is not the problem."""
    exists = os.path.isdir(folder)  # noqa: PTH112  (Path.is_dir may raise)
    if number == errno.ENOENT and exists:
        return "its folder takes no files, as those of the system do", "a folder on a disk"
    if number == errno.EACCES and exists and not os.access(folder, os.W_OK):
        return "its folder may not be written to", "a folder you may write to"
    return None


@contextmanager
def writing(path: str | Path, name: str = "") -> Iterator[None]:
    """Convert errors of the system during writing to a `StudyError`.

    Parameters
    ----------
    path : str or Path
        File or folder that is written.
    name : str, optional
        Name of the argument with the path.

    Raises
    ------
    StudyError
        If the system raises an error.
    """
    try:
        yield
    except OSError as error:
        raise worded(error, path, name) from error


def named(path: object, name: str = "path") -> Path:
    """Return a valid path.

    Parameters
    ----------
    name : str, default "path"
        Name of the argument, for messages.

    Raises
    ------
    StudyError
        If the value is not a path, is empty, or contains invalid characters.
    """
    if not isinstance(path, str | os.PathLike):
        raise StudyError(
            f"{name!r} is a {type(path).__name__}, not a path",
            hint="use text, such as 'results/mine'",
        )
    text = os.fspath(path)
    if not isinstance(text, str):
        text = os.fsdecode(text)
    if not text.strip():
        raise StudyError(f"{name!r} is empty", hint="use a name, such as 'results/mine'")
    try:
        writable = "\0" not in text and bool(os.fsencode(text))
    except UnicodeEncodeError:
        writable = False
    if not writable:
        raise StudyError(
            f"{name!r} {text!r} contains characters that are not allowed in file names",
            hint="use letters, digits, - and _ only",
        )
    return Path(text)
