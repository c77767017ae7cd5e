"""What a path leads to: a file, or what only looks like one."""

from __future__ import annotations

import stat
from pathlib import Path

__all__ = ["no_file"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def no_file(path: Path) -> str:
    """Say what a path leads to, if not to a file; nothing is opened, as pipes would wait.

    Returns
    -------
    str
        Such as ``is not there`` or ``is a pipe``; "" for a file.
    """
    link = ""
    try:
        if path.is_symlink():
            link = f"is a link to {str(path.readlink())!r}, which "
        mode = path.stat().st_mode
    except FileNotFoundError:
        return link + "is not there"
    except PermissionError:
        return link + "may not be read: permission denied"
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it leads back to itself"
        return f"cannot be followed ({reason})"
    except ValueError:
        return "is no path: it holds the character NUL"
    if stat.S_ISREG(mode):
        return ""
    return link + "is " + next((words for test, words in _KINDS if test(mode)), "no file")
