"""Combine a column of years and a column of parts of years: 2015 and 3 (third quarter)."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, brief
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._values import is_text, plain
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, step

_CALLED: Final = {4: re.compile(r"季|quarter|qtr", re.I), 12: re.compile(r"月|month", re.I)}
"""Names of columns with parts of years, by number of parts in a year."""
_PART: Final = re.compile(
    r"[Qq第]?\s*(\d\d?|十[一二]?|[一二三四五六七八九])\s*(?:季度?|月份?)?(?:\.0)?"
)
_NUMBERS: Final = (
    "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二",
)  # fmt: skip
_ONCE: Final = 0.95
"""Minimum share of rows that are unique by unit and part of a year."""
_MOST: Final = 8
"""Maximum number of columns searched for the unit."""


@step("period", place=37)
class Period(Step):
    """Step that reads 2015 and 3 as 2015-07-01, the first day of the third quarter."""

    label = Message("Years with quarters or months")
    text = "A column of years and a column of quarters or months, which together give the period."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find such columns if units have several rows in a year, one in each part."""
        frame = reading.frame
        parts = [str(name) for name, x in frame.items() if _numbers(x, str(name)) is not None]
        years = [str(name) for name, x in frame.items() if _years(x, str(name)) is not None]
        for year in years:
            for part in parts:
                if year == part or not _apart(frame, year, part):
                    continue
                example = frame[[year, part]].dropna().iloc[0]
                reason = Message("{} and {} together give the period", year, part)
                before = " · ".join(map(plain, example))
                after = plain(_dates(frame[[year, part]].dropna().iloc[:1], year, part).iloc[0])
                return Found([year, part], reason, len(frame), before, after)
        return None

    def applied(self, reading: Reading, value: Any) -> int:
        """Replace both columns by a column of the first days of these parts."""
        if len(value) != 2:
            raise PanelError(
                Message("period = {} gives {} columns", brief(value), len(value)),
                hint="give two columns: years, then quarters or months",
            )
        year, part = value
        dates = _dates(reading.frame, year, part)
        stated = reading.frame[[year, part]].dropna()
        if (unread := stated[dates[stated.index].isna().to_numpy()]).size:
            raise PanelError(
                Message(
                    "period: {} are not a year and its quarter or month",
                    " · ".join(map(plain, unread.iloc[0])),
                ),
                hint="give a column of years and a column of quarters or months; or omit period",
            )
        others = reading.frame.drop(columns=[year, part])
        reading.frame = others.assign(**{f"{year} {part}": dates})
        return int(dates.notna().sum())


def _years(column: pd.Series[Any], name: str) -> dict[Any, int] | None:
    """Return the years in a column with a year name; None if some cell is not a year."""
    if not sounds_like("time", name) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    years = {x: year_of(x) for x in column.dropna().unique()}
    stated = {
        x: year for x, year in years.items() if year is not None and plain(x)[:4] == str(year)
    }
    return stated if stated and len(stated) == len(years) == len({*stated.values()}) else None


def _numbers(column: pd.Series[Any], name: str) -> dict[Any, int] | None:
    """Return the part numbers in a column with such a name, in months."""
    most = next((most for most, called in _CALLED.items() if called.search(name)), 0)
    if not most or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return None
    numbers = {}
    for cell in column.dropna().unique():
        match = _PART.fullmatch(plain(cell).strip())
        text = match[1] if match else ""
        number = _NUMBERS.index(text) + 1 if text in _NUMBERS else int(text or 0)
        if not 1 <= number <= most:
            return None
        numbers[cell] = (number - 1) * (12 // most) + 1
    return numbers if len(numbers) > 1 else None


def _apart(frame: pd.DataFrame, year: str, part: str) -> bool:
    """Return True if parts of a year distinguish rows of a unit that years do not."""
    names = [str(name) for name, x in frame.items() if is_text(x) or sounds_like("unit", str(name))]
    units = [name for name in names if name not in (year, part)][:_MOST]
    alone = [frame.duplicated([unit, year]).mean() for unit in units]
    if not units or min(alone) < 1 - _ONCE:
        return False
    return any(frame.duplicated([unit, year, part]).mean() <= 1 - _ONCE for unit in units)


def _dates(frame: pd.DataFrame, year: str, part: str) -> pd.Series[Any]:
    """Return the first days of parts of years."""
    years = frame[year].map(year_of, na_action="ignore")
    months = frame[part].map(_numbers(frame[part], part) or {}, na_action="ignore")
    days = pd.DataFrame({"year": years, "month": months, "day": 1})
    return pd.to_datetime(days.where(days.notna().all(axis=1)), errors="coerce")
