"""Select the sheet of a workbook, or several sheets by period or by variable."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, brief, nearest, shown
from bayes_nqp._core.i18n import Message, Translator, language_of
from bayes_nqp.data.reading._cells import is_total
from bayes_nqp.data.reading._number_words import narrow, scale
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._header import header_rows, heading, joined_names
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_SEVERAL = 2
"""Minimum number of sheets by period or variable."""
_YEARS = 3
"""Minimum number of years of a variable."""
_SHARED = 0.5
"""Minimum share of units common to two sheets."""
_ALIKE = 0.7
"""Minimum share of column names common to two sheets."""
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_UNIT = re.compile(r"(.+?)[(（\[](.{1,8})[)）\]]")

type Key = tuple[str, ...]


@step("sheet", place=0)
class Sheet(Step):
    """Step that reads the sheet with most data, or combines sheets by year, group or variable."""

    label = Message("Sheet")
    text = (
        "Sheet of a workbook, by name or by number from 0; the first visible sheet by default. "
        'Several sheets are appended, with a column of their names: { year = ["2011", "2012"] }; '
        'or, if their columns are years, merged with one variable per sheet: ["gdp", "trade"].'
    )
    kind = str | int | list[str] | dict[str, list[str]]
    by_column = False
    of = "sheet"

    def found(self, reading: Reading) -> Found | None:
        """Select the sheet with most data, or the sheets named by year with the same header."""
        grids = reading.grids
        if len(grids) < _SEVERAL:
            return None
        dated = [name for name in grids if _year_in(name) is not None]
        if len({*map(_year_in, dated)}) == len(dated) >= max(_SEVERAL, 0.5 * len(grids)):
            if _alike([grids[x] for x in dated]):
                column = _column(reading, grids[dated[0]])
                reason = Message("{} sheets are named by year", len(dated))
                return Found({column: dated}, reason, len(dated), "", column)
            unlike = _unlike({x: grids[x] for x in dated})
            reading.doubts += [unlike] if _fullest(grids) in dated else []
        if len(yearly := _of_years(reading)) >= _SEVERAL:
            reason = Message("{} sheets have years as columns, one variable per sheet", len(yearly))
            return Found(yearly, reason, len(yearly), "", some(yearly))
        name = _fullest(grids)
        if len(groups := _of_groups(grids, name)) >= _SEVERAL:
            column = str(Translator(_language(grids[name]))(_SHEET))
            reason = Message("{} sheets have the same columns and different units", len(groups))
            return Found({column: groups}, reason, len(groups), "", some(groups))
        reason = Message(
            "the sheet with most data among {} sheets ({})", len(grids), ", ".join(grids)
        )
        first = next(iter(grids))
        return Found(name, reason, 1, "" if first == name else first, name)

    def applied(self, reading: Reading, value: Any) -> int:
        """Read the sheet; several sheets are read with their own headers and combined."""
        if isinstance(value, dict) and not all(value.values()):
            raise PanelError(
                Message("sheet = {} does not give a sheet", brief(value)),
                hint=nearest("", reading.grids),
            )
        if isinstance(value, list):
            reading.sheet = value[0]
            reading.frame = _side_by_side(reading, value)
            return len(value)
        if not isinstance(value, dict):
            reading.sheet = value
            return 1
        for column, names in value.items():
            reading.sheet = names[0]
            parts: list[pd.DataFrame] = []
            scaled: dict[Key, list[str]] = {}
            for name in names:
                rows = header_rows(reading.grids[name]) if name in reading.grids else (1,)
                frame = reading.load(name, rows, reading.notes)
                if parts:
                    frame = _named_as(parts[0], frame, name, scaled)
                year = _year_in(name)
                parts.append(frame if column in frame else frame.assign(**{column: year or name}))
            reading.frame = pd.concat(parts)
            reading.notes += [
                Message("{} was converted to {} ({})", *key, some(sheets))
                for key, sheets in scaled.items()
            ]
        return sum(map(len, value.values()))


def _of_years(reading: Reading) -> list[str]:
    """Find sheets with the same columns, names and years, and rows of the same units."""
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
    """Merge sheets with years as columns, so that each unit has one row."""
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
                Message("sheet {!r} has no years as columns, or has several rows for a unit", name),
                hint="remove it from sheet",
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
    """Return the identifier of each row, without blanks."""
    return [
        tuple("" if pd.isna(x) else "".join(str(x).split()) for x in row)
        for row in frame.itertuples(index=False, name=None)
    ]


def _fullest(grids: dict[str, pd.DataFrame]) -> str:
    return max(grids, key=lambda name: int(grids[name].notna().to_numpy().sum()))


def _of_groups(grids: dict[str, pd.DataFrame], fullest: str) -> list[str]:
    """Find sheets with the columns of the largest sheet and other units: 广东, 浙江."""
    names, seen = [], set[str]()
    for name, grid in grids.items():
        if len(grid) < _SEVERAL or not _alike([grids[fullest], grid]):
            continue
        units = _first_names(grid)
        if not units or units & seen:
            return []
        seen |= units
        names.append(name)
    return names


def _first_names(grid: pd.DataFrame) -> set[str]:
    """Return the names in the first text column without periods."""
    for _, column in grid.iloc[header_rows(grid)[-1] :].items():
        cells = column.dropna()
        texts = {"".join(x.split()) for x in cells if isinstance(x, str) and year_of(x) is None}
        texts = {x for x in texts if not is_total(x)}
        if texts and cells.map(lambda x: isinstance(x, str)).mean() > _SHARED:
            return texts
    return set()


def _year_in(name: str) -> int | None:
    """Return the year in the name of a sheet, alone or among other words: 2011年各市."""
    years = {*_YEAR.findall(name)}
    return year_of(name) or (int(years.pop()) if len(years) == 1 else None)


def _stem(name: object) -> tuple[str, str]:
    """Return the name of a column without the unit in brackets, and this unit."""
    text = "".join(str(narrow(heading(name))).split())
    match = _UNIT.fullmatch(text)
    return (match[1], match[2]) if match else (text, "")


def _named_as(
    first: pd.DataFrame, frame: pd.DataFrame, sheet: str, scaled: dict[Key, list[str]]
) -> pd.DataFrame:
    """Rename columns as in the first sheet, and convert numbers to its units: 万元 to 亿元.

    Parameters
    ----------
    scaled : dict of tuple of str to list of str
        Sheets by the names of a column in the sheet and in the first one; modified in place.
    """
    stems = {_stem(name)[0]: str(name) for name in first.columns}
    for name in map(str, frame.columns):
        stem, unit = _stem(name)
        called = stems.get(stem, name)
        if called in frame.columns:
            continue
        measure, other = scale(unit), scale(_stem(called)[1])
        if measure and other and measure[1] == other[1] and measure[0] != other[0]:
            numbers = pd.to_numeric(frame[name], errors="coerce")
            if (numbers.isna() & frame[name].notna()).any():
                continue
            frame = frame.assign(**{name: numbers * (measure[0] / other[0])})
            scaled.setdefault((name, called), []).append(sheet)
        elif unit and unit != _stem(called)[1]:
            continue
        frame = frame.rename(columns={name: called})
    return frame


def _alike(grids: list[pd.DataFrame]) -> bool:
    """Return True if sheets have the same column names, ignoring units in brackets."""
    first, *others = map(_heads, grids)
    return all(len(head & first) >= _ALIKE * max(len(head), len(first)) for head in others)


def _heads(grid: pd.DataFrame) -> set[str]:
    return {_stem(x)[0] for x in grid.iloc[header_rows(grid)[-1] - 1].dropna()}


def _unlike(grids: dict[str, pd.DataFrame]) -> PanelError:
    """Return an error for sheets named by year with columns that only some of them have."""
    heads = {name: _heads(grid) for name, grid in grids.items()}
    common = set.intersection(*heads.values())
    odd = [Message("{}: {}", name, shown(sorted(head - common), 6)) for name, head in heads.items()]
    return PanelError(
        Message("{} sheets are named by year, but their column names differ", len(grids)),
        where=shown(odd, 12),
        hint="use the same column names in all of these sheets; units of measurement in "
        "brackets may differ",
    )


def _column(reading: Reading, grid: pd.DataFrame) -> str:
    """Return the name of the time column, as given by the user or in the file's language."""
    time = reading.roles.get("time")
    if isinstance(time, str):
        return time
    return str(Translator(_language(grid))(_PERIOD))


def _language(grid: pd.DataFrame) -> str:
    words = " ".join(str(x) for x in grid.head(8).to_numpy().ravel() if isinstance(x, str))
    return language_of(words)


_PERIOD, _SHEET = Message("year"), Message("sheet")
