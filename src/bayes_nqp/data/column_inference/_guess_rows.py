"""Find the unit and time columns, or the best pair of candidates if there are none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, Spoken, shown
from bayes_nqp._core.fields import TIME, UNIT
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.data.column_inference._file_overview import Look, SourceColumn, column_of
from bayes_nqp.data.column_inference._guessed import years_of
from bayes_nqp.data.reading import (
    as_days,
    bare_quarters,
    counted,
    is_text,
    joined_unit,
    plain,
    sounds_like,
    with_unit,
)

_MERGED: Final = 0.05
"""Minimum share of empty cells that count as merged cells."""
_REPEATED: Final = 0.05
"""Maximum share of duplicate rows by unit and time, to be corrected by the user."""
_ROUNDED: Final = 1e-3
"""Relative tolerance of totals, for rounding."""
_PARTS: Final = 6
"""Maximum number of text columns searched for pairs that identify the unit."""
_DATES: Final = "add a column of years or dates, such as 2015; {}"
_CROSS_SECTION: Final = (
    "add a column of years or dates, such as 2015; {}. For a single cross-section without "
    "periods, nqp.mediate decomposes the effect of a treatment"
)
_AGES: Final = (1800, 2200)
_SEVERAL: Final = 4
"""Minimum number of columns that are units, or years of a variable."""
_TWO_DIGITS: Final = re.compile(r"(.*?\D)(\d\d)")
_SHORT: Final = re.compile(r"简称|short.?name|abbr", re.IGNORECASE)
"""Names of columns with abbreviated firm names, which change over time (ST)."""

type Names = str | list[str]


def unit_and_time_of(columns: dict[str, SourceColumn], keys: dict[str, Any]) -> dict[str, Any]:
    """Find columns that identify every row, and in which units and times repeat.

    Parameters
    ----------
    keys : dict
        Columns given by the user.

    Returns
    -------
    roles : dict
        ``unit``, the name of a column or a list of them, and ``time``.

    Raises
    ------
    PanelError
        If there are none; the message gives the best pair of candidates.
    """
    named = "unit" in keys and "time" in keys
    unit, time = (keys["unit"], keys["time"]) if named else _pair(keys, columns)
    return {"unit": unit, "time": time}


def reasons_of(overview: Look, frame: pd.DataFrame) -> dict[str, Message]:
    """Return the reasons for the unit and time columns, given the rows after all steps.

    Parameters
    ----------
    frame : DataFrame
        Result of `rows_of_panel`.
    """
    reason = Message("{:,} different values", frame["__unit"].nunique())
    if not frame.duplicated(["__unit", "__time"]).any():
        reason = Message("{}, each at most once a period", reason)
    if "parts" in overview.roles:
        reason = Message("{}; neither column alone identifies the units", reason)
    time = overview.columns[overview.roles["time"]]
    periods = Message("{} periods, {}", time.values.nunique(), _ends(time))
    return {"unit": reason, "time": periods}


def rows_of_panel(overview: Look) -> pd.DataFrame:
    """Return the values of the columns, with ``__unit`` and ``__time`` added.

    Times are years if their text contains years.
    """
    unit, time = joined_unit(overview.roles["unit"]), overview.roles["time"]
    columns = overview.columns
    place = {"__unit": _plain(columns[unit].values), "__time": _in_order(columns[time].values)}
    return pd.DataFrame({name: column.values for name, column in columns.items()} | place)


def nameless_sums(
    aside: pd.DataFrame, frame: pd.DataFrame, roles: dict[str, Any]
) -> pd.Series[bool]:
    """Detect rows without a unit that are the sums or means of the rows of a period.

    Parameters
    ----------
    aside : DataFrame
        Rows without a unit or without a time.
    frame : DataFrame
        Rows of the panel, with ``__time``.
    roles : dict
        Roles, including ``time`` and ``outcome``.
    """
    time, name = roles["time"], roles["outcome"]
    none = pd.Series(False, aside.index)
    if not len(aside) or time not in aside or name not in aside:
        return none
    parts = column_of(frame[name], name).numbers.groupby(frame["__time"])
    at = _in_order(column_of(aside[time], time).values)
    numbers = column_of(aside[name], name).numbers
    for total in (parts.sum(), parts.mean()):
        none |= (numbers - at.map(total)).abs() <= _ROUNDED * numbers.abs()
    return none


def _plain(values: pd.Series[Any]) -> pd.Series[Any]:
    """Convert a column that mixes text and numbers to text, so that it can be sorted."""
    return values.map(plain, na_action="ignore") if is_text(values) else values


def _in_order(times: pd.Series[Any]) -> pd.Series[Any]:
    """Return times as years if each text gives one year, as dates if it gives parts of years."""
    if not is_text(times):
        return times
    years = years_of(times)
    if years.isna().any() or years.nunique() < times.nunique():
        days = as_days(times, "time", quarters=bare_quarters(times.dropna().unique()))
        return _plain(times) if is_text(days) else days
    return years


def _pair(keys: dict[str, Any], columns: dict[str, SourceColumn]) -> tuple[Names, str]:
    times = [keys["time"]] if "time" in keys else _times(columns)
    units: list[Names] = [keys["unit"]] if "unit" in keys else [*columns]
    scores = _scores(units, times, columns)
    if not scores and "unit" not in keys:
        scores = _scores(_several(columns), times, columns)
    if scores:
        return max(scores, key=lambda pair: pair[0])[1:]
    wanted = Spoken(
        Message("specify them with --unit and --time"),
        Message("choose their columns under “{}” and “{}”", UNIT, TIME),
    )
    dates = Spoken(Message(_CROSS_SECTION, wanted), Message(_DATES, wanted))
    raise PanelError(
        "no two columns can be the unit and the time: each pair must be unique, and both "
        "columns must repeat",
        where=_nearest(units, times, columns) or Message("the columns are {}", shown(columns, 20)),
        hint=_turned(columns) or _short_years(columns) or (wanted if times else dates),
    )


def _turned(columns: dict[str, SourceColumn]) -> Message:
    """Return advice if each column seems to be a unit and one column contains the periods."""
    once = {name: x.values for name, x in columns.items() if x.values.is_unique}
    years = [name for name, x in once.items() if years_of(x).between(*_AGES).all()]
    others = [name for name, x in columns.items() if name not in years]
    if len(years) != 1 or len(others) < _SEVERAL or not all(columns[x].numeric for x in others):
        return NOTHING
    return Message(
        "if {} are units, transpose the table so that each unit is a row and the years "
        "are columns (in Excel: copy, paste special, transpose); then write a column name"
        " such as 城市 above the units",
        shown(others, 3),
    )


def _short_years(columns: dict[str, SourceColumn]) -> Message:
    """Return advice if columns seem to be named by two-digit years."""
    stems: dict[str, list[int]] = {}
    for name in columns:
        if match := _TWO_DIGITS.fullmatch(name):
            stems.setdefault(match[1], []).append(int(match[2]))
    for stem, years in stems.items():
        if len(years) >= _SEVERAL and sorted(years) == [
            *range(min(years), min(years) + len(years))
        ]:
            first = f"{stem}{min(years):02d}"
            return Message(
                "if columns such as {} are years, write the years with four digits, such as {}",
                first,
                f"{stem}20{min(years):02d}",
            )
    return NOTHING


def _scores(
    units: Iterable[Names], times: list[str], columns: dict[str, SourceColumn]
) -> list[tuple[float, Names, str]]:
    return [
        (score, unit, time)
        for time in times
        for unit in units
        if time not in (unit if isinstance(unit, list) else [unit])
        if (score := _score(_unit(columns, unit), columns[time])) is not None
    ]


def _several(columns: dict[str, SourceColumn]) -> list[Names]:
    """Return the pairs of columns of names, in their order."""
    texts = [name for name, x in columns.items() if not x.numeric and is_text(x.values)][:_PARTS]
    return [[wide, narrow] for wide, narrow in combinations(texts, 2)]


def _nearest(units: Iterable[Names], times: list[str], columns: dict[str, SourceColumn]) -> Message:
    """Describe the best pair of candidates and its problem; empty if there is none."""
    candidates = []
    called = [x for x in columns if sounds_like("time", x) and not sounds_like("cohort", x)]
    for time in dict.fromkeys([*times, *called]):
        for unit in units:
            column = _unit(columns, unit)
            if unit == time or (column.numeric and not column.whole):
                continue
            place = _both(column, columns[time])
            counts = place["unit"].nunique()
            if 2 <= counts <= len(place) / 2:
                share = float(place.duplicated().mean()) - 0.5 * sounds_like("unit", column.name)
                candidates.append((share, column.name, time, place))
    if not candidates:
        return NOTHING
    _, name, time, place = min(candidates, key=lambda one: one[0])
    twice = place[place.duplicated(keep=False)]
    rows = shown(map(str, twice.index), 6)
    if not len(twice):
        gaps = len(columns[name].values) - len(place) if name in columns else 0
        if not gaps:
            return Message(
                "the best candidates are {} and {}, but {} does not contain periods: {}",
                name,
                time,
                time,
                shown(map(str, columns[time].values.unique()), 3),
            )
        return Message(
            "the best candidates are {} and {}, but {} lack a unit or a time",
            name,
            time,
            counted(gaps, "row"),
        )
    return Message(
        "the best candidates are {} and {}, but {} have the same unit and time as another row ({})",
        name,
        time,
        counted(len(twice), "row"),
        rows,
    )


def _times(columns: dict[str, SourceColumn]) -> list[str]:
    """List the columns that can be periods; columns with such a name come first."""
    candidates = []
    for name, column in columns.items():
        observed = column.values.dropna()
        dated = pd.api.types.is_datetime64_any_dtype(column.values.dtype)
        named = sounds_like("time", name)
        if not len(observed) or observed.nunique() < 2 or observed.nunique() > len(observed) / 2:
            continue
        if not (column.whole or dated):
            if not named or column.numeric or years_of(observed).notna().mean() < 1 - _REPEATED:
                continue
            dated = True
        years = column.whole and bool(observed.between(1800, 2200).all())
        if years or dated or named:
            candidates.append((not named, not years, name))
    return [name for *_, name in sorted(candidates)]


def _score(unit: SourceColumn, time: SourceColumn) -> float | None:
    """Score a column as identifier of units; None if it cannot identify units."""
    place = _both(unit, time)
    if not len(place) or len(place) < 0.8 * time.values.notna().sum():
        return None
    units = place["unit"].nunique()
    repeated = place.duplicated().mean()
    if units < 2 or units > len(place) / 2 or repeated > _REPEATED:
        return None
    if unit.numeric and not unit.whole:
        return None
    full = len(place) / (units * place["time"].nunique())
    named = 2.0 * sounds_like("unit", unit.name) + 1.0 * sounds_like("time", time.name)
    short = 1.0 * (_SHORT.search(unit.name) is not None)
    return float(named + full + 0.8 * (not unit.numeric) - 2.0 * (repeated > 0) - short)


def _ends(time: SourceColumn) -> Message:
    labels = time.values.dropna()
    if not len(labels):
        return Message("all empty")
    order = _in_order(labels).reset_index(drop=True).sort_values().index
    ends = (plain(labels.iloc[x]) for x in (order[0], order[-1]))
    return Message("{} to {}", *ends)


def _unit(columns: dict[str, SourceColumn], names: Names) -> SourceColumn:
    """Return a column that identifies units, or the combination of several columns."""
    if isinstance(names, str):
        return columns[names]
    parts = pd.DataFrame({name: columns[name].values.ffill() for name in names})
    joined = with_unit(parts, names)[joined_unit(names)]
    return replace(columns[names[-1]], name=joined_unit(names), values=joined, numeric=False)


def _both(unit: SourceColumn, time: SourceColumn) -> pd.DataFrame:
    """Return the unit and time of rows that have both; merged cells repeat the name above."""
    present = time.values.notna()
    gone = unit.values.isna() & present
    named = unit.values[present]
    values = unit.values
    if not unit.numeric and gone.any() and pd.notna(named.iloc[0]) and gone.mean() >= _MERGED:
        values = values.ffill()
    place = pd.DataFrame({"unit": values, "time": time.values}).dropna()
    # If filling creates duplicates in a period, as for totals without a name, cells are gaps.
    bare = pd.DataFrame({"unit": unit.values, "time": time.values}).dropna()
    return bare if place.duplicated().sum() > bare.duplicated().sum() else place
