"""Shift adoption dates late in a year to the next year: 2015-12-29."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._date_remarks import says_never
from bayes_nqp.data.reading._texts import distinct
from bayes_nqp.data.reading._values import missing, plain
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading._years import month_of, year_of
from bayes_nqp.data.reading.steps._policy import yearly
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_HALF: Final = 6
"""Last adoption month for which at least half of the year is treated."""
_LAST: Final = 9999
"""Maximum year."""


@step("next_year", place=95)
class NextYear(Step):
    """Step that counts dates after June from the next year; never applied automatically."""

    label = Message("Dates after June")
    text = (
        "Columns of first treatment dates. Dates after June count from the following year, so "
        "that each treated year is treated for at least half of the year."
    )
    kind = list[str]
    of = "unit"
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find dates of adoption in a yearly panel, some after June."""
        late: dict[str, list[Any]] = {}
        for name, column in _columns(reading).items():
            dates = distinct(column[~missing(column)])
            after = [x for x in dates if _late(x)]
            dates = [x for x in dates if not says_never(x)]
            if after and all(year_of(x) is not None for x in dates) and not _ends(dates):
                late[name] = after
        if not late or not yearly(reading):
            return None
        columns, names = _columns(reading), [*late]
        units = max(_units(reading, columns[name], late[name]) for name in names)
        example = late[names[0]][0]
        reason = Message(
            "for dates after June in {}, treatment begins in the same year; with the step"
            " next_year it begins in the following year",
            some(names),
        )
        text = plain(example).removesuffix(" 00:00:00")
        return Found(names, reason, units, text, str(_since(example)), offered=True)

    def applied(self, reading: Reading, value: Any) -> int:
        """Read these columns as years."""
        count = 0
        for name in value:
            column = reading.dated.get(name, reading.frame[name])
            cells = distinct(column[~missing(column)])
            dates = [x for x in cells if year_of(x) is not None]
            others = [x for x in cells if year_of(x) is None and not says_never(x)]
            if others:
                raise PanelError(
                    Message(
                        "next_year: some cells of {!r} are not dates, such as {}", name, others[0]
                    ),
                    hint=Message("remove {!r} from next_year", name),
                )
            count += _units(reading, column, [x for x in dates if _late(x)])
            since = column.map({x: _since(x) for x in dates})
            moved = column.notna() & since.isna()
            since = since.astype("float64") if not moved.any() else since.where(~moved, column)
            reading.frame = reading.frame.assign(**{name: since})
        return count


def _columns(reading: Reading) -> dict[str, pd.Series[Any]]:
    """Return the columns that give first treatment as dates."""
    keys = (*reading.parts, reading.roles.get("time"))
    columns = {
        str(name): column
        for name, column in reading.frame.items()
        if name not in keys and sounds_like("cohort", str(name)) and not _years(column)
    }
    return columns | reading.dated


def _years(column: pd.Series[Any]) -> bool:
    """Return True if a column contains numbers that are not dates, such as years."""
    return column.dtype.kind in "iuf" and not bool((column > _LAST).any())


def _late(date: Any) -> bool:
    return (month_of(date) or 0) > _HALF


def _since(date: Any) -> int:
    return (year_of(date) or 0) + _late(date)


def _ends(dates: list[Any]) -> bool:
    """Return True if all dates are last days of years and therefore represent years."""
    return all(plain(x).removesuffix(" 00:00:00").endswith(("12-31", "12/31")) for x in dates)


def _units(reading: Reading, column: pd.Series[Any], dates: list[Any]) -> int:
    """Return the number of units with one of these dates."""
    return int(reading.frame[reading.parts[0]][column.isin(dates)].nunique())
