"""What cells and names of a file keep anybody from guessing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.data.column_inference._file_overview import Look
from bayes_nqp.data.column_inference._guessed import Guess
from bayes_nqp.data.reading import UNCOMPUTED, broken_cell, counted, days_since_1900

_TWIN: Final = re.compile(r"(.+) \[[A-Z]+\]")
"""What columns are called that had one name: see `columns.apart`."""
_ROLES: Final = ("unit", "time", "outcome", "cohort", "treated")


def refuse_formulas(overview: Look, roles_given: Mapping[str, Any]) -> None:
    """Refuse a file with formulas whose values it does not store: any of them may be the outcome.

    Parameters
    ----------
    roles_given : mapping
        Roles that the user names; if they are whole, other columns do not matter.

    Raises
    ------
    PanelError
        With the columns and the rows.
    """
    if {"unit", "time", "outcome"} <= set(roles_given) and {"cohort", "treated"} & set(roles_given):
        return
    formulas = {
        name: column.raw.map(lambda x: isinstance(x, str) and x.startswith(UNCOMPUTED))
        for name, column in overview.columns.items()
    }
    places = {name: where.index[where.astype(bool)] for name, where in formulas.items()}
    cells = [
        Message("{} in {} from row {} on", name, counted(len(rows), "cell"), str(rows[0]))
        for name, rows in places.items()
        if len(rows)
    ]
    if cells:
        raise PanelError(
            "the file holds formulas, and does not store their values",
            where=separated(cells),
            hint="the program that wrote the file did not compute them: open it in Excel or "
            "LibreOffice, save it there, and read it again",
        )


def errors_of(proposal: Guess, overview: Look) -> Iterator[Message]:
    """Say which columns without a part hold errors of a spreadsheet; the others are refused."""
    roles = [proposal.roles.get(key) for key in _ROLES]
    for name, column in overview.columns.items():
        wrong = column.raw.map(broken_cell).astype(bool)
        if wrong.any() and name not in roles:
            cells = shown(column.raw[wrong].unique(), 3)
            rows = shown(map(str, wrong.index[wrong]), 4)
            yield Message("{} holds errors of a spreadsheet ({}) in row {}", name, cells, rows)


def doubt_of_times(proposal: Guess, frame: pd.DataFrame) -> PanelError | None:
    """Say that periods are dates as spreadsheets count them: no year can be told from them."""
    if not pd.api.types.is_numeric_dtype(frame["__time"].dtype):
        return None
    date = days_since_1900(frame["__time"].dropna().unique())
    if not date:
        return None
    return PanelError(
        Message(
            "time={!r} contains dates stored as numbers of days: {}", proposal.roles["time"], date
        ),
        hint="format the column as dates in the spreadsheet, or enter years",
    )


def twins_of(proposal: Guess, overview: Look) -> PanelError | None:
    """Say that a column was chosen among several that the file calls alike."""
    for key in _ROLES:
        name = proposal.roles.get(key, "")
        twins = _alike(name, overview.columns)
        if twins and proposal.reasons.get(key) != "as you said":
            return PanelError(
                Message("{} may be any of {}, which have one name in the file", key, shown(twins)),
                hint=Message("--{} {!r} takes it; or rename the columns in the file", key, name),
            )
    return None


def _alike(name: str, columns: Iterable[str]) -> list[str]:
    """Columns that stand under one name in the file; none where it is the only one."""
    match = _TWIN.fullmatch(name)
    if match is None:
        return []
    twins = [x for x in columns if (other := _TWIN.fullmatch(x)) and other[1] == match[1]]
    return twins if len(twins) > 1 else []
