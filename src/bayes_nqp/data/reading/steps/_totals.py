"""Remove totals and averages of other rows, below or among the units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._cells import is_total, may_be_total
from bayes_nqp.data.reading._number_words import EDGES
from bayes_nqp.data.reading._texts import distinct, texts_of
from bayes_nqp.data.reading._values import is_text
from bayes_nqp.data.reading._vocabulary import Part, sounds_like
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, refuse_absent, some, step


@step("totals", place=75)
class Totals(Step):
    """Step that removes totals."""

    label = Message("Totals")
    text = (
        "Names of units or groups whose rows are totals or averages of other rows, or parts of "
        'one row: "合计", "其中：市辖区".'
    )
    kind = list[str]
    by_column = False
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find names of totals."""
        names: dict[str, None] = {}
        count = 0
        for column in _names(reading.frame):
            if not may_be_total(texts_of(column).run_on):
                continue
            totals = [x for x in distinct(column) if isinstance(x, str) and is_total(x)]
            count += int(column.isin(totals).sum())
            names |= dict.fromkeys(x.strip(EDGES) for x in totals)
        if not names:
            return None
        reason = Message("rows with totals or averages ({})", some(names))
        return Found(list(names), reason, count, some(names), "")

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove these rows."""
        frame = reading.frame
        labels = {str(x).strip(EDGES) for column in _names(frame) for x in distinct(column)}
        refuse_absent(self.key, value, labels)
        totals = np.zeros(len(frame), bool)
        for column in _names(frame):
            names = [x for x in distinct(column) if str(x).strip(EDGES) in value]
            totals |= column.isin(names).to_numpy()
        reading.frame = frame[~totals]
        return int(totals.sum())


def _names(frame: pd.DataFrame) -> list[pd.Series[Any]]:
    """Return text columns with names of units or groups, and the first text column."""
    texts = [x for _, x in frame.items() if is_text(x)]
    parts: tuple[Part, ...] = ("unit", "stratum")
    named = [x for x in texts[1:] if any(sounds_like(part, str(x.name)) for part in parts)]
    return [*texts[:1], *named]
