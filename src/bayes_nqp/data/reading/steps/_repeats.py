"""Remove duplicate rows, which are equal in every cell."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import missing
from bayes_nqp.data.reading.steps._numbered import contents, numbered
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_SPARSE: Final = 16
"""Maximum ratio of unit-period places to rows for which a table is built."""


@step("repeats", place=85)
class Repeats(Step):
    """Step that removes a row of a unit and period that repeats an earlier row."""

    label = Message("Duplicate rows")
    text = (
        "Rows that repeat an earlier row in every cell: row numbers, with the content of each row."
    )
    kind = list[int] | dict[str, str]
    by_column = False
    of = "row"
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find rows with a unit and a period that equal an earlier row."""
        frame, keys = reading.frame, [*reading.parts, reading.roles.get("time")]
        if len(keys) < 2 or keys[-1] not in frame.columns or not frame.index.is_unique:
            return None
        if _once(frame, keys) or not (twice := frame.duplicated(keys).to_numpy(copy=True)).any():
            return None
        twice &= frame.duplicated().to_numpy()
        for key in keys:
            twice &= ~missing(frame[key])
        rows = [int(x) for x in frame.index[twice]]
        if not rows:
            return None
        example = some([str(x) for x in frame.loc[rows[0]].dropna()])
        reason = Message("rows identical to an earlier row in every cell: {}", some(rows))
        return Found(contents(frame, rows), reason, len(rows), example, "")

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove these rows."""
        frame = reading.frame
        alike = frame.index[frame.duplicated()]
        again = frame.index.isin(numbered(self.key, frame, value, alike))
        reading.frame = reading.frame[~again]
        return int(again.sum())


def _once(frame: pd.DataFrame, keys: list[Any]) -> bool:
    """Return True if a quick test shows that units have at most one row per period.

    The test passes if the rows of each unit are contiguous with increasing periods, or if each
    place ``unit · span + period − first`` of a table of units by periods has at most one row.
    """
    unit, time = frame[keys[0]], frame[keys[-1]]
    if len(keys) != 2 or not isinstance(unit.dtype, pd.StringDtype) or time.dtype != np.int64:
        return False
    texts, periods = texts_of(unit), time.to_numpy()
    if texts.begins is not None:
        return bool((texts.begins[1:] | (periods[1:] > periods[:-1])).all())
    if texts.codes is None:
        return False
    first, span = periods.min(), int(periods.max()) - int(periods.min()) + 1
    places = len(texts.values) * span
    if places > _SPARSE * len(frame):
        return False
    taken = np.zeros(places, dtype=bool)
    taken[texts.codes.astype(np.int64) * span + (periods - first)] = True
    return int(np.count_nonzero(taken)) == len(frame)
