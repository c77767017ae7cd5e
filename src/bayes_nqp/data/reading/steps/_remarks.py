"""Read numbers with a remark in the same cell: 12.3（估计）, 约12.3, 12.3*."""

from __future__ import annotations

import re
from typing import Any, Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._date_remarks import otherwise
from bayes_nqp.data.reading._number_words import MOST, Cells, counts, marked, narrow
from bayes_nqp.data.reading._years import year_of
from bayes_nqp.data.reading.steps._cellwise import Cellwise
from bayes_nqp.data.reading.steps._step import step

_REMARK: Final = re.compile(
    r"(?:约|大约|近|≈|~|ca\.?)?\s*([-+]?[\d,]*\.?\d+\s*[%‰]?)"
    r"\s*(?:[(（\[［【][^()（）\d][^()（）]{0,11}[)）\]］】]|[*＊†‡①-⑳⑴-⒇⁰¹²³⁴-⁹]{1,3}|"
    r"(?:(?<=\s)|(?<=\.\d)|(?<=\.\d\d))[beprsu]{1,2})?"
)
"""Letters are Eurostat flags (break, estimated, provisional, …); 12b is a name."""


@step("remarks", place=45)
class RemarksAside(Cellwise):
    """Step that reads 12.3（估计） as 12.3."""

    label = Message("Numbers with remarks")
    text = "Columns in which remarks next to numbers are removed: 12.3（估计）, 12.3*, 12.3 e."

    def odd(self, entries: Cells) -> list[Any]:
        """Return cells with a remark in columns of numbers, except remarks that change a year."""
        if entries.count(lambda x: counts(self.after(x))) < MOST * entries.counts.sum():
            return []
        remarks = [x for x in entries.values if self.after(x) != x]
        years = all(x == "" or year_of(self.after(x)) is not None for x in entries.values)
        return [] if years and any(map(otherwise, remarks)) else remarks

    def reason(self, names: str) -> Message:
        """Return the reason, with the columns."""
        return Message("numbers with remarks in the same cell in {}", names)

    def after(self, cell: Any) -> Any:
        """Return the number without the remark."""
        match = (
            _REMARK.fullmatch(narrow(cell)) if isinstance(cell, str) and not counts(cell) else None
        )
        return match[1].strip() if match else cell

    def column(self, values: list[Any]) -> list[Any]:
        """Remove remarks, and convert to numbers if all cells are numbers."""
        texts = super().column(values)
        numbers = [marked(x, "\0") for x in texts]
        return texts if None in numbers else numbers
