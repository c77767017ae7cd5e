"""Which sheet of a workbook is read, or which ones, one a period."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_nqp.columns._years import year_of
from bayes_nqp.columns.steps._header import header_rows
from bayes_nqp.columns.steps._step import Found, Reading, Step, step
from bayes_nqp.language import Message, Translator, language_of

_SEVERAL = 2
"""Sheets of periods, at least."""


@step("sheet", place=0)
class Sheet(Step):
    """The fullest sheet; or all that are called by years, one below the other."""

    label = Message("Sheet")
    text = (
        "Sheet of a workbook, by name or number from 0, the first that is not hidden by default; "
        'or several, put together, with a column of their names: { year = ["2011", "2012"] }.'
    )
    kind = str | int | dict[str, list[str]]
    by_column = False
    of = "sheet"

    def found(self, reading: Reading) -> Found | None:
        """Take the fullest, or those that are called by years and have one header."""
        grids = reading.grids
        if len(grids) < _SEVERAL:
            return None
        dated = [name for name in grids if year_of(name) is not None]
        if len(dated) >= max(_SEVERAL, 0.5 * len(grids)) and _alike([grids[x] for x in dated]):
            column = _column(reading, grids[dated[0]])
            reason = Message("{} sheets are called by years", len(dated))
            return Found({column: dated}, reason, len(dated), "", column)
        cells = {name: int(grid.notna().to_numpy().sum()) for name, grid in grids.items()}
        name = max(cells, key=lambda one: cells[one])
        reason = Message("the fullest of {} sheets ({})", len(grids), ", ".join(grids))
        first = next(iter(grids))
        return Found(name, reason, 1, "" if first == name else first, name)

    def applied(self, reading: Reading, value: Any) -> int:
        """Read it; several are read with their own headers and put together."""
        if not isinstance(value, dict):
            reading.sheet = value
            return 1
        for column, names in value.items():
            reading.sheet = names[0]
            parts = []
            for name in names:
                rows = header_rows(reading.grids[name]) if name in reading.grids else (1,)
                frame = reading.load(name, rows, reading.notes)
                year = year_of(name)
                parts.append(frame if column in frame else frame.assign(**{column: year or name}))
            joined = pd.concat(parts)
            reading.frame = joined
        return sum(map(len, value.values()))


def _alike(grids: list[pd.DataFrame]) -> bool:
    """Whether sheets have the same names of columns."""
    heads = [{str(x) for x in grid.iloc[header_rows(grid)[-1] - 1].dropna()} for grid in grids]
    return all(len(head & heads[0]) >= 0.7 * max(len(head), len(heads[0])) for head in heads)


def _column(reading: Reading, grid: pd.DataFrame) -> str:
    """What to call the periods: as the user does, or the language of the file."""
    time = reading.roles.get("time")
    if isinstance(time, str):
        return time
    words = " ".join(str(x) for x in grid.head(8).to_numpy().ravel() if isinstance(x, str))
    return str(Translator(language_of(words))(_PERIOD))


_PERIOD = Message("year")
