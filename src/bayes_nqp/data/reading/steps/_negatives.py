"""Read negative numbers in accounting style: (1,234.5), △1,234.5 or 1,234.5-."""

from __future__ import annotations

import re
from typing import Any, Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import MOST, Cells, counts, marked
from bayes_nqp.data.reading.steps._cellwise import Cellwise
from bayes_nqp.data.reading.steps._step import step

_LOSS: Final = re.compile(
    r"[(（]\s*([\d,]*\.?\d+)\s*[)）]|△\s*([\d,]*\.?\d+)|([\d,]*\.?\d+)\s*[-−]"
)


@step("negatives", place=44)
class Negatives(Cellwise):
    """Step that reads (1,234.5) as -1,234.5."""

    label = Message("Negative numbers in brackets")
    text = (
        "Columns in which negative numbers are written in accounting style: (1,234.5), △1.5, 1.5-."
    )

    def odd(self, entries: Cells) -> list[Any]:
        """Return the cells in brackets, in columns where most numbers have no brackets."""
        if entries.count(lambda x: counts(self.after(x))) < MOST * entries.counts.sum():
            return []
        return [x for x in entries.values if self.after(x) != x]

    def reason(self, names: str) -> Message:
        """Return the reason, with the columns."""
        return Message("negative numbers written in brackets or with △ in {}", names)

    def after(self, cell: Any) -> Any:
        """Return the cell with a minus sign."""
        match = _LOSS.fullmatch(cell) if isinstance(cell, str) else None
        return f"-{next(filter(None, match.groups()))}" if match else cell

    def column(self, values: list[Any]) -> list[Any]:
        """Add minus signs, and convert to numbers if all cells are numbers."""
        texts = super().column(values)
        numbers = [marked(x, "\0") for x in texts]
        return texts if None in numbers else numbers
