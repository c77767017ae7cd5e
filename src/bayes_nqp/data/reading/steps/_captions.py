"""Remove rows with repeated column names, column roles, or units of measurement."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import EDGES, MOST, counts, narrow
from bayes_nqp.data.reading._texts import distinct, texts_of
from bayes_nqp.data.reading._values import is_text
from bayes_nqp.data.reading.steps._header import heading
from bayes_nqp.data.reading.steps._numbered import contents, numbered
from bayes_nqp.data.reading.steps._roles import roles_in
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_FIRST: Final = 3
"""Number of rows below the header searched for units of measurement."""
_BELOW: Final = 200
"""Number of rows used to detect a numeric column."""
_LONG: Final = 12
"""Maximum length of a unit of measurement."""


@step("captions", place=15)
class Captions(Step):
    """Step that removes repeated headers and rows such as 万元 below the column names."""

    label = Message("Repeated headers and rows of measurement units")
    text = (
        "Rows that repeat the column names or give their units of measurement: row numbers, with "
        'the content of each row: { 3 = "万元 · 个" }.'
    )
    kind = list[int] | dict[str, str]
    by_column = False
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find rows in which half of the cells repeat the header, and words above numbers."""
        frame = reading.frame
        if not frame.index.is_unique:
            return None
        rows = _captions(frame)
        if not rows:
            return None
        example = some([str(x) for x in frame.loc[rows[0]].dropna()])
        reason = Message("rows that repeat the column names or give their units of measurement")
        return Found(contents(frame, rows), reason, len(rows), example, "")

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove these rows, and convert the remaining columns of numbers."""
        frame = reading.frame
        left_out = frame.index.isin(numbered(self.key, frame, value, _captions(frame)))
        for _, row in frame[left_out].iterrows():
            if roles := roles_in(row):
                reading.stated_roles |= {str(frame.columns[k]): word for k, word in roles.items()}
                continue
            reading.units |= {str(name): str(x).strip(EDGES) for name, x in row.dropna().items()}
        data = frame[~left_out]
        reading.frame = data.infer_objects()
        return len(frame) - len(data)


def _captions(frame: pd.DataFrame) -> list[int]:
    """Return the rows that the step finds automatically."""
    return [int(x) for x in dict.fromkeys((*_units(frame), *repeated_rows(frame)))]


def repeated_rows(frame: pd.DataFrame) -> list[Any]:
    """Find rows in which half of the cells, at least two, repeat the column names."""
    same: list[Mask] = []
    for name, column in frame.items():
        if is_text(column) and len(column):
            alike = [str(name)]
            if column.dtype == object:
                alike = [x for x in distinct(column) if isinstance(x, str) and heading(x) == name]
            elif not texts_of(column).has(str(name)):
                continue
            same.append(column.isin(alike).to_numpy())
    count = sum(same, np.zeros(len(frame) if same else 0, dtype=np.int64))
    places = np.flatnonzero(count >= 2).tolist()
    return [frame.index[k] for k in places if count[k] >= 0.5 * frame.iloc[k].notna().sum()]


def _units(frame: pd.DataFrame) -> list[Any]:
    """Find rows of words without digits at the top, above numbers in half of their columns."""
    rows = []
    for k in range(min(_FIRST, len(frame) - 1)):
        if roles_in(frame.iloc[k]):
            rows.append(frame.index[k])
            continue
        row = {name: x for name, x in frame.iloc[k].items() if not pd.isna(x)}
        if not row or not all(isinstance(x, str) and _word(x) for x in row.values()):
            break
        numeric = sum(_numbers(frame[name].iloc[k + 1 : k + _BELOW]) for name in row)
        if numeric == 0 or numeric < 0.5 * len(row):
            break
        rows.append(frame.index[k])
    return rows


def _word(cell: str) -> bool:
    text = cell.strip(EDGES)
    return 0 < len(text) <= _LONG and not any(map(str.isdecimal, text))


def _numbers(column: pd.Series[Any]) -> bool:
    """Return True if a column contains numbers or dates in any notation."""
    cells = column.dropna()
    numeric = [not isinstance(x, str) or counts(narrow(x.strip(EDGES))) for x in cells]
    return len(numeric) > 0 and sum(numeric) >= MOST * len(numeric)
