"""Select the rows of a file that belong to the panel, and clean their unit names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._error_cells import broken_cell
from bayes_nqp.data.reading._gaps import refuse_gaps
from bayes_nqp.data.reading._number_words import EDGES
from bayes_nqp.data.reading._texts import distinct, texts_of
from bayes_nqp.data.reading._values import counted, is_text
from bayes_nqp.data.reading._years import year_of

_BARE: Final = Message("without a unit or a time")
_LONG: Final = 24
"""Maximum number of characters of a cell in a message."""
BETWEEN: Final = " "
"""Separator between the parts of a unit's name."""


def joined(parts: Sequence[pd.Series[Any]]) -> pd.Series[Any]:
    """Join the parts of the name of each unit.

    A part may be empty if it is empty in all rows with the same other parts: the city of a
    municipality without cities, or an empty column. Otherwise the name is missing.

    Parameters
    ----------
    parts : sequence of Series
        Cells of each column; empty cells are missing.
    """
    texts = [x.astype(object).map(lambda y: str(y).strip(EDGES), na_action="ignore") for x in parts]
    table = pd.concat(texts, axis=1, keys=range(len(texts)))
    gone = table.isna()
    name = table[0].where(~gone[0], "")
    for k in range(1, len(texts)):
        between = np.where(~gone[k] & (name != ""), BETWEEN, "")
        name = name + between + table[k].where(~gone[k], "")
    lacking = gone.any(axis=1)
    for _, lack in gone[lacking].drop_duplicates().iterrows():
        empty = lack.to_numpy(dtype=bool)
        held, open_ = table.columns[~empty], table.columns[empty]
        rows = (gone == lack).all(axis=1)
        if len(held):
            filled = ~gone[held].any(axis=1) & ~gone[open_].all(axis=1)
            pairs = pd.MultiIndex.from_frame(table.loc[filled, held].drop_duplicates())
            rows &= pd.MultiIndex.from_frame(table[held]).isin(pairs)
        name = name.mask(rows)
    return name.astype(object).where(name.notna(), None).infer_objects()


def panel_rows(
    frame: pd.DataFrame, unit: str | None, time: str | None, merged: bool, notes: list[str]
) -> pd.DataFrame:
    """Exclude rows without a unit or a time, such as notes below a table.

    Parameters
    ----------
    frame : DataFrame
        Data of a file, with row numbers as the user sees them; not modified.
    unit, time : str or None
        Columns; a missing column is ignored.
    merged : bool
        True if cells of the unit are merged, so that empty cells repeat the name above.
    notes : list of str
        Receives a message for each change.

    Raises
    ------
    PanelError
        If units are empty below a name, as in merged cells, and `merged` is False.
    """
    if unit in frame.columns:
        column, count = stripped(frame[unit])
        if count:
            frame = frame.assign(**{str(unit): column})
            notes.append(
                Message("{}: removed blanks around the name in {}", unit, counted(count, "row"))
            )
    if unit in frame.columns and time in frame.columns and not merged:
        refuse_gaps(frame, str(unit), str(time))
    gone = without_place(frame, unit, time, merged)
    if not gone.any() or gone.all():
        return frame
    notes.append(left_out(frame, gone))
    return frame[~gone].infer_objects()


def without_place(frame: pd.DataFrame, unit: str | None, time: str | None, merged: bool) -> Mask:
    """Find the rows without a unit or without a time.

    Parameters
    ----------
    unit, time : str or None
        Columns; a missing column is ignored.
    merged : bool
        True if an empty cell of the unit repeats the name above.
    """
    gone = np.zeros(len(frame), dtype=bool)
    if time in frame.columns:
        gone |= _no_time(frame[time]).to_numpy(dtype=bool)
    if unit in frame.columns:
        names = stripped(frame[unit])[0]
        gone |= (names.ffill() if merged else names).isna().to_numpy(dtype=bool)
    return gone


def left_out(frame: pd.DataFrame, gone: Mask, why: Message = _BARE) -> Message:
    """Report the excluded rows, by their first text, with the reason."""
    few = frame[gone].head(3)
    texts = [
        Message("row {} {}", str(label), first)
        if (first := _first(row))
        else Message("row {}", str(label))
        for label, row in few.iterrows()
    ]
    listed = shown([*texts, *[""] * (int(gone.sum()) - len(texts))], 3)
    return Message("{} excluded: {}", listed, why)


def stripped(column: pd.Series[Any]) -> tuple[pd.Series[Any], int]:
    """Strip blanks around the texts of a column; cells with only blanks become empty.

    Returns
    -------
    count : int
        Number of changed cells with a name.
    """
    if not is_text(column):
        return column, 0
    texts = texts_of(column).padded
    if not texts:
        return column, 0
    names = {x: x.strip(EDGES) or None for x in texts}
    count = int(column.isin([x for x, name in names.items() if name]).sum())
    return column.map(lambda x: names.get(x, x)), count


def _no_time(column: pd.Series[Any]) -> pd.Series[Any]:
    """Find cells that are empty or words without a digit, such as a unit below a header."""
    if not is_text(column):
        return column.isna()
    words = [
        x
        for x in distinct(column)
        if isinstance(x, str)
        and not any(map(str.isdigit, x))
        and not broken_cell(x)
        and year_of(x) is None
    ]
    return column.isna() | column.isin(words)


def _first(row: pd.Series[Any]) -> str:
    """Return the first text of a row, if there is one."""
    text = next((x.strip(EDGES) for x in row if isinstance(x, str) and x.strip(EDGES)), "")
    return repr(text if len(text) <= _LONG else text[: _LONG - 1] + "…") if text else ""
