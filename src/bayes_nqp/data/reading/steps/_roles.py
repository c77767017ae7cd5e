"""Read rows that state the role of each column: 被解释变量, 中介变量, 控制变量."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from bayes_nqp.data.reading._number_words import EDGES
from bayes_nqp.data.reading._vocabulary import role_of

_SEVERAL: Final = ("mediator", "covariate")
"""Roles of several columns: one merged cell states the role of all columns below it."""


def roles_in(row: Iterable[Any]) -> dict[int, str]:
    """Return the words for roles in a row, by position; empty if a cell is another word.

    The row must state an outcome, or two different roles. A word for mediators or covariates also
    applies to the empty cells to its right, as in merged cells.
    """
    cells = ["" if pd.isna(x) else str(x).strip(EDGES) for x in row]
    roles = {place: role_of(text) for place, text in enumerate(cells) if text}
    stated = {*roles.values()} - {"identifier"}
    if None in stated or not ("outcome" in stated or len(stated) > 1):
        return {}
    words: dict[int, str] = {}
    last = ""
    for place, text in enumerate(cells):
        last = text or (last if role_of(last) in _SEVERAL else "")
        if last and role_of(last) != "identifier":
            words[place] = last
    return words
