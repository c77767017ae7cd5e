"""Recode cells with values given by the user: 第一批 as 2013."""

from __future__ import annotations

from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._values import plain
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, step


@step("values", place=25)
class Meanings(Step):
    """Step that replaces cells of a column by given values; never applied automatically."""

    label = Message("Recoded cells")
    text = (
        "New values for the cells of a column: { 批次 = { 第一批 = 2013, 第二批 = 2015 } }; codes "
        "of missing values become nan: { gdp = { -99 = nan } }."
    )
    kind = dict[str, dict[str, str | int | float]]

    def found(self, reading: Reading) -> Found | None:
        """Return None, because the file does not contain the meaning of a word."""
        return None

    def applied(self, reading: Reading, value: Any) -> int:
        """Replace the given cells; other cells are kept."""
        count = 0
        for name, stands in value.items():
            column = reading.frame[name]
            keys = column.map(plain, na_action="ignore")
            named = keys.isin(stands)
            count += int(named.sum())
            read = keys.map(stands, na_action="ignore").where(named, column)
            reading.frame = reading.frame.assign(**{name: read.infer_objects()})
        return count
