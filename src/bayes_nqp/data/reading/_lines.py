"""Lines of a text file that do not fit its table: short, swallowed by a quote, encoded alone."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import counted, is_text

WESTERN: Final = "cp1252"
_SIGNS: Final = "€°§–—‘’“”„…·"
"""What stands between the letters of Western Europe."""
_ASCII: Final = 127
_ALMOST: Final = 0.9


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Rows as they stand there, up to a cell that is too long for the csv module."""
    with path.open(encoding=encoding, newline="") as file, suppress(csv.Error):
        yield from csv.reader(file, delimiter=delimiter)


def western(path: Path) -> bool:
    """Whether letters with marks stand alone between plain ones, as in Köln and Orléans."""
    content = path.read_bytes()
    try:
        others = [x for x in content.decode(WESTERN) if ord(x) > _ASCII]
    except UnicodeDecodeError:
        return False
    letters = sum(x.isalpha() or x in _SIGNS for x in others)
    return lonely(content) and letters >= _ALMOST * len(others)


def lonely(content: bytes) -> bool:
    """Whether bytes of no plain letter have plain ones beside them, and none of Chinese."""
    codes = np.frombuffer(content, dtype=np.uint8)
    wide = np.flatnonzero(codes > _ASCII)
    beside = np.append(codes, 0)[wide + 1] > _ASCII
    return bool(len(wide)) and bool(beside.mean() < 1 - _ALMOST)


def first_rows(path: Path, encoding: str, delimiter: str, count: int) -> list[list[str]]:
    """Read the first rows as they stand there."""
    return list(islice(_rows(path, encoding, delimiter), count))


def note_short(
    df: pd.DataFrame, path: Path, encoding: str, delimiter: str, header: int, notes: list[str]
) -> None:
    """Say which rows end before the header does, and so have empty cells.

    Parameters
    ----------
    header : int
        Row with the names of columns; those above it are titles.
    notes : list of str
        What is found is added.
    """
    if not df.shape[1] or not df.iloc[:, -1].isna().any():
        return
    rows = enumerate(_rows(path, encoding, delimiter), 1)
    short = [(k, len(row)) for k, row in rows if k > header and 0 < len(row) < df.shape[1]]
    if not short:
        return
    listed = shown((Message("row {} has {}", *place) for place in short), 4)
    notes.append(
        Message(
            "{}: {} shorter than the header of {} cells; the missing last cells were read"
            " as empty: {}",
            path.name,
            counted(len(short), "row"),
            df.shape[1],
            listed,
        )
    )


def refuse_swallowed(df: pd.DataFrame, path: Path, delimiter: str, header: int) -> None:
    """Refuse a quote that is opened and closed rows later: what is between is no cell.

    Parameters
    ----------
    header : int
        Row with the names of columns.

    Raises
    ------
    PanelError
        With the row and the column.
    """
    least = max(df.shape[1] - 1, 1)
    for place, name in enumerate(df.columns):
        column = df.iloc[:, place]
        if not is_text(column) or not texts_of(column).broken:
            continue
        cells: pd.Series[Any] = column[column.str.contains("\n", regex=False, na=False)]
        for row, cell in cells.items():
            inner = [line for line in str(cell).splitlines() if line.count(delimiter) >= least]
            if inner:
                raise PanelError(
                    Message(
                        "path={!r} has several rows in one cell: a quotation mark opens "
                        "in column {!r} of row {} and closes {} later",
                        path.name,
                        name,
                        int(str(row)) + header + 1,
                        counted(len(str(cell).splitlines()) - 1, "line"),
                    ),
                    where=shown((repr(line) for line in inner), 2),
                    hint="remove the stray quotation marks, or double those that belong to"
                    " the text",
                )


def refuse_mixed(path: Path) -> None:
    """Refuse a file of which some lines are UTF-8 and others are not, as where files were joined.

    Raises
    ------
    PanelError
        With the lines.
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
