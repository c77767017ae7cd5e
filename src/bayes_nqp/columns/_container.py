"""What a workbook's file really is: a new or an old one, a protected one, or none at all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bayes_nqp.errors import PanelError
from bayes_nqp.language import Message

_OLD: Final = b"\xd0\xcf\x11\xe0"
"""Begins a compound file: a workbook before 2007, or one that is encrypted."""
_NEW: Final = b"PK"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_BEGIN: Final = b"\x09\x08\x10\x00\x00\x06\x05\x00"
"""Begins the first sheet of an old workbook, for 20 bytes; what follows tells of a password."""
_PASSWORD: Final = b"\x2f\x00"
_HEAD: Final = 1 << 12


def is_old(path: Path) -> bool:
    """Tell whether a file is a compound one, as workbooks before 2007 are."""
    return _head(path).startswith(_OLD)


def refuse_other(path: Path) -> None:
    """Refuse a file that is called a workbook, and is protected or something else.

    Raises
    ------
    PanelError
        With what it is.
    """
    head = _head(path)
    if head.startswith(_OLD):
        _refuse_protected(path)
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise PanelError(
            Message(
                "path={!r} is a page of HTML or XML with the suffix {}", path.name, path.suffix
            ),
            hint="open it in Excel or LibreOffice, and save it as .xlsx",
        )
    elif not head.startswith(_NEW) and b"\0" not in head and b"\n" in head:
        raise PanelError(
            Message("path={!r} is text with the suffix {}", path.name, path.suffix),
            hint="give it the suffix .csv",
        )


def _refuse_protected(path: Path) -> None:
    data = path.read_bytes()
    begin = data.find(_BEGIN)
    old = begin >= 0 and data[begin + 20 : begin + 22] == _PASSWORD
    if old or _ENCRYPTED in data:
        raise PanelError(
            Message("path={!r} is protected by a password", path.name),
            hint="open it in Excel with the password, take the protection away (File, Info, "
            "Protect Workbook, Encrypt with Password, leave it empty), and save it",
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
