"""Merge stacked tables of the same units, each below the name of its variable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import counts, narrow
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._captions import repeated_rows
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_SHARED: Final = 0.5
"""Minimum share of units common to all tables."""
_YEARS: Final = 3
"""Minimum number of years of a table."""
_NUMBER: Final = re.compile(r"^(?:[（(]?[一二三四五六七八九十\d]+[)）、.．]|表\s*[\d.-]+)\s*")
"""Numbering before the name of a table: 一、, （二）, 表3-1."""

type Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Table with its name, and its rows by identifier."""

    name: str
    rows: pd.DataFrame
    keys: list[Key]


@step("stacked", place=12)
class StackedTables(Step):
    """Step that merges a table of years below 一、产值 with another below 二、人口."""

    label = Message("Stacked tables")
    text = (
        "Names of stacked tables with the same column names and the same units, with years as "
        "columns."
    )
    kind = list[str]
    by_column = False
    of = "column"

    def found(self, reading: Reading) -> Found | None:
        """Find repeated headers, each below its own name, above the same units."""
        blocks = _blocks(reading)
        names = [block.name for block in blocks]
        if len({*names}) < 2 or len({*names}) < len(names) or "" in names:
            return None
        first = {*blocks[0].keys}
        if any(len(first & {*x.keys}) < _SHARED * max(len(first), len(x.keys)) for x in blocks):
            return None
        reason = Message("{} stacked tables with the same units and years as columns", len(names))
        return Found(names, reason, len(names), "", some(names))

    def applied(self, reading: Reading, value: Any) -> int:
        """Merge the tables, with one row per unit."""
        blocks = _blocks(reading)
        if len(blocks) != len(value):
            raise PanelError(
                Message(
                    "stacked names {} tables, but the file contains {}", len(value), len(blocks)
                ),
                hint="give a name for each table, in their order; or omit stacked",
            )
        years = _years(reading.frame)
        joined = pd.DataFrame()
        for name, block in zip(value, blocks, strict=True):
            table = block.rows[years].rename(columns={x: f"{name} {year_of(x)}" for x in years})
            table.index = pd.MultiIndex.from_tuples(block.keys)
            joined = joined.join(table, how="outer", sort=False) if len(joined) else table
        places: dict[Key, Any] = {}
        for block in blocks:
            for label, key in zip(block.rows.index, block.keys, strict=True):
                places.setdefault(key, label)
        order = sorted(places, key=lambda key: places[key])
        every = pd.concat([block.rows.drop(columns=years) for block in blocks])
        units = every.loc[~every.index.duplicated()].loc[[places[key] for key in order]]
        values = joined.loc[order].set_axis(units.index, axis=0)
        reading.frame = units.join(values).infer_objects()
        return len(value)


def _years(frame: pd.DataFrame) -> list[str]:
    return [str(x) for x in frame.columns if year_of(str(x)) is not None]


def _blocks(reading: Reading) -> list[_Block]:
    """Return the tables below the header and its repetitions; empty if there is only one."""
    frame = reading.frame
    years, grid = _years(frame), reading.grid
    if grid is None or len(years) < _YEARS or not frame.index.is_unique:
        return []
    heads = sorted(int(x) for x in repeated_rows(frame))
    if not heads:
        return []
    others = [x for x in frame.columns if x not in years]
    above = grid.iloc[: reading.header[0] - 1]
    blocks, start = [], -1
    for end in (*heads, None):
        part = frame.loc[start + 1 : end - 1] if end is not None else frame.loc[start + 1 :]
        numbers = part[years].map(_says_number).any(axis=1)
        rows = part[numbers]
        keys = [
            tuple("".join(str(x).split()) for x in row)
            for row in rows[others].itertuples(index=False, name=None)
        ]
        if len({*keys}) < len(keys):
            return []
        blocks.append(_Block(_name(above), rows, keys))
        above, start = part, end if end is not None else start
    return blocks


def _says_number(cell: Any) -> bool:
    return bool(pd.notna(cell)) and counts(narrow(cell))


def _name(above: pd.DataFrame) -> str:
    """Return the single text in the last row above a table; "" if there is none."""
    filled = above.dropna(how="all")
    cells = filled.iloc[-1].dropna().tolist() if len(filled) else []
    return (
        _NUMBER.sub("", cells[0].strip()) if len(cells) == 1 and isinstance(cells[0], str) else ""
    )
