"""Names of units that differ by the word for what they are, and may be one unit: 沧溟, 沧溟市."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp.columns._values import distinct, is_text
from bayes_nqp.errors import shown
from bayes_nqp.language import Message

_KINDS: Final = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "县",
    "区",
    "州",
    "盟",
    "旗",
)
"""Words at the end of the names of places."""


def twins(unit: pd.Series[Any], time: pd.Series[Any]) -> Message | None:
    """Name pairs that never have a row in the same period; None where there are none.

    Parameters
    ----------
    unit, time : Series
        Of the rows of a panel.
    """
    if not is_text(unit):
        return None
    names = {x for x in distinct(unit) if isinstance(x, str)}
    pairs = [
        (short, name)
        for name in sorted(names)
        for kind in _KINDS
        if (short := name.removesuffix(kind)) != name and short in names
    ]
    apart = [
        f"{short} / {name}"
        for short, name in pairs
        if time[unit == short].isin(time[unit == name]).sum() == 0
    ]
    if not apart:
        return None
    return Message("never in one period, and perhaps one unit: {}", shown(apart, 3))
