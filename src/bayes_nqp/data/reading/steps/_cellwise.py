"""Steps that read the cells of some columns anew."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._number_words import Cells, cells
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some


class Cellwise(Step):
    """A step whose key lists columns of text, which are read cell by cell."""

    kind = list[str]

    @abstractmethod
    def odd(self, entries: Cells) -> list[Any]:
        """Distinct cells that it would change; none where the column is not one of its own."""

    @abstractmethod
    def reason(self, names: str) -> Message:
        """Say why, with the columns."""

    @abstractmethod
    def after(self, cell: Any) -> Any:
        """A cell as it is read; itself where nothing changes."""

    def column(self, values: list[Any]) -> list[Any]:
        """Distinct cells of a column, as they are read."""
        return [self.after(x) for x in values]

    def called(self, values: list[Any], name: str) -> list[Any]:
        """Distinct cells of a column, as they are read where its name may say how."""
        return self.column(values)

    def found(self, reading: Reading) -> Found | None:
        """Find columns with cells that it would change."""
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
        """Read the columns anew."""
        count = 0
        for name in value:
            entries = cells(reading.frame[name], named=True)
            if entries is not None:
                count += entries.count(lambda x: self.after(x) != x)
                read = entries.mapped(self.called(entries.values, str(name)))
                reading.frame = reading.frame.assign(**{name: read})
        return count
