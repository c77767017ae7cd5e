"""Read dates as text or day numbers: 2012-12-31, 41274; and quarters: 2012Q4."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._date_remarks import CODES, says_never
from bayes_nqp.data.reading._number_words import Cells, cells
from bayes_nqp.data.reading._values import is_text, plain
from bayes_nqp.data.reading._vocabulary import Part, sounds_like
from bayes_nqp.data.reading._year_parts import year_part
from bayes_nqp.data.reading._years import DAYS as _DAYS
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_DATE: Final = re.compile(
    r"((?:19|20)\d\d)\s*[-./年]\s*(\d\d?)\s*(?:[-./月]\s*(?:(\d\d?)\s*日?)?)?"
)

_NAMES: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_NAMED: Final = re.compile(
    rf"(?:((?:19|20)\d\d)[-\s/]*({'|'.join(_NAMES)})[a-z]*|"
    rf"({'|'.join(_NAMES)})[a-z]*\.?[-\s/,'’]*((?:19|20)?\d\d))",
    re.IGNORECASE,
)
"""2015-Jan, January 2015, Jan-15."""
_DAY_NUMBER: Final = re.compile(r"\d{5}")
_DAY_ZERO: Final = dt.datetime(1899, 12, 30)
_DATED: Final[tuple[Part, ...]] = ("time", "cohort")
_CODE: Final = re.compile(r"((?:19|20)\d\d)(0[1-9]|1[0-2])((?:0[1-9]|[12]\d|3[01])?)")
_PADDED: Final = 10
"""First month without a leading zero."""
_CENTURY: Final = 50
_YEAR_LONG: Final = 99


@step("dates", place=33)
class Dates(Step):
    """Step that reads 2012-12-31 and 41274 as dates, and 2012Q4 as its first day."""

    label = Message("Dates stored as text")
    text = (
        "Columns of dates that are stored as text (2012-12-31), as day numbers of a spreadsheet "
        "(41274) or as numbers (201212, 2012.03), or of quarters (2012Q4), months (2012-Dec) or "
        "half-years (2012H1)."
    )
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns of dates with some dates as text, and columns of quarters as text."""
        frame = _undotted(reading.frame)
        names = _coded(frame)
        count = int(frame[names].notna().sum().sum())
        example = plain(reading.frame[names[0]].dropna().iloc[0]) if names else ""
        first = plain(frame[names[0]].dropna().iloc[0]) if names else ""
        for name, column in reading.frame.items():
            probe = column.iloc[:1] if is_text(column) else ()
            named = column.dtype == object or any(_begins(x) for x in probe)
            named = named or (is_text(column) and any(sounds_like(x, str(name)) for x in _DATED))
            entries = cells(column, named=named)
            texts = [] if entries is None else _texts(entries)
            if entries is None or not texts:
                continue
            names.append(str(name))
            count += entries.count(set(texts).__contains__)
            example = example or plain(texts[0])
        if not names:
            return None
        reason = Message("dates or quarters stored as text in {}", some(names))
        if any(_serial(x) for x in reading.frame[names].to_numpy().ravel() if not pd.isna(x)):
            reason = Message("dates stored as day numbers or as text in {}", some(names))
        day = _coded_date(first) or _date(example)
        return Found(names, reason, count, example, f"{day:%Y-%m-%d}")

    def applied(self, reading: Reading, value: Any) -> int:
        """Read texts as dates."""
        count, frame = 0, _undotted(reading.frame)
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is None:
                column = frame[name]
                days = {x: _coded_date(x) for x in column.dropna().unique()}
                if days and None not in days.values():
                    count += int(column.notna().sum())
                    reading.frame = reading.frame.assign(**{name: pd.to_datetime(column.map(days))})
                continue
            count += entries.count(lambda x: not isinstance(x, dt.date) and _date(x) is not None)
            read = [x if (day := _date(x)) is None and x != "" else day for x in entries.values]
            dated = all(x is None or isinstance(x, dt.date) for x in read)
            if not dated:  # words for never treated are kept
                read = [f"{x:%Y-%m-%d}" if isinstance(x, dt.date) else x for x in read]
            column = entries.mapped(read)
            column = pd.to_datetime(column) if dated else column
            reading.frame = reading.frame.assign(**{name: column})
        return count


def _texts(entries: Cells) -> list[Any]:
    """Return the texts and day numbers to read as dates, if the other cells are dates."""
    observed = [x for x in entries.values if x != ""]
    serials = [x for x in observed if _serial(x)]
    dates = [x for x in observed if x not in serials and _date(x) is not None]
    if not dates or not (serials or any(isinstance(x, dt.date) or _begins(x) for x in dates)):
        return []
    plain_dates = any(isinstance(x, dt.date) for x in dates) and not serials
    others = [x for x in observed if x not in serials and x not in dates]
    if any(plain_dates or not (says_never(x) or x in CODES) for x in others):
        return []
    return [x for x in (*dates, *serials) if not isinstance(x, dt.date)]


def _serial(cell: Any) -> dt.datetime | None:
    """Return the date of a spreadsheet day number, from 1954 to 2119."""
    if isinstance(cell, bool | dt.date) or not _DAY_NUMBER.fullmatch(plain(cell)):
        return None
    days = int(plain(cell))
    return _DAY_ZERO + dt.timedelta(days) if _DAYS[0] <= days <= _DAYS[1] else None


def _begins(cell: Any) -> bool:
    """Return True if a cell gives a quarter, a half-year or a month by its name."""
    named = year_part(cell)
    if named is not None and cell.endswith("月"):
        return False  # 2015年3月: a date, such as a policy date among years
    return named is not None or _month(cell) is not None


def _month(cell: Any) -> tuple[int, int] | None:
    """Return the year and the number of a month given by name."""
    match = _NAMED.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return None
    year = int(match[1] or match[4])
    year += 0 if year > _YEAR_LONG else 2000 if year < _CENTURY else 1900
    return year, _NAMES.index((match[2] or match[3]).lower()) + 1


def _coded(frame: pd.DataFrame) -> list[str]:
    """Find columns with a time name and numbers that code dates, several in a year."""
    coded, several = [], False
    for name, column in frame.items():
        number = pd.api.types.is_numeric_dtype(column.dtype)
        if not number or not any(sounds_like(part, str(name)) for part in _DATED):
            continue
        if _coded_date(column.dropna().iloc[0] if column.notna().any() else None) is None:
            continue
        days = [_coded_date(x) for x in column.dropna().unique()]
        if None not in days:
            years = pd.Series([x.year for x in days if x is not None])
            several |= bool((years.value_counts() > 1).any()) and len(years) < len(column) / 2
            coded.append(str(name))
    return coded if several else []


def _undotted(frame: pd.DataFrame) -> pd.DataFrame:
    """Convert numbers such as 2015.03 to 201503, if some have the zero of months."""
    months: dict[str, Any] = {}
    padded = False
    for name, column in frame.items():
        if not pd.api.types.is_float_dtype(column.dtype):
            continue
        if not any(sounds_like(part, str(name)) for part in _DATED):
            continue
        hundredths = (100.0 * (column.dropna() % 1.0)).round(6)
        if len(hundredths) and bool(hundredths.isin(range(1, 13)).all()):
            months[str(name)] = (100.0 * column).round()
            padded |= bool((hundredths < _PADDED).any()) and sounds_like("time", str(name))
    return frame.assign(**months) if padded else frame


def _coded_date(cell: Any) -> dt.datetime | None:
    """Return the date coded by a number: 201503, 20150331."""
    match = _CODE.fullmatch(plain(cell))
    if match is None:
        return None
    try:
        return dt.datetime(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None


def _date(cell: Any) -> dt.date | None:
    """Return the date of a cell; the first day for a month or a quarter."""
    if isinstance(cell, dt.date):
        return cell
    if day := _serial(cell):
        return day
    if part := year_part(cell):
        return part.start
    if month := _month(cell):
        return dt.datetime(*month, 1)
    match = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return None
    try:
        return dt.datetime(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None
