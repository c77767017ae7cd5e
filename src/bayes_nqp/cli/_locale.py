"""Names of files in a locale that says nothing of them."""

from __future__ import annotations

import codecs
import os
import sys

_WANTED = "PYTHONUTF8"
_STREAMS = "PYTHONIOENCODING"


def in_utf8() -> None:
    """Begin again in Python's UTF-8 mode, where names of files could only be ASCII.

    Python does so by itself in the locales C and POSIX, unless it is told not to; there a study
    of cities could not write a figure that is called after a stratum. What is printed keeps the
    encoding of the terminal.
    """
    ascii_only = codecs.lookup(sys.getfilesystemencoding()).name == "ascii"
    if not ascii_only or os.environ.get(_WANTED) == "1" or not sys.executable:
        return
    encoding = sys.stdout.encoding if sys.stdout is not None else "ascii"
    environment = {_STREAMS: encoding, **os.environ, _WANTED: "1"}
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)
