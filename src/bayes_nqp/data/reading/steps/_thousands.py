"""Read numbers with thousands separators, stored as text: 1,234.5."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import cells, marked, number
from bayes_nqp.data.reading._values import plain
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_MARKS: Final = (",", " ", "\u00a0", "\u202f", "'", "’")
_RATIO: Final = 100.0
"""Maximum ratio of numbers with separators to numbers without."""


@step("thousands", place=70)
class Thousands(Step):
    """Step that reads 1,234.5 as 1234.5."""

    label = Message("Thousands separators")
    text = 'Thousands separator in numbers that are stored as text, such as ",".'
    kind = str

    def found(self, reading: Reading) -> Found | None:
        """Find columns of numbers, some with commas or blanks before groups of three digits."""
        return next(filter(None, (_found(reading, mark) for mark in _MARKS)), None)

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove the separators if all cells are then numbers."""
        count = 0
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None or not any(
                isinstance(x, str) and value in x for x in entries.values
            ):
                continue
            read = [None if x == "" else marked(x, value) for x in entries.values]
            if all(y is not None for x, y in zip(entries.values, read, strict=True) if x != ""):
                reading.frame = reading.frame.assign(**{str(name): entries.mapped(read)})
                count += entries.count(lambda x: isinstance(x, str) and value in x)
        return count


def _found(reading: Reading, mark: str) -> Found | None:
    """Find columns of numbers, some with this separator."""
    names, count, example = [], 0, ""
    for name, column in reading.frame.items():
        entries = cells(column)
        if entries is None or any(marked(x, mark) is None for x in entries.values if x != ""):
            continue
        texts = [x for x in entries.values if number(x) is None and x != ""]
        if texts and (mark != "," or _alike(entries.values, mark)):
            names.append(str(name))
            count += entries.count(set(texts).__contains__)
            example = example or str(texts[0])
    if not names:
        return None
    reason = Message("numbers stored as text in {}", some(names))
    return Found(mark, reason, count, example, plain(marked(example, mark)))


def _alike(values: list[Any], mark: str) -> bool:
    """Return True if numbers with separators have the size of the others (no decimal commas)."""
    sizes: dict[bool, list[float]] = {True: [], False: []}
    for x in values:
        size = marked(x, mark)
        if size:
            sizes[number(x) is None].append(abs(size))
    if not sizes[False]:
        return True
    typical, other = (float(np.median(sizes[key])) for key in (True, False))
    return typical < _RATIO * other
