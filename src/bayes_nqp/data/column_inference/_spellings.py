"""Detect prefectures with several spellings in a column of units."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import NOTHING, Message, enumerated
from bayes_nqp.data.column_inference._places import match
from bayes_nqp.data.reading import counted, is_text

_SAMPLE: Final = 40
_MOST: Final = 2000
"""Maximum number of distinct names in a column of China's 337 prefectures."""
_SHARE: Final = 0.7


def spelled_twice(name: str, values: pd.Series[Any]) -> Message:
    """Return a message about prefectures with several names, each counted as a unit.

    Parameters
    ----------
    name : str
        Name of the column of units.

    Returns
    -------
    Message
        Empty if there are none, or if the units are not prefectures.
    """
    if not is_text(values):
        return NOTHING
    names = sorted({str(x).strip() for x in values.dropna().unique()})
    sample = names[:_SAMPLE]
    if len(names) > _MOST or sum(match(x).code is not None for x in sample) < _SHARE * len(sample):
        return NOTHING
    ways: dict[int, list[str]] = {}
    for spelling in names:
        code = match(spelling).code
        if code is not None:
            ways.setdefault(code, []).append(spelling)
    several = [enumerated(names) for names in ways.values() if len(names) > 1]
    if not several:
        return NOTHING
    return Message(
        "{} contains {} with more than one spelling ({})",
        name,
        counted(len(several), "prefecture"),
        shown(several, 6),
    )


def advice(name: str, values: pd.Series[Any]) -> Message:
    """Return a message that each spelling of a prefecture counts as a unit, with advice."""
    spelled = spelled_twice(name, values)
    if not spelled:
        return NOTHING
    return Message(
        "{}, and each spelling counts as a separate unit. Try: use one spelling in the "
        'file; or write [data.zones] prefecture = "{}" and unit = "prefecture_name", a '
        "column that is merged in addition to your own cohort",
        spelled,
        name,
    )
