"""Names of files: from names in the data, and of what is in the making."""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path

FINAL: dict[Path, Path] = {}
"""Where the drafts of this process will be."""

_UNSAFE = re.compile(r'[\\/:*?"<>|\s\x00-\x1f\x7f\ud800-\udfff]+')
_LONGEST = 120
"""Bytes, of the 255 that a name may have on most disks; an ending and a number come to it."""


def file_name(text: str) -> str:
    """Make a name that every system takes.

    Parameters
    ----------
    text : str
        Such as "event_study_" and a stratum's name.

    Returns
    -------
    str
        A long one is cut, and told from others by a few digits.
    """
    name = _UNSAFE.sub("_", text)
    coded = name.encode("utf-8")
    if len(coded) <= _LONGEST:
        return name
    digits = hashlib.sha256(coded).hexdigest()[:8]
    return f"{coded[:_LONGEST].decode('utf-8', 'ignore')}_{digits}"


def final(path: Path) -> Path:
    """Tell where a file of a draft will be.

    Returns
    -------
    Path
        The path itself, if it is in no draft.
    """
    for folder in (path, *path.parents):
        if folder in FINAL:
            return final(FINAL[folder] / path.relative_to(folder))
    return path


def in_shell(path: Path) -> str:
    """Write a path as a shell reads it; letters of any script need no quotes."""
    text = str(path)
    return text if re.fullmatch(r"[\w%+,./:@-]+", text) else shlex.quote(text)
