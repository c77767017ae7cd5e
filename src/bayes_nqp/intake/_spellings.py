"""Prefectures that a column of units spells in several ways."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp.columns import counted, is_text
from bayes_nqp.errors import shown
from bayes_nqp.intake._places import match

__all__ = ["spelled_twice"]

_SAMPLE: Final = 40
_MOST: Final = 2000
"""Names beyond which a column is not one of China's 337 prefectures."""
_SHARE: Final = 0.7


def spelled_twice(name: str, values: pd.Series[Any]) -> str:
    """Say which prefectures have several names, each of them a unit of its own.

    Parameters
    ----------
    name : str
        Of the column of units.

    Returns
    -------
    str
        "" if there is none, or if the units are no prefectures.
    """
    if not is_text(values):
        return ""
    names = sorted({str(x).strip() for x in values.dropna().unique()})
    sample = names[:_SAMPLE]
    if len(names) > _MOST or sum(match(x).code is not None for x in sample) < _SHARE * len(sample):
        return ""
    ways: dict[int, list[str]] = {}
    for one in names:
        code = match(one).code
        if code is not None:
            ways.setdefault(code, []).append(one)
    several = [" and ".join(some) for some in ways.values() if len(some) > 1]
    if not several:
        return ""
    return (
        f"{name} spells {counted(len(several), 'prefecture')} in more than one way "
        f"({shown(several, 6)}), and each name is a unit of its own. Try: one name in the file; "
        f'or [data.zones] prefecture = "{name}", and unit = "prefecture_name", a column that the '
        "zones bring beside your own cohort"
    )
