"""Define the base class of steps that convert columns cell by cell."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import Cells, cells
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some


class Cellwise(Step):
    """Step with a list of text columns as its value, which are converted cell by cell."""

    kind = list[str]

    @abstractmethod
    def odd(self, entries: Cells) -> list[Any]:
        """Return the distinct cells to convert; empty if the step does not apply to the column."""

    @abstractmethod
    def reason(self, names: str) -> Message:
        """Return the reason, with the columns."""

    @abstractmethod
    def after(self, cell: Any) -> Any:
        """Return the converted cell; the same cell if nothing changes."""

    def column(self, values: list[Any]) -> list[Any]:
        """Convert the distinct cells of a column."""
        return [self.after(x) for x in values]

    def called(self, values: list[Any], name: str) -> list[Any]:
        """Convert the distinct cells of a column, using the column name."""
        return self.column(values)

    def found(self, reading: Reading) -> Found | None:
        """Find columns with cells to convert."""
        names, count, example, after = [], 0, "", ""
        for name, column in reading.frame.items():
            entries = cells(column)
            odd = [] if entries is None else self.odd(entries)
            if entries is not None and odd:
                names.append(str(name))
                count += entries.count(set(odd).__contains__)
                if not example:
                    example = str(odd[0])
                    after = str(
                        self.called(entries.values, str(name))[entries.values.index(odd[0])]
                    )
        if not names:
            return None
        return Found(names, self.reason(some(names)), count, example, after)

    def applied(self, reading: Reading, value: Any) -> int:
        """Convert the columns."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is not None:
                count += entries.count(lambda x: self.after(x) != x)
                read = entries.mapped(self.called(entries.values, str(name)))
                reading.frame = reading.frame.assign(**{name: read})
        return count
