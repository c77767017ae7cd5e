"""Dates as text: 2012-12-31 beside a cell that holds a date, and quarters: 2012Q4."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

import pandas as pd

from bayes_nqp.columns._number_words import Cells, cells
from bayes_nqp.columns._values import is_text
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message

_DATE: Final = re.compile(
    r"((?:19|20)\d\d)\s*[-./年]\s*(\d\d?)\s*(?:[-./月]\s*(?:(\d\d?)\s*日?)?)?"
)

_QUARTER: Final = re.compile(
    r"((?:19|20)\d\d)\s*(?:[-./ ]?\s*[Qq](?=[1-4])|年\s*第?(?=[一二三四1-4]\s*季))\s*"
    r"([一二三四1-4])\s*(?:季度?)?"
)


@step("dates", place=33)
class Dates(Step):
    """2012-12-31 as a date, where other cells are dates; 2012Q4 as the day on which it begins."""

    label = Message("Dates as text")
    text = "Columns of dates, some of which are text (2012-12-31), or of quarters (2012Q4)."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns in which all cells say dates, and some are dates; or all say quarters."""
        names, count, example = [], 0, ""
        for name, column in reading.frame.items():
            probe = column.iloc[:1] if is_text(column) else ()
            named = column.dtype == object or any(_quarter(x) for x in probe)
            entries = cells(column, named=named)
            texts = [] if entries is None else _texts(entries)
            if entries is None or not texts:
                continue
            names.append(str(name))
            count += entries.count(set(texts).__contains__)
            example = example or texts[0]
        if not names:
            return None
        reason = Message("dates or quarters written as text, in {}", some(names))
        return Found(names, reason, count, example, f"{_date(example):%Y-%m-%d}")

    def applied(self, reading: Reading, value: Any) -> int:
        """Read texts as dates."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is None:
                continue
            count += entries.count(lambda x: isinstance(x, str) and _date(x) is not None)
            read = [x if (day := _date(x)) is None and x != "" else day for x in entries.values]
            column = entries.mapped(read)
            dated = all(x is None or isinstance(x, dt.date) for x in read)
            column = pd.to_datetime(column) if dated else column
            reading.frame = reading.frame.assign(**{name: column})
        return count


def _texts(entries: Cells) -> list[str]:
    """Texts of a column that holds dates and texts that say dates, and nothing else."""
    if not any(isinstance(x, dt.date) or _quarter(x) for x in entries.values):
        return []
    if any(x != "" and _date(x) is None for x in entries.values):
        return []
    return [x for x in entries.values if isinstance(x, str) and x]


def _quarter(cell: Any) -> tuple[int, int] | None:
    """The year and the number of a quarter."""
    match = _QUARTER.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return (int(match[1]), "一二三四1234".index(match[2]) % 4 + 1) if match else None


def _date(cell: Any) -> dt.date | None:
    """The date that a cell says; the first day of a month or a quarter."""
    if isinstance(cell, dt.date):
        return cell
    if quarter := _quarter(cell):
        return dt.datetime(quarter[0], 3 * quarter[1] - 2, 1)
    match = _DATE.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return None
    try:
        return dt.datetime(int(match[1]), int(match[2]), int(match[3] or 1))
    except ValueError:
        return None
