"""Read treatment from columns, and compare columns that may define it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.data.column_inference._file_overview import SourceColumn
from bayes_nqp.data.column_inference._guessed import constant, years_of
from bayes_nqp.data.reading import (
    CODES,
    counted,
    days_since_1900,
    marks_of,
    plain,
    says_end,
    sounds_like,
)

_WORDS: Final = 3
"""Maximum number of words for never treated in a column."""
_FEW: Final = 6
"""Maximum number of distinct cells listed for a column without treatment status."""
BACK: Final = Message("switches back to untreated in {}: {}")
"""Problem of a column in which treatment ends."""
_TIERS: Final = (0, 0, 1, 1, 2, 2)
"""Tier by rank: supported by name and cells, by the name only, by the cells only.

Columns in which treatment ends have the second tier: a cell may be wrong.
"""


def periods_of(column: SourceColumn) -> pd.Series[Any]:
    """Read periods from a column; codes and words are missing, 0/1 columns give no periods."""
    values = years_of(column.values)
    if set(values.dropna().unique()) <= {0, 1}:
        return values.where(values > 1)
    return values.where(~values.isin((*CODES, np.inf)))


def is_cohort(periods: pd.Series[Any], column: SourceColumn, frame: pd.DataFrame) -> bool:
    """Return True for first treated periods: constant by unit, in sample, some units empty."""
    times, dates_there = years_of(frame["__time"]), periods.dropna()
    if times.isna().any() or not len(dates_there):
        return False
    if not constant(column.values, frame):
        return False
    low, high = times.min(), times.max()
    if not (dates_there == np.floor(dates_there)).all() or dates_there.nunique() > high - low + 3:
        return False
    text = column.values[years_of(column.values).isna() & column.values.notna()].unique()
    words = len(text) <= _WORDS and not any(c.isnumeric() for x in text for c in str(x))
    inside = dates_there.between(low, high + 2)
    return bool(inside.all() and periods.isna().any() and words)


def may_be_cohort(periods: pd.Series[Any], column: SourceColumn, frame: pd.DataFrame) -> bool:
    """Return True if a column with a cohort name has few units with several periods."""
    dates_there, times = periods.dropna(), years_of(frame["__time"])
    if not len(dates_there):
        text = not column.numeric and bool(column.values.notna().any())
        return text and sounds_like("time", column.name)
    if not (dates_there == np.floor(dates_there)).all():
        return False
    if times.notna().any() and not dates_there.between(times.min(), times.max() + 2).any():
        return False
    several = dates_there.groupby(frame["__unit"]).nunique() > 1
    return bool(several.mean() <= 0.5)


def status_of(column: SourceColumn, *, shares: bool) -> pd.Series[Any] | None:
    """Read treatment status by row; None if the column does not define it.

    Parameters
    ----------
    shares : bool
        True to accept shares of a period that was treated; such a share must be followed by 1.

    Returns
    -------
    Series of float or None
        1, 0; NaN if missing.
    """
    marks = marks_of(column.raw if column.missing else column.values)
    if marks is not None:
        return marks.values
    values = column.values
    if not shares or not column.numeric or not (values == 0).any():
        return None
    inside = values.dropna().between(0, 1).all()
    shared = values[values > 0].lt(1).sum() <= values.eq(1).sum()
    return values.gt(0).astype("float64").where(values.notna()) if inside and shared else None


def amiss(column: SourceColumn, status: pd.Series[Any] | None, frame: pd.DataFrame) -> Message:
    """Explain why a column with a treatment name does not define treatment.

    Returns
    -------
    Message
        Empty if the column defines treatment or does not concern treatment.
    """
    if status is not None:
        return _fault(status, frame)
    if days := _days(column):
        return Message("contains dates stored as day numbers: {}", days)
    if is_amount(column):
        low, high = column.values[column.values > 0].min(), column.values.max()
        return Message(
            "contains treatment intensities ({} to {}), not treatment status",
            plain(low),
            plain(high),
        )
    cells = column.values.dropna().unique()
    if len(cells) > _FEW:
        return NOTHING
    if not len(cells):
        return Message("is empty")
    return Message(
        "contains {}, which do not indicate treated or untreated", shown(map(plain, cells))
    )


def is_amount(column: SourceColumn) -> bool:
    """Return True if a column contains treatment intensities: 0 and several positive values."""
    if not column.numeric:
        return False
    values = column.values.dropna()
    above = values[values > 0]
    return bool((values == 0).any() and (values >= 0).all() and above.nunique() > 1
                and (above % 1 != 0).any())  # fmt: skip


def with_amounts(hint: Message, columns: Mapping[str, SourceColumn]) -> Message:
    """Add advice on the design for continuous treatment if a column contains intensities."""
    name = next((name for name, column in columns.items() if is_amount(column)), "")
    if not name:
        return hint
    return Message(
        "{}; to estimate effects per unit of treatment intensity, type = "
        '"ContinuousExposure" and exposure = {} in [design]',
        hint,
        json.dumps(name, ensure_ascii=False),
    )


def ended(columns: Mapping[str, SourceColumn]) -> list[str]:
    """List the columns that give the end of the policy for some units."""
    return [name for name, x in columns.items() if says_end(name) and periods_of(x).notna().any()]


def _days(column: SourceColumn) -> Message:
    """Return the date of a spreadsheet day number in a column of such numbers."""
    if not column.numeric or not column.whole:
        return NOTHING
    return days_since_1900(column.values.dropna().unique())


def _fault(status: pd.Series[Any], frame: pd.DataFrame) -> Message:
    rows = frame[["__unit", "__time"]].assign(on=status).dropna()
    rows = rows.sort_values(["__unit", "__time"])
    units = rows.groupby("__unit")["on"]
    steps = units.diff().dropna()
    if not (rows["on"] == 1).any():
        return Message("marks no row as treated")
    if not (rows["on"] == 0).any():
        return Message("marks every row as treated, so there are no untreated observations")
    if (steps < 0).any():
        back = rows.loc[steps.index[steps < 0]]
        pairs = zip(back["__unit"], back["__time"], strict=True)
        places = (f"{plain(unit)} ({plain(time)})" for unit, time in pairs)
        count = counted(back["__unit"].nunique(), "unit")
        return BACK.fill(count, shown(places, 4))
    if not (steps > 0).any():
        ever = units.max()
        return Message(
            "indicates the treated units ({} of {}), but not the first treated period",
            int(ever.sum()),
            len(ever),
        )
    if (rows.groupby("__time")["on"].nunique() == 1).all():
        start = plain(rows.loc[rows["on"] == 1, "__time"].min())
        return Message(
            "marks all units as treated from the same period on ({}), so there are no "
            "untreated units",
            start,
        )
    return NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Column that may define which units are treated, and when.

    Parameters
    ----------
    rank : int
        Position in `_TIERS`: columns of first treated periods come before 0/1 columns.
    status : Series or None
        Treatment status by row; None if it is unknown.
    """

    rank: int
    key: Literal["cohort", "treated", "treatment"]
    name: str
    status: pd.Series[Any] | None
    reason: Message

    @property
    def tier(self) -> int:
        """Return the priority; columns with the same tier have equal priority."""
        return _TIERS[self.rank]

    def apart(self, other: Claim) -> pd.Index:
        """Return the rows in which another column gives a different treatment status."""
        if self.status is None or other.status is None:
            return pd.Index([])
        pairs = pd.DataFrame({"one": self.status, "other": other.status}).dropna()
        return pairs.index[pairs["one"] != pairs["other"]]

    def begins_like(self, other: Claim, frame: pd.DataFrame) -> bool:
        """Return True if this column, with treatment that never ended, gives the other column."""
        if self.status is None or other.status is None:
            return False
        rows = frame[["__unit", "__time"]].assign(on=self.status).sort_values("__time")
        since = rows.groupby("__unit")["on"].cummax().reindex(frame.index)
        return not replace(self, status=since).differs(other)

    def differs(self, other: Claim) -> bool:
        """Return True if another column gives a different treatment status in some row."""
        return not self.apart(other).empty


def otherwise(best: Claim, other: Claim, frame: pd.DataFrame) -> Message:
    """List the units for which two columns conflict, with the first such period."""
    rows = frame.loc[best.apart(other)].sort_values("__time", kind="stable")
    first = rows.drop_duplicates("__unit")
    pairs = zip(first["__unit"], first["__time"], strict=True)
    places = [f"{plain(unit)} ({plain(time)})" for unit, time in pairs]
    count = counted(len(places), "unit")
    return Message("{} and {} differ in {}: {}", best.name, other.name, count, shown(places, 4))
