"""Read quarters, months and half-years as text: 2015Q1, 2015年3季度, 2015-03, 2015H1."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import narrow
from bayes_nqp.data.reading._values import is_text, missing, plain, quoted, unwrapped

_YEAR: Final = r"((?:19|20)\d\d)"
_GAP: Final = r"\s*[-./:_]?\s*"
_NUMBERS: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "上": 1, "下": 2}
_QUARTERS: Final = 4
_FORMS: Final = tuple(
    (parts, turned, re.compile(form, re.IGNORECASE))
    for parts, turned, form in (
        (4, False, rf"{_YEAR}{_GAP}Q([1-4])"),
        (4, False, rf"{_YEAR}\s*年?\s*第?\s*([一二三四1-4])\s*季度?"),
        (4, True, rf"Q([1-4]){_GAP}{_YEAR}"),
        (2, False, rf"{_YEAR}{_GAP}[HS]([12])"),
        (2, False, rf"{_YEAR}\s*年?\s*([上下])半年"),
        (2, True, rf"H([12]){_GAP}{_YEAR}"),
        (12, False, rf"{_YEAR}{_GAP}M(0?[1-9]|1[0-2])"),
        (12, False, rf"{_YEAR}\s*年\s*(0?[1-9]|1[0-2])\s*月份?"),
        (12, True, rf"(0?[1-9]|1[0-2])\s*[-./]\s*{_YEAR}"),
    )
)
"""Parts per year, True if the number comes first, and the pattern of the text."""
_BARE: Final = re.compile(rf"{_YEAR}\s*[-./]\s*(0?[1-9]|1[0-2])")
"""2015-03 is a month; 2015/3 may be a quarter if no number exceeds four."""
_DAY: Final = re.compile(
    rf"{_YEAR}\s*[-./年]\s*(0?[1-9]|1[0-2])\s*[-./月]\s*(0?[1-9]|[12]\d|3[01])\s*日?"
    r"(?:[T ]\s*00:00(?::00)?)?"
)


@dataclass(frozen=True, slots=True)
class YearPart:
    """Part of a year.

    Parameters
    ----------
    parts : int
        Number of parts in a year.
    number : int
        Number of this part, from 1.
    """

    year: int
    parts: int
    number: int

    @property
    def start(self) -> dt.datetime:
        """Return the first day."""
        return dt.datetime(self.year, (self.number - 1) * 12 // self.parts + 1, 1)


def year_part(cell: Any) -> YearPart | None:
    """Read the part of a year that a text gives by a word, a letter, or before the year.

    Returns
    -------
    YearPart or None
        None if the text gives no part, or only a number after a year.
    """
    text = narrow(cell) if isinstance(cell, str) else ""
    for parts, turned, form in _FORMS:
        if match := form.fullmatch(text):
            year, number = match.groups()[::-1] if turned else match.groups()
            return YearPart(int(year), parts, _NUMBERS.get(number) or int(number))
    return None


def says_part(text: str) -> bool:
    """Return True if a text gives a part of a year, or a year and a possible part number."""
    return year_part(text) is not None or _BARE.fullmatch(narrow(text)) is not None


def as_days(
    column: pd.Series[Any], argument: str, *, quarters: bool | None = None
) -> pd.Series[Any]:
    """Read text with parts of years, or dates, as the days on which these begin.

    Parameters
    ----------
    column : Series
        Dates, years or text.
    argument : str
        Role of the column, for messages.
    quarters : bool, optional
        True if numbers after years are quarters (2015/3). By default they are months if some number
        exceeds four or has a leading zero.

    Returns
    -------
    Series
        Dates; the input column if some text is neither.

    Raises
    ------
    PanelError
        If numbers after years may be quarters or months.
    """
    values = unwrapped(column)
    if not is_text(values):
        return column
    gone = missing(values)
    texts = [x for x in values[~gone].unique() if not isinstance(x, str) or x.strip()]
    days = {x: _day(x, bool(quarters)) for x in texts}
    if not days or None in days.values():
        return column
    if quarters is None and bare_quarters(texts):
        raise PanelError(
            Message(
                "{}={!r} may be quarters or months: {}",
                argument,
                column.name,
                shown(map(quoted, texts), 4),
            ),
            hint="write 2015Q3 for a quarter and 2015-03 for a month; or set freq='Q' if "
            "all are quarters, freq='M' if all are months",
        )
    return pd.to_datetime(values.where(~gone).map(days))


def bare_quarters(texts: Iterable[Any]) -> bool:
    """Return True if all texts are years with numbers up to 4 without leading zero: 2015/3."""
    matches = [_BARE.fullmatch(narrow(x)) if isinstance(x, str) else None for x in texts]
    return bool(matches) and all(x is not None and x[2] in "1234" for x in matches)


def dotted_hint(values: Iterable[float]) -> Message | None:
    """Return advice on numbers such as 2015.1, from which the month cannot be read."""
    texts = [plain(x) for x in values]
    if not all(re.fullmatch(r"(?:19|20)\d\d(?:\.\d\d?)?", x) for x in texts):
        return None
    return Message(
        "write 2015-01 for a month and 2015Q1 for a quarter, as text; as numbers, 2015.1 "
        "and 2015.10 are the same"
    )


def _day(cell: Any, quarters: bool) -> dt.datetime | None:
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day)
    if (part := year_part(cell)) is not None:
        return part.start
    text = narrow(cell) if isinstance(cell, str) else ""
    if match := _BARE.fullmatch(text):
        return YearPart(int(match[1]), _QUARTERS if quarters else 12, int(match[2])).start
    if match := _DAY.fullmatch(text):
        try:
            return dt.datetime(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None
    return None
