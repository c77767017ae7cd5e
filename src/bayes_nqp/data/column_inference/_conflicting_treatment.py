"""Compare columns that may define treatment, and report where two columns conflict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import counted, plain

_TIERS: Final = (0, 0, 1, 2, 2)
"""Tier by rank: supported by name and cells, by the name only, by the cells only."""


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """Column that may define which units are treated, and when.

    Parameters
    ----------
    rank : int
        Position in `_TIERS`: columns of first treated periods come before 0/1 columns.
    status : Series or None
        Treatment status by row; None if it is unknown.
    """

    rank: int
    key: Literal["cohort", "treated"]
    name: str
    status: pd.Series[Any] | None
    reason: Message

    @property
    def tier(self) -> int:
        """Return the priority; columns with the same tier have equal priority."""
        return _TIERS[self.rank]

    def apart(self, other: Claim) -> pd.Index:
        """Return the rows in which another column gives a different treatment status."""
        if self.status is None or other.status is None:
            return pd.Index([])
        pairs = pd.DataFrame({"one": self.status, "other": other.status}).dropna()
        return pairs.index[pairs["one"] != pairs["other"]]

    def differs(self, other: Claim) -> bool:
        """Return True if another column gives a different treatment status in some row."""
        return not self.apart(other).empty


def otherwise(best: Claim, other: Claim, frame: pd.DataFrame) -> Message:
    """List the units for which two columns conflict, with the first such period."""
    rows = frame.loc[best.apart(other)].sort_values("__time", kind="stable")
    first = rows.drop_duplicates("__unit")
    pairs = zip(first["__unit"], first["__time"], strict=True)
    places = [f"{plain(unit)} ({plain(time)})" for unit, time in pairs]
    count = counted(len(places), "unit")
    return Message("{} and {} differ in {}: {}", best.name, other.name, count, shown(places, 4))
