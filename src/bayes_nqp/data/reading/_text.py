"""Read text files: encoding, delimiter and rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import unguarded
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp._core.process import quiet
from bayes_nqp.data.reading._codes import with_zeros
from bayes_nqp.data.reading._encoding import WESTERN, check_decodes, detected, encoding_of, marked
from bayes_nqp.data.reading._lines import first_rows, note_short, refuse_swallowed
from bayes_nqp.data.reading._names import MISSING_WORDS, mangled, missing_words, unmangled
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import is_text

_DELIMITERS = (",", ";", "\t", "|")
_FIRST = 24
"""Number of rows searched for titles above a table."""
_WIDE = 0.6
"""Minimum number of delimiters in a table row, as a share of the maximum."""
_INTEGERS = 2.0**63
"""Smallest float that is not a signed 64-bit integer."""


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
    marker = encoding or marked(path, head)
    if marker:
        check_decodes(path, marker)
    else:
        marker = detected(path)
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
        marker = encoding or encoding_of(path)
        lines = _lines(path, marker, count)
        first = _first_wide(lines)
        rows = first_rows(path, marker, _delimiter_of(lines[first:]), count)
    except (UnicodeError, LookupError, OSError):
        return pd.DataFrame()
    wide = max(map(len, rows), default=0)
    return pd.DataFrame([[*map(_cell, row), *[None] * (wide - len(row))] for row in rows])


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
    return _delimiter_of(_lines(path, encoding or encoding_of(path), header)[header - 1 :])


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
