"""Detect the encoding of a text file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import PanelError, Spoken, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._values import counted

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN: Final = "cp1252"
_SIGNS: Final = "€°§–—‘’“”„…·"
"""Signs that occur in Western European text."""
_ASCII: Final = 127
_ALMOST: Final = 0.9
_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_PLAIN = 0.1
"""Minimum share of digits and delimiters in data."""
_TRY = Spoken(
    Message(
        "encoding='gb18030' (Chinese Excel), 'big5', 'cp1252' (Western Europe) or 'shift_jis'; or "
        "save it again as CSV UTF-8"
    ),
    Message("open it in Excel, and save it as CSV UTF-8 or as a workbook (.xlsx)"),
)


def encoding_of(path: Path) -> str:
    """Return the encoding of the first bytes of a file, if it can be detected."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    marks = (name for mark, name in _MARKS if sample.startswith(mark))
    if marker := next(marks, "") or _wide(path):
        return marker
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeError:
        return WESTERN if lonely(sample) else "gb18030"
    return "utf-8"


def marked(path: Path, head: bytes) -> str:
    """Return the encoding given by a byte-order mark or by zeros between letters; or ""."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide(path)


def detected(path: Path) -> str:
    if _decodes(path, "utf-8"):
        return "utf-8"
    refuse_mixed(path)
    if _decodes(path, "gb18030") and _plausibly_chinese(path):
        return "gb18030"
    if western(path):
        return WESTERN
    raise PanelError(
        Message("path={!r} is neither UTF-8 nor GB18030 text", path.name),
        hint=_TRY,
    )


def _wide(path: Path) -> str:
    """Detect UTF-16 without a byte-order mark from zero bytes next to plain characters.

    Text with one byte per letter contains no zeros. The position of the zeros in pairs of bytes
    gives the byte order, for any script.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if b"\x00" not in sample or len(sample) < 2:
        return ""
    pairs = np.frombuffer(sample[: len(sample) // 2 * 2], dtype=np.uint8).reshape(-1, 2)
    plain = (pairs >= 9) & (pairs < 127)
    little = (plain[:, 0] & (pairs[:, 1] == 0)).mean()
    big = (plain[:, 1] & (pairs[:, 0] == 0)).mean()
    if max(little, big) < _PLAIN:
        return ""
    return "utf-16-le" if little > big else "utf-16-be"


def _pieces(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        _refuse_zero(path, encoding)
    except UnicodeError:
        return False
    return True


def _refuse_zero(path: Path, encoding: str) -> None:
    """Decode a file, and reject the character NUL."""
    for number, piece in enumerate(_pieces(path, encoding)):
        if (zero := piece.find("\x00")) >= 0:
            lines = _ends_of_lines(path, encoding, number) + piece.count("\n", 0, zero)
            raise PanelError(
                Message(
                    "path={!r} contains the character NUL, which is not allowed in text files",
                    path.name,
                ),
                where=Message("line {}", lines + 1),
                hint=Message(
                    "the file may be truncated, not a text file, or in another encoding: "
                    "export it again as CSV UTF-8, or {}",
                    _TRY,
                ),
            )


def _ends_of_lines(path: Path, encoding: str, pieces: int | None = None) -> int:
    """Return the line endings in the first pieces of a file; by default in all of it."""
    count = 0
    with suppress(UnicodeError):
        for piece in islice(_pieces(path, encoding), pieces):
            count += piece.count("\n")
    return count


def _plausibly_chinese(path: Path) -> bool:
    """Return True if decoded text has mostly common characters (GB2312)."""
    distinct: set[str] = set()
    for piece in _pieces(path, "gb18030"):
        distinct |= {char for char in set(piece) if ord(char) > 127}
    common = sum(bool(char.encode("gb2312", "ignore")) for char in distinct)
    return common >= 0.8 * len(distinct)


def check_decodes(path: Path, encoding: str) -> None:
    _check_known(encoding)
    try:
        _refuse_zero(path, encoding)
    except UnicodeError as error:
        after = _ends_of_lines(path, encoding) + 1
        raise PanelError(
            Message("path={!r} is not {} text", path.name, encoding),
            where=Message("after line {}: {}", after, getattr(error, "reason", error)),
            hint=Message("omit encoding to detect it automatically, or {}", _TRY),
        ) from error


def _check_known(encoding: str) -> None:
    """Reject unknown codecs, and codecs that do not encode text."""
    try:
        "a".encode(encoding)
        codecs.getincrementaldecoder(encoding)().decode(b"", final=True)
    except (LookupError, UnicodeError, TypeError, ValueError) as error:
        raise PanelError(Message("encoding={!r} is unknown", encoding), hint=_TRY) from error


def western(path: Path) -> bool:
    """Return True if accented letters stand alone between plain letters: Köln, Orléans."""
    content = path.read_bytes()
    try:
        others = [x for x in content.decode(WESTERN) if ord(x) > _ASCII]
    except UnicodeDecodeError:
        return False
    letters = sum(x.isalpha() or x in _SIGNS for x in others)
    return lonely(content) and letters >= _ALMOST * len(others)


def lonely(content: bytes) -> bool:
    """Return True if bytes of non-plain letters occur between plain ones, not as Chinese."""
    codes = np.frombuffer(content, dtype=np.uint8)
    wide = np.flatnonzero(codes > _ASCII)
    beside = np.append(codes, 0)[wide + 1] > _ASCII
    return bool(len(wide)) and bool(beside.mean() < 1 - _ALMOST)


def refuse_mixed(path: Path) -> None:
    """Reject a file in which some lines are UTF-8 and others are not.

    Raises
    ------
    PanelError
        If there are such lines; the message lists them.
    """
    wide, odd = 0, []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                wide += 1
            except UnicodeDecodeError:
                odd.append(number)
    if wide > len(odd):
        raise PanelError(
            Message("path={!r} is UTF-8 text except for {}", path.name, counted(len(odd), "line")),
            where=Message("line {}", shown(odd)),
            hint="the file probably combines two files with different encodings: save each"
            " as CSV UTF-8, then combine them",
        )
