"""Detect cells and column names that prevent an automatic choice of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp.data.column_inference._file_overview import Look
from bayes_nqp.data.column_inference._guessed import TREATMENT_KEYS, Guess
from bayes_nqp.data.reading import UNCOMPUTED, broken_cell, counted, days_since_1900

_TWIN: Final = re.compile(r"(.+) \[[A-Z]+\]")
"""Names of columns that were made unique: see `apart`."""
_ROLES: Final = ("unit", "time", "outcome", *TREATMENT_KEYS)


def refuse_formulas(overview: Look, roles_given: Mapping[str, Any]) -> None:
    """Reject a file with formulas without stored values; any of them may be the outcome.

    Parameters
    ----------
    roles_given : mapping
        Roles given by the user; if their columns are complete, other columns are not checked.

    Raises
    ------
    PanelError
        If there are such formulas; the message gives the columns and the rows.
    """
    given = set(roles_given)
    if {"unit", "time", "outcome"} <= given and given & set(TREATMENT_KEYS):
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
            "the file contains formulas without stored values",
            where=separated(cells),
            hint="the program that wrote the file did not compute the formulas: open the "
            "file in Excel or LibreOffice, save it there, and read it again",
        )


def errors_of(proposal: Guess, overview: Look) -> Iterator[Message]:
    """Report spreadsheet errors in columns without a role; columns with a role are rejected."""
    roles = [proposal.roles.get(key) for key in _ROLES]
    for name, column in overview.columns.items():
        wrong = column.raw.map(broken_cell).astype(bool)
        if wrong.any() and name not in roles:
            cells = shown(column.raw[wrong].unique(), 3)
            rows = shown(map(str, wrong.index[wrong]), 4)
            yield Message("{} contains spreadsheet errors ({}) in row {}", name, cells, rows)


def doubt_of_times(proposal: Guess, frame: pd.DataFrame) -> PanelError | None:
    """Report periods stored as spreadsheet day numbers, from which no year can be read."""
    if not pd.api.types.is_numeric_dtype(frame["__time"].dtype):
        return None
    date = days_since_1900(frame["__time"].dropna().unique())
    if not date:
        return None
    return PanelError(
        Message("time={!r} contains dates stored as day numbers: {}", proposal.roles["time"], date),
        hint="format the column as dates in the spreadsheet, or write the years there",
    )


def twins_of(proposal: Guess, overview: Look) -> PanelError | None:
    """Report that a column was chosen among several columns with the same name."""
    for key in _ROLES:
        name = proposal.roles.get(key, "")
        twins = _alike(name, overview.columns)
        if twins and proposal.reasons.get(key) != "specified by you":
            return PanelError(
                Message("{} is ambiguous: {} have the same name in the file", key, shown(twins)),
                hint=Message(
                    "choose it with --{} {!r}; or rename the columns in the file", key, name
                ),
            )
    return None


def _alike(name: str, columns: Iterable[str]) -> list[str]:
    """Return the columns with the same name in the file; empty if the name is unique."""
    match = _TWIN.fullmatch(name)
    if match is None:
        return []
    twins = [x for x in columns if (other := _TWIN.fullmatch(x)) and other[1] == match[1]]
    return twins if len(twins) > 1 else []
