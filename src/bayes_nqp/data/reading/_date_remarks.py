"""Extract dates from remarks: 2016年1月获批（第二批）, 2015.3 国函〔2015〕44号, 未获批."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from bayes_nqp.data.reading._error_cells import broken_cell
from bayes_nqp.data.reading._marks import says_no
from bayes_nqp.data.reading._number_words import narrow
from bayes_nqp.data.reading._years import year_of

_NEVER: Final = re.compile(r"未.*|否|无|没有|从未|[-—–/]+|no|none|never", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"〔\s*((?:19|20)\d\d)\s*〕\s*(?:第?\s*\d+\s*号)?|[\[(【]\s*((?:19|20)\d\d)\s*[\])】]\s*第?\s*\d+\s*号"
)
"""Document number, 〔2015〕44号: its year is used if there is no other year."""
_STATED: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:\s*[年./-]\s*(0?[1-9]|1[0-2])(?!\d)|(?!\d))")
_OTHERWISE: Final = re.compile(
    r"未|非|不|没|取消|退出|撤销|撤回|摘牌|落选|拟|计划|申报|申请|暂缓|终止|停|前|截至|截止|至(?!今)|"
    r"\bnot?\b|cancel|withdr|until|before|plan|appl|reject|ended",
    re.IGNORECASE,
)
"""Words that imply, or may imply, that a year is not the first treated year."""
_ENDED: Final = re.compile(
    r"退出|撤销|取消|终止|结束|摘牌|\b(?:end|exit|withdr|until|terminat)", re.IGNORECASE
)
"""Names of columns with the end of the policy."""

CODES: Final = (0, -1, -9, -99, 9999, 99999)
"""Numbers that mean never treated unless they are periods."""

_SPAN: Final = 500
"""Range of periods, counted from the first, in which a number may be a period."""

type Date = tuple[int, int | None]


def otherwise(cell: Any) -> bool:
    """Return True if words imply another first treated year than the stated one: 2019（拟）."""
    return isinstance(cell, str) and _OTHERWISE.search(cell) is not None


def says_end(name: str) -> bool:
    """Return True if a column name refers to the end of a policy."""
    return _ENDED.search(name) is not None


def is_never(cell: Any) -> bool:
    """Return True if a cell in a column of dates states that there is no date."""
    return isinstance(cell, str) and _NEVER.fullmatch(cell.strip()) is not None


def unclear(values: Iterable[Any]) -> list[str]:
    """List cells with words that state neither a single year nor the absence of a date."""
    words = [x for x in values if isinstance(x, str) and x and not says_never(x)]
    return [x for x in words if year_of(x) is None and date_in(x) is None]


def date_in(cell: str) -> Date | None:
    """Return the single year of a remark, and its month; None if there is none or several."""
    text = str(narrow(cell))
    if _OTHERWISE.search(text):
        return None
    stated = [(int(x[1]), int(x[2] or 0) or None) for x in _STATED.finditer(_NUMBER.sub(" ", text))]
    stated = stated or [(int(x[1] or x[2]), None) for x in _NUMBER.finditer(text)]
    years, months = {year for year, _ in stated}, {month for _, month in stated}
    if len(years) != 1:
        return None
    return years.pop(), months.pop() if len(months) == 1 else None


def says_never(cell: Any) -> bool:
    """Return True if a cell states in words that there is no date."""
    if not isinstance(cell, str) or _STATED.search(cell):
        return False
    return is_never(cell) or says_no(cell)


def never_marks(column: pd.Series[Any], times: pd.Series[Any]) -> list[Any]:
    """List the cells of a column of first treated periods that mean never treated.

    These are words without a digit, infinity, and codes such as 0 or 9999 outside the periods.

    Parameters
    ----------
    times : Series
        Periods of the data.
    """
    cells = [x for x in column.dropna().unique() if not broken_cell(x)]
    numeric = pd.api.types.is_numeric_dtype(times.dtype)
    years = times if numeric else pd.Series([year_of(x) for x in times.dropna().unique()])
    low = pd.to_numeric(years, errors="coerce").min()
    codes = [x for x in (*CODES, float("inf")) if not low <= x <= low + _SPAN]
    numbers = {x for x in cells if not isinstance(x, str)}
    words = [
        x for x in cells
        if isinstance(x, str) and x.strip() and (
            x.strip() in map(str, codes)
            or (year_of(x) is None and not any(map(str.isnumeric, x))))
    ]  # fmt: skip
    return [*words, *(x for x in codes if x in numbers)]


def is_remark(cell: Any) -> bool:
    """Return True if a cell contains its year among other words."""
    return (
        isinstance(cell, str)
        and year_of(cell) is None
        and not says_never(cell)
        and date_in(cell) is not None
    )


def date_of(cell: str) -> str:
    """Return the date of a remark as text."""
    year, month = date_in(cell) or (0, None)
    return f"{year}-{month:02d}" if month else str(year)
