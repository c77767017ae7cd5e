"""Read numbers with decimal commas, stored as text: 0,532 and 1.234,5."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import (
    MOST,
    Cells,
    cells,
    decimal,
    marked,
    number,
    words_beside,
)
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import is_text, plain
from bayes_nqp.data.reading.steps._cellwise import Cellwise
from bayes_nqp.data.reading.steps._step import Found, Reading, some, step

_POINTED: Final = re.compile(r"[-+]?\d{1,3}(?:\.\d{3})+")
"""1.234 and 1.234.567, in which points may be thousands separators."""


@step("decimals", place=42)
class Decimals(Cellwise):
    """Step that reads 45,22 as 45.22."""

    label = Message("Decimal commas")
    text = "Columns of text such as 45,22 or 1.234,5, with a decimal comma."

    def found(self, reading: Reading) -> Found | None:
        """Find columns of numbers with commas that cannot be, or probably are not, separators."""
        names, count, example = [], 0, ""
        usual = reading.delimiter == ";" and not _points(reading.frame)
        for name, column in reading.frame.items():
            if not is_text(column) or "," not in texts_of(column).run_on:
                continue
            entries = cells(column, named=True)
            if entries is None or not _decimal(entries, usual=usual):
                continue
            commas = self.odd(entries)
            names.append(str(name))
            count += entries.count(set(commas).__contains__)
            example = example or commas[0]
        if not names:
            return None
        if doubtful := _doubtful(reading.frame):
            reading.notes.append(_DOUBT.fill(some(doubtful)))
        return Found(names, self.reason(some(names)), count, example, plain(decimal(example)))

    def odd(self, entries: Cells) -> list[Any]:
        """Return the texts with a decimal comma."""
        return [x for x in entries.values if decimal(x) is not None]

    def reason(self, names: str) -> Message:
        """Return the reason, with the columns."""
        return Message("decimal commas in {}", names)

    def after(self, cell: Any) -> Any:
        """Convert a cell to a number, including plain numbers."""
        return next((x for x in (decimal(cell), number(cell)) if x is not None), cell)

    def column(self, values: list[Any]) -> list[Any]:
        """Convert to numbers; with decimal commas, the point in 1.234 separates thousands."""
        pointed = [x for x in values if isinstance(x, str) and _POINTED.fullmatch(x)]
        others = [x for x in values if x not in pointed]
        certain = any(decimal(x) is not None for x in values) and not any(
            isinstance(x, str) and "." in x and decimal(x) is None for x in others
        )
        bare = {x: x.replace(".", "") for x in pointed} if certain else {}
        return [self.after(bare.get(x, x)) for x in values]


_DOUBT: Final = Message(
    "{}: each point is followed by three digits, and other columns use decimal commas. If"
    " the points separate thousands, these numbers are 1000 times as large; write them "
    "without points"
)


def _doubtful(frame: pd.DataFrame) -> list[str]:
    """Find columns of numbers mostly with three decimal places: 1.234 may be 1234."""
    names = []
    for name, column in frame.select_dtypes("float").items():
        thousands = column.dropna().to_numpy() * 1000.0
        exact = np.abs(thousands - np.round(thousands)) < 1e-6 * np.maximum(np.abs(thousands), 1.0)
        third = np.abs(np.round(thousands)) % 10.0 > 0.0
        if len(thousands) and exact.all() and third.mean() > 0.5 and (thousands < 1e6).all():
            names.append(str(name))
    return names


def _points(frame: pd.DataFrame) -> bool:
    """Return True if a numeric column has fractions, read with decimal points."""
    floats = frame.select_dtypes("float")
    return bool((floats % 1.0 > 0.0).any(axis=None))


def _decimal(entries: Cells, *, usual: bool) -> bool:
    """Return True if the commas of a column are decimal commas.

    Parameters
    ----------
    usual : bool
        True if columns are separated by semicolons, as is usual with decimal commas, and no number
        has a decimal point.
    """
    fractions = {x: y for x in entries.values if (y := decimal(x)) is not None}
    plain = [y for x in entries.values if (y := number(x)) is not None]
    words = [
        x for x in entries.values if x != "" and x not in fractions and number(x) is None
        if not (isinstance(x, str) and _POINTED.fullmatch(x))
    ]  # fmt: skip
    if not fractions or words_beside(words, lambda _: False) != words:
        return False
    if entries.count(words.__contains__) > (1.0 - MOST) * entries.counts.sum():
        return False
    no_thousands = sum(marked(x) is None for x in fractions)
    if no_thousands or not usual:
        return no_thousands >= 0.5 * len(fractions)
    # Three digits after each: the size of plain numbers, or 1000 times that size.
    typical = float(np.median(np.abs([*fractions.values()])))
    return not plain or typical * 1000.0**0.5 >= float(np.median(np.abs(plain)))
