"""What a path leads to: a file, or what only looks like one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bayes_nqp.language import NOTHING, Message

_KINDS = (
    (stat.S_ISDIR, Message("is a folder")),
    (stat.S_ISFIFO, Message("is a pipe")),
    (stat.S_ISSOCK, Message("is a socket")),
    (stat.S_ISCHR, Message("is a device")),
    (stat.S_ISBLK, Message("is a device")),
)


def is_there(path: Path) -> bool:
    """Whether there is anything at a path; not where the system cannot tell."""
    return os.path.lexists(path)


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; not where the system cannot tell."""
    return os.path.isdir(path)  # noqa: PTH112  (Path.is_dir may raise)


def no_file(path: Path) -> Message:
    """Say what a path leads to, if not to a file; nothing is opened, as pipes would wait.

    Returns
    -------
    Message
        Such as ``is not there`` or ``is a pipe``; empty for a file.
    """
    state = NOTHING
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            state = next((words for test, words in _KINDS if test(mode)), Message("is no file"))
    except FileNotFoundError:
        state = Message("is not there")
    except PermissionError:
        state = Message("may not be read: permission denied")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or Message("it leads back to itself")
        return Message("cannot be followed ({})", reason)
    except UnicodeEncodeError:
        return Message("is no path: its text was decoded wrongly")
    except ValueError:
        return Message("is no path: it holds the character NUL")
    if state and path.is_symlink():
        return Message("is a link to {!r}, which {}", str(path.readlink()), state)
    return state
