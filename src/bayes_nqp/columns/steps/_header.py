"""In which row of a worksheet or a text file the names of columns stand, or in which two."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp.columns._names import unbroken
from bayes_nqp.columns._number_words import EDGES, narrow, number
from bayes_nqp.columns._years import year_of
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message

_ROWS: Final = 15
"""Rows in which the names of columns are looked for."""
_FULL: Final = 0.6
"""Share of a table's width that names fill, at least."""
_WHOLE: Final = 0.9
"""That of two rows together."""


@step("header", place=10)
class Header(Step):
    """Titles above the table left out; names over two rows made one."""

    label = Message("Names of columns")
    text = (
        "Row of a workbook or of a text file with the names of columns, as Excel numbers it; or "
        "both rows, of which the upper one names groups."
    )
    kind = int | list[int]
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find the first row of names, and the one below where it completes them."""
        grid = reading.grid
        if grid is None or reading.loaded:
            return None
        rows = header_rows(grid)
        if rows == (1,):
            return None
        if len(rows) == 1:
            reason = Message("the names of columns stand in row {}", rows[0])
            return Found(rows[0], reason, rows[0] - 1, "", "")
        names = joined_names(grid, rows)
        upper = next((str(x) for x in grid.iloc[rows[0] - 1] if isinstance(x, str)), "")
        reason = Message("names of columns over rows {} and {}, which are made one", *rows)
        return Found(list(rows), reason, len(rows), upper, some(names))

    def applied(self, reading: Reading, value: Any) -> int:
        """Read the table below them."""
        reading.header = (value,) if isinstance(value, int) else tuple(value)
        return reading.header[0] - 1


def header_rows(grid: pd.DataFrame) -> tuple[int, ...]:
    """The first row of names, nearly full and no name twice; or two that are so together.

    Parameters
    ----------
    grid : DataFrame
        Cells of a sheet, from its first row on.

    Returns
    -------
    tuple of int
        Counted as Excel does.
    """
    wide = int(grid.notna().sum(axis=1).max()) if len(grid) else 0
    for row in range(min(_ROWS, len(grid))):
        cells = _names(grid.iloc[row])
        if cells is None or len(cells) < 2:
            continue
        below = _names(grid.iloc[row + 1]) if row + 1 < len(grid) else None
        if below and _completes(cells, below, wide):
            both = joined_names(grid, (row + 1, row + 2))
            named = [x for x in both if x]
            if len(named) >= _WHOLE * wide and len({*named}) == len(named):
                return row + 1, row + 2
        texts = [*cells.values()]
        full = len(texts) >= _FULL * wide and len({*texts}) == len(texts)
        if full and any(number(x) is None for x in texts):
            return (row + 1,)
    return (1,)


def _completes(upper: dict[int, str], lower: dict[int, str], wide: int) -> bool:
    """Whether a row names columns that the row above it leaves open, under names of groups."""
    gaps = [place for place in lower if place not in upper]
    repeated = len({*upper.values()}) < len(upper)
    return (bool(gaps) or repeated) and len({*upper, *lower}) >= _WHOLE * wide


def _names(row: pd.Series[Any]) -> dict[int, str] | None:
    """Names by place; None where a cell is no name: a number that is no year."""
    found: dict[int, str] = {}
    for place, cell in enumerate(row):
        if isinstance(cell, str):
            if cell.strip(EDGES):
                found[place] = cell.strip(EDGES)
        elif pd.notna(cell):
            year = year_of(cell)
            if year is None or number(cell) != year:
                return None
            found[place] = str(year)
    return found


def joined_names(grid: pd.DataFrame, rows: tuple[int, ...]) -> list[str]:
    """Names of columns: of two rows the lower one, with the upper one where it is not enough.

    Returns
    -------
    list of str
        "" where there is none.
    """
    if len(rows) == 1:
        return [heading(x) for x in grid.iloc[rows[0] - 1]]
    upper, lower = ([heading(x) for x in grid.iloc[row - 1]] for row in rows[:2])
    group, groups = "", []
    for name, under in zip(upper, lower, strict=True):
        group = name or (group if under else "")
        groups.append(group)
    alone = [x for x in lower if x]
    out = []
    for group, name in zip(groups, lower, strict=True):
        if not name or name == group:
            out.append(group)
        else:
            out.append(f"{group} {name}".strip() if alone.count(name) > 1 else name)
    return out


def heading(cell: Any) -> str:
    """Write the name of a column that a cell holds, in one line; "" for none."""
    if cell is None or pd.isna(cell):
        return ""
    year = None if isinstance(cell, str) else year_of(cell)
    text = str(cell if year is None else year).strip(EDGES)
    return " ".join(
        unbroken(str(narrow(text) if number(narrow(text)) is not None else text)).split()
    )
