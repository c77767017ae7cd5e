"""Find the header row, or the header rows, of a worksheet or text file."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._names import unbroken
from bayes_nqp.data.reading._number_words import EDGES, narrow, number
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._roles import roles_in
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_ROWS: Final = 15
"""Number of rows searched for column names."""
_SHORT: Final = re.compile(r"[A-Za-z]\w{0,15}", re.ASCII)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_FULL: Final = 0.6
"""Minimum share of the table's width that names fill."""
_WHOLE: Final = 0.9
"""Minimum share that two rows of names fill together."""


@step("header", place=10)
class Header(Step):
    """Step that removes titles above the table and combines two or three header rows."""

    label = Message("Column names")
    text = (
        "Row of a workbook or text file with the column names, numbered as in Excel; or all "
        "header rows, of which the upper ones name groups of columns."
    )
    kind = int | list[int]
    by_column = False
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find the first header row, and the rows below that complete it."""
        grid = reading.grid
        if grid is None or reading.loaded:
            return None
        rows = header_rows(grid)
        if rows == (1,):
            return None
        if len(rows) == 1:
            reason = Message("the column names are in row {}", rows[0])
            return Found(rows[0], reason, rows[0] - 1, "", "")
        names = joined_names(grid, rows)
        upper = next((str(x) for x in grid.iloc[rows[0] - 1] if isinstance(x, str)), "")
        ends = rows[0], rows[-1]
        reason = Message("column names in rows {} to {}, combined into one row", *ends)
        return Found(list(rows), reason, len(rows), upper, some(names))

    def applied(self, reading: Reading, value: Any) -> int:
        """Read the table below the header."""
        reading.header = (value,) if isinstance(value, int) else tuple(value)
        grid, above = reading.grid, reading.header[0] - 2
        if grid is not None and 0 <= above and reading.header[-1] <= len(grid):
            names = joined_names(grid, reading.header)
            reading.stated_roles |= {
                names[k]: word for k, word in roles_in(grid.iloc[above]).items()
            }
        return reading.header[0] - 1


def header_rows(grid: pd.DataFrame) -> tuple[int, ...]:
    """Find the first nearly full row of unique names, or two or three such rows together.

    Parameters
    ----------
    grid : DataFrame
        Cells of a sheet, from its first row on.

    Returns
    -------
    tuple of int
        Row numbers as in Excel.
    """
    wide = int(grid.notna().sum(axis=1).max()) if len(grid) else 0
    for row in range(min(_ROWS, len(grid))):
        cells = _names(grid.iloc[row])
        if cells is None or len(cells) < 2:
            continue
        if row + 1 < len(grid) and roles_in(grid.iloc[row]) and _names(grid.iloc[row + 1]):
            continue
        for depth in (2, 3):
            if _over(grid, rows := tuple(range(row + 1, row + 1 + depth)), wide):
                return rows
        texts = [*cells.values()]
        full = len(texts) >= _FULL * wide and len({*texts}) == len(texts)
        if full and any(number(x) is None for x in texts):
            return (row + 2,) if _labelled(grid, row) else (row + 1,)
    return (1,)


def _labelled(grid: pd.DataFrame, row: int) -> bool:
    """Return True if a row below gives labels of names such as Stkcd and Accper: 证券代码."""
    below = _names(grid.iloc[row + 1]) if row + 1 < len(grid) else None
    names = _names(grid.iloc[row]) or {}
    if not below or below.keys() != names.keys() or len({*below.values()}) < len(below):
        return False
    short = all(_SHORT.fullmatch(x) for x in names.values())
    return short and all(_HAN.search(x) for x in below.values())


def _over(grid: pd.DataFrame, rows: tuple[int, ...], wide: int) -> bool:
    """Return True if rows together contain column names, with groups in the upper rows."""
    names = [_names(grid.iloc[row - 1]) for row in rows if row <= len(grid)]
    upper: dict[int, str] = {}
    for groups in names[:-1]:
        # Names and a note on the table, "制表日期：2019年6月", are not a header of three rows.
        if not groups or (len(rows) > 2 and any(set(x) & set(":：") for x in groups.values())):
            return False
        upper |= groups
    lower = names[-1]
    if len(names) < len(rows) or not lower or not _completes(upper, lower, wide):
        return False
    if len(rows) > 2 and (len(upper) >= _FULL * wide or len(lower) < _WHOLE * wide):
        return False
    complete = [x for x in joined_names(grid, rows) if x]
    return len(complete) >= _WHOLE * wide and len({*complete}) == len(complete)


def _completes(upper: dict[int, str], lower: dict[int, str], wide: int) -> bool:
    """Return True if a row names columns that the row above, of group names, leaves empty."""
    gaps = [place for place in lower if place not in upper]
    repeated = len({*upper.values()}) < len(upper)
    named = {*upper, *lower}
    # A name merged over two columns, with empty cells below, names both: 地区.
    merged = {place for place, name in upper.items() if lower.get(place, name) == name}
    named |= {place + 1 for place in merged}
    return (bool(gaps) or repeated) and len(named) >= _WHOLE * wide


def _names(row: pd.Series[Any]) -> dict[int, str] | None:
    """Return the names by position; None for cells that are not names (numbers, not years)."""
    names: dict[int, str] = {}
    for place, cell in enumerate(row):
        if isinstance(cell, str):
            if cell.strip(EDGES):
                names[place] = cell.strip(EDGES)
        elif pd.notna(cell):
            year = year_of(cell)
            if year is None or number(cell) != year:
                return None
            names[place] = str(year)
    return names


def joined_names(grid: pd.DataFrame, rows: tuple[int, ...]) -> list[str]:
    """Combine header rows: the lowest name, with the upper names if it is not unique.

    Returns
    -------
    list of str
        "" if there is no name.
    """
    *upper, lower = ([heading(x) for x in grid.iloc[row - 1]] for row in rows)
    groups = [""] * len(lower)
    for names in upper:
        name, within = "", ""
        for place, under in enumerate(lower):
            # A merged name covers the columns below it, up to the end of its group.
            carried = name if under and groups[place] == within else ""
            name, within = names[place] or carried, groups[place]
            if name not in groups[place].split():
                groups[place] = f"{groups[place]} {name}".strip()
    filled = [x for x in lower if x]
    joined = [
        group if not name or name == group
        else f"{group} {name}".strip() if filled.count(name) > 1
        else name
        for group, name in zip(groups, lower, strict=True)
    ]  # fmt: skip
    for place, (before, name) in enumerate(pairwise(joined), 1):
        above = any(names[place - 1] == before for names in upper)
        if above and before and not name:
            joined[place] = f"{before} 2"
    return joined


def heading(cell: Any) -> str:
    """Return the column name in a cell, in one line; "" if there is none."""
    if cell is None or pd.isna(cell):
        return ""
    year = None if isinstance(cell, str) else year_of(cell)
    text = str(cell if year is None else year).strip(EDGES)
    return " ".join(
        unbroken(str(narrow(text) if number(narrow(text)) is not None else text)).split()
    )
