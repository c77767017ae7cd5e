"""Detect unit names that differ only by the administrative type: 沧溟 and 沧溟市."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import distinct, texts_of
from bayes_nqp.data.reading._values import is_text
from bayes_nqp.data.reading._words import WORDS

_KINDS: Final[list[str]] = WORDS["places"]["kinds"]
"""Administrative types at the end of place names."""


def pairs_apart(unit: pd.Series[Any], time: pd.Series[Any]) -> list[tuple[str, str]]:
    """Find pairs of names that differ only by type and never appear in the same period."""
    if not is_text(unit) or texts_of(unit).run_on.isascii():
        return []
    stems: dict[str, list[str]] = {}
    for name in sorted(x for x in distinct(unit) if isinstance(x, str)):
        stems.setdefault(name.removesuffix(kind_of(name)), []).append(name)
    return [
        (first, second)
        for names in stems.values()
        for first, second in combinations(names, 2)
        if time[unit == first].isin(time[unit == second]).sum() == 0
    ]


def kind_of(name: str) -> str:
    """Return the administrative type at the end of a place name; "" if there is none."""
    return next((x for x in _KINDS if name.endswith(x) and len(name) > len(x) + 1), "")


def twins(unit: pd.Series[Any], time: pd.Series[Any]) -> Message | None:
    """Return a message on name pairs that never share a period; None if there are none.

    Parameters
    ----------
    unit, time : Series
        Unit and time of each row.
    """
    apart = pairs_apart(unit, time)
    if not apart:
        return None
    first, second = apart[0]
    return Message(
        "possibly two names of the same unit, because they never appear in the same "
        "period: {}; if so, write values = {} in [data.read]",
        shown((" / ".join(pair) for pair in apart), 3),
        f'{{ "{unit.name}" = {{ "{second}" = "{first}" }} }}',
    )
