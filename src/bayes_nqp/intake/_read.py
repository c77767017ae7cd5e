"""The rows of a user's file, from the row in which the names of columns stand."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from bayes_nqp.columns import apart, read
from bayes_nqp.errors import StudyError
from bayes_nqp.intake._rows import EDGES
from bayes_nqp.language import Message

BOOKS = (".xlsx", ".xlsm", ".xls")
_SEEN = 12
"""Rows in which a header further down is looked for."""


def read_rows(
    source: Path,
    *,
    sheet: str | int | None = None,
    header: int = 1,
    encoding: str | None = None,
    names: Collection[str] = (),
) -> tuple[pd.DataFrame, list[str]]:
    """Read a file, whatever stands above the names of its columns.

    Parameters
    ----------
    sheet, encoding, names : optional
        As `columns.read` takes them.
    header : int, default 1
        Row of a workbook with the names, as Excel counts.

    Returns
    -------
    frame : DataFrame
        Its index numbers the rows as the user sees them.
    notes : list of str
        What was done.
    """
    frame, notes = read(source, sheet=sheet, encoding=encoding, names=names)
    return (frame, notes) if header == 1 else (_below(frame, header, source, notes), notes)


def _below(frame: pd.DataFrame, row: int, source: Path, notes: list[str]) -> pd.DataFrame:
    """Take the column names from a later row of a worksheet."""
    if source.suffix.lower() not in BOOKS:
        raise StudyError(
            Message("'data.header' is {}, and {} is no workbook", row, source.name),
            hint="delete the lines above the header, or save the data as .xlsx",
        )
    if row not in frame.index:
        raise StudyError(
            Message("'data.header' is {}, and that row is empty or not there", row),
            where=Message("rows {} to {}", frame.index[0], frame.index[-1]),
            hint="the number that Excel shows beside the row with the column names",
        )
    names = [
        str(x).strip(EDGES) if pd.notna(x) else f"Unnamed: {k}"
        for k, x in enumerate(frame.loc[row])
    ]
    frame = frame.loc[frame.index > row].infer_objects()
    return apart(frame.set_axis(names, axis=1), source.name, notes)


def further_down(column: str, frame: pd.DataFrame) -> int | None:
    """Find the row of a frame in which a column's name stands."""
    for label, values in frame.head(_SEEN).iterrows():
        if any(isinstance(x, str) and x.strip(EDGES) == column for x in values):
            return int(str(label))
    return None
