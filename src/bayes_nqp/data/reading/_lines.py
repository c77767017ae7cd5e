"""Detect lines of a text file that do not match its table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import counted, is_text


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the raw rows, up to a cell that is too long for the csv module."""
    with path.open(encoding=encoding, newline="") as file, suppress(csv.Error):
        yield from csv.reader(file, delimiter=delimiter)


def first_rows(path: Path, encoding: str, delimiter: str, count: int) -> list[list[str]]:
    """Read the first raw rows."""
    return list(islice(_rows(path, encoding, delimiter), count))


def note_short(
    df: pd.DataFrame, path: Path, encoding: str, delimiter: str, header: int, notes: list[str]
) -> None:
    """Report rows that are shorter than the header, so that their last cells are empty.

    Parameters
    ----------
    header : int
        Row with the column names; the rows above are titles.
    notes : list of str
        Receives a message about these rows.
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
    """Reject a quotation mark that opens in one row and closes in a later row.

    Parameters
    ----------
    header : int
        Row with the column names.

    Raises
    ------
    PanelError
        If there is such a mark; the message gives the row and the column.
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
