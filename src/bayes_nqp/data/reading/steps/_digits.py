"""Read full-width digits, as Chinese input methods write them: ０．５４２０."""

from __future__ import annotations

from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import MOST, Cells, counts, marked, narrow, unraised
from bayes_nqp.data.reading.steps._cellwise import Cellwise
from bayes_nqp.data.reading.steps._step import step


@step("digits", place=30)
class Digits(Cellwise):
    """Step that converts full-width digits, points and signs to ordinary ones."""

    label = Message("Full-width digits")
    text = (
        "Columns in which full-width digits, points and signs (０．５) are read as ordinary ones."
    )

    def odd(self, entries: Cells) -> list[Any]:
        """Return the full-width cells of columns of numbers or years."""
        if entries.count(lambda x: counts(unraised(x))) < MOST * entries.counts.sum():
            return []
        return [x for x in entries.values if narrow(x) != x and counts(unraised(x))]

    def reason(self, names: str) -> Message:
        """Return the reason, with the columns."""
        return Message("full-width digits in {}", names)

    def after(self, cell: Any) -> Any:
        """Convert a cell to half width."""
        return narrow(cell)

    def column(self, values: list[Any]) -> list[Any]:
        """Convert to half width, and to numbers if all cells are numbers."""
        texts = super().column(values)
        numbers = [marked(x, "\0") for x in texts]
        return texts if None in numbers else numbers
