"""Rows that stand twice, the same in every cell."""

from __future__ import annotations

from typing import Any

from bayes_nqp.columns._values import missing
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message


@step("repeats", place=85)
class Repeats(Step):
    """A row of a unit and a period that repeats an earlier one: left out."""

    label = Message("Rows that stand twice")
    text = "Rows that repeat an earlier one in every cell, as numbered."
    kind = list[int]
    by_column = False
    of = "row"
    placed = True

    def found(self, reading: Reading) -> Found | None:
        """Find rows with a unit and a period that are the same as an earlier one."""
        frame, keys = reading.frame, [*reading.parts, reading.roles.get("time")]
        if len(keys) < 2 or keys[-1] not in frame.columns or not frame.index.is_unique:
            return None
        twice = frame.duplicated(keys).to_numpy(copy=True)
        if not twice.any():
            return None
        twice &= frame.duplicated().to_numpy()
        for key in keys:
            twice &= ~missing(frame[key])
        rows = [int(x) for x in frame.index[twice]]
        if not rows:
            return None
        example = some([str(x) for x in frame.loc[rows[0]].dropna()])
        reason = Message("rows that are the same as an earlier one in every cell: {}", some(rows))
        return Found(rows, reason, len(rows), example, "")

    def applied(self, reading: Reading, value: Any) -> int:
        """Leave them out."""
        again = reading.frame.index.isin(value)
        reading.frame = reading.frame[~again]
        return int(again.sum())
