"""Detect the actual type of a workbook file: .xlsx, old .xls, protected, or other."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import limit

_OLD: Final = b"\xd0\xcf\x11\xe0"
"""First bytes of a compound file: a workbook before 2007, or an encrypted one."""
_NEW: Final = b"PK"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_BEGIN: Final = b"\x09\x08\x10\x00\x00\x06\x05\x00"
"""First bytes of the first sheet (20 bytes) of an old workbook; a password record may follow."""
_PASSWORD: Final = b"\x2f\x00"
_HEAD: Final = 1 << 12
_SECONDS: Final = 30
"""Minimum time limit (seconds) for an old workbook of one megabyte."""
_TRIAL: Final = """
import sys
from python_calamine import CalamineWorkbook
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), resource.RLIM_INFINITY))
except (ImportError, ValueError):
    pass
with CalamineWorkbook.from_path(sys.argv[1]) as book:
    for name in book.sheet_names:
        book.get_sheet_by_name(name).to_python()
"""


def is_old(path: Path) -> bool:
    """Return True if the file is a compound file, the format of workbooks before 2007."""
    return _head(path).startswith(_OLD)


def refuse_other(path: Path) -> None:
    """Reject a file with the suffix of a workbook that is protected or has another format.

    Raises
    ------
    PanelError
        If the file is not a readable workbook; the message gives its type.
    """
    head = _head(path)
    if head.startswith(_OLD):
        _refuse_protected(path)
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise PanelError(
            Message("path={!r} is an HTML or XML page with the suffix {}", path.name, path.suffix),
            hint="open it in Excel or LibreOffice, and save it as .xlsx",
        )
    elif not head.startswith(_NEW) and b"\0" not in head and b"\n" in head:
        raise PanelError(
            Message("path={!r} is a text file with the suffix {}", path.name, path.suffix),
            hint="change the suffix to .csv",
        )


def _refuse_protected(path: Path) -> None:
    data = path.read_bytes()
    begin = data.find(_BEGIN)
    old = begin >= 0 and data[begin + 20 : begin + 22] == _PASSWORD
    if old or _ENCRYPTED in data:
        raise PanelError(
            Message("path={!r} is protected with a password", path.name),
            hint="open it in Excel with the password, remove the password (File, Info, "
            "Protect Workbook, Encrypt with Password, clear the field), and save it",
        )


def refuse_fatal(path: Path) -> None:
    """Test in a subprocess if an old workbook can be read, because reading may crash.

    The reader of old workbooks allocates the memory that the file claims, and aborts the process if
    this fails.

    Raises
    ------
    PanelError
        If the process crashed or was stopped.
    """
    state = path.stat()
    if sys.executable and _is_fatal(path.resolve(), state.st_size, state.st_mtime_ns):
        raise PanelError(
            Message("path={!r} is a damaged workbook, and its sheets cannot be read", path.name),
            hint="open it in Excel or LibreOffice, and save it as .xlsx",
        )


@lru_cache(maxsize=8)
def _is_fatal(path: Path, size: int, _: int) -> bool:
    """Return True if the subprocess fails; cached by file size and modification time."""
    command = [sys.executable, "-c", _TRIAL, str(path), str(limit("memory"))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    seconds = _SECONDS * (1.0 + size / 1e6)
    try:
        ended = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    return ended.returncode != 0


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
