"""Detect empty cells below a unit name, as in merged cells, to avoid losing their rows."""

from __future__ import annotations

from typing import Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._values import SourceRows, missing

FEW: Final = 0.05
"""Largest share of empty cells that counts as gaps instead of merged cells."""


def refuse_gaps(df: pd.DataFrame, unit: str, time: str) -> None:
    """Reject rows with a period but no unit if the name above is probably their unit.

    Parameters
    ----------
    unit, time : str
        Columns.

    Raises
    ------
    PanelError
        If there are many such rows, and filling them from above creates no duplicates of unit and
        time.
    """
    timed = ~missing(df[time])
    bare = missing(df[unit]) & timed
    if not bare.any() or bare[timed.argmax()] or bare.sum() <= FEW * timed.sum():
        return
    filled = df[unit].mask(missing(df[unit])).ffill()
    if pd.DataFrame({"unit": filled, "time": df[time]})[timed].duplicated().any():
        return
    raise PanelError(
        Message(
            "unit={!r} is empty in {} of {} rows that have a time, below a name; these "
            "are probably merged cells",
            unit,
            int(bare.sum()),
            int(timed.sum()),
        ),
        where=SourceRows(df, unit, time).shown(bare),
        hint=Message(
            "df[{0!r}] = df[{0!r}].ffill(), if each of these rows belongs to the name above it",
            unit,
        ),
        about="unit empty",
        column=unit,
    )
