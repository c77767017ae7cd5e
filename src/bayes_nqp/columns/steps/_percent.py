"""Shares that are written in per cent, as text."""

from __future__ import annotations

from typing import Any

from bayes_nqp.columns._number_words import Cells, number, percent, words_beside
from bayes_nqp.columns.steps._cellwise import Cellwise
from bayes_nqp.columns.steps._step import step
from bayes_nqp.language import Message


@step("percent", place=40)
class Percent(Cellwise):
    """17.2% as 0.172."""

    label = Message("Per cent")
    text = "Columns of texts such as 17.2%, which are read as shares: 0.172."

    def odd(self, entries: Cells) -> list[Any]:
        """Cells in per cent of columns without plain numbers, which may be shares or per cent."""
        shares = [x for x in entries.values if percent(x) is not None]
        others = [x for x in entries.values if percent(x) is None and x != ""]
        return shares if len(words_beside(others, lambda _: False)) == len(others) else []

    def reason(self, names: str) -> Message:
        """Say in which columns."""
        return Message("shares in per cent in {}", names)

    def after(self, cell: Any) -> Any:
        """As a share; plain numbers beside shares as numbers."""
        share = percent(cell)
        return next((x for x in (share, number(cell)) if x is not None), cell)
