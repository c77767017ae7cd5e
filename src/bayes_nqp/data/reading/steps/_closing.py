"""Remove opening balances, which repeat the closing balances of the previous year."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import distinct
from bayes_nqp.data.reading._values import missing, plain
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, step


@step("closing", place=73)
class Closing(Step):
    """Step that keeps rows of 2013-12-31 and removes rows of 2013-01-01."""

    label = Message("Opening balances")
    text = (
        "Columns of dates in which rows of 1 January (opening balances: the closing values of the"
        " previous year) are excluded, because rows of 31 December exist as well."
    )
    kind = list[str]
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find periods that consist of the first and last days of years only."""
        for name, column in reading.frame.items():
            if not sounds_like("time", str(name)) or column.dtype.kind in "iuf":
                continue
            days = [_day(x) for x in distinct(column[~missing(column)])]
            if {x[4:] for x in days} != {"-01-01", "-12-31"}:
                continue
            count = int(_first(column).sum())
            reason = Message(
                "{} contains the first and the last day of each year: rows dated 1 "
                "January are opening balances and are excluded",
                name,
            )
            return Found([str(name)], reason, count, min(days), "")
        return None

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove these rows."""
        first = np.zeros(len(reading.frame), dtype=bool)
        for name in value:
            first |= _first(reading.frame[name])
        reading.frame = reading.frame[~first]
        return int(first.sum())


def _day(cell: Any) -> str:
    return plain(cell).removesuffix(" 00:00:00").replace("/", "-")


def _first(column: Any) -> Any:
    days = [x for x in distinct(column) if _day(x)[4:] == "-01-01"]
    return column.isin(days).to_numpy()
