"""Losses in brackets, as accounts have them: (1,234.5); and △1,234.5 or 1,234.5-."""

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
    """(1,234.5) as -1,234.5."""

    label = Message("Negative numbers in brackets")
    text = (
        "Columns in which negative numbers are written in accounting style: (1,234.5), △1.5, 1.5-."
    )

    def odd(self, entries: Cells) -> list[Any]:
        """Cells in brackets, of columns that hold more numbers without."""
        if entries.count(lambda x: counts(self.after(x))) < MOST * entries.counts.sum():
            return []
        return [x for x in entries.values if self.after(x) != x]

    def reason(self, names: str) -> Message:
        """Say in which columns."""
        return Message("negative numbers written in brackets or with △ in {}", names)

    def after(self, cell: Any) -> Any:
        """With a minus."""
        match = _LOSS.fullmatch(cell) if isinstance(cell, str) else None
        return f"-{next(filter(None, match.groups()))}" if match else cell

    def column(self, values: list[Any]) -> list[Any]:
        """With minuses; where all are numbers then, as numbers."""
        texts = super().column(values)
        numbers = [marked(x, "\0") for x in texts]
        return texts if None in numbers else numbers
