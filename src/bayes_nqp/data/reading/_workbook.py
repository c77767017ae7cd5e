"""Inspect and read workbooks, with a check of their size before decompression."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import limit, way_out
from bayes_nqp._core.process import quiet
from bayes_nqp.data.reading._container import is_old, refuse_fatal
from bayes_nqp.data.reading._names import MISSING_WORDS, mangled, missing_words, unmangled
from bayes_nqp.data.reading._worksheet import completed, hidden_sheets, letters, number, worksheet

_PANIC = "PanicException"
"""Raised by Rust readers for internal errors; not an `Exception`, cannot be imported."""
_CHUNK = 1 << 20
_OVERLAP = 4096
_TAG = re.compile(
    rb"""<(?:\w+:)?(row|c)((?:\s[^<>"']*(?:"[^"]*"|'[^']*'))*\s*)(/?)>(?!</(?:\w+:)?c>)"""
)
"""Row or cell; a cell with only a format is an empty element."""
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]*)(\d+)""")
_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
"""Attribute of a cell with an error, even if the cell is empty."""
_BYTES = 100
"""Memory needed to read a cell."""
_HEAD = 64
_BEFORE = b"\xef\xbb\xbf \t\r\n"
"""Bytes that may precede XML."""
_UNFOLDED = 100_000_000
_RATIO = 200
"""Maximum plausible compression ratio of a large part of a spreadsheet."""
_WIDE = 20_000_000
_SPARSE = 50
"""Ratio of area to filled cells above which a sheet has a stray cell far from the table."""


_OLD = Message(
    "{}: in this old workbook format, errors and formulas without a stored value look "
    "like empty cells; save the file as .xlsx to detect them"
)
_FIRST = Message("{}: read {!r}, the first of {} sheets (the others: {})")
_SEEN = Message("{}: read {!r}, the first that is not hidden of {} sheets (the others: {})")


@dataclass(slots=True)
class _Range:
    """Filled range of a sheet."""

    cells: int = 0
    row: int = 0
    column: int = 0
    last: str = ""
    at: tuple[int, int] = (0, 0)
    """Row and column of the previous cell, used for cells without a reference."""

    def add(self, column: int, row: int) -> None:
        self.cells += 1
        if row > self.row or column > self.column:
            self.last = f"{letters(column)}{row}"
            self.row, self.column = max(row, self.row), max(column, self.column)


@contextmanager
def opened(path: Path) -> Iterator[pd.ExcelFile]:
    """Open a workbook after a check of its size.

    Raises
    ------
    PanelError
        If the decompressed size exceeds the limit.
    """
    if zipfile.is_zipfile(path):
        _measure(path)
    if is_old(path):
        refuse_fatal(path)
    try:
        with quiet(), pd.ExcelFile(path, engine="calamine") as book:
            yield book
    except BaseException as error:
        if type(error).__name__ == _PANIC:
            raise ValueError(str(error)) from error
        raise


def _measure(path: Path) -> None:
    with zipfile.ZipFile(path) as book:
        parts = [part for part in book.infolist() if _is_xml(book, part)]
        size = sum(part.file_size for part in parts)
        packed = max(sum(part.compress_size for part in parts), 1)
        if 5 * size > limit("memory") or (size > _UNFOLDED and size > _RATIO * packed):
            raise PanelError(
                Message(
                    "path={!r} decompresses from {:,} to {:,} bytes, which is implausible"
                    " for a spreadsheet",
                    path.name,
                    packed,
                    size,
                ),
                hint=Message(
                    "open it and save it again, or as .csv; if the file is correct, {}",
                    way_out("memory", 5 * size),
                ),
            )
        for part in parts:
            with book.open(part) as file:
                head = file.read(_CHUNK)
                if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                    raise PanelError(
                        Message(
                            "path={!r} declares XML entities in {}, which spreadsheets "
                            "never contain",
                            path.name,
                            part.filename,
                        ),
                        hint="open it and save it again, or as .csv",
                    )
            _refuse_far(path, part.filename, _filled(book, part))


def _is_xml(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with book.open(part) as file:
        return file.read(_HEAD).lstrip(_BEFORE).startswith(b"<")


def _filled(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> _Range:
    dimensions, tail = _Range(), b""
    with book.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = tail + chunk
            end = max(text.rfind(b"<"), len(text) - _OVERLAP)
            # The last tag may continue in the next chunk.
            text, tail = text[:end], text[end:]
            _add(dimensions, text + tail[:2] if tail.startswith(b"</") else text)
        _add(dimensions, tail)
    return dimensions


def _add(dimensions: _Range, text: bytes) -> None:
    for tag, attributes, closed in _TAG.findall(text):
        row, column = dimensions.at
        places = [(x, int(y)) for x, y in _PLACE.findall(attributes)]
        if tag == b"row":
            dimensions.at = (places[-1][1] if places else row + 1, 0)
            continue
        filled = not closed or _ERROR.search(attributes)
        for name, line in places or [(letters(column + 1).encode(), row)]:
            column = number(name.decode().upper()) - 1
            if filled:
                dimensions.add(column + 1, line)
        dimensions.at = row, column + 1


def _refuse_far(path: Path, part: str, dimensions: _Range) -> None:
    area = dimensions.row * dimensions.column
    needed = _BYTES * area
    sheet = Path(part).stem
    if dimensions.column > limit("columns") or needed > limit("memory"):
        hint = way_out("memory", needed)
    elif area > _WIDE and area > _SPARSE * dimensions.cells:
        hint = Message("reading it would also take minutes")
    else:
        return
    raise PanelError(
        Message(
            "path={!r} has a sheet that extends to cell {}: {:,} cells, of which {:,} are filled",
            path.name,
            dimensions.last,
            area,
            dimensions.cells,
        ),
        where=Message("{}, cell {}", sheet, dimensions.last),
        hint=Message(
            "delete the cells far from the table (Ctrl+End moves there), and save; {}", hint
        ),
    )


def read_book(
    path: Path, sheet: str | int | None, notes: list[str], names: Collection[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Read a sheet; report the other sheets if no sheet was requested.

    Parameters
    ----------
    names : collection of str, default ()
        Columns that contain names, including cells that look like missing values.
    """
    with opened(path) as book:
        sheets = [str(name) for name in book.sheet_names]
        if isinstance(sheet, int) and not -len(sheets) <= sheet < len(sheets):
            raise PanelError(
                Message("sheet={}: {} has {} sheets", sheet, path.name, len(sheets)),
                where=shown(map(repr, sheets), 12),
                hint="sheet numbers start at 0; you can also give the name",
            )
        if isinstance(sheet, str) and sheet not in sheets:
            raise PanelError(
                Message("sheet={!r} is not in {}", sheet, path.name),
                where=Message("its sheets are {}", shown(map(repr, sheets), 12)),
                hint=nearest(sheet, sheets),
            )
        seen = seen_sheets(path, sheets)
        name = sheets[sheet] if isinstance(sheet, int) else sheet or seen[0]
        others = [x for x in sheets if x != name] if sheet is None else []
        if others:
            listed = shown(map(repr, others), 12)
            which = _FIRST if name == sheets[0] else _SEEN
            notes.append(which.fill(path.name, name, len(sheets), listed))
        words: dict[Any, Sequence[str]] = {}
        if names:
            columns = pd.read_excel(book, sheet_name=name, nrows=0).columns
            words = missing_words(list(columns), names)
        df = sheet_frame(book, path, name, notes, missing=words)
        if mangled(list(df.columns)):
            header = pd.read_excel(book, sheet_name=name, header=None, nrows=1).iloc[0]
            df = df.set_axis(unmangled(list(df.columns), header.tolist()), axis=1)
        if is_old(path) and df.isna().to_numpy().any():
            notes.append(_OLD.fill(path.name))
        return df, others


def seen_sheets(path: Path, sheets: Sequence[str]) -> list[str]:
    """Drop hidden sheets, unless all sheets are hidden."""
    hidden = hidden_sheets(path)
    return [name for name in sheets if name not in hidden] or list(sheets)


def sheet_frame(
    book: pd.ExcelFile,
    path: Path,
    name: str,
    notes: list[str],
    *,
    header: int | None = 0,
    missing: dict[Any, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Read a sheet, including cells that readers ignore: errors, formulas, merged ranges.

    Parameters
    ----------
    header : int or None, default 0
        Header row; None for cells without column names.
    missing : dict, optional
        Words for missing values, by column.
    """
    df = pd.read_excel(
        book, sheet_name=name, header=header, keep_default_na=False,
        na_values=missing or list(MISSING_WORDS),
    )  # fmt: skip
    first = 1 if header is None else 2
    return completed(df, worksheet(path, name), first, path, notes)
