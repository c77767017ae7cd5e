"""Names of files and paths: validity and type."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import stat
import sys
from pathlib import Path

from bayes_nqp._core.exceptions import StudyError, brief
from bayes_nqp._core.i18n import NOTHING, Message

FINAL: dict[Path, Path] = {}
"""Where the drafts of this process will be."""

_UNSAFE = re.compile(r'[\\/:*?"<>|\s\x00-\x1f\x7f\ud800-\udfff]+')
_LONGEST = 120
"""Bytes, of the 255 that a name may have on most disks; an ending and a number come to it."""


def file_name(text: str) -> str:
    """Return a file name that is valid on every system.

    Parameters
    ----------
    text : str
        Text, such as "event_study_" and a stratum's name.

    Returns
    -------
    str
        Name; long names are cut and made unique by a few digits.
    """
    name = _UNSAFE.sub("_", text)
    coded = name.encode("utf-8")
    if len(coded) <= _LONGEST:
        return name
    digits = hashlib.sha256(coded).hexdigest()[:8]
    return f"{coded[:_LONGEST].decode('utf-8', 'ignore')}_{digits}"


def final(path: Path) -> Path:
    """Return the final path of a file in a draft folder.

    Returns
    -------
    Path
        Final path; the path itself if it is not in a draft folder.
    """
    for folder in (path, *path.parents):
        if folder in FINAL:
            return final(FINAL[folder] / path.relative_to(folder))
    return path


def in_shell(path: Path) -> str:
    """Write a path for a shell; letters of any script need no quotes."""
    text = str(path)
    return text if re.fullmatch(r"[\w%+,./:@-]+", text) else shlex.quote(text)


_NUL = "\0"


def text_path(path: str | Path, argument: str) -> Path:
    """Return a path if its name is valid text in the locale of the system.

    Parameters
    ----------
    argument : str
        Name of the argument, for messages.

    Raises
    ------
    StudyError
        If the name contains undecodable bytes, which studies and results cannot store; a character
        missing in the locale's encoding; or a NUL.
    """
    if not isinstance(path, str | os.PathLike):
        raise StudyError(f"{argument} is {brief(path)}", hint="write a path in quotes")
    text = str(path)
    if _NUL in text:
        raise StudyError(
            f"{argument} {text!r} holds the character NUL, which no path has", hint="remove it"
        )
    try:
        raw = os.fsencode(text)
    except UnicodeEncodeError as error:
        raise _locale(argument, text) from error
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        try:
            raise _locale(argument, raw.decode("utf-8")) from error
        except UnicodeDecodeError:
            shown = raw.decode("utf-8", "backslashreplace")
            raise StudyError(
                f"{argument} '{shown}' is no text in UTF-8",
                hint="rename the file or folder; results must be able to write its name",
            ) from error
    return Path(path)


def _locale(argument: str, text: str) -> StudyError:
    return StudyError(
        f"{argument} {text!r} has characters that the locale of this terminal lacks "
        f"(its encoding is {sys.getfilesystemencoding()})",
        hint="put LC_ALL=C.UTF-8 before the command, or set the environment variable PYTHONUTF8=1",
    )


_KINDS = (
    (stat.S_ISDIR, Message("is a folder")),
    (stat.S_ISFIFO, Message("is a pipe")),
    (stat.S_ISSOCK, Message("is a socket")),
    (stat.S_ISCHR, Message("is a device")),
    (stat.S_ISBLK, Message("is a device")),
)


def is_there(path: Path) -> bool:
    """Return True if a path exists; False if the system cannot decide."""
    return os.path.lexists(path)


def is_folder(path: Path) -> bool:
    """Return True if a path leads to a folder; False if the system cannot decide."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir may raise)


def listed(folder: Path) -> list[str]:
    """Return the sorted content of a folder; empty if it is not a readable folder."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  (names alone)
    except OSError:
        return []


def no_file(path: Path) -> Message:
    """Return the type of a path that is not a file, without opening it.

    Returns
    -------
    Message
        Such as ``does not exist`` or ``is a pipe``; empty for a file.
    """
    state = NOTHING
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            state = next((words for test, words in _KINDS if test(mode)), Message("is not a file"))
    except FileNotFoundError:
        state = Message("does not exist")
    except PermissionError:
        state = Message("cannot be read: permission denied")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or Message("the link points to itself")
        return Message("cannot be followed ({})", reason)
    except UnicodeEncodeError:
        return Message("is not a valid path: its text was decoded with a wrong encoding")
    except ValueError:
        return Message("is not a valid path: it contains the character NUL")
    if state and os.path.islink(path):  # noqa: PTH114  (Path.is_symlink may raise)
        return Message("is a link to {!r}, and the target {}", str(path.readlink()), state)
    return state
