"""A column that says who is treated when, and where another says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import counted, plain

_TIERS: Final = (0, 0, 1, 2, 2)
"""By rank: name and cells agree on it; only the name says so; only the cells do."""


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A column that says who is treated when.

    Parameters
    ----------
    rank : int
        Position in `_TIERS`: first treated periods before marks.
    status : Series or None
        Treated or not by row; None where it cannot be told.
    """

    rank: int
    key: Literal["cohort", "treated"]
    name: str
    status: pd.Series[Any] | None
    reason: Message

    @property
    def tier(self) -> int:
        """Equal for columns of which none goes before another."""
        return _TIERS[self.rank]

    def apart(self, other: Claim) -> pd.Index:
        """Rows of which another column says otherwise."""
        if self.status is None or other.status is None:
            return pd.Index([])
        pairs = pd.DataFrame({"one": self.status, "other": other.status}).dropna()
        return pairs.index[pairs["one"] != pairs["other"]]

    def differs(self, other: Claim) -> bool:
        """Whether another column says otherwise in some row."""
        return not self.apart(other).empty


def otherwise(best: Claim, other: Claim, frame: pd.DataFrame) -> Message:
    """Name the units of which two columns say different things, with the first such period."""
    rows = frame.loc[best.apart(other)].sort_values("__time", kind="stable")
    first = rows.drop_duplicates("__unit")
    pairs = zip(first["__unit"], first["__time"], strict=True)
    places = [f"{plain(unit)} ({plain(time)})" for unit, time in pairs]
    count = counted(len(places), "unit")
    return Message("{} and {} differ in {}: {}", best.name, other.name, count, shown(places, 4))
