"""Read text files: encoding, delimiter and rows."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, Spoken
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import unguarded
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp._core.process import quiet
from bayes_nqp.data.reading._codes import with_zeros
from bayes_nqp.data.reading._lines import (
    WESTERN,
    first_rows,
    lonely,
    note_short,
    refuse_mixed,
    refuse_swallowed,
    western,
)
from bayes_nqp.data.reading._names import MISSING_WORDS, mangled, missing_words, unmangled
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import is_text

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_FIRST = 24
"""Number of rows searched for titles above a table."""
_WIDE = 0.6
"""Minimum number of delimiters in a table row, as a share of the maximum."""
_PLAIN = 0.1
"""Minimum share of digits and delimiters in data."""
_INTEGERS = 2.0**63
"""Smallest float that is not a signed 64-bit integer."""
_TRY = Spoken(
    Message(
        "encoding='gb18030' (Chinese Excel), 'big5', 'cp1252' (Western Europe) or 'shift_jis'; or "
        "save it again as CSV UTF-8"
    ),
    Message("open it in Excel, and save it as CSV UTF-8 or as a workbook (.xlsx)"),
)


def read_text(
    path: Path,
    encoding: str | None,
    notes: list[str],
    names: Collection[str] = (),
    header: int = 1,
) -> pd.DataFrame:
    """Read a delimited text file; encoding and delimiter are detected.

    Parameters
    ----------
    names : collection of str, default ()
        Columns that contain names, including cells that look like missing values.
    header : int, default 1
        Row with the column names.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"\xd0\xcf\x11\xe0"):
        raise PanelError(
            Message("path={!r} is a workbook with the suffix {}", path.name, path.suffix),
            hint="change the suffix to .xlsx (or .xls)",
        )
    marker = encoding or _marked(path, head)
    if marker:
        _check_decodes(path, marker)
    else:
        marker = _detect(path)
    if encoding is None and marker in ("gb18030", WESTERN):
        notes.append(Message("{}: not UTF-8, read as {}", path.name, marker.upper()))
    above = _lines(path, marker, header)
    if header > 1 and not "".join(above[header - 1 :]).strip():
        raise no_header(header)
    delimiter = _delimiter_of(above[header - 1 :])
    _check_header(path, marker, delimiter, header)
    frame = _table(path, marker, delimiter, header, names)
    refuse_swallowed(frame, path, delimiter, header)
    note_short(frame, path, marker, delimiter, header, notes)
    if mangled(list(frame.columns)):
        above = first_rows(path, marker, delimiter, header)[-1]
        frame = frame.set_axis(unmangled(list(frame.columns), above), axis=1)
    return without_marks(frame, unguarded)


def _table(
    path: Path, marker: str, delimiter: str, header: int, names: Collection[str]
) -> pd.DataFrame:
    """Read the rows below the column names, and reject rows that do not match them."""
    how: dict[str, Any] = {
        "sep": delimiter, "encoding": marker, "skip_blank_lines": False, "skiprows": header - 1,
    }  # fmt: skip
    try:
        columns = pd.read_csv(path, nrows=0, **how).columns
        words = missing_words(list(columns), names) if names else list(MISSING_WORDS)
        how |= {"keep_default_na": False, "na_values": words}
        frame = _typed_whole(path, how)
        if not isinstance(frame.index, pd.RangeIndex):
            if frame.index.nlevels > 1 or frame.iloc[:, -1].notna().any():
                return frame  # rejected when columns are named
            # Rows that end with a delimiter: the cell after it is empty and can be dropped.
            how["index_col"] = False
            with quiet(pd.errors.ParserWarning):
                return with_zeros(_typed_whole(path, how), path, how)
        return with_zeros(frame, path, how)
    except pd.errors.EmptyDataError as error:
        raise PanelError(
            Message("path={!r} has no columns", path.name), hint="export it again"
        ) from error
    except pd.errors.ParserError as error:
        raise PanelError(
            Message(
                "path={!r} has rows that do not match its header ({})",
                path.name,
                str(error).strip(),
            ),
            hint=Message(
                "if the column names are in that row, write header = {} in [data.read]", row
            )
            if (row := 1 + _first_wide(_lines(path, marker, _FIRST))) > header
            else Message(
                "the delimiter was detected as {!r}; look for a stray quotation mark or "
                "delimiter in that line, or a truncated last line",
                delimiter,
            ),
        ) from error


def _typed_whole(path: Path, how: Mapping[str, Any]) -> pd.DataFrame:
    """Read a table, and determine column types from all rows.

    Reading in pieces is faster. The result is the same unless the types of pieces differ. In this
    case cells stay unchanged, or integers that exceed 64 bits become floats.
    """
    with quiet(pd.errors.DtypeWarning):
        frame: pd.DataFrame = pd.read_csv(path, **how)
    floats = frame.select_dtypes("float")
    if np.dtype(object) in list(frame.dtypes) or (floats.max() >= _INTEGERS).any():
        frame = pd.read_csv(path, low_memory=False, **how)
    return frame


def no_header(row: int, where: str = "") -> PanelError:
    """Return an error for a row without column names."""
    return PanelError(
        Message("header={}: this row is empty or does not exist", row),
        where=where,
        hint="the row number, as Excel shows it, of the row with the column names",
    )


def text_grid(path: Path, encoding: str | None, count: int = _FIRST) -> pd.DataFrame:
    """Read the first rows of a text file as cells, including titles above the table.

    Parameters
    ----------
    encoding : str or None
        Encoding; detected from the first rows by default.
    count : int, optional
        Number of rows.

    Returns
    -------
    DataFrame
        Numbers and texts; empty if the file is not a text file.
    """
    try:
        marker = encoding or _marker(path)
        lines = _lines(path, marker, count)
        first = _first_wide(lines)
        rows = first_rows(path, marker, _delimiter_of(lines[first:]), count)
    except (UnicodeError, LookupError, OSError):
        return pd.DataFrame()
    wide = max(map(len, rows), default=0)
    return pd.DataFrame([[*map(_cell, row), *[None] * (wide - len(row))] for row in rows])


def _marker(path: Path) -> str:
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


def _cell(text: str) -> float | str | None:
    """Convert a cell to the type that a reader would assign."""
    try:
        return float(text)
    except ValueError:
        return text.strip() or None


def without_marks(frame: pd.DataFrame, unmark: Callable[[Any], Any]) -> pd.DataFrame:
    """Remove the prefixes that protect text from being computed or read as missing.

    Parameters
    ----------
    unmark : callable
        Function of one text: `unguarded` for files of `write_csv`, `unmarked` for files of
        `write_workbook`.
    """
    frame.columns = frame.columns.map(unmark)
    for place, (_, column) in enumerate(frame.items()):
        if is_text(column) and "\n'" in "\n" + texts_of(column).joined:
            frame.isetitem(place, column.map(unmark, na_action="ignore").array)
    return frame


def _marked(path: Path, head: bytes) -> str:
    """Return the encoding given by a byte-order mark or by zeros between letters; or ""."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "") or _wide(path)


def _detect(path: Path) -> str:
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


def _check_decodes(path: Path, encoding: str) -> None:
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


def _lines(path: Path, encoding: str, count: int) -> list[str]:
    """Return the first lines of a file, outside quotation marks."""
    with path.open(encoding=encoding) as file:
        return ["".join(line.split('"')[::2]) for line in islice(file, count)]


def _first_wide(lines: Sequence[str]) -> int:
    """Return the position of the first line with most delimiters, a header or data row."""
    cells = [line.count(_delimiter_of([line])) for line in lines]
    return next((k for k, n in enumerate(cells) if n >= _WIDE * max(cells)), 0)


def delimiter(path: Path, encoding: str | None, header: int) -> str:
    """Detect the column delimiter of a text file, ignoring the titles above the header."""
    return _delimiter_of(_lines(path, encoding or _marker(path), header)[header - 1 :])


def _delimiter_of(lines: Sequence[str]) -> str:
    """Return the most frequent delimiter in the first of some lines."""
    return max(_DELIMITERS, key=next(iter(lines), "").count)


def _check_header(path: Path, encoding: str, delimiter: str, header: int) -> None:
    columns = "".join(_lines(path, encoding, header)[header - 1 :]).count(delimiter) + 1
    if columns > limit("columns"):
        raise PanelError(
            Message(
                "path={!r} has {:,} columns in its first row, and at most {:,} are allowed",
                path.name,
                columns,
                limit("columns"),
            ),
            hint=Message("keep only the columns that you need; {}", way_out("columns", columns)),
        )
