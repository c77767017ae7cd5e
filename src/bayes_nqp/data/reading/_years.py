"""Extract years from dates, and from text with a year or a date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.i18n import NOTHING, Message, dates
from bayes_nqp.data.reading._values import missing, plain, unwrapped

DAYS = (20_000, 80_000)
"""Range of spreadsheet day numbers, from 1954 to 2119."""
_MONTH_LONG = 28
_DAY_ZERO = dt.datetime(1899, 12, 30)
_MODERN = 25_569
"""Day number of 1970-01-01. Years with one digit too many, such as 20150, are below it."""

_YEAR = r"((?:1[89]|20|21)\d\d)"
_MONTH = r"(0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[T ]\s*\d\d?:\d\d.*)?"
_TEXTS = tuple(
    re.compile(text)
    for text in (
        rf"{_YEAR}(?:\.0+)?",
        rf"{_YEAR}\s*[-./]\s*{_MONTH}(?:\s*[-./]\s*{_DAY})?{_CLOCK}",
        rf"{_YEAR}(0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?",
        *(rf"{_YEAR}(?:\.0+)?\s*{alone}" for alone, *_ in dates()),
        *(
            rf"{_YEAR}\s*{year}\s*{_MONTH}\s*{month}(?:\s*{_DAY}\s*{day}?)?{_CLOCK}"
            for _, year, month, day in dates()
        ),
    )
)
"""2018; 2018-07-24, 2018.7; 20180724, 201807; and dates with month names."""
_BEHIND = re.compile(rf"{_DAY}([./-])(0?[1-9]|[12]\d|3[01])\1{_YEAR}{_CLOCK}")
"""24.07.2018; and 07/24/2018 or 24/07/2018, which agree only on the year."""
_SINCE = re.compile(
    r"(?<=[\d年月日])\s*(?:获?(?:批复|批准|批)(?:设立|建设)?|设立|成立|公布|发布|印发|实施|启动|入选|纳入)?"
    r"(?:起|开始|以来)?$"
)
_WRITTEN = re.compile(
    r"([一二][〇○零八九一][〇○零一二三四五六七八九]{2})(?:\s*年(?:\s*(十[一二]?|[一二三四五六七八九])\s*月)?.*)?"
)
"""二〇一八, 二零一八年, 二〇一八年七月二十四日."""
_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def year_of(value: object) -> int | None:
    """Return the year of a date, or of text or a number that gives a year or a date.

    Parameters
    ----------
    value : object
        Cell, such as ``2018``, ``"2018.07.24"``, ``"2018-07"``, ``20180724``, or a date.

    Returns
    -------
    int or None
        None if there is no unique year.
    """
    if isinstance(value, str):
        text = _said(value)
        if written := _WRITTEN.fullmatch(text):
            text = written[1].translate(_DIGITS)
        if behind := _BEHIND.fullmatch(text):
            return int(behind[3])
        return next((int(x[1]) for form in _TEXTS if (x := form.fullmatch(text))), None)
    if isinstance(value, bool | np.bool_) or pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, int | float | np.number):
        integral = isinstance(value, int) or float(value).is_integer()
        return year_of(plain(value)) if integral else None
    year = getattr(value, "year", None)
    return int(year) if isinstance(year, int | np.integer) else None


def month_of(value: object) -> int | None:
    """Return the month of a date with a year by `year_of`; None if it has no month."""
    if isinstance(value, str):
        text = _said(value)
        if written := _WRITTEN.fullmatch(text):
            return None if written[2] is None else _MONTHS.index(written[2]) + 1
        if behind := _BEHIND.fullmatch(text):
            return int(behind[2]) if behind[1] == "." and int(behind[2]) <= 12 else None
        match = next((x for form in _TEXTS if (x := form.fullmatch(text))), None)
        return None if match is None or match.re.groups < 2 else int(match[2])
    if year_of(value) is None:
        return None
    if isinstance(value, int | float | np.number):
        return month_of(plain(value))
    month = getattr(value, "month", None)
    return int(month) if isinstance(month, int | np.integer) else None


def _said(text: str) -> str:
    """Return a date without the words after it: 2018年7月获批."""
    return _SINCE.sub("", text.strip(" \t\r\n\u3000\xa0"))


def days_since_1900(values: Iterable[float]) -> Message:
    """Return the date of a day number, if all values look like spreadsheet dates.

    Parameters
    ----------
    values : iterable of float
        Distinct nonmissing times.

    Returns
    -------
    Message
        Such as ``day 42369 is 2015-12-31``; empty if they are not dates.
    """
    days = np.sort(np.asarray(list(values), dtype=np.float64))
    low, high = DAYS
    if len(days) < 2 or days[0] < low or days[-1] > high or np.diff(days).min() < _MONTH_LONG:
        return NOTHING
    date = _DAY_ZERO + dt.timedelta(days=int(days[0]))
    return Message("day {} is {}", plain(days[0]), str(date.date()))


def _year_of_day(value: object) -> int | None:
    """Return the year of a spreadsheet day number from 1970 on, such as 43101 (2018-01-01)."""
    text = plain(value)
    if not re.fullmatch(r"\d{5}", text) or not _MODERN <= int(text) <= DAYS[1]:
        return None
    return (_DAY_ZERO + dt.timedelta(days=int(text))).year


def _is_code(value: float) -> bool:
    """Return True if a number in a column of dates is a code: small, or all nines."""
    return value <= 9999 or set(plain(value)) == {"9"}


def as_years(column: pd.Series[Any], notes: list[str], *, once: bool = False) -> pd.Series[Any]:
    """Read dates, and text with years or dates, as years.

    A spreadsheet stores 2018/1/1 as day number 43101, and a year that was typed as 2018. Day
    numbers are read among such years and dates, but not in a column of numbers alone.

    Parameters
    ----------
    notes : list of str
        Receives a message for each change.
    once : bool, default False
        True if different values must give different years, as in a yearly time column.

    Returns
    -------
    Series
        Float, NaN if missing. The input column if it contains numbers that are not dates, or cells
        without a unique year.
    """
    values = unwrapped(column)
    number = values.dtype.kind in "iuf" and not isinstance(values.dtype, pd.PeriodDtype)
    if number and not bool((values > 9999).any()):
        return column
    codes, distinct = pd.factorize(values.mask(missing(values)))
    years = [year_of(x) for x in distinct]
    if not once and any(year is not None for year in years):
        read_days = zip(distinct, years, strict=True)
        years = [_year_of_day(x) if year is None else year for x, year in read_days]
    if number:  # codes in columns of dates, such as 0 or 9999, are kept
        pairs = zip(distinct, years, strict=True)
        years = [x if year is None and _is_code(x) else year for x, year in pairs]
    if not years or None in years:
        return column
    if once and len(set(years)) < len({plain(x) for x in distinct}):
        return column
    pairs_of_years = zip(distinct, years, strict=True)
    example = next(
        ((plain(x), year) for x, year in pairs_of_years if plain(x) != plain(year)), None
    )
    if example is not None:
        text = example[0].removesuffix(" 00:00:00")
        notes.append(Message("{}: read as years, such as {} as {}", column.name, text, example[1]))
    elif not number and any(x != year for x, year in zip(distinct, years, strict=True)):
        notes.append(Message("{}: years stored as text were read as years", column.name))
    read = np.append(np.asarray(years, dtype=np.float64), np.nan)[codes]
    return pd.Series(read, index=column.index, name=column.name)
