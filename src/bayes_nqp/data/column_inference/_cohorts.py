"""Convert approval dates to first treated years by a stated rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, brief, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.safe_calls import reply
from bayes_nqp._core.validation import door

type Rule = Literal["approval_year", "next_year_after_june"]


@door
def cohorts_from_dates(dates: Iterable[Any], rule: Rule = "approval_year") -> pd.Series[float]:
    """Convert approval dates to the cohorts of a yearly panel.

    Parameters
    ----------
    dates : Series or array-like of dates
        Dates, or dates as text such as "2018-07-24"; missing means never treated.
    rule : {"approval_year", "next_year_after_june"}, default "approval_year"
        Rule for the first treated year. "approval_year" takes the year of approval.
        "next_year_after_june" takes the following year for approvals after June, so that each
        treated year is treated for at least half of the year.

    Returns
    -------
    Series of float
        First treated years, NaN for never treated, with the index of `dates`.

    Raises
    ------
    PanelError
        If an entry is not a date.
    StudyError
        If `rule` is unknown.

    See Also
    --------
    merge_zones : merge the dates of the pilot zones with a panel.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> dates = ["2015-03-07", "2018-07-24", None]
    >>> nqp.cohorts_from_dates(dates).tolist()
    [2015.0, 2018.0, nan]
    >>> nqp.cohorts_from_dates(dates, rule="next_year_after_june").tolist()
    [2015.0, 2019.0, nan]
    """
    if np.ndim(np.asarray(dates, object)) != 1:
        raise PanelError(
            "'dates' is not a single column", hint="pass a column of dates, such as df['approval']"
        )
    cells = dates if isinstance(dates, pd.Series) else np.asarray(dates, object)
    read = _dates(cells if isinstance(cells, pd.Series) else pd.Series(cells, dtype=object))
    years: pd.Series[float] = read.dt.year.astype(np.float64)
    if rule == "next_year_after_june":
        years += (read.dt.month > 6).astype(np.float64)
    return years.rename("cohort")


_AS_DATES = Message("write dates as 2018-07-24; leave the cells of never-treated units empty")


def _dates(column: pd.Series[Any]) -> pd.Series[Any]:
    numeric = pd.to_numeric(column, errors="coerce").notna() & column.notna()
    if not pd.api.types.is_datetime64_any_dtype(column.dtype) and numeric.any():
        dated = column.map(lambda value: hasattr(value, "year"))
        _refuse(
            column,
            numeric & ~dated,
            Message("dates has {} entries that are numbers"),
            Message("years are already cohorts: pass the column as cohort="),
        )
    read = reply(
        lambda: pd.to_datetime(column.where(column.notna()), errors="coerce", format="mixed"),
        lambda _: column.map(_date).astype(
            "datetime64[s]"
        ),  # such as values with several time zones
    )
    wrong = read.isna() & column.notna()
    if wrong.any():
        problem, hint = Message("dates has {} entries that are not dates"), _AS_DATES
        _refuse(column, wrong, problem, hint)
    return read


def _date(cell: Any) -> pd.Timestamp:
    """Return the date of one cell in its own time zone; NaT if the cell is not a date."""
    return reply(
        lambda: pd.Timestamp(cell).tz_localize(None), lambda _: cast("pd.Timestamp", pd.NaT)
    )


def _refuse(column: pd.Series[Any], wrong: pd.Series[bool], problem: Message, hint: str) -> None:
    if wrong.any():
        rows = column[wrong]
        raise PanelError(
            problem.fill(len(rows)),
            where=shown(f"row {label}: {brief(value)}" for label, value in rows.items()),
            hint=hint,
        )
