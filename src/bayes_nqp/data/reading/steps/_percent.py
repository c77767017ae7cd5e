"""Read shares written as percentages, stored as text."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import (
    Cells,
    figure,
    in_per_cent,
    number,
    percent,
    plain_sizes,
    words_beside,
)
from bayes_nqp.data.reading.steps._cellwise import Cellwise
from bayes_nqp.data.reading.steps._step import step


@step("percent", place=40)
class Percent(Cellwise):
    """Step that reads 17.2% as 0.172, or as 17.2 in columns of percentages."""

    label = Message("Percentages")
    text = (
        "Columns of text such as 17.2%, read as shares (0.172), or as 17.2 if the column name "
        "contains % or plain numbers in the column have the same size."
    )

    def odd(self, entries: Cells) -> list[Any]:
        """Return the percentages in a column with words, or with numbers of the same size."""
        shares = [x for x in entries.values if percent(x) is not None]
        others = [x for x in entries.values if percent(x) is None and number(x) is None and x != ""]
        apart = len(words_beside(others, lambda _: False)) != len(others)
        return (
            []
            if apart or (plain_sizes(entries.values) and not in_per_cent(entries.values))
            else shares
        )

    def reason(self, names: str) -> Message:
        """Return the reason, with the columns."""
        return Message("percentages in {}", names)

    def after(self, cell: Any) -> Any:
        """Convert a cell to a share; plain numbers become numbers."""
        share = percent(cell)
        return next((x for x in (share, number(cell)) if x is not None), cell)

    def column(self, values: list[Any]) -> list[Any]:
        """Convert to shares, or to percentages if plain numbers have the same size."""
        return self._written(values) if in_per_cent(values) else super().column(values)

    def called(self, values: list[Any], name: str) -> list[Any]:
        """Convert to percentages also if the column name gives this unit: 占比（%）."""
        unit = "%" in normalize("NFKC", name) and not any("‰" in str(x) for x in values)
        return self._written(values) if unit and not plain_sizes(values) else self.column(values)

    def _written(self, values: list[Any]) -> list[Any]:
        """Return the numbers before the marks."""
        return [y if (before := figure(x)) is None else before
                for x, y in zip(values, super().column(values), strict=True)]  # fmt: skip
