"""Which sheet of a workbook is read, or which ones, one a period or one a variable."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_nqp.columns._years import year_of
from bayes_nqp.columns.steps._header import header_rows, joined_names
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.errors import PanelError, nearest
from bayes_nqp.language import Message, Translator, language_of

_SEVERAL = 2
"""Sheets of periods or variables, at least."""
_YEARS = 3
"""Years of a variable, at least."""
_SHARED = 0.5
"""Share of units that two sheets have both, at least."""

type Key = tuple[str, ...]


@step("sheet", place=0)
class Sheet(Step):
    """The fullest sheet; or all that are called by years, one below the other; or side by side."""

    label = Message("Sheet")
    text = (
        "Sheet of a workbook, by name or number from 0, the first that is not hidden by default; "
        'or several, put together, with a column of their names: { year = ["2011", "2012"] }; or '
        'several whose columns are years, side by side, a variable each: ["gdp", "trade"].'
    )
    kind = str | int | list[str] | dict[str, list[str]]
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
        if len(yearly := _of_years(reading)) >= _SEVERAL:
            reason = Message("{} sheets have years as columns, a variable each", len(yearly))
            return Found(yearly, reason, len(yearly), "", some(yearly))
        cells = {name: int(grid.notna().to_numpy().sum()) for name, grid in grids.items()}
        name = max(cells, key=lambda one: cells[one])
        reason = Message("the fullest of {} sheets ({})", len(grids), ", ".join(grids))
        first = next(iter(grids))
        return Found(name, reason, 1, "" if first == name else first, name)

    def applied(self, reading: Reading, value: Any) -> int:
        """Read it; several are read with their own headers and put together."""
        if isinstance(value, list):
            reading.sheet = value[0]
            reading.frame = _side_by_side(reading, value)
            return len(value)
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


def _of_years(reading: Reading) -> list[str]:
    """Sheets whose columns are the same, names and years, and whose rows are of the same units."""
    earlier: tuple[set[str], set[Key]] | None = None
    sheets = []
    for name, grid in reading.grids.items():
        rows = header_rows(grid)
        names = joined_names(grid, rows) if len(grid) else []
        years = [x for x in names if year_of(x) is not None]
        keys = [k for k, x in enumerate(names) if x and year_of(x) is None]
        if len(years) < _YEARS or not keys or len({*years}) < len(years):
            continue
        units = [x for x in _keys(grid.iloc[rows[-1] :, keys]) if any(x)]
        if len({*units}) < len(units):
            continue
        first, others = earlier = earlier or ({*names}, {*units})
        if {*names} == first and len(others & {*units}) >= _SHARED * max(len(others), len(units)):
            sheets.append(name)
    return sheets


def _side_by_side(reading: Reading, names: list[str]) -> pd.DataFrame:
    """Sheets of years beside one another, rows of a unit in one."""
    joined, places = pd.DataFrame(), dict[Key, int]()
    for name in names:
        if name not in reading.grids:
            raise PanelError(
                Message("sheet={!r} is not in {}", name, reading.path.name),
                hint=nearest(name, reading.grids),
            )
        frame = reading.load(name, header_rows(reading.grids[name]), reading.notes)
        years = {x: f"{name} {year_of(x)}" for x in frame.columns if year_of(x) is not None}
        keys = [x for x in frame.columns if x not in years]
        units = _keys(frame[keys])
        if len({*units}) < len(units) or not years:
            raise PanelError(
                Message("sheet {!r} has no years as columns, or several rows of a unit", name),
                hint="leave it out of sheet",
            )
        last = max([*joined.index, *frame.index])
        new = [x for x in units if x not in places]
        labels = frame.index if joined.empty else range(last + 1, last + 1 + len(new))
        places |= dict(zip(new, map(int, labels), strict=True))
        frame.index = pd.Index([places[x] for x in units])
        added = frame.loc[[places[x] for x in new], keys]
        joined = pd.concat([joined, added]).join(frame[[*years]].rename(columns=years))
    return joined


def _keys(frame: pd.DataFrame) -> list[Key]:
    """What names each row, without blanks."""
    return [
        tuple("" if pd.isna(x) else "".join(str(x).split()) for x in row)
        for row in frame.itertuples(index=False, name=None)
    ]


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
