"""Paths that can be said: in the text of studies and results, and to the system."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bayes_nqp.errors import StudyError

_NUL = "\0"


def text_path(path: str | Path, argument: str) -> Path:
    """Take a path, unless its name is no text, or the system's locale cannot say it.

    Parameters
    ----------
    argument : str
        What it stands for, for messages.

    Raises
    ------
    StudyError
        If it holds bytes that are no text, which neither a study nor its results can hold; a
        character that the locale's encoding lacks; or a NUL.
    """
    text = str(path)
    if _NUL in text:
        raise StudyError(
            f"{argument} {text!r} holds the character NUL, which no path has", hint="take it out"
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
                hint="give the file or folder another name; results must be able to name it",
            ) from error
    return Path(path)


def _locale(argument: str, text: str) -> StudyError:
    return StudyError(
        f"{argument} {text!r} has characters that the locale of this terminal lacks "
        f"(its encoding is {sys.getfilesystemencoding()})",
        hint="LC_ALL=C.UTF-8 before the command, or the environment variable PYTHONUTF8=1",
    )
