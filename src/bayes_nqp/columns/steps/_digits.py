"""Digits of full width, as Chinese input methods write them: ０．５４２０."""

from __future__ import annotations

from typing import Any

from bayes_nqp.columns._number_words import MOST, cells, counts, marked, narrow
from bayes_nqp.columns.steps._step import Found, Reading, Step, some, step
from bayes_nqp.language import Message


@step("digits", place=30)
class Digits(Step):
    """Full-width digits, points and signs to the usual ones."""

    label = Message("Full-width digits")
    text = "Columns whose digits, points and signs of full width (０．５) are read as usual ones."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns of numbers or years, some of which are wide."""
        names, count, example = [], 0, ""
        for name, column in reading.frame.items():
            entries = cells(column)
            if entries is None:
                continue
            wide = [x for x in entries.values if narrow(x) != x and counts(narrow(x))]
            if not wide or entries.count(lambda x: counts(narrow(x))) < MOST * entries.counts.sum():
                continue
            names.append(str(name))
            count += entries.count(set(wide).__contains__)
            example = example or str(wide[0])
        if not names:
            return None
        reason = Message("digits of full width in {}", some(names))
        return Found(names, reason, count, example, str(narrow(example)))

    def applied(self, reading: Reading, value: Any) -> int:
        """Write them in the usual width; what is a number then is one."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is None:
                continue
            count += entries.count(lambda x: narrow(x) != x)
            texts = [narrow(x) for x in entries.values]
            numbers = [marked(x, "\0") for x in texts]
            numeric = None not in numbers
            reading.frame = reading.frame.assign(
                **{name: entries.mapped(numbers if numeric else texts)}
            )
        return count
